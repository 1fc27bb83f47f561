package installed

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// specialFiles returns functions that create each kind of file except a regular one.
func specialFiles(*testing.T) map[string]func(t *testing.T, path string) {
	return map[string]func(t *testing.T, path string){
		"folder": func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o700)) },
	}
}
