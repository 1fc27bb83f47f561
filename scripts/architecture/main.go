// Command architecture draws the packages of the module and their imports as docs/architecture.svg:
//
//	go run ./scripts/architecture [FILE]
//
// It runs in the module's root. Every top-level folder with Go code is a card, and every folder below it a tile of the
// card. Cards are in layers so that each import leads down, and tiles in rows likewise. The command reads the imports
// of all files with go/parser, whatever their build constraints, except tests and packages for tests. The drawing
// depends on the imports alone, and a test fails if the committed one differs. The command fails if two top-level
// folders import each other.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	file := filepath.FromSlash("docs/architecture.svg")
	switch len(os.Args) {
	case 1:
	case 2:
		file = os.Args[1]
	default:
		fmt.Fprintln(os.Stderr, "usage: architecture [FILE]")
		os.Exit(2)
	}
	drawing, err := drawModule(".")
	if err == nil {
		err = os.WriteFile(file, drawing, 0o644)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "architecture: %v\n", err)
		os.Exit(1)
	}
}

// drawModule returns the drawing of the module in a folder.
func drawModule(folder string) ([]byte, error) {
	imports, err := readImports(os.DirFS(folder))
	if err != nil {
		return nil, err
	}
	plan, err := arrange(imports)
	if err != nil {
		return nil, err
	}
	for _, layer := range plan.layers {
		for _, r := range layer {
			if descriptions[r.name].caption == "" {
				return nil, fmt.Errorf("descriptions has no entry for %s", r.name)
			}
		}
	}
	return draw(plan), nil
}
