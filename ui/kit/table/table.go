package table

import (
	"fmt"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// inlineRows is the maximum number of rows that are sorted and filtered on the UI thread. It takes less than a frame
// and avoids flicker.
const inlineRows = 1000

// defaultColumnWidth is the width of a column that defines none, in device-independent pixels.
const defaultColumnWidth float32 = 120

// Options define a table of T. Functions are called on the UI thread unless their comments say otherwise.
type Options[T any] struct {
	// Key returns the identity of a row. The selection follows it when SetRows replaces the rows. If two rows share a
	// key, the first shown one wins. Key is called on any goroutine and must depend only on its argument.
	Key func(T) string

	Columns []Column[T]

	// SearchText returns the text of a row that the filter searches. It is called on any goroutine and must depend
	// only on its argument. nil: the table has no filter.
	SearchText func(T) string

	// OnSelected is called when the selected row changes, and with false if no row is selected any more because it was
	// unselected, removed or hidden by the filter. If SetRows only changes the value of the selected row, OnUpdated is
	// called instead. Optional.
	OnSelected func(row T, ok bool)

	// OnUpdated is called with the new value of the selected row after SetRows. Optional.
	OnUpdated func(T)

	// OnActivated is called on Enter and on a double click. Optional.
	OnActivated func(T)

	// OnPointer is called when the pointer enters the rows or moves over them. Optional.
	OnPointer func()

	// Menu returns the items of a row's context menu that precede copying and sorting. Optional.
	Menu func(T) []*fyne.MenuItem

	// Empty returns the object in the center of a table without rows. It is shown from the first SetRows on. Optional.
	Empty func() fyne.CanvasObject

	// NoMatch returns the sentence for a filter that hides all rows, such as `No license matches “xyz”.` Optional.
	NoMatch func(filter string) string

	// OnClearFilter runs when the person clears the filter in the table, and must call SetFilter(""). nil: the table
	// clears it itself.
	OnClearFilter func()

	// Copy copies a text to the clipboard; nil: that of the system.
	Copy func(string)

	// OnState is called after the person has changed the sort or a width. Optional.
	OnState func(State)

	// Sort and Descending are the initial sort. Sort is the ID of a column; empty means the order of SetRows.
	Sort       string
	Descending bool

	// Run runs work off the UI thread; nil: on a new goroutine.
	Run func(work func())
}

// Table is a table of T. Its methods belong to the UI thread.
type Table[T any] struct {
	widget.BaseWidget
	options Options[T]

	source     *source[T]
	view       *view[T]
	filter     string
	sort       int // index of the sorted column, -1 for none
	descending bool
	widths     map[string]float32 // chosen by the person

	sequence uint64       // of the latest view; an older one that arrives late is dropped
	cancel   *atomic.Bool // cancels the latest work off the UI thread
	loaded   bool         // a view has been shown

	selectedKey string // valid if hasKey; also while the filter hides the row
	hasKey      bool
	selectedRow int  // position in the view; -1: no visible row is selected
	reveal      bool // scroll to the selected row with the next view

	header *header[T]
	body   *body[T]
	scroll *container.Scroll
	notice *fyne.Container
	empty  fyne.CanvasObject
}

// New returns an empty table. Its error wraps ErrDefinition. UI thread.
func New[T any](o Options[T]) (*Table[T], error) {
	if o.Key == nil {
		return nil, fmt.Errorf("%w: no Key", ErrDefinition)
	}
	if len(o.Columns) == 0 {
		return nil, fmt.Errorf("%w: no columns", ErrDefinition)
	}
	seen := map[string]bool{}
	for _, c := range o.Columns {
		if err := c.check(seen); err != nil {
			return nil, err
		}
	}
	t := &Table[T]{
		options:     o,
		sort:        -1,
		selectedRow: -1,
		widths:      map[string]float32{},
		source:      &source[T]{ready: true},
	}
	t.view = &view[T]{source: t.source}
	if o.Sort != "" {
		column, err := t.sortable(o.Sort)
		if err != nil {
			return nil, err
		}
		t.sort, t.descending = column, o.Descending
	}
	if o.Run == nil {
		t.options.Run = func(work func()) { go work() }
	}
	if o.Copy == nil {
		t.options.Copy = func(text string) { fyne.CurrentApp().Clipboard().SetContent(text) }
	}
	t.body = newBody(t)
	t.header = newHeader(t)
	t.scroll = container.NewScroll(t.body)
	t.scroll.OnScrolled = func(fyne.Position) { t.scrolled() }
	t.notice = container.NewCenter()
	if o.Empty != nil {
		t.empty = o.Empty()
	}
	t.ExtendBaseWidget(t)
	return t, nil
}

// SetRows replaces all rows with a copy of rows, and preserves selection and sort. Up to 1,000 rows are shown before it
// returns. More rows are sorted off the UI thread first, while the table shows the old ones.
func (t *Table[T]) SetRows(rows []T) {
	t.source = &source[T]{rows: append([]T(nil), rows...)}
	t.arrange()
}

// Rows returns the number of rows of the latest SetRows, with those that are not shown.
func (t *Table[T]) Rows() int { return len(t.source.rows) }

// Shown returns the number of rows that pass the filter.
func (t *Table[T]) Shown() int { return t.view.len() }

// SetFilter shows only the rows whose search text contains every word of text. Case and accents are ignored.
func (t *Table[T]) SetFilter(text string) {
	if text == t.filter {
		return
	}
	t.filter = text
	t.reveal = true
	t.arrange()
}

// Filter returns the text of the latest SetFilter.
func (t *Table[T]) Filter() string { return t.filter }

// Select selects the row with a key and scrolls to it. It reports whether the latest SetRows had such a row. A row that
// the filter hides, or that is not sorted yet, is selected as soon as it is shown.
func (t *Table[T]) Select(key string) bool {
	if at := t.view.find(key); at >= 0 && t.view.source == t.source {
		t.selectRow(at)
		return true
	}
	for _, row := range t.source.rows {
		if t.options.Key(row) == key {
			t.setSelected(-1)
			t.selectedKey, t.hasKey, t.reveal = key, true, true
			return true
		}
	}
	return false
}

// Unselect clears the selection.
func (t *Table[T]) Unselect() {
	t.selectedKey, t.hasKey = "", false
	t.setSelected(-1)
}

// Selected returns the selected row, and false if there is none or the filter hides it.
func (t *Table[T]) Selected() (row T, ok bool) {
	row, _, ok = t.view.at(t.selectedRow)
	return row, ok
}

// State returns the sort and the widths that the person chose.
func (t *Table[T]) State() State {
	s := State{Widths: map[string]float32{}}
	if t.sort >= 0 {
		s.Sort, s.Descending = t.options.Columns[t.sort].ID, t.descending
	}
	for id, width := range t.widths {
		s.Widths[id] = width
	}
	return s
}

// Restore applies a state. It ignores unknown columns, and does not change the sort if the state has none.
func (t *Table[T]) Restore(s State) {
	t.widths = map[string]float32{}
	for _, c := range t.options.Columns {
		// The comparison is also false for NaN, which a damaged file may contain.
		if w, ok := s.Widths[c.ID]; ok && w >= MinColumnWidth && w <= maxColumnWidth {
			t.widths[c.ID] = w
		}
	}
	t.layoutColumns()
	if column, err := t.sortable(s.Sort); err == nil {
		t.sortColumn(column, s.Descending)
	}
}

// Focus focuses the table, which must be in a window.
func (t *Table[T]) Focus() { t.body.requestFocus() }

// FocusIn focuses the table on its canvas c, which may not have been drawn yet.
func (t *Table[T]) FocusIn(c fyne.Canvas) { c.Focus(t.body) }

// AccessibilityLabel returns the cells of the selected row for a screen reader.
func (t *Table[T]) AccessibilityLabel() string { return t.body.AccessibilityLabel() }

// AccessibilityRole implements fyne.Accessible: the table is a container.
func (t *Table[T]) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// sortable returns the index of the column with an ID, or an error if it does not exist or cannot be sorted.
func (t *Table[T]) sortable(id string) (int, error) {
	for i, c := range t.options.Columns {
		if c.ID != id {
			continue
		}
		if c.Compare == nil {
			return -1, fmt.Errorf("%w: column %q cannot be sorted", ErrDefinition, id)
		}
		return i, nil
	}
	return -1, fmt.Errorf("%w: no column %q", ErrDefinition, id)
}

func (t *Table[T]) sortColumn(column int, descending bool) {
	if column == t.sort && descending == t.descending {
		return
	}
	t.sort, t.descending = column, descending
	t.reveal = true
	t.header.Refresh()
	t.arrange()
}

// arrange cancels work on an earlier view and makes a new one, off the UI thread if there are more than inlineRows.
func (t *Table[T]) arrange() {
	t.sequence++
	if t.cancel != nil {
		t.cancel.Store(true)
	}
	canceled := &atomic.Bool{}
	t.cancel = canceled
	q := query[T]{
		source:     t.source,
		key:        t.options.Key,
		searchText: t.options.SearchText,
		filter:     t.filter,
		descending: t.descending,
	}
	if t.sort >= 0 {
		q.compare = t.options.Columns[t.sort].Compare
	}
	if len(t.source.rows) <= inlineRows {
		t.show(q.view(canceled))
		return
	}
	sequence := t.sequence
	t.options.Run(func() {
		v := q.view(canceled)
		if v == nil {
			return
		}
		fyne.Do(func() {
			if sequence == t.sequence {
				t.show(v)
			}
		})
	})
}

// show replaces the view, restores the selection in it, and reports a change of the selection.
func (t *Table[T]) show(v *view[T]) {
	replaced := v.source != t.view.source
	was := t.selectedRow
	t.view, t.loaded = v, true
	t.selectedRow = -1
	if t.hasKey {
		t.selectedRow = v.find(t.selectedKey)
		if t.selectedRow < 0 && !t.exists(t.selectedKey) {
			t.selectedKey, t.hasKey = "", false
		}
	}
	t.body.cursorRow = max(0, min(t.body.cursorRow, v.len()-1))
	if t.selectedRow >= 0 {
		t.body.cursorRow = t.selectedRow
	}
	t.body.invalidate()
	t.scroll.Refresh()
	if t.reveal {
		t.reveal = false
		if t.selectedRow >= 0 {
			t.revealRow(t.selectedRow)
		} else {
			t.scrollTo(0)
		}
	}
	t.body.update()
	t.showNotice()

	row, _, selected := v.at(t.selectedRow)
	switch {
	case selected != (was >= 0):
		t.reportSelected(row, selected)
	case selected && replaced && t.options.OnUpdated != nil:
		t.options.OnUpdated(row)
	}
}

// exists reports whether the source has a row with a key, shown or not.
func (t *Table[T]) exists(key string) bool {
	for _, k := range t.view.source.keys {
		if k == key {
			return true
		}
	}
	return false
}

// selectRow selects the row at a position of the view and scrolls to it.
func (t *Table[T]) selectRow(at int) {
	_, key, ok := t.view.at(at)
	if !ok {
		return
	}
	t.body.cursorRow = at
	t.revealRow(at)
	if t.hasKey && t.selectedKey == key && t.selectedRow == at {
		t.body.update()
		return
	}
	t.selectedKey, t.hasKey = key, true
	t.setSelected(at)
}

// setSelected changes the selected position of the view, -1 for none, and reports the change.
func (t *Table[T]) setSelected(at int) {
	was := t.selectedRow
	t.selectedRow = at
	t.body.update()
	if at >= 0 || was >= 0 {
		row, _, ok := t.view.at(at)
		t.reportSelected(row, ok)
	}
}

func (t *Table[T]) reportSelected(row T, ok bool) {
	if t.options.OnSelected != nil {
		t.options.OnSelected(row, ok)
	}
}

// changedState reports the state to OnState.
func (t *Table[T]) changedState() {
	if t.options.OnState != nil {
		t.options.OnState(t.State())
	}
}
