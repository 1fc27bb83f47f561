//go:build unix

package protect_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Programs that embed protect depend on its modules, so a new one needs a reason. Wine has no go command.
func TestModules(t *testing.T) {
	modules := map[string]bool{}
	for _, system := range []string{"linux", "windows", "darwin"} {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")
		list.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := list.Output()
		require.NoError(t, err, system)
		for _, module := range strings.Fields(string(out)) {
			modules[module] = true
		}
	}
	require.Equal(t, []string{
		"aidanwoods.dev/go-paseto",
		"aidanwoods.dev/go-result",
		"github.com/acen-desktop/acen",
		"github.com/adrg/xdg",
		"github.com/denisbrodbeck/machineid",
		"github.com/gofrs/flock",
		"golang.org/x/crypto",
		"golang.org/x/sys",
	}, slices.Sorted(maps.Keys(modules)))
}
