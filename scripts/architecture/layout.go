package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Sizes of the drawing in pixels.
const (
	margin    = 28
	cardPad   = 16
	cardGap   = 26  // between cards of a layer
	cardMin   = 208 // minimum width of a card
	innerMax  = 540 // maximum width of the content of a card
	layerGap  = 58
	tilePad   = 10
	tileGap   = 8
	tileInner = 250 // maximum width of the folders listed in a tile
	laneWidth = 14  // space for an arrow that passes a layer
	lineSmall = 15
	lineTitle = 24
)

// box is an element of a layer: a card, or the lane of an arrow that passes the layer.
type box struct {
	folder        *topFolder // nil for a lane
	rows          []placedRow
	caption, uses []string // wrapped lines
	x, y, w, h    float64
	up, down      []*box // connected boxes on the next layers
}

// placedRow is a row of tiles, relative to the card.
type placedRow struct {
	y     float64
	tiles []placedTile
}

// placedTile is a tile, relative to the card.
type placedTile struct {
	name       string
	lines      []string
	x, y, w, h float64
}

// layout is the drawing with all sizes and positions.
type layout struct {
	layers        [][]*box
	paths         [][]*box // boxes of each arrow, from importer to imported
	width, height float64
}

// center returns the middle of a box.
func (b *box) center() float64 { return b.x + b.w/2 }

// newCard returns the card of a folder with its size.
func newCard(r *topFolder) *box {
	b := &box{folder: r}
	b.w = max(cardMin, textWidth(r.name, 19, true)+2*cardPad)
	for _, row := range r.rows {
		b.w = max(b.w, min(rowWidth(row), innerMax)+2*cardPad)
	}
	inner := b.w - 2*cardPad
	b.caption = wrap(descriptions[r.name].caption, 12.5, inner)
	if len(r.imports) > 0 {
		b.uses = wrap("imports "+strings.Join(r.imports, ", "), 11, inner)
	}
	y := float64(cardPad + lineTitle + lineSmall*len(b.caption) + 8)
	for _, row := range r.rows {
		x, height := 0.0, 0.0
		placed := placedRow{y: y}
		for _, t := range row {
			tile := newTile(t, tileInner)
			if len(row) == 1 {
				tile = newTile(t, inner-2*tilePad)
			}
			if x > 0 && x+tile.w > inner {
				x, y, height = 0, y+height+tileGap, 0
			}
			tile.x, tile.y = cardPad+x, y
			x, height = x+tile.w+tileGap, max(height, tile.h)
			placed.tiles = append(placed.tiles, tile)
		}
		fill(placed.tiles, inner)
		y += height + tileGap
		b.rows = append(b.rows, placed)
	}
	b.h = y + float64(lineSmall*len(b.uses)) + 8
	return b
}

// fill gives the tiles of a line the same height, and widens them to the width of the card.
func fill(tiles []placedTile, inner float64) {
	for rest := tiles; len(rest) > 0; {
		n, height := 1, rest[0].h
		for n < len(rest) && rest[n].y == rest[0].y {
			height = max(height, rest[n].h)
			n++
		}
		extra := (cardPad + inner - rest[n-1].x - rest[n-1].w) / float64(n)
		for i := range rest[:n] {
			rest[i].x += extra * float64(i)
			rest[i].w += extra
			rest[i].h = height
		}
		rest = rest[n:]
	}
}

// newTile returns a tile whose list of folders is wrapped at width.
func newTile(t tile, width float64) placedTile {
	p := placedTile{name: t.name, w: textWidth(t.name, 13, true)}
	if len(t.folders) > 0 {
		p.lines = wrap(strings.Join(t.folders, ", "), 11, max(width, p.w))
	}
	for _, line := range p.lines {
		p.w = max(p.w, textWidth(line, 11, false))
	}
	p.w += 2 * tilePad
	p.h = float64(28 + lineSmall*len(p.lines))
	return p
}

func rowWidth(row []tile) (w float64) {
	for i, t := range row {
		if i > 0 {
			w += tileGap
		}
		w += newTile(t, tileInner).w
	}
	return w
}

// newLayout computes the positions of all cards and arrows.
func newLayout(p plan) *layout {
	l := &layout{}
	cards := map[string]*box{}
	layerOf := map[string]int{}
	for i, layer := range p.layers {
		l.layers = append(l.layers, nil)
		for _, r := range layer {
			cards[r.name], layerOf[r.name] = newCard(r), i
			l.layers[i] = append(l.layers[i], cards[r.name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cards)) {
		for _, target := range cards[name].folder.arrows {
			path := []*box{cards[name]}
			for layer := layerOf[name] + 1; layer < layerOf[target]; layer++ {
				lane := &box{w: laneWidth}
				l.layers[layer] = append(l.layers[layer], lane)
				path = append(path, lane)
			}
			path = append(path, cards[target])
			for i := range path[1:] {
				path[i].down = append(path[i].down, path[i+1])
				path[i+1].up = append(path[i+1].up, path[i])
			}
			l.paths = append(l.paths, path)
		}
	}
	l.sort()
	l.spread()
	l.stack()
	return l
}

// sort orders the boxes of each layer to minimize crossings. It tries every order of a layer, with the other layers
// fixed, until no layer improves.
func (l *layout) sort() {
	for range 8 {
		changed := false
		for _, layer := range l.layers {
			best, least := slices.Clone(layer), l.crossings()
			permute(layer, 0, func() {
				if c := l.crossings(); c < least {
					best, least, changed = slices.Clone(layer), c, true
				}
			})
			copy(layer, best)
		}
		if !changed {
			return
		}
	}
}

// crossings returns the cost of the orders of the layers: the number of crossings, and a fraction for the horizontal
// length of the arrows.
func (l *layout) crossings() (cost float64) {
	position := map[*box]float64{}
	for _, layer := range l.layers {
		for i, b := range layer {
			position[b] = (float64(i) + 0.5) / float64(len(layer))
		}
	}
	for _, layer := range l.layers {
		type arrow struct{ from, to float64 }
		var list []arrow
		for _, b := range layer {
			for _, d := range b.down {
				list = append(list, arrow{position[b], position[d]})
			}
		}
		for i, a := range list {
			cost += (a.from - a.to) * (a.from - a.to) / 100
			for _, b := range list[:i] {
				if (a.from-b.from)*(a.to-b.to) < 0 {
					cost++
				}
			}
		}
	}
	return cost
}

// permute calls visit for every permutation of list[from:], and restores list.
func permute(list []*box, from int, visit func()) {
	if from == len(list) {
		visit()
		return
	}
	for i := from; i < len(list); i++ {
		list[from], list[i] = list[i], list[from]
		permute(list, from+1, visit)
		list[from], list[i] = list[i], list[from]
	}
}

// spread sets the horizontal positions: every box as near as possible to the mean of its connected boxes.
func (l *layout) spread() {
	for _, layer := range l.layers {
		w := 0.0
		for i, b := range layer {
			if i > 0 {
				w += cardGap
			}
			b.x = w
			w += b.w
		}
		l.width = max(l.width, w)
	}
	for _, layer := range l.layers {
		last := layer[len(layer)-1]
		shift := (l.width - last.x - last.w) / 2
		for _, b := range layer {
			b.x += shift
		}
	}
	for range 60 {
		for _, layer := range l.layers {
			l.align(layer)
		}
		for _, layer := range slices.Backward(l.layers) {
			l.align(layer)
		}
	}
	for _, layer := range l.layers {
		for _, b := range layer {
			b.x += margin + cardPad
		}
	}
	l.width += 2 * (margin + cardPad)
}

// align moves the boxes of a layer as near to their ideal positions as their order, their gaps and the borders allow.
// Boxes that would overlap form a block at the weighted mean of their ideal positions.
func (l *layout) align(layer []*box) {
	type block struct {
		sum, weight float64
		n           int
	}
	offsets := make([]float64, len(layer))
	var blocks []block
	for i, b := range layer {
		if i > 0 {
			offsets[i] = offsets[i-1] + layer[i-1].w + cardGap
		}
		sum, n := 0.0, 0
		for _, other := range append(slices.Clone(b.up), b.down...) {
			sum, n = sum+other.center(), n+1
		}
		ideal := l.width/2 - b.w/2
		if n > 0 {
			ideal = sum/float64(n) - b.w/2
		}
		weight := 1.0
		if b.folder == nil {
			weight = 4 // prefer straight arrows
		}
		blocks = append(blocks, block{weight * (ideal - offsets[i]), weight, 1})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].sum/blocks[k-1].weight > blocks[k].sum/blocks[k].weight; k-- {
			blocks[k-1].sum += blocks[k].sum
			blocks[k-1].weight += blocks[k].weight
			blocks[k-1].n += blocks[k].n
			blocks = blocks[:k]
		}
	}
	last := len(layer) - 1
	free := l.width - offsets[last] - layer[last].w
	i := 0
	for _, b := range blocks {
		at := min(max(b.sum/b.weight, 0), free)
		for range b.n {
			layer[i].x = at + offsets[i]
			i++
		}
	}
}

// stack sets the vertical positions.
func (l *layout) stack() {
	y := float64(margin) + 58
	for _, layer := range l.layers {
		h := slices.MaxFunc(layer, func(a, b *box) int { return cmp.Compare(a.h, b.h) }).h
		for _, b := range layer {
			b.y = y
			if b.folder == nil {
				b.h = h
			}
		}
		y += h + layerGap
	}
	l.height = y - layerGap
}

// wrap breaks a text into lines of a width in pixels.
func wrap(text string, size, width float64) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if longer := strings.TrimSpace(line + " " + word); line == "" || textWidth(longer, size, false) <= width {
			line = longer
			continue
		}
		lines = append(lines, line)
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// textWidth estimates the width of a text in pixels. The estimate is an upper bound for common fonts.
func textWidth(text string, size float64, bold bool) float64 {
	w := 0.0
	for _, r := range text {
		switch {
		case strings.ContainsRune("fijlrt.,:;'()/", r):
			w += 0.36
		case r == ' ':
			w += 0.30
		case strings.ContainsRune("mwMW", r):
			w += 0.88
		case r >= 'A' && r <= 'Z':
			w += 0.70
		default:
			w += 0.61
		}
	}
	if bold {
		w *= 1.13
	}
	return w * size
}
