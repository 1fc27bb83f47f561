package table

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const (
	arrowSize float32 = 14
	gripWidth float32 = 9 // of the draggable area around the edge of a column
)

// header is the row of column titles. It lies in a clip and scrolls horizontally with the rows.
type header[T any] struct {
	widget.BaseWidget
	table  *Table[T]
	titles []*title
	grips  []*grip
}

// newHeader returns the titles of a table, which sort it when they are tapped, and the grips between them, which resize
// its columns.
func newHeader[T any](t *Table[T]) *header[T] {
	h := &header[T]{table: t}
	for i, c := range t.options.Columns {
		title := &title{text: c.Title, align: c.Align, column: i}
		title.onMenu = func(at fyne.Position) { t.openHeaderMenu(i, at) }
		if c.Compare != nil {
			title.onTapped = func() { t.toggleSort(i) }
		}
		title.ExtendBaseWidget(title)
		h.titles = append(h.titles, title)

		g := &grip{}
		g.onStart = func() float32 { return t.body.spans[i].width }
		g.onDragged = func(width float32) { t.resizeColumn(i, width) }
		g.onDone = t.changedState
		g.onFit = func() { t.fitColumn(i) }
		g.ExtendBaseWidget(g)
		h.grips = append(h.grips, g)
	}
	h.ExtendBaseWidget(h)
	return h
}

// arrange aligns titles and grips with the columns.
func (h *header[T]) arrange() {
	for i, s := range h.table.body.spans {
		setBounds(h.titles[i], s.x, 0, s.width, theme.HeaderHeight)
		setBounds(h.grips[i], s.x+s.width-gripWidth/2, 0, gripWidth, theme.HeaderHeight)
	}
	h.mark()
}

// moveTo sets the horizontal scroll position.
func (h *header[T]) moveTo(x float32) { h.Move(fyne.NewPos(x, 0)) }

// mark shows the arrow of the sorted column.
func (h *header[T]) mark() {
	for i, title := range h.titles {
		direction := unsorted
		if h.table.sort == i {
			direction = ascending
			if h.table.descending {
				direction = descending
			}
		}
		title.setDirection(direction)
	}
}

// naturalWidth returns the width that a title needs to be shown without an ellipsis.
func (h *header[T]) naturalWidth(column int) float32 {
	style := fyne.TextStyle{Bold: true}
	width := fyne.MeasureText(h.titles[column].text, theme.Size(fynetheme.SizeNameText), style).Width
	return width + 2*cellPadding + arrowSize + 4
}

// CreateRenderer implements fyne.Widget.
func (h *header[T]) CreateRenderer() fyne.WidgetRenderer {
	r := &headerRenderer[T]{header: h}
	for _, title := range h.titles {
		r.objects = append(r.objects, title)
	}
	for _, g := range h.grips {
		r.objects = append(r.objects, g)
	}
	return r
}

type headerRenderer[T any] struct {
	header  *header[T]
	objects []fyne.CanvasObject
}

func (r *headerRenderer[T]) MinSize() fyne.Size {
	var width float32
	if spans := r.header.table.body.spans; len(spans) > 0 {
		width = spans[len(spans)-1].x + spans[len(spans)-1].width + gripWidth
	}
	return fyne.NewSize(width, theme.HeaderHeight)
}

func (r *headerRenderer[T]) Layout(fyne.Size) { r.header.arrange() }

func (r *headerRenderer[T]) Refresh() {
	r.header.mark()
	for _, title := range r.header.titles {
		title.Refresh()
	}
}

func (r *headerRenderer[T]) Objects() []fyne.CanvasObject { return r.objects }

func (r *headerRenderer[T]) Destroy() {}

func (t *Table[T]) openHeaderMenu(column int, at fyne.Position) {
	c := fyne.CurrentApp().Driver().CanvasForObject(t.header)
	if c == nil {
		return
	}
	var items []*fyne.MenuItem
	if t.options.Columns[column].Compare != nil {
		sortBy := func(descending bool) func() {
			return func() { t.sortColumn(column, descending); t.changedState() }
		}
		items = append(items, fyne.NewMenuItem(tr.T("Sort ascending"), sortBy(false)),
			fyne.NewMenuItem(tr.T("Sort descending"), sortBy(true)), fyne.NewMenuItemSeparator())
	}
	items = append(items, fyne.NewMenuItem(tr.T("Fit to content"), func() { t.fitColumn(column) }),
		fyne.NewMenuItem(tr.T("Reset all widths"), t.resetWidths))
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), c, at)
}

// direction is how a column is sorted.
type direction int

const (
	unsorted direction = iota
	ascending
	descending
)

// title is one column title. A tap sorts by the column.
type title struct {
	widget.BaseWidget
	text      string
	align     fyne.TextAlign
	column    int
	direction direction
	hovered   bool
	onTapped  func() // nil: the column cannot be sorted
	onMenu    func(at fyne.Position)
}

func (t *title) setDirection(d direction) {
	if t.direction == d {
		return
	}
	t.direction = d
	t.Refresh()
}

// Tapped sorts by the column, or reverses the order if the column is sorted already.
func (t *title) Tapped(*fyne.PointEvent) {
	if t.onTapped != nil {
		t.onTapped()
	}
}

// TappedSecondary opens the menu of the column.
func (t *title) TappedSecondary(e *fyne.PointEvent) { t.onMenu(e.AbsolutePosition) }

// MouseIn implements desktop.Hoverable.
func (t *title) MouseIn(*desktop.MouseEvent) {
	if t.onTapped != nil {
		t.hovered = true
		t.Refresh()
	}
}

// MouseMoved implements desktop.Hoverable.
func (t *title) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (t *title) MouseOut() {
	if t.hovered {
		t.hovered = false
		t.Refresh()
	}
}

// AccessibilityLabel returns the title and its sort direction.
func (t *title) AccessibilityLabel() string {
	switch t.direction {
	case ascending:
		return tr.T("%s, sorted ascending", t.text)
	case descending:
		return tr.T("%s, sorted descending", t.text)
	}
	return t.text
}

// AccessibilityRole implements fyne.Accessible: a title is a button.
func (t *title) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer implements fyne.Widget.
func (t *title) CreateRenderer() fyne.WidgetRenderer {
	r := &titleRenderer{
		title:      t,
		background: canvas.NewRectangle(nil),
		label:      canvas.NewText("", nil),
		up:         canvas.NewImageFromResource(fynetheme.MenuDropUpIcon()),
		down:       canvas.NewImageFromResource(fynetheme.MenuDropDownIcon()),
	}
	r.label.TextStyle.Bold = true
	r.apply()
	return r
}

type titleRenderer struct {
	title      *title
	background *canvas.Rectangle
	label      *canvas.Text
	up, down   *canvas.Image
	arrowColor color.Color // of the arrow as it was drawn last
	metrics    *metrics
}

func (r *titleRenderer) apply() {
	if size := theme.Size(fynetheme.SizeNameText); r.metrics == nil || r.metrics.size != size {
		r.metrics = newMetrics(size, fyne.TextStyle{Bold: true}, nil)
	}
	r.label.TextSize = r.metrics.size
	r.label.Color = theme.Color(fynetheme.ColorNameForeground)
	r.background.FillColor = theme.Color(fynetheme.ColorNameHover)
	r.background.Hidden = !r.title.hovered
	r.up.Hidden = r.title.direction != ascending
	r.down.Hidden = r.title.direction != descending
}

func (r *titleRenderer) Layout(size fyne.Size) {
	r.background.Resize(size)
	arrow := float32(0)
	if r.title.direction != unsorted {
		arrow = arrowSize + 2
	}
	room := max(0, size.Width-2*cellPadding-arrow)
	if text := r.metrics.fit(r.title.text, room); r.label.Text != text {
		r.label.Text = text
		r.label.Refresh()
	}
	width := min(room, r.label.MinSize().Width)
	x := cellPadding
	switch r.title.align {
	case fyne.TextAlignTrailing:
		x = size.Width - cellPadding - arrow - width
	case fyne.TextAlignCenter:
		x = (size.Width - arrow - width) / 2
	}
	setBounds(r.label, x, 0, width, size.Height)
	if arrow := r.arrow(); arrow != nil {
		setBounds(arrow, x+width+2, (size.Height-arrowSize)/2, arrowSize, arrowSize)
	}
}

// arrow returns the visible arrow, or nil.
func (r *titleRenderer) arrow() *canvas.Image {
	switch r.title.direction {
	case ascending:
		return r.up
	case descending:
		return r.down
	}
	return nil
}

func (r *titleRenderer) MinSize() fyne.Size { return fyne.NewSize(MinColumnWidth, theme.HeaderHeight) }

func (r *titleRenderer) Refresh() {
	r.apply()
	r.Layout(r.title.Size())
	r.background.Refresh()
	r.label.Refresh()
	// Fyne parses and renders an SVG on every refresh, so refresh only a visible arrow, and only if its color changed.
	if arrow := r.arrow(); arrow != nil && r.arrowColor != r.label.Color {
		r.arrowColor = r.label.Color
		arrow.Refresh()
	}
}

func (r *titleRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.background, r.label, r.up, r.down}
}

func (r *titleRenderer) Destroy() {}

// grip is the edge of a column. Dragging it resizes the column.
type grip struct {
	widget.BaseWidget
	onStart   func() float32 // returns the width of the column
	onDragged func(width float32)
	onDone    func()
	onFit     func()

	dragging bool
	width    float32
	hovered  bool
}

// Dragged resizes the column.
func (g *grip) Dragged(e *fyne.DragEvent) {
	if !g.dragging {
		g.dragging, g.width = true, g.onStart()
	}
	g.width += e.Dragged.DX
	g.onDragged(g.width)
}

// DragEnd implements fyne.Draggable.
func (g *grip) DragEnd() {
	if g.dragging {
		g.dragging = false
		g.onDone()
	}
}

// Tapped does nothing: it prevents that a tap on the edge sorts.
func (g *grip) Tapped(*fyne.PointEvent) {}

// DoubleTapped fits the column to its content.
func (g *grip) DoubleTapped(*fyne.PointEvent) { g.onFit() }

// Cursor implements desktop.Cursorable.
func (g *grip) Cursor() desktop.Cursor { return desktop.HResizeCursor }

// MouseIn implements desktop.Hoverable.
func (g *grip) MouseIn(*desktop.MouseEvent) { g.hovered = true; g.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (g *grip) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (g *grip) MouseOut() { g.hovered = false; g.Refresh() }

// CreateRenderer implements fyne.Widget.
func (g *grip) CreateRenderer() fyne.WidgetRenderer {
	return &gripRenderer{grip: g, line: canvas.NewRectangle(theme.Color(fynetheme.ColorNameSeparator))}
}

type gripRenderer struct {
	grip *grip
	line *canvas.Rectangle
}

func (r *gripRenderer) Layout(size fyne.Size) {
	setBounds(r.line, (size.Width-1)/2, 8, 1, max(0, size.Height-16))
}

func (r *gripRenderer) MinSize() fyne.Size { return fyne.NewSize(gripWidth, theme.HeaderHeight) }

func (r *gripRenderer) Refresh() {
	r.line.FillColor = theme.Color(fynetheme.ColorNameSeparator)
	if r.grip.hovered {
		r.line.FillColor = theme.Color(fynetheme.ColorNamePrimary)
	}
	r.line.Refresh()
}

func (r *gripRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.line} }

func (r *gripRenderer) Destroy() {}
