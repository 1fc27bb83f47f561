package acen

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	target  = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	remote  = regexp.MustCompile(`^[a-z]+:`)
)

// Every link from a document to another one, or to a picture, leads to a file and a heading that exist.
func TestLinks(t *testing.T) {
	count := 0
	for path, text := range documents(t) {
		for _, m := range target.FindAllStringSubmatch(text, -1) {
			link := m[1] + m[2]
			if remote.MatchString(link) {
				continue
			}
			count++
			file, anchor, _ := strings.Cut(link, "#")
			linked := path
			if file != "" {
				linked = filepath.Join(filepath.Dir(path), filepath.FromSlash(file))
			}
			_, err := os.Stat(linked)
			require.NoError(t, err, "%s links to %s", path, link)
			if anchor != "" {
				require.Contains(t, anchors(t, linked), anchor, "%s links to %s", path, link)
			}
		}
	}
	require.Greater(t, count, 20)
}

// documents returns the text of every Markdown file of the repository, without fenced code.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "build" || d.Name() == "artifacts" || d.Name() == "testdata"):
			return fs.SkipDir
		case !d.IsDir() && filepath.Ext(path) == ".md":
			text, err := os.ReadFile(path)
			texts[path] = fence.ReplaceAllString(string(text), "")
			return err
		}
		return nil
	}))
	return texts
}

// anchors returns the anchors of a document's headings, as GitHub makes them.
func anchors(t *testing.T, path string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		anchor := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		list = append(list, strings.ReplaceAll(anchor, " ", "-"))
	}
	return list
}
