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
	cardGap   = 26  // between cards of a floor
	cardMin   = 208 // least width of a card
	innerMax  = 540 // greatest width of what is in a card
	floorGap  = 58
	tilePad   = 10
	tileGap   = 8
	tileInner = 250 // greatest width of the folders listed in a tile
	laneWidth = 14  // room for an arrow that passes a floor
	lineSmall = 15
	lineTitle = 24
)

// box is what stands on a floor: a card, or the lane of an arrow that passes the floor.
type box struct {
	room          *room // nil for a lane
	rows          []placedRow
	caption, uses []string // wrapped lines
	x, y, w, h    float64
	up, down      []*box // what arrows connect it with on the next floors
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
	floors        [][]*box
	paths         [][]*box // the boxes that each arrow visits, from importer to imported
	width, height float64
}

// center returns the middle of a box.
func (b *box) center() float64 { return b.x + b.w/2 }

// newCard returns the card of a room with its size.
func newCard(r *room) *box {
	b := &box{room: r}
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

// fill gives tiles beside each other the same height, and widens them to the width of the card.
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

// newTile returns a tile whose list of folders is not wider than width.
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

// place gives every card and arrow its position.
func place(p plan) *layout {
	l := &layout{}
	cards := map[string]*box{}
	floorOf := map[string]int{}
	for i, floor := range p.floors {
		l.floors = append(l.floors, nil)
		for _, r := range floor {
			cards[r.name], floorOf[r.name] = newCard(r), i
			l.floors[i] = append(l.floors[i], cards[r.name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cards)) {
		for _, target := range cards[name].room.arrows {
			path := []*box{cards[name]}
			for floor := floorOf[name] + 1; floor < floorOf[target]; floor++ {
				lane := &box{w: laneWidth}
				l.floors[floor] = append(l.floors[floor], lane)
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

// sort orders the boxes of each floor so that few arrows cross: it tries every order of a floor beside those of its
// neighbors, until nothing gets better.
func (l *layout) sort() {
	for range 8 {
		changed := false
		for _, floor := range l.floors {
			best, least := slices.Clone(floor), l.crossings()
			permute(floor, 0, func() {
				if c := l.crossings(); c < least {
					best, least, changed = slices.Clone(floor), c, true
				}
			})
			copy(floor, best)
		}
		if !changed {
			return
		}
	}
}

// crossings returns how bad the orders of the floors are: arrows that cross, then how far arrows lead aside.
func (l *layout) crossings() (cost float64) {
	place := map[*box]float64{}
	for _, floor := range l.floors {
		for i, b := range floor {
			place[b] = (float64(i) + 0.5) / float64(len(floor))
		}
	}
	for _, floor := range l.floors {
		type arrow struct{ from, to float64 }
		var list []arrow
		for _, b := range floor {
			for _, d := range b.down {
				list = append(list, arrow{place[b], place[d]})
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

// permute calls visit with every order of a list, which it restores.
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

// spread sets the horizontal positions: every box as near as possible to the middle of what it is connected with.
func (l *layout) spread() {
	for _, floor := range l.floors {
		w := 0.0
		for i, b := range floor {
			if i > 0 {
				w += cardGap
			}
			b.x = w
			w += b.w
		}
		l.width = max(l.width, w)
	}
	for _, floor := range l.floors {
		last := floor[len(floor)-1]
		shift := (l.width - last.x - last.w) / 2
		for _, b := range floor {
			b.x += shift
		}
	}
	for range 60 {
		for _, floor := range l.floors {
			l.settle(floor)
		}
		for _, floor := range slices.Backward(l.floors) {
			l.settle(floor)
		}
	}
	for _, floor := range l.floors {
		for _, b := range floor {
			b.x += margin + cardPad
		}
	}
	l.width += 2 * (margin + cardPad)
}

// settle moves the boxes of a floor to where they want to be, as far as their order, their gaps and the borders allow:
// blocks of boxes that push each other stand at the mean of their wishes.
func (l *layout) settle(floor []*box) {
	type block struct {
		sum, weight float64
		n           int
	}
	offsets := make([]float64, len(floor))
	var blocks []block
	for i, b := range floor {
		if i > 0 {
			offsets[i] = offsets[i-1] + floor[i-1].w + cardGap
		}
		want, n := 0.0, 0
		for _, other := range append(slices.Clone(b.up), b.down...) {
			want, n = want+other.center(), n+1
		}
		wish := l.width/2 - b.w/2
		if n > 0 {
			wish = want/float64(n) - b.w/2
		}
		weight := 1.0
		if b.room == nil {
			weight = 4 // an arrow that passes a floor is better straight
		}
		blocks = append(blocks, block{weight * (wish - offsets[i]), weight, 1})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].sum/blocks[k-1].weight > blocks[k].sum/blocks[k].weight; k-- {
			blocks[k-1].sum += blocks[k].sum
			blocks[k-1].weight += blocks[k].weight
			blocks[k-1].n += blocks[k].n
			blocks = blocks[:k]
		}
	}
	last := len(floor) - 1
	room := l.width - offsets[last] - floor[last].w
	i := 0
	for _, b := range blocks {
		at := min(max(b.sum/b.weight, 0), room)
		for range b.n {
			floor[i].x = at + offsets[i]
			i++
		}
	}
}

// stack sets the vertical positions.
func (l *layout) stack() {
	y := float64(margin) + 58
	for _, floor := range l.floors {
		h := slices.MaxFunc(floor, func(a, b *box) int { return cmp.Compare(a.h, b.h) }).h
		for _, b := range floor {
			b.y = y
			if b.room == nil {
				b.h = h
			}
		}
		y += h + floorGap
	}
	l.height = y - floorGap
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

// textWidth estimates the width of a text in pixels, rather too wide than too narrow, for fonts differ.
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
