package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var root = filepath.Join("..", "..")

// The committed drawing matches the imports.
func TestDrawingIsCurrent(t *testing.T) {
	want, err := drawModule(root)
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(root, "docs", "architecture.svg"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "docs/architecture.svg is out of date: make architecture")
}

// Every description belongs to a folder that exists.
func TestDescriptions(t *testing.T) {
	for name := range descriptions {
		require.DirExists(t, filepath.Join(root, name))
	}
}

// module returns a module with one file for each package, specified as "folder: imported folders".
func module(packages ...string) fstest.MapFS {
	m := fstest.MapFS{"go.mod": {Data: []byte("module example.com/m\n\ngo 1.25\n")}}
	for _, p := range packages {
		folder, list, _ := strings.Cut(p, ":")
		source := "package x\n"
		for imported := range strings.FieldsSeq(list) {
			source += "import _ \"example.com/m/" + imported + "\"\n"
		}
		m[folder+"/x.go"] = &fstest.MapFile{Data: []byte(source)}
	}
	return m
}

func TestReadImports(t *testing.T) {
	m := module("a: b b/c", "b:", "b/c: b")
	maps.Copy(m, module("b/btest: a", "b/testdata: a", "build/x: a", ".hidden: a", "_old: a", "own/x: a"))
	m["own/go.mod"] = &fstest.MapFile{Data: []byte("module example.com/own\n")}
	m["a/a_test.go"] = &fstest.MapFile{Data: []byte("package x\nimport _ \"example.com/m/z\"\n")}
	m["a/other.go"] = &fstest.MapFile{Data: []byte("//go:build plan9\n\npackage x\n" +
		"import (\n_ \"fmt\"\n_ \"example.com/m/d\"\n_ \"example.com/more\"\n)\n")}
	m["root.go"] = &fstest.MapFile{Data: []byte("package m\nimport _ \"example.com/m/a\"\n")}
	got, err := readImports(m)
	require.NoError(t, err)
	slices.Sort(got["a"])
	require.Equal(t, imports{"a": {"b", "b/c", "d"}, "b": nil, "b/c": {"b"}}, got)

	_, err = readImports(module())
	require.EqualError(t, err, "the module has no packages")
	_, err = readImports(fstest.MapFS{"go.mod": {}})
	require.EqualError(t, err, "go.mod has no module line")
	m["a/broken.go"] = &fstest.MapFile{Data: []byte("pack")}
	_, err = readImports(m)
	require.Error(t, err)
}

// arranged arranges a module and returns its plan and, for each layer, its folders with their arrows.
func arranged(t *testing.T, packages ...string) (layers []string, p plan) {
	t.Helper()
	all, err := readImports(module(packages...))
	require.NoError(t, err)
	p, err = arrange(all)
	require.NoError(t, err)
	for _, layer := range p.layers {
		var names []string
		for _, r := range layer {
			names = append(names, r.name+">"+strings.Join(r.arrows, "+"))
		}
		layers = append(layers, strings.Join(names, " "))
	}
	return layers, p
}

func TestLayers(t *testing.T) {
	for name, c := range map[string]struct {
		packages []string
		want     []string
	}{
		"one":                       {[]string{"a:"}, []string{"a>"}},
		"an arrow that follows":     {[]string{"a: b c", "b: c", "c:"}, []string{"a>b", "b>c", "c>"}},
		"below its lowest importer": {[]string{"a: b d", "b: c", "c:", "d:"}, []string{"a>b+d", "b>c d>", "c>"}},
		"nobody imports it":         {[]string{"a: b", "b: c", "c:", "x: c"}, []string{"a>b", "b>c x>c", "c>"}},
		"by a folder below":         {[]string{"a/x: b/y", "b/y: b", "b:"}, []string{"a>b", "b>"}},
		"free folders":              {[]string{"a:", "e2e: a", "scripts/x: a"}, []string{"a>"}},
	} {
		got, _ := arranged(t, c.packages...)
		require.Equal(t, c.want, got, name)
	}
	_, p := arranged(t, "a:", "e2e: a", "scripts/x: a")
	require.Equal(t, []string{"e2e", "scripts"}, p.free)

	all, err := readImports(module("a/x: b", "b: a/y", "a/y:"))
	require.NoError(t, err)
	_, err = arrange(all)
	require.EqualError(t, err, "these folders import each other: a, b")
}

func TestRows(t *testing.T) {
	rowsOf := func(packages ...string) (list []string) {
		all, err := readImports(module(packages...))
		require.NoError(t, err)
		for _, row := range rows(all, "a") {
			var names []string
			for _, tile := range row {
				names = append(names, strings.Join(append([]string{tile.name}, tile.folders...), "/"))
			}
			list = append(list, strings.Join(names, " "))
		}
		return list
	}
	require.Empty(t, rowsOf("a: b", "b:"))
	require.Equal(t, []string{"x"}, rowsOf("a/x:"))
	require.Equal(t, []string{"a", "x", "y"}, rowsOf("a: a/x a/y", "a/x: a/y", "a/y:"))
	require.Equal(t, []string{"x", "a"}, rowsOf("a:", "a/x: a"),
		"a second-level folder may import the package of its top-level folder")
	got := rowsOf("a/x/p: a/y", "a/x/q:", "a/y: a/x/q", "a/z: a/y")
	require.Equal(t, []string{"z", "x/p/q y"}, got, "x and y import each other")
}

// Every card is below all cards that import it, no two boxes of a layer overlap, and every box is inside the drawing.
func TestPositions(t *testing.T) {
	wide := []string{"top: wide a b", "a: c", "b: c", "c:", "wide: c"}
	for i := range 40 {
		wide = append(wide, fmt.Sprintf("wide/folder-%d/and/below-%d:", i, i))
	}
	for name, module := range map[string]fs.FS{"this module": os.DirFS(root), "a wide one": module(wide...)} {
		t.Run(name, func(t *testing.T) { checkPositions(t, module) })
	}
}

func checkPositions(t *testing.T, module fs.FS) {
	all, err := readImports(module)
	require.NoError(t, err)
	p, err := arrange(all)
	require.NoError(t, err)
	l := newLayout(p)
	cards := map[string]*box{}
	for _, layer := range l.layers {
		for i, b := range layer {
			require.GreaterOrEqual(t, b.x, float64(margin))
			require.LessOrEqual(t, b.x+b.w, l.width-margin)
			if i > 0 {
				require.GreaterOrEqual(t, b.x+0.001, layer[i-1].x+layer[i-1].w+cardGap)
			}
			if b.folder != nil {
				cards[b.folder.name] = b
			}
		}
	}
	for name, card := range cards {
		for _, target := range card.folder.imports {
			require.Less(t, card.y+card.h, cards[target].y, "%s imports %s", name, target)
		}
		for _, row := range card.rows {
			for i, tile := range row.tiles {
				require.LessOrEqual(t, tile.x+tile.w, card.w-cardPad+0.001, tile.name)
				require.LessOrEqual(t, textWidth(tile.name, 13, true), tile.w-2*tilePad+0.001, tile.name)
				if i > 0 && tile.y == row.tiles[i-1].y {
					require.Greater(t, tile.x, row.tiles[i-1].x+row.tiles[i-1].w)
				}
			}
		}
	}
	arrows := 0
	for _, card := range cards {
		arrows += len(card.folder.arrows)
	}
	require.Len(t, l.paths, arrows)
	for _, path := range l.paths {
		for i, b := range path[1:] {
			require.Greater(t, b.y, path[i].y+path[i].h)
		}
	}
}

// A crossing costs more than arrows of any length, so sort finds an order without crossings if there is one.
func TestSort(t *testing.T) {
	_, p := arranged(t, "a: d", "b: c", "c:", "d:")
	l := newLayout(p)
	require.Less(t, l.crossings(), 1.0)
	slices.Reverse(l.layers[0])
	require.GreaterOrEqual(t, l.crossings(), 1.0)
	l.sort()
	require.Less(t, l.crossings(), 1.0)
}

func TestDrawing(t *testing.T) {
	all, err := readImports(module("a: b/x", "b/x:", "e2e: a"))
	require.NoError(t, err)
	p, err := arrange(all)
	require.NoError(t, err)
	drawing := draw(p)
	require.Equal(t, drawing, draw(p))
	d := xml.NewDecoder(bytes.NewReader(drawing))
	arrows, texts := 0, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			if slices.Contains(token.Attr, xml.Attr{Name: xml.Name{Local: "class"}, Value: "arrow"}) {
				arrows++
			}
		case xml.CharData:
			texts += string(token) + "\n"
		}
	}
	require.Equal(t, 1, arrows)
	for _, text := range []string{"a", "b", "x", "imports b", "e2e may import everything, and nothing imports them."} {
		require.Contains(t, texts, "\n"+text+"\n")
	}

	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, module("a:")))
	_, err = drawModule(folder)
	require.EqualError(t, err, "descriptions has no entry for a")
}
