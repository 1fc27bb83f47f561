package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// freeFolders are the top-level folders that may import everything and that nothing imports. The drawing lists them
// without arrows.
var freeFolders = []string{"e2e", "examples", "packaging", "scripts"}

// topFolder is a top-level folder, which is a card of the drawing.
type topFolder struct {
	name    string
	imports []string // top-level folders, sorted
	arrows  []string // imports without those that follow from others (transitive reduction)
	rows    [][]tile // second-level folders; a row imports only rows below it
}

// tile is a second-level folder, or the package of the top-level folder, whose name it has then.
type tile struct {
	name    string
	folders []string // folders below it
}

// plan is the arranged drawing: layers from top to bottom.
type plan struct {
	layers [][]*topFolder
	free   []string
}

// arrange assigns top-level folders to layers so that every import leads down. It fails if they import each other.
func arrange(all imports) (plan, error) {
	folders := map[string]*topFolder{}
	var p plan
	for _, folder := range slices.Sorted(maps.Keys(all)) {
		name := part(folder, 1)
		if slices.Contains(freeFolders, name) {
			if !slices.Contains(p.free, name) {
				p.free = append(p.free, name)
			}
			continue
		}
		if folders[name] == nil {
			folders[name] = &topFolder{name: name}
		}
		for _, imported := range all[folder] {
			if target := part(imported, 1); target != name && !slices.Contains(folders[name].imports, target) {
				folders[name].imports = append(folders[name].imports, target)
			}
		}
	}
	graph := imports{}
	for name, r := range folders {
		slices.Sort(r.imports)
		graph[name] = r.imports
	}
	order := components(graph)
	for _, component := range order {
		if len(component) > 1 {
			return plan{}, fmt.Errorf("these folders import each other: %s", strings.Join(component, ", "))
		}
	}
	for name, r := range folders {
		r.arrows = reduce(graph, name)
		r.rows = rows(all, name)
	}
	level := levels(graph)
	p.layers = make([][]*topFolder, 1+slices.Max(slices.Collect(maps.Values(level))))
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		layer := len(p.layers) - 1 - level[name]
		p.layers[layer] = append(p.layers[layer], folders[name])
	}
	return p, nil
}

// levels returns the layer of each top-level folder, counted from the bottom. A folder is directly below the lowest
// folder that imports it. One that nothing imports is directly above the highest that it imports.
func levels(graph imports) map[string]int {
	level := map[string]int{}
	var height func(name string) int
	height = func(name string) int {
		h := 0
		for _, imported := range graph[name] {
			h = max(h, height(imported)+1)
		}
		return h
	}
	var visit func(name string) int
	visit = func(name string) int {
		if l, known := level[name]; known {
			return l
		}
		lowest := -1
		for importer, list := range graph {
			if slices.Contains(list, name) {
				if l := visit(importer) - 1; lowest < 0 || l < lowest {
					lowest = l
				}
			}
		}
		if lowest < 0 {
			lowest = height(name)
		}
		level[name] = lowest
		return lowest
	}
	for name := range graph {
		visit(name)
	}
	return level
}

// reduce returns the imports of a node that do not follow from its other imports.
func reduce(graph imports, name string) (list []string) {
	for _, direct := range graph[name] {
		follows := slices.ContainsFunc(graph[name], func(other string) bool {
			return other != direct && reaches(graph, other, direct)
		})
		if !follows {
			list = append(list, direct)
		}
	}
	return list
}

// reaches reports whether imports lead from one node of an acyclic graph to another.
func reaches(graph imports, from, to string) bool {
	return slices.ContainsFunc(graph[from], func(next string) bool { return next == to || reaches(graph, next, to) })
}

// rows arranges the second-level folders of a top-level folder. Folders that import each other share a row. A top-level
// folder that is a single package has no rows.
func rows(all imports, name string) (list [][]tile) {
	graph, below := imports{}, map[string][]string{}
	for folder, imported := range all {
		if part(folder, 1) != name {
			continue
		}
		from := part(folder, 2)
		if graph[from] == nil {
			graph[from] = []string{}
		}
		if third := part(folder, 3); third != from && !slices.Contains(below[from], third) {
			below[from] = append(below[from], third)
		}
		for _, other := range imported {
			if to := part(other, 2); part(other, 1) == name && to != from && !slices.Contains(graph[from], to) {
				graph[from] = append(graph[from], to)
			}
		}
	}
	if graph[name] != nil && len(graph) == 1 {
		return nil
	}
	level := map[string]int{}
	for _, component := range components(graph) {
		l := 0
		for _, folder := range component {
			for _, imported := range graph[folder] {
				if !slices.Contains(component, imported) {
					l = max(l, level[imported]+1)
				}
			}
		}
		for _, folder := range component {
			level[folder] = l
		}
	}
	list = make([][]tile, 1+slices.Max(slices.Collect(maps.Values(level))))
	for _, folder := range slices.Sorted(maps.Keys(graph)) {
		t := tile{name: strings.TrimPrefix(folder, name+"/")}
		for _, third := range below[folder] {
			t.folders = append(t.folders, strings.TrimPrefix(third, folder+"/"))
		}
		slices.Sort(t.folders)
		row := len(list) - 1 - level[folder]
		list[row] = append(list[row], t)
	}
	return list
}

// components returns the strongly connected components of a graph (Tarjan), imported ones before their importers.
func components(graph imports) (list [][]string) {
	index, low := map[string]int{}, map[string]int{}
	var stack []string
	var visit func(name string)
	visit = func(name string) {
		index[name] = len(index) + 1
		low[name] = index[name]
		stack = append(stack, name)
		for _, next := range graph[name] {
			if index[next] == 0 {
				visit(next)
			}
			if slices.Contains(stack, next) {
				low[name] = min(low[name], low[next])
			}
		}
		if low[name] == index[name] {
			i := slices.Index(stack, name)
			component := slices.Sorted(slices.Values(stack[i:]))
			stack = stack[:i]
			list = append(list, component)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(graph)) {
		if index[name] == 0 {
			visit(name)
		}
	}
	return list
}
