package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// description is the text of a card.
type description struct {
	caption string
	side    string // class of its color
}

// descriptions maps the name of every card to its description.
var descriptions = map[string]description{
	"cmd":         {"the programs: flags, environment, wiring", "program"},
	"internal":    {"what the programs are made of", "program"},
	"ui":          {"the window", "desktop"},
	"manager":     {"the license manager without a window", "desktop"},
	"client":      {"the HTTP client and the keyring", "desktop"},
	"assets":      {"icon, pictures, translations", "desktop"},
	"server":      {"the license server", "server"},
	"protect":     {"what a program embeds to check its license", "embedded"},
	"fingerprint": {"the seven locks of a PC", "shared"},
	"redact":      {"hides secrets", "shared"},
	"license":     {"codes, comparison of locks, license files", "shared"},
	"api":         {"wire types and error codes", "shared"},
}

const style = `
  svg { color-scheme: light dark; }
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1f2328; }
  .paper { fill: #ffffff; }
  .floor { fill: #f5f7f9; }
  .card { fill: #ffffff; stroke: #d0d7de; stroke-width: 1; }
  .head { font-size: 24px; font-weight: 700; }
  .name { font-size: 19px; font-weight: 700; }
  .caption { font-size: 12.5px; fill: #57606a; }
  .small { font-size: 11px; fill: #6e7781; }
  .tile rect { stroke-width: 1; fill-opacity: 0.10; stroke-opacity: 0.45; }
  .tile .title { font-size: 13px; font-weight: 600; }
  .own rect { stroke-dasharray: 4 3; }
  .arrow { fill: none; stroke: #8c959f; stroke-width: 1.6; }
  .tip { fill: #8c959f; }
  .desktop .mark, .desktop .tile rect { fill: #0969da; stroke: #0969da; }
  .server .mark, .server .tile rect { fill: #1a7f37; stroke: #1a7f37; }
  .embedded .mark, .embedded .tile rect { fill: #8250df; stroke: #8250df; }
  .shared .mark, .shared .tile rect { fill: #bc4c00; stroke: #bc4c00; }
  .program .mark, .program .tile rect { fill: #57606a; stroke: #57606a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .paper { fill: #0d1117; }
    .floor { fill: #12181f; }
    .card { fill: #161b22; stroke: #30363d; }
    .caption { fill: #9da7b1; }
    .small { fill: #8b949e; }
    .tile rect { fill-opacity: 0.16; }
    .arrow { stroke: #7d8590; }
    .tip { fill: #7d8590; }
    .desktop .mark, .desktop .tile rect { fill: #4493f8; stroke: #4493f8; }
    .server .mark, .server .tile rect { fill: #3fb950; stroke: #3fb950; }
    .embedded .mark, .embedded .tile rect { fill: #ab7df8; stroke: #ab7df8; }
    .shared .mark, .shared .tile rect { fill: #f0883e; stroke: #f0883e; }
    .program .mark, .program .tile rect { fill: #9198a1; stroke: #9198a1; }
  }
`

// notes are the lines of the legend.
var notes = []string{
	"An arrow leads from a folder to one that it imports. Arrows that follow from others are left out; " +
		"each card lists all its imports.",
	"In a card, a row of folders imports only rows below it. A dashed folder is the package of the card itself.",
}

// draw returns the drawing as an SVG.
func draw(p plan) []byte {
	l := newLayout(p)
	legend := slices.Clone(notes)
	if len(p.free) > 0 {
		legend = append(legend, strings.Join(p.free, ", ")+" may import everything, and nothing imports them.")
	}
	height := l.height + margin + float64(22+20*len(legend))
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 %.0f %.0f" `, l.width, height)
	fmt.Fprintf(&out, `width="%.0f" height="%.0f">`+"\n", l.width, height)
	fmt.Fprintln(&out, "<!-- Made by scripts/architecture from the imports: make architecture. -->")
	fmt.Fprintln(&out, "<title>The folders of ACEN Desktop and their imports</title>")
	fmt.Fprintf(&out, "<style>%s</style>\n", style)
	fmt.Fprintf(&out, `<rect class="paper" width="%.0f" height="%.0f" rx="12"/>`+"\n", l.width, height)
	write(&out, margin, margin+22, "head", "Who imports what")
	for _, layer := range l.layers {
		top, bottom := layer[0].y-14, 0.0
		for _, b := range layer {
			bottom = max(bottom, b.y+b.h+14)
		}
		fmt.Fprintf(&out, `<rect class="floor" x="%d" y="%.0f" width="%.0f" height="%.0f" rx="10"/>`+"\n",
			margin, top, l.width-2*margin, bottom-top)
	}
	for _, path := range l.paths {
		drawArrow(&out, path)
	}
	for _, layer := range l.layers {
		for _, b := range layer {
			if b.folder != nil {
				drawCard(&out, b)
			}
		}
	}
	for i, line := range legend {
		write(&out, margin, l.height+margin+float64(22+20*i), "caption", line)
	}
	fmt.Fprintln(&out, "</svg>")
	return out.Bytes()
}

func drawCard(out *bytes.Buffer, b *box) {
	d := descriptions[b.folder.name]
	fmt.Fprintf(out, `<g class="%s">`+"\n", d.side)
	rect(out, "card", b.x, b.y, b.w, b.h, 10)
	rect(out, "mark", b.x+cardPad, b.y, 44, 4, 2)
	write(out, b.x+cardPad, b.y+cardPad+16, "name", b.folder.name)
	y := b.y + cardPad + lineTitle + 10
	for _, line := range b.caption {
		write(out, b.x+cardPad, y, "caption", line)
		y += lineSmall
	}
	for _, row := range b.rows {
		for _, t := range row.tiles {
			class := "tile"
			if t.name == b.folder.name {
				class = "tile own"
			}
			fmt.Fprintf(out, `<g class="%s">`, class)
			rect(out, "", b.x+t.x, b.y+t.y, t.w, t.h, 6)
			write(out, b.x+t.x+tilePad, b.y+t.y+19, "title", t.name)
			for i, line := range t.lines {
				write(out, b.x+t.x+tilePad, b.y+t.y+float64(35+lineSmall*i), "small", line)
			}
			fmt.Fprintln(out, "</g>")
		}
	}
	y = b.y + b.h - cardPad + 4 - float64(lineSmall*(len(b.uses)-1))
	for _, line := range b.uses {
		write(out, b.x+cardPad, y, "small", line)
		y += lineSmall
	}
	fmt.Fprintln(out, "</g>")
}

// drawArrow draws an arrow through the boxes of a path: curves between layers, straight lines through lanes.
func drawArrow(out *bytes.Buffer, path []*box) {
	first, last := path[0], path[len(path)-1]
	x, y := anchor(first, first.down, path[1]), first.y+first.h
	fmt.Fprintf(out, `<path class="arrow" d="M%.0f %.0f`, x, y)
	for i, b := range path[1:] {
		next := b.center()
		top := b.y
		if b == last {
			next, top = anchor(last, last.up, path[i]), b.y-7
		}
		fmt.Fprintf(out, ` C%.0f %.0f %.0f %.0f %.0f %.0f`, x, (y+top)/2, next, (y+top)/2, next, top)
		x, y = next, top
		if b != last {
			y = b.y + b.h
			fmt.Fprintf(out, ` V%.0f`, y)
		}
	}
	fmt.Fprintf(out, `"/><path class="tip" d="M%.0f %.0f l-5 -9 h10 z"/>`+"\n", x, last.y-1)
}

// anchor returns the x coordinate at which an arrow meets a card. A single arrow of a side is as near to its other end
// as the card allows; several are evenly spaced in the order of their other ends.
func anchor(b *box, side []*box, other *box) float64 {
	if b.folder == nil {
		return b.center()
	}
	if len(side) == 1 {
		return min(max(other.center(), b.x+2*cardPad), b.x+b.w-2*cardPad)
	}
	sorted := slices.Clone(side)
	slices.SortStableFunc(sorted, func(a, c *box) int { return cmp.Compare(a.center(), c.center()) })
	step := b.w / float64(len(sorted)+1)
	return b.x + step*float64(slices.Index(sorted, other)+1)
}

func rect(out *bytes.Buffer, class string, x, y, w, h, radius float64) {
	if class != "" {
		class = fmt.Sprintf(`class="%s" `, class)
	}
	fmt.Fprintf(out, `<rect %sx="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="%.0f"/>`, class, x, y, w, h, radius)
}

func write(out *bytes.Buffer, x, y float64, class, text string) {
	fmt.Fprintf(out, `<text class="%s" x="%.0f" y="%.0f">%s</text>`, class, x, y, html.EscapeString(text))
}
