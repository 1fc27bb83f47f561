package table

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const (
	// maxColumnWidth limits widths that a person or a damaged state file sets, in device-independent pixels.
	maxColumnWidth float32 = 4000

	// maxTitleGrowth is the factor by which a long title, such as a translated one, may widen a column.
	maxTitleGrowth float32 = 1.5

	cellPadding float32 = 10 // left and right of the text of a cell
)

// span is the horizontal extent of a column, in device-independent pixels from the left edge of the rows.
type span struct{ x, width float32 }

// layoutColumns computes the spans of all columns for the width of the viewport and redraws the table if they changed.
func (t *Table[T]) layoutColumns() {
	spans := t.spans(t.scroll.Size().Width)
	if equal(spans, t.body.spans) {
		return
	}
	t.body.spans = spans
	t.body.invalidate()
	t.header.arrange()
	t.scroll.Refresh()
	t.body.update()
}

// spans returns the spans of all columns. Stretched columns share what the others leave of the viewport.
func (t *Table[T]) spans(viewport float32) []span {
	spans := make([]span, len(t.options.Columns))
	var sum, stretched float32
	for i, c := range t.options.Columns {
		chosen, ok := t.widths[c.ID]
		switch {
		case ok:
			spans[i].width = chosen
		case c.Width > 0:
			spans[i].width = max(c.Width, MinColumnWidth, min(t.header.naturalWidth(i), maxTitleGrowth*c.Width))
		default:
			spans[i].width = defaultColumnWidth
		}
		sum += spans[i].width
		if c.Stretch && !ok {
			stretched += spans[i].width
		}
	}
	if left := viewport - sum; left > 0 && stretched > 0 {
		for i, c := range t.options.Columns {
			if _, chosen := t.widths[c.ID]; c.Stretch && !chosen {
				spans[i].width += left * spans[i].width / stretched
			}
		}
	}
	var x float32
	for i := range spans {
		spans[i].x = x
		x += spans[i].width
	}
	return spans
}

func equal(a, b []span) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// resizeColumn sets the width of a column, within limits, as chosen by the person.
func (t *Table[T]) resizeColumn(column int, width float32) {
	t.widths[t.options.Columns[column].ID] = max(MinColumnWidth, min(width, maxColumnWidth))
	t.layoutColumns()
}

// fitColumn makes a column as wide as its title and its visible cells need, at most as wide as the viewport.
func (t *Table[T]) fitColumn(column int) {
	width := t.header.naturalWidth(column)
	for _, s := range t.body.slots {
		if s.row >= 0 && column < len(s.cells) {
			width = max(width, t.body.naturalWidth(column, s.row))
		}
	}
	t.resizeColumn(column, min(width, t.scroll.Size().Width))
	t.changedState()
}

// resetWidths discards all widths that the person chose.
func (t *Table[T]) resetWidths() {
	t.widths = map[string]float32{}
	t.layoutColumns()
	t.changedState()
}

// revealRow scrolls as little as is necessary to show all of a row. A table without a size yet does so in its first
// layout.
func (t *Table[T]) revealRow(row int) {
	top := float32(row) * theme.RowHeight
	page := t.scroll.Size().Height
	switch {
	case page <= 0:
		t.reveal = true
	case top < t.scroll.Offset.Y:
		t.scrollTo(top)
	case top+theme.RowHeight > t.scroll.Offset.Y+page:
		t.scrollTo(top + theme.RowHeight - page)
	}
}

func (t *Table[T]) scrollTo(y float32) {
	t.scroll.ScrollToOffset(fyne.NewPos(t.scroll.Offset.X, max(0, y)))
	t.scrolled()
}

func (t *Table[T]) scrolled() {
	t.header.moveTo(-t.scroll.Offset.X)
	t.body.update()
}

// showNotice shows why there are no rows, in the center of the table.
func (t *Table[T]) showNotice() {
	var o fyne.CanvasObject
	switch {
	case !t.loaded || t.view.len() > 0:
	case len(t.view.source.rows) == 0:
		o = t.empty
	default:
		o = t.noMatch()
	}
	if o == nil {
		t.notice.RemoveAll()
		return
	}
	t.notice.Objects = []fyne.CanvasObject{o}
	t.notice.Refresh()
}

func (t *Table[T]) noMatch() fyne.CanvasObject {
	sentence := tr.T("Nothing matches “%s”.", t.filter)
	if t.options.NoMatch != nil {
		sentence = t.options.NoMatch(t.filter)
	}
	clearFilter := t.options.OnClearFilter
	if clearFilter == nil {
		clearFilter = func() { t.SetFilter("") }
	}
	label := widget.NewLabel(oneLine(sentence))
	label.Alignment = fyne.TextAlignCenter
	label.Importance = widget.LowImportance
	return container.NewVBox(label, container.NewCenter(dialogs.NewButton(tr.T("Clear search"), nil, clearFilter)))
}

// CreateRenderer implements fyne.Widget. UI thread.
func (t *Table[T]) CreateRenderer() fyne.WidgetRenderer {
	r := &tableRenderer[T]{
		table:      t,
		background: canvas.NewRectangle(theme.Color(fynetheme.ColorNameHeaderBackground)),
		line:       canvas.NewRectangle(theme.Color(fynetheme.ColorNameSeparator)),
		clip:       container.NewClip(t.header),
	}
	r.objects = []fyne.CanvasObject{r.background, r.clip, t.scroll, t.notice, r.line}
	return r
}

type tableRenderer[T any] struct {
	table            *Table[T]
	background, line *canvas.Rectangle
	clip             *container.Clip
	objects          []fyne.CanvasObject
}

func (r *tableRenderer[T]) Layout(size fyne.Size) {
	t := r.table
	rest := fyne.NewSize(size.Width, max(0, size.Height-theme.HeaderHeight))
	head := fyne.NewSize(size.Width, theme.HeaderHeight)
	r.background.Resize(head)
	r.clip.Resize(head)
	r.line.Move(fyne.NewPos(0, theme.HeaderHeight-1))
	r.line.Resize(fyne.NewSize(size.Width, 1))
	t.scroll.Move(fyne.NewPos(0, theme.HeaderHeight))
	t.scroll.Resize(rest)
	t.notice.Move(fyne.NewPos(0, theme.HeaderHeight))
	t.notice.Resize(rest)
	t.layoutColumns()
	t.header.Resize(t.header.MinSize().Max(head))
	if t.reveal && t.selectedRow >= 0 && rest.Height > 0 {
		t.reveal = false
		t.revealRow(t.selectedRow)
	}
	t.scrolled()
}

func (r *tableRenderer[T]) MinSize() fyne.Size {
	return fyne.NewSize(160, theme.HeaderHeight+3*theme.RowHeight)
}

func (r *tableRenderer[T]) Refresh() {
	r.background.FillColor = theme.Color(fynetheme.ColorNameHeaderBackground)
	r.line.FillColor = theme.Color(fynetheme.ColorNameSeparator)
	r.background.Refresh()
	r.line.Refresh()
	r.table.header.Refresh()
	r.table.scroll.Refresh()
	r.table.notice.Refresh()
}

func (r *tableRenderer[T]) Objects() []fyne.CanvasObject { return r.objects }

func (r *tableRenderer[T]) Destroy() {}
