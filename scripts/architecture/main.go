// Command architecture draws the packages of the module and their imports as docs/architecture.svg:
//
//	go run ./scripts/architecture [FILE]
//
// It runs in the module's root. Every top-level folder with Go code is a card, and every folder below it a tile of the
// card. Cards stand on floors so that each import leads down; tiles stand in rows in the same way. It reads imports
// with go/parser, of every file whatever its build constraints, but no tests and no packages that only tests import.
// The drawing depends on the imports alone, and a test fails when the committed one differs. The command fails if two
// top-level folders import each other.
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
	for _, floor := range plan.floors {
		for _, r := range floor {
			if descriptions[r.name].caption == "" {
				return nil, fmt.Errorf("descriptions has no entry for %s", r.name)
			}
		}
	}
	return draw(plan), nil
}
