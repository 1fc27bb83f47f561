package acen

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/when-it-breaks.md says of everything how it was tried: every test that it names is in the folder that it names.
func TestWhatBreaksIsTested(t *testing.T) {
	text, err := os.ReadFile("docs/when-it-breaks.md")
	require.NoError(t, err)
	folder := regexp.MustCompile("`([a-z0-9/]+)`((?:(?:,|\\s+and)?\\s*Test[A-Z][A-Za-z0-9]+)+)")
	name := regexp.MustCompile(`Test[A-Z][A-Za-z0-9]+`)
	count := 0
	for _, m := range folder.FindAllStringSubmatch(string(text), -1) {
		files, err := filepath.Glob(filepath.Join(filepath.FromSlash(m[1]), "*_test.go"))
		require.NoError(t, err)
		var source strings.Builder
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			source.Write(content)
		}
		for _, test := range name.FindAllString(m[2], -1) {
			count++
			require.Contains(t, source.String(), "func "+test+"(", "%s has no test %s", m[1], test)
		}
	}
	require.Equal(t, len(name.FindAllString(string(text), -1)), count, "a test is named without its folder")
	require.Positive(t, count)
}
