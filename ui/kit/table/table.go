package table

import (
	"fmt"
	"sync/atomic"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// inlineRows is the number of rows up to which sorting and filtering is done at once on the UI thread, where it takes
// less than a frame and spares the person a flicker.
const inlineRows = 1000

// defaultColumnWidth is the width of a column that defines none, in device-independent pixels.
const defaultColumnWidth float32 = 120

// Options define a table of T. Functions are called on the UI thread unless they say otherwise.
type Options[T any] struct {
	// Key names a row for good: the selection follows it when rows are replaced. It is called on any goroutine and must
	// depend on nothing but its argument. If two rows share a key, the first shown one counts.
	Key func(T) string

	Columns []Column[T]

	// SearchText returns everything of a row that the filter looks through. It is called on any goroutine and must depend
	// on nothing but its argument. nil: the table has no filter.
	SearchText func(T) string

	// OnSelected is called when another row becomes the selected one, by the person or by Select, and with false when no
	// row is selected any more: it was unselected, is gone, or the filter hides it. It is not called again for a row that
	// stays selected while SetRows brings new values; OnUpdated is. Optional.
	OnSelected func(row T, ok bool)

	// OnUpdated is called with the new value of the selected row after SetRows. Optional.
	OnUpdated func(T)

	// OnActivated is called on Enter and on a double click. Optional.
	OnActivated func(T)

	// OnPointer is called when the pointer comes over the rows and moves over them. Optional.
	OnPointer func()

	// Menu returns what the context menu of a row offers above copying and sorting. Optional.
	Menu func(T) []*fyne.MenuItem

	// Empty returns what is shown in the middle of a table without rows, from the first SetRows on. Optional.
	Empty func() fyne.CanvasObject

	// NoMatch returns the sentence shown when the filter hides all rows, such as `No license matches “xyz”.` Optional.
	NoMatch func(filter string) string

	// OnClearFilter runs when the person asks for all rows again; it must lead to SetFilter(""). nil: the table does it.
	OnClearFilter func()

	// Copy puts a text on the clipboard; nil: that of the system.
	Copy func(string)

	// OnState is called when the person has changed the sort or a width. Optional.
	OnState func(State)

	// Sort and Descending are the sort before the first Restore or SortBy. Sort is the ID of a column; empty means the
	// order of SetRows.
	Sort       string
	Descending bool

	// Run runs work off the UI thread; nil: on a goroutine. Tests pass a function of their own to decide when it runs.
	Run func(work func())
}

// Table is a table of T. All its methods belong to the UI thread.
type Table[T any] struct {
	widget.BaseWidget
	options Options[T]

	source     *source[T]
	view       *view[T]
	filter     string
	sort       int // index of the sorted column, -1 for none
	descending bool
	widths     map[string]float32 // chosen by the person

	generation uint64
	cancel     *atomic.Bool // ends the latest work off the UI thread
	loaded     bool

	selectedKey string // kept while the filter hides the row
	hasKey      bool
	selectedRow int  // position in the view, -1 if none is shown as selected
	reveal      bool // scroll to the selected row with the next view

	header *header[T]
	body   *body[T]
	scroll *container.Scroll
	notice *fyne.Container
	empty  fyne.CanvasObject
}

// New returns an empty table. An error wraps ErrDefinition: the definition is wrong. UI thread.
func New[T any](o Options[T]) (*Table[T], error) {
	if o.Key == nil {
		return nil, fmt.Errorf("%w: there is no Key", ErrDefinition)
	}
	if len(o.Columns) == 0 {
		return nil, fmt.Errorf("%w: there are no columns", ErrDefinition)
	}
	seen := map[string]bool{}
	for _, c := range o.Columns {
		if err := c.check(seen); err != nil {
			return nil, err
		}
	}
	t := &Table[T]{
		options: o, sort: -1, selectedRow: -1,
		widths: map[string]float32{}, source: &source[T]{ready: true},
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

// SetRows replaces all rows. Selection and sort stay; the table takes a copy of the slice. Up to 1,000 rows are shown
// at once, more as soon as they are sorted; until then the old ones stay.
func (t *Table[T]) SetRows(rows []T) {
	t.source = &source[T]{rows: append([]T(nil), rows...)}
	t.arrange()
}

// Rows returns the number of rows of the latest SetRows, shown or not.
func (t *Table[T]) Rows() int { return len(t.source.rows) }

// Shown returns the number of rows that are in the table now, with the filter applied.
func (t *Table[T]) Shown() int { return t.view.len() }

// SetFilter shows only the rows whose search text contains every word of text, whatever its case and accents.
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

// Select selects the row with a key and scrolls to it. It reports whether the latest SetRows had such a row; one that
// is hidden by the filter, or not sorted in yet, becomes the selected one when it is shown.
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

// Unselect leaves no row selected.
func (t *Table[T]) Unselect() {
	t.selectedKey, t.hasKey = "", false
	t.setSelected(-1)
}

// Selected returns the selected row; false if none is, or if the filter hides it.
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

// Restore takes over a state. Columns that the table does not have are ignored, and a state without a sort leaves the
// sort as it is, so that the zero State changes no sort.
func (t *Table[T]) Restore(s State) {
	t.widths = map[string]float32{}
	for _, c := range t.options.Columns {
		// The comparison is also false for NaN, which a damaged file may bring.
		if w, ok := s.Widths[c.ID]; ok && w >= MinColumnWidth && w <= maxColumnWidth {
			t.widths[c.ID] = w
		}
	}
	t.layoutColumns()
	if column, err := t.sortable(s.Sort); err == nil {
		t.sortColumn(column, s.Descending)
	}
}

// Focus gives the table the keyboard; it must be in a window.
func (t *Table[T]) Focus() { t.body.requestFocus() }

// FocusIn gives the table the keyboard of a canvas that it is on and that may not have been drawn yet.
func (t *Table[T]) FocusIn(c fyne.Canvas) { c.Focus(t.body) }

// AccessibilityLabel returns what a screen reader says of the table.
func (t *Table[T]) AccessibilityLabel() string { return t.body.AccessibilityLabel() }

// AccessibilityRole tells a screen reader that the table holds other things.
func (t *Table[T]) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

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
	return -1, fmt.Errorf("%w: there is no column %q", ErrDefinition, id)
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

// arrange makes a new view of the rows, off the UI thread if there are many, and ends the work on an earlier one.
func (t *Table[T]) arrange() {
	t.generation++
	if t.cancel != nil {
		t.cancel.Store(true)
	}
	canceled := &atomic.Bool{}
	t.cancel = canceled
	r := request[T]{
		source: t.source, key: t.options.Key, searchText: t.options.SearchText,
		filter: t.filter, descending: t.descending,
	}
	if t.sort >= 0 {
		r.compare = t.options.Columns[t.sort].Compare
	}
	if len(t.source.rows) <= inlineRows {
		t.show(r.view(canceled))
		return
	}
	generation := t.generation
	t.options.Run(func() {
		v := r.view(canceled)
		if v == nil {
			return
		}
		fyne.Do(func() {
			if generation == t.generation {
				t.show(v)
			}
		})
	})
}

// show puts a view into the window and takes the selection over to it.
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
	t.body.stale()
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

func (t *Table[T]) exists(key string) bool {
	for _, k := range t.view.source.keys {
		if k == key {
			return true
		}
	}
	return false
}

// selectRow makes a shown row the selected one, and scrolls to it.
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

// setSelected shows another row, or none for -1, as selected and reports it.
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

func (t *Table[T]) changedState() {
	if t.options.OnState != nil {
		t.options.OnState(t.State())
	}
}
