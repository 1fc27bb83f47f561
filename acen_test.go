package acen

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAbout(t *testing.T) {
	app, err := parse(description)
	require.NoError(t, err)
	require.Equal(t, app, About())
	require.Equal(t, "ACEN Desktop", app.Name)
	require.Regexp(t, `^\d+\.\d+\.\d+$`, app.Version)
	require.Regexp(t, `^https://`, app.Website)
	require.NotEmpty(t, app.ID)
}

func TestDamagedDescription(t *testing.T) {
	for _, text := range []string{"[Details", "[Details]\nVersion = 1", "[Details]\nBuild = \"one\""} {
		_, err := parse(text)
		require.ErrorContains(t, err, "FyneApp.toml cannot be read", text)
	}
}
