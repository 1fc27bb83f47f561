package acen

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Every test that docs/when-it-breaks.md names exists in the folder that it names.
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

// docs/using.md lists the number of bits of each lock, in the order of the locks.
func TestTableOfLocks(t *testing.T) {
	text, err := os.ReadFile("docs/using.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "| lock | bits |")
	require.True(t, found)
	row := regexp.MustCompile(`(?m)^\| ([a-z ]+) \| ([0-9]+) \|`)
	var got, want []string
	for _, m := range row.FindAllStringSubmatch(table, license.LockCount) {
		got = append(got, m[1]+" "+m[2])
	}
	for _, l := range license.Locks() {
		want = append(want, fmt.Sprintf("%s %d", words.Lock(l), l.Bits()))
	}
	require.Equal(t, want, got)
}

// No document, translation or comment claims that lock values cannot be inverted (spec: codes "What the values
// reveal").
func TestNoTextClaimsIrreversibleValues(t *testing.T) {
	claim := regexp.MustCompile(`(?i)nine (\S+ ){0,3}bits?\b|seven times nine|(read|turned|computed) back|zurückrechnen|` +
		`neuf bits|nueve bits|9ビット`)
	var files []string
	for _, pattern := range []string{
		"README.md", "docs/*.md", "assets/translations/*.json", "license/doc.go", "ui/*.go", "ui/*/*/*.go",
		"internal/cli/*.go",
	} {
		list, err := filepath.Glob(filepath.FromSlash(pattern))
		require.NoError(t, err)
		require.NotEmpty(t, list, pattern)
		files = append(files, list...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, claim.FindAllString(string(text), -1), file)
	}
}
