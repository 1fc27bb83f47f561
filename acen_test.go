package acen

import (
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/require"
)

// About returns the values of FyneApp.toml, which the toolkit uses for packages.
func TestAbout(t *testing.T) {
	var file struct {
		Website    string
		Details    App
		Migrations map[string]bool
	}
	_, err := toml.DecodeFile("FyneApp.toml", &file)
	require.NoError(t, err)
	want := file.Details
	want.Website, want.Migrations = file.Website, file.Migrations
	app := About()
	require.Equal(t, want, app, "run: go generate .")
	require.Equal(t, "ACEN Desktop", app.Name)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, app.Version)
	require.Regexp(t, `^https://`, app.Website)
	require.NotEmpty(t, app.ID)
}
