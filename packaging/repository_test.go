package packaging

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
)

// The changelog begins with the unreleased changes, followed by the current version and older ones.
func TestChangelog(t *testing.T) {
	var versions []string
	for _, m := range regexp.MustCompile(`(?m)^## \[(.*?)\](.*)$`).FindAllStringSubmatch(read(t, "..", "CHANGELOG.md"),
		-1) {
		versions = append(versions, m[1])
		if m[1] != "Unreleased" {
			require.Regexp(t, `^ - \d{4}-\d{2}-\d{2}$`, m[2], m[1])
			require.Contains(t, read(t, "linux", acen.About().ID+".metainfo.xml"),
				`<release version="`+m[1]+`" date="`+m[2][3:]+`"`)
		}
	}
	require.GreaterOrEqual(t, len(versions), 2)
	require.Equal(t, []string{"Unreleased", acen.About().Version}, versions[:2])
	for _, version := range versions {
		require.Contains(t, read(t, "..", "CHANGELOG.md"), "\n["+version+"]: https://", "a link")
	}
}

// Workflows pin actions by the hash of a commit, because a tag can be moved, and grant permissions to single jobs only.
func TestWorkflows(t *testing.T) {
	list, err := filepath.Glob("../.github/workflows/*.yml")
	require.NoError(t, err)
	require.Len(t, list, 3)
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	versions := map[string]string{}
	for _, path := range list {
		text := read(t, path)
		require.Contains(t, text, "\npermissions: {}\n", path)
		require.Equal(t, strings.Count(text, "    runs-on: "), strings.Count(text, "    permissions:\n"),
			"%s: permissions of each job", path)
		require.Equal(t, strings.Count(text, "actions/checkout@"), strings.Count(text, "persist-credentials: false"), path)
		for _, m := range uses.FindAllStringSubmatch(text, -1) {
			action, version, _ := strings.Cut(m[1], "@")
			require.Regexp(t, `^[0-9a-f]{40} # v\d+\.\d+\.\d+$`, version, "%s: %s", path, action)
			action, _, _ = strings.Cut(action, "/init")
			action, _, _ = strings.Cut(action, "/analyze")
			require.Contains(t, []string{"", version}, versions[action], "%s: %s in one version", path, action)
			versions[action] = version
		}
	}
	require.NotEmpty(t, versions)
}

// The issue forms ask people to leave codes and keys out.
func TestIssueForms(t *testing.T) {
	for _, name := range []string{"bug.yml", "feature.yml"} {
		text := read(t, "..", ".github", "ISSUE_TEMPLATE", name)
		require.Contains(t, text, "Never paste a ")
		require.Regexp(t, `id: secrets\n(.*\n)+?\s+required: true`, text)
	}
	require.Contains(t, read(t, "..", ".github", "ISSUE_TEMPLATE", "config.yml"), "blank_issues_enabled: false\n")
}
