package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/terminal.md shows every command, and only commands that acenctl accepts.
func TestDocumentedCommands(t *testing.T) {
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "terminal.md"))
	require.NoError(t, err)
	shown := map[string]bool{}
	line := regexp.MustCompile("(?m)^acenctl ([^#\n]+)|`acenctl ([^`A-Z]+)`")
	quoted := regexp.MustCompile(`"[^"]*"`)
	for _, m := range line.FindAllStringSubmatch(string(document), -1) {
		args := strings.Fields(quoted.ReplaceAllString(m[1]+m[2], "quoted"))
		root := Command()
		root.InitDefaultCompletionCmd()
		c, rest, err := root.Find(args)
		require.NoError(t, err, m[0])
		require.NoError(t, c.ParseFlags(rest), m[0])
		require.NoError(t, c.ValidateArgs(c.Flags().Args()), m[0])
		shown[args[0]] = true
	}
	for _, c := range Command().Commands() {
		require.True(t, shown[c.Name()] || c.Hidden, "docs/terminal.md does not show %s", c.Name())
	}

	flags := regexp.MustCompile("`?(--[a-z-]+)").FindAllStringSubmatch(string(document), -1)
	known := map[string]bool{"--help": true}
	for _, c := range append(Command().Commands(), Command()) {
		require.NoError(t, c.ParseFlags(nil))
		for _, usage := range regexp.MustCompile(`--[a-z0-9-]+`).FindAllString(c.Flags().FlagUsages(), -1) {
			known[usage] = true
		}
	}
	require.Greater(t, len(flags), 10)
	for _, m := range flags {
		require.True(t, known[m[1]], "no command has %s", m[1])
	}
}
