package table

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// body draws the visible rows and handles keyboard and pointer. It is as high as all rows together and lies in a
// scroller. Only visible rows have canvas objects, which are reused for other rows on scrolling.
type body[T any] struct {
	widget.BaseWidget
	table *Table[T]
	spans []span

	slots   []*slot
	objects []fyne.CanvasObject
	version uint64 // incremented on a change of rows, columns or theme; a slot with another version is out of date

	selection, hover, ring *canvas.Rectangle
	styles                 styles

	cursorRow, cursorColumn int // the cell with the keyboard cursor
	focused, shift          bool
	hoverRow                int     // -1: the pointer is not over a row
	pointerY                float32 // from the top of the viewport, while pointerInside
	pointerInside           bool
	pressed, pressedBefore  int // rows of the latest two presses; a double click has both on one row
}

// slot has the canvas objects of one visible row.
type slot struct {
	row     int // -1: unused
	version uint64
	line    *canvas.Rectangle
	cells   []cell
}

// styles are the theme values that the drawn objects depend on.
type styles struct {
	text, row color.NRGBA // two colors by which a change of the palette is noticed
	size      float32

	plain, mono, caption *metrics
}

func newBody[T any](t *Table[T]) *body[T] {
	b := &body[T]{
		table:         t,
		hoverRow:      -1,
		pressed:       -1,
		pressedBefore: -1,
	}
	b.selection, b.hover = canvas.NewRectangle(nil), canvas.NewRectangle(nil)
	b.ring = canvas.NewRectangle(color.Transparent)
	b.ring.StrokeWidth = 1.5
	b.ring.CornerRadius = 3
	for _, o := range []fyne.CanvasObject{b.selection, b.hover, b.ring} {
		o.Hide()
	}
	b.ExtendBaseWidget(b)
	b.restyle()
	b.collectObjects()
	return b
}

// restyle applies the current theme and reports whether anything changed.
func (b *body[T]) restyle() bool {
	now := styles{
		text: plainColor(fynetheme.ColorNameForeground),
		row:  plainColor(theme.ColorNameRowSelected),
		size: theme.Size(fynetheme.SizeNameText),
	}
	if now.text == b.styles.text && now.row == b.styles.row && now.size == b.styles.size {
		return false
	}
	now.plain = newMetrics(now.size, fyne.TextStyle{}, nil)
	now.mono = newMetrics(now.size-1, theme.Monospace(), theme.CodeFont())
	now.caption = newMetrics(theme.Size(fynetheme.SizeNameCaptionText), fyne.TextStyle{Bold: true}, nil)
	b.styles = now
	b.selection.FillColor = theme.Color(theme.ColorNameRowSelected)
	b.hover.FillColor = theme.Color(theme.ColorNameRowHover)
	b.ring.StrokeColor = theme.Color(fynetheme.ColorNamePrimary)
	for _, s := range b.slots {
		s.line.FillColor = theme.Color(fynetheme.ColorNameSeparator)
		s.line.Refresh()
	}
	for _, r := range []*canvas.Rectangle{b.selection, b.hover, b.ring} {
		r.Refresh()
	}
	b.invalidate()
	return true
}

// plainColor returns a color of the theme as a comparable value.
func plainColor(name fyne.ThemeColorName) color.NRGBA {
	return color.NRGBAModel.Convert(theme.Color(name)).(color.NRGBA)
}

// invalidate marks every drawn row as out of date.
func (b *body[T]) invalidate() { b.version++ }

// update draws the visible rows that are not drawn yet.
func (b *body[T]) update() {
	if len(b.spans) == 0 {
		return
	}
	rows := b.table.view.len()
	page := b.table.scroll.Size().Height
	first := max(0, int(b.table.scroll.Offset.Y/theme.RowHeight))
	count := int(page/theme.RowHeight) + 2
	if page <= 0 {
		count = 0
	}
	b.grow(count)
	for i := first; i < first+len(b.slots); i++ {
		s := b.slots[i%len(b.slots)]
		switch {
		case i >= rows || i >= first+count:
			b.clear(s)
		case s.row != i || s.version != b.version:
			b.draw(s, i)
		}
	}
	b.mark()
}

// grow adds slots until there are count. Slots are never freed: windows rarely shrink and have few rows.
func (b *body[T]) grow(count int) {
	if count <= len(b.slots) {
		return
	}
	for len(b.slots) < count {
		s := &slot{row: -1, line: canvas.NewRectangle(theme.Color(fynetheme.ColorNameSeparator))}
		s.line.Hide()
		for _, c := range b.table.options.Columns {
			cell := cell{text: canvas.NewText("", nil)}
			cell.text.Hide()
			if c.Badge != nil {
				cell.pill, cell.badge = canvas.NewRectangle(nil), canvas.NewText("", nil)
				cell.pill.CornerRadius = theme.PillHeight / 2
				cell.badge.Alignment = fyne.TextAlignCenter
				cell.pill.Hide()
				cell.badge.Hide()
			}
			if c.Icon != nil {
				cell.icon = &canvas.Image{FillMode: canvas.ImageFillContain}
				cell.icon.Hide()
			}
			s.cells = append(s.cells, cell)
		}
		b.slots = append(b.slots, s)
	}
	b.invalidate() // the slot of a row depends on their number
	b.collectObjects()
}

// collectObjects updates objects in drawing order.
func (b *body[T]) collectObjects() {
	objects := []fyne.CanvasObject{b.selection, b.hover}
	for _, s := range b.slots {
		objects = append(objects, s.line)
		for _, c := range s.cells {
			objects = append(objects, c.text)
			if c.pill != nil {
				objects = append(objects, c.pill, c.badge)
			}
			if c.icon != nil {
				objects = append(objects, c.icon)
			}
		}
	}
	b.objects = append(objects, b.ring)
}

// clear hides the objects of a slot and marks it as unused.
func (b *body[T]) clear(s *slot) {
	if s.row < 0 {
		return
	}
	s.row = -1
	s.line.Hide()
	for _, c := range s.cells {
		c.text.Hide()
		if c.pill != nil {
			c.pill.Hide()
			c.badge.Hide()
		}
		if c.icon != nil {
			c.icon.Hide()
		}
	}
}

// draw draws the row at a position of the view with the objects of s.
func (b *body[T]) draw(s *slot, at int) {
	row, _, ok := b.table.view.at(at)
	if !ok {
		b.clear(s)
		return
	}
	s.row, s.version = at, b.version
	top := float32(at) * theme.RowHeight
	setBounds(s.line, 0, top+theme.RowHeight-1, b.Size().Width, 1)
	s.line.Show()
	for i := range b.table.options.Columns {
		b.drawCell(&s.cells[i], i, row, top)
	}
}

// mark moves the highlights of selection, hover and keyboard cursor to their rows.
func (b *body[T]) mark() {
	width := max(b.Size().Width, b.table.scroll.Size().Width)
	b.markRow(b.selection, b.table.selectedRow, width)
	if b.pointerInside {
		b.hoverRow = b.rowAt(b.pointerY + b.table.scroll.Offset.Y)
	}
	hover := b.hoverRow
	if hover == b.table.selectedRow {
		hover = -1
	}
	b.markRow(b.hover, hover, width)

	if _, _, ok := b.table.view.at(b.cursorRow); !ok || !b.focused || b.cursorColumn >= len(b.spans) {
		hide(b.ring)
		return
	}
	at := b.spans[b.cursorColumn]
	setBounds(b.ring, at.x+1, float32(b.cursorRow)*theme.RowHeight+1, at.width-2, theme.RowHeight-3)
	show(b.ring)
}

func (b *body[T]) markRow(r *canvas.Rectangle, row int, width float32) {
	if row < 0 || row >= b.table.view.len() {
		hide(r)
		return
	}
	setBounds(r, 0, float32(row)*theme.RowHeight, width, theme.RowHeight-1)
	show(r)
}

func setBounds(o fyne.CanvasObject, x, y, width, height float32) {
	o.Move(fyne.NewPos(x, y))
	o.Resize(fyne.NewSize(width, height))
}

func show(o fyne.CanvasObject) {
	if !o.Visible() {
		o.Show()
	}
}

func hide(o fyne.CanvasObject) {
	if o.Visible() {
		o.Hide()
	}
}

// AccessibilityLabel returns the cells of the selected row for a screen reader, each with its title.
func (b *body[T]) AccessibilityLabel() string {
	row, ok := b.table.Selected()
	if !ok {
		return ""
	}
	var parts []string
	for i := range b.table.options.Columns {
		c := &b.table.options.Columns[i]
		if text := b.table.cellText(c, row); text != "" {
			parts = append(parts, c.Title+": "+text)
		}
	}
	return strings.Join(parts, ", ")
}

// AccessibilityRole implements fyne.Accessible: the rows are text.
func (b *body[T]) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (b *body[T]) CreateRenderer() fyne.WidgetRenderer { return &bodyRenderer[T]{body: b} }

type bodyRenderer[T any] struct{ body *body[T] }

func (r *bodyRenderer[T]) MinSize() fyne.Size {
	var width float32
	if n := len(r.body.spans); n > 0 {
		width = r.body.spans[n-1].x + r.body.spans[n-1].width
	}
	return fyne.NewSize(width, float32(r.body.table.view.len())*theme.RowHeight)
}

func (r *bodyRenderer[T]) Layout(size fyne.Size) {
	for _, s := range r.body.slots {
		if s.row >= 0 {
			s.line.Resize(fyne.NewSize(size.Width, 1))
		}
	}
	r.body.mark()
}

func (r *bodyRenderer[T]) Refresh() {
	r.body.restyle()
	r.body.update()
}

func (r *bodyRenderer[T]) Objects() []fyne.CanvasObject { return r.body.objects }

func (r *bodyRenderer[T]) Destroy() {}
