package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// buildPeer builds a program around a peer with a given checkout, and returns its path.
func buildPeer(r *run, name, module, checkout, source string) (string, error) {
	dir := filepath.Join(r.temp, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	mod := fmt.Sprintf("module bench.invalid/%s\n\ngo 1.25.0\n\nrequire %s v0.0.0\n\nreplace %s => %s\n", name, module,
		module, checkout)
	for file, text := range map[string]string{"go.mod": mod, "main.go": source} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	_, err := command(r, dir, []string{"CGO_ENABLED=0", "GOFLAGS=-mod=mod"}, "go", "build", "-o", name, "main.go")
	return filepath.Join(dir, name), err
}
