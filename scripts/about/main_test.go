package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedSourceIsUpToDate(t *testing.T) {
	to := filepath.Join(t.TempDir(), "acen_gen.go")
	require.NoError(t, run("../../FyneApp.toml", to))
	generated, err := os.ReadFile(to)
	require.NoError(t, err)
	committed, err := os.ReadFile("../../acen_gen.go")
	require.NoError(t, err)
	require.Equal(t, string(generated), string(committed), "run: go generate .")
}

func TestDamagedDescription(t *testing.T) {
	for _, text := range []string{"[Details", "[Details]\nVersion = 1", "[Details]\nBuild = \"one\""} {
		_, err := generate(text)
		require.Error(t, err, text)
	}
	require.Error(t, run(filepath.Join(t.TempDir(), "missing"), os.DevNull))
}
