package codeentry

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

const barHeight float32 = 3

// groups draws a line below each group of the code, filled by the characters typed and colored by the state of the
// code. The note says the same in words.
type groups struct {
	widget.BaseWidget
	entry *Entry
	wrong int // number of the group with an error of Parse, from 1; 0: none or unknown
	good  bool
}

func newGroups(e *Entry) *groups {
	g := &groups{entry: e}
	g.ExtendBaseWidget(g)
	return g
}

// setState updates the colors for an error of the code, or nil.
func (g *groups) setState(err error) {
	g.good, g.wrong = err == nil, 0
	if err != nil && g.entry.format.ErrorGroup != nil && len(g.entry.chars) == g.entry.format.length() {
		g.wrong = g.entry.format.ErrorGroup(err)
	}
	g.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (g *groups) CreateRenderer() fyne.WidgetRenderer {
	r := &groupsRenderer{groups: g}
	for range g.entry.format.Groups {
		line, fill := canvas.NewRectangle(nil), canvas.NewRectangle(nil)
		line.CornerRadius, fill.CornerRadius = barHeight/2, barHeight/2
		r.lines, r.fills = append(r.lines, line), append(r.fills, fill)
		r.objects = append(r.objects, line, fill)
	}
	r.Refresh()
	return r
}

type groupsRenderer struct {
	groups       *groups
	lines, fills []*canvas.Rectangle
	objects      []fyne.CanvasObject
}

// character returns the width of a character of the code in device-independent pixels.
func (r *groupsRenderer) character() float32 {
	return fyne.MeasureText("0", theme.Size(fynetheme.SizeNameText), theme.Monospace()).Width
}

func (r *groupsRenderer) Layout(fyne.Size) {
	f := &r.groups.entry.format
	width, left := r.character(), theme.Size(fynetheme.SizeNameInnerPadding)
	separator := width * float32(len([]rune(f.Separator)))
	typed := len(r.groups.entry.chars)
	for i, n := range f.Groups {
		filled := max(0, min(typed, n))
		typed -= n
		at := fyne.NewPos(left, 0)
		r.lines[i].Move(at)
		r.fills[i].Move(at)
		r.lines[i].Resize(fyne.NewSize(width*float32(n), barHeight))
		r.fills[i].Resize(fyne.NewSize(width*float32(filled), barHeight))
		left += width*float32(n) + separator
	}
}

func (r *groupsRenderer) MinSize() fyne.Size {
	f := &r.groups.entry.format
	characters := f.length() + (len(f.Groups)-1)*len([]rune(f.Separator)) + 1
	return fyne.NewSize(r.character()*float32(characters)+2*theme.Size(fynetheme.SizeNameInnerPadding), barHeight)
}

func (r *groupsRenderer) Refresh() {
	for i := range r.lines {
		fill := theme.Color(fynetheme.ColorNamePrimary)
		switch {
		case r.groups.good:
			fill = theme.Good.Text()
		case r.groups.wrong == i+1:
			fill = theme.Bad.Text()
		}
		r.lines[i].FillColor, r.fills[i].FillColor = theme.Color(fynetheme.ColorNameSeparator), fill
		r.lines[i].Refresh()
		r.fills[i].Refresh()
	}
	r.Layout(r.groups.Size())
}

func (r *groupsRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *groupsRenderer) Destroy() {}
