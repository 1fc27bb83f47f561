package paths

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/installed"
)

// Only for the default data folder is the license folder the one that programs read.
func TestLicenses(t *testing.T) {
	require.Equal(t, installed.UserFolder(), Licenses(DefaultData()).Dir())
	require.Equal(t, installed.UserFolder(), Licenses(DefaultData()+string(filepath.Separator)).Dir())
	trial := t.TempDir()
	require.Equal(t, filepath.Join(trial, "licenses"), Licenses(trial).Dir())
}
