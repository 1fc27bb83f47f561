package table

import (
	"cmp"
	"encoding/json"
	"fmt"
	"image/color"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

type pc struct {
	id, note string
	year     int
}

// fixture is a table of PCs in a window, with records of its callbacks.
type fixture struct {
	*Table[pc]
	window    fyne.Window
	selected  []string // key, or "-" for none
	updated   []string
	activated []string
	copied    string
	states    []State
	textCalls int      // calls of Text of the first column
	work      []func() // queued work off the UI thread; finish runs it
}

func newFixture(t testing.TB, change func(*Options[pc])) *fixture {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	f := &fixture{}
	o := Options[pc]{
		Key:        func(p pc) string { return p.id },
		SearchText: func(p pc) string { return p.note },
		Columns: []Column[pc]{
			{
				ID: "note", Title: "Note", Width: 200, Stretch: true,
				Text:    func(p pc) string { f.textCalls++; return p.note },
				Compare: func(a, b pc) int { return cmp.Compare(a.note, b.note) },
				Badge:   func(p pc) (Badge, bool) { return Badge{"This PC", theme.Good}, p.id == "a" },
			},
			{
				ID: "year", Title: "Year", Width: 80, Align: fyne.TextAlignTrailing,
				Text:    func(p pc) string { return fmt.Sprint(p.year) },
				Compare: func(a, b pc) int { return cmp.Compare(a.year, b.year) },
			},
			{
				ID: "id", Title: "ID", Width: 100, Monospace: true, Unsortable: true,
				Text: func(p pc) string { return p.id },
			},
		},
		OnSelected: func(p pc, ok bool) {
			if !ok {
				p.id = "-"
			}
			f.selected = append(f.selected, p.id)
		},
		OnUpdated:   func(p pc) { f.updated = append(f.updated, p.note) },
		OnActivated: func(p pc) { f.activated = append(f.activated, p.id) },
		Menu: func(p pc) []*fyne.MenuItem {
			return []*fyne.MenuItem{fyne.NewMenuItem("Email code of "+p.id, nil)}
		},
		NoMatch: func(filter string) string { return fmt.Sprintf("No license matches “%s”.", filter) },
		Copy:    func(text string) { f.copied = text },
		OnState: func(s State) { f.states = append(f.states, s) },
		Run:     func(work func()) { f.work = append(f.work, work) },
	}
	if change != nil {
		change(&o)
	}
	table, err := New(o)
	require.NoError(t, err)
	f.Table = table
	f.window = test.NewTempWindow(t, table)
	f.window.SetPadded(false)
	f.window.Resize(fyne.NewSize(600, theme.HeaderHeight+10*theme.RowHeight))
	table.Focus()
	return f
}

// finish runs the queued work in order.
func (f *fixture) finish() {
	for len(f.work) > 0 {
		work := f.work[0]
		f.work = f.work[1:]
		work()
	}
}

// shown returns the keys of all rows in the order of the table.
func (f *fixture) shown() string {
	var keys []string
	for i := range f.view.len() {
		_, key, _ := f.view.at(i)
		keys = append(keys, key)
	}
	return strings.Join(keys, " ")
}

// drawn returns the visible texts of a row, cell by cell, and false if the row is not drawn.
func (f *fixture) drawn(row int) ([]string, bool) {
	for _, s := range f.body.slots {
		if s.row != row {
			continue
		}
		var texts []string
		for _, c := range s.cells {
			texts = append(texts, c.text.Text)
			if c.pill != nil && c.pill.Visible() {
				texts = append(texts, "("+c.badge.Text+")")
			}
		}
		return texts, true
	}
	return nil, false
}

func (f *fixture) key(names ...fyne.KeyName) {
	for _, name := range names {
		f.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: name})
	}
}

func (f *fixture) click(row int, x float32, button desktop.MouseButton) {
	at := fyne.NewPos(x, (float32(row)+0.5)*theme.RowHeight)
	e := &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: at}, Button: button}
	f.body.MouseDown(e)
	f.body.MouseUp(e)
}

var rows = []pc{{"b", "Büro", 2024}, {"a", "Anna", 2026}, {"c", "Cave", 2024}, {"d", "Zoë", 2025}}

func many(n int) []pc {
	pcs := make([]pc, n)
	for i := range pcs {
		pcs[i] = pc{id: fmt.Sprintf("%06d", i), note: fmt.Sprintf("PC %06d", (i*7919)%n), year: 2000 + i%30}
	}
	return pcs
}

func TestNewRejectsInvalidDefinitions(t *testing.T) {
	text := func(pc) string { return "" }
	compare := func(pc, pc) int { return 0 }
	key := func(p pc) string { return p.id }
	good := Column[pc]{ID: "x", Text: text, Compare: compare}
	for name, o := range map[string]Options[pc]{
		"no key":        {Columns: []Column[pc]{good}},
		"no columns":    {Key: key},
		"no ID":         {Key: key, Columns: []Column[pc]{{Text: text, Compare: compare}}},
		"same ID twice": {Key: key, Columns: []Column[pc]{good, good}},
		"no text":       {Key: key, Columns: []Column[pc]{{ID: "x", Compare: compare}}},
		"no compare":    {Key: key, Columns: []Column[pc]{{ID: "x", Text: text}}},
		"compare but unsortable": {Key: key, Columns: []Column[pc]{
			{ID: "x", Text: text, Compare: compare, Unsortable: true},
		}},
		"negative width":          {Key: key, Columns: []Column[pc]{{ID: "x", Text: text, Compare: compare, Width: -1}}},
		"sorted by no column":     {Key: key, Columns: []Column[pc]{good}, Sort: "y"},
		"sorted by an unsortable": {Key: key, Columns: []Column[pc]{{ID: "x", Text: text, Unsortable: true}}, Sort: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			test.NewTempApp(t)
			_, err := New(o)
			require.ErrorIs(t, err, ErrDefinition)
		})
	}
}

func TestRowsWithBadges(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	require.Equal(t, 4, f.Rows())
	require.Equal(t, "b a c d", f.shown())
	texts, ok := f.drawn(1)
	require.True(t, ok)
	require.Equal(t, []string{"Anna", "(This PC)", "2026", "a"}, texts)
	texts, _ = f.drawn(0)
	require.Equal(t, []string{"Büro", "2024", "b"}, texts)
}

func TestTableRendering(t *testing.T) {
	f := newFixture(t, func(o *Options[pc]) { o.Sort = "year" })
	f.window.Resize(fyne.NewSize(420, theme.HeaderHeight+4*theme.RowHeight))
	f.SetRows(rows)
	f.Select("a")
	test.AssertRendersToMarkup(t, "table.xml", f.window.Canvas())
}

func TestTapOnHeaderTogglesSort(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	year := f.header.titles[1]
	test.Tap(year)
	require.Equal(t, "b c d a", f.shown(), "equal years in the order of their keys")
	require.Equal(t, ascending, year.direction)
	test.Tap(year)
	require.Equal(t, "a d b c", f.shown())
	require.Equal(t, descending, year.direction)
	test.Tap(f.header.titles[2])
	require.Equal(t, "a d b c", f.shown(), "a column that cannot be sorted does nothing")
	test.Tap(f.header.titles[0])
	require.Equal(t, unsorted, year.direction)
	require.Equal(t, State{Sort: "year", Descending: true, Widths: map[string]float32{}}, f.states[1])
	require.Len(t, f.states, 3)

	require.ErrorIs(t, f.SortBy("id", false), ErrDefinition)
	require.ErrorIs(t, f.SortBy("nothing", false), ErrDefinition)
	require.NoError(t, f.SortBy("", false))
	require.Equal(t, "b a c d", f.shown())
}

func TestSelectionFollowsItsRow(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	require.True(t, f.Select("c"))
	require.False(t, f.Select("none"))
	require.Equal(t, []string{"c"}, f.selected)

	require.NoError(t, f.SortBy("note", true))
	require.Equal(t, "d c b a", f.shown())
	f.SetRows(append([]pc{{"e", "Eve", 2020}, {"c", "Cave 2", 2024}}, rows[:2]...))
	selected, ok := f.Selected()
	require.True(t, ok)
	require.Equal(t, "Cave 2", selected.note)
	require.Equal(t, []string{"c"}, f.selected, "an unchanged selection is not reported")
	require.Equal(t, []string{"Cave 2"}, f.updated)

	f.SetFilter("eve")
	_, ok = f.Selected()
	require.False(t, ok, "a hidden row is not selected")
	f.SetFilter("")
	_, ok = f.Selected()
	require.True(t, ok)
	f.SetRows(rows[:2])
	_, ok = f.Selected()
	require.False(t, ok)
	f.SetRows(rows)
	_, ok = f.Selected()
	require.False(t, ok, "a row that was removed loses the selection")
	require.Equal(t, []string{"c", "-", "c", "-"}, f.selected)

	f.Select("a")
	f.Unselect()
	f.Unselect()
	require.Equal(t, []string{"c", "-", "c", "-", "a", "-"}, f.selected)
}

func TestSelectHiddenRow(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.SetFilter("anna")
	require.True(t, f.Select("c"))
	require.Empty(t, f.selected)
	f.SetFilter("")
	require.Equal(t, []string{"c"}, f.selected)
}

func TestFilterIgnoresCaseAndAccents(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	for filter, want := range map[string]string{
		"BURO": "b", "büro": "b", "zoe": "d", "a": "a c", "n a": "a", "  ": "b a c d", "xyz": "",
	} {
		f.SetFilter(filter)
		require.Equal(t, want, f.shown(), filter)
		require.Equal(t, filter, f.Filter())
	}
	f.SetFilter("a")
	require.Equal(t, 4, f.Rows())
	require.Equal(t, 2, f.Shown())
}

func TestNoticeForNoRows(t *testing.T) {
	empty := widget.NewLabel("No orders yet.")
	f := newFixture(t, func(o *Options[pc]) { o.Empty = func() fyne.CanvasObject { return empty } })
	require.Empty(t, f.notice.Objects, "no notice before the first SetRows")
	f.SetRows(nil)
	require.Equal(t, []fyne.CanvasObject{empty}, f.notice.Objects)

	f.SetRows(rows)
	require.Empty(t, f.notice.Objects)
	f.SetFilter("xyz")
	box := f.notice.Objects[0].(*fyne.Container)
	require.Equal(t, "No license matches “xyz”.", box.Objects[0].(*widget.Label).Text)
	test.Tap(box.Objects[1].(*fyne.Container).Objects[0].(fyne.Tappable))
	require.Equal(t, 4, f.Shown())
	require.Empty(t, f.notice.Objects)
}

func TestOnClearFilterReplacesClearing(t *testing.T) {
	cleared := 0
	f := newFixture(t, func(o *Options[pc]) { o.OnClearFilter = func() { cleared++ } })
	f.SetRows(rows)
	f.SetFilter("xyz")
	box := f.notice.Objects[0].(*fyne.Container)
	test.Tap(box.Objects[1].(*fyne.Container).Objects[0].(fyne.Tappable))
	require.Equal(t, 1, cleared)
	require.Equal(t, "xyz", f.Filter())
}

func TestKeysMoveTheSelection(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(many(100))
	at := func() string { row, _ := f.Selected(); return row.id }
	for _, step := range []struct {
		key  fyne.KeyName
		want string
	}{
		{fyne.KeyDown, "000000"}, {fyne.KeyDown, "000001"}, {fyne.KeyUp, "000000"}, {fyne.KeyUp, "000000"},
		{fyne.KeyPageDown, "000009"}, {fyne.KeyPageDown, "000018"}, {fyne.KeyPageUp, "000009"},
		{fyne.KeyEnd, "000099"}, {fyne.KeyDown, "000099"}, {fyne.KeyPageDown, "000099"}, {fyne.KeyHome, "000000"},
	} {
		f.key(step.key)
		require.Equal(t, step.want, at(), step.key)
		texts, ok := f.drawn(f.selectedRow)
		require.True(t, ok, "the selected row is in view")
		require.Equal(t, step.want, texts[len(texts)-1])
	}
	f.key(fyne.KeyReturn, fyne.KeyEnter)
	require.Equal(t, []string{"000000", "000000"}, f.activated)
}

func TestKeysInATableWithoutRows(t *testing.T) {
	f := newFixture(t, nil)
	for _, set := range []bool{false, true} {
		if set {
			f.SetRows(nil)
		}
		for _, name := range []fyne.KeyName{
			fyne.KeyDown, fyne.KeyUp, fyne.KeyHome, fyne.KeyEnd, fyne.KeyPageDown, fyne.KeyPageUp,
			fyne.KeyLeft, fyne.KeyRight, fyne.KeySpace, fyne.KeyReturn, fyne.KeyEscape, fyne.KeyTab,
		} {
			f.body.TypedKey(&fyne.KeyEvent{Name: name})
		}
		f.body.TypedRune('x')
		f.CopyCell()
		f.CopyRow()
		f.click(3, 10, desktop.MouseButtonPrimary)
	}
	require.Empty(t, f.selected)
	require.Empty(t, f.activated)
	require.Empty(t, f.copied)
}

func TestCopy(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows([]pc{{"a", "Anna\tand\nBob", 2026}, {"b", "", 2024}})
	f.key(fyne.KeyDown)
	f.body.TypedShortcut(&fyne.ShortcutCopy{})
	require.Equal(t, "Anna\tand\nBob", f.copied, "a cell is copied as it is")
	f.key(fyne.KeyRight, fyne.KeyRight, fyne.KeyRight)
	f.body.TypedShortcut(&fyne.ShortcutCopy{})
	require.Equal(t, "a", f.copied)
	f.key(fyne.KeyLeft)
	f.body.TypedShortcut(&fyne.ShortcutCopy{})
	require.Equal(t, "2026", f.copied)
	shift := fyne.KeyModifierShortcutDefault | fyne.KeyModifierShift
	f.body.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyC, Modifier: shift})
	require.Equal(t, "Anna and Bob\t2026\ta", f.copied, "a row is one line with three cells")
}

func TestMenuOpensByKeyAndRightClick(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.key(fyne.KeyDown)
	overlays := f.window.Canvas().Overlays()
	labels := func() string {
		var names []string
		for _, item := range f.menu().Items {
			names = append(names, strings.ReplaceAll(strings.ReplaceAll(item.Label, "⇧⌘", "Ctrl+Shift+"), "⌘", "Ctrl+"))
		}
		return strings.Join(names, "|")
	}
	require.Equal(t, "Email code of b||Copy Note (Ctrl+C)|Copy row (Ctrl+Shift+C)||Sort by", labels())

	f.key(fyne.KeyF10)
	require.Nil(t, overlays.Top(), "F10 without Shift opens no menu")
	f.body.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	f.body.TypedKey(&fyne.KeyEvent{Name: fyne.KeyF10})
	f.body.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	require.NotNil(t, overlays.Top())
	overlays.Remove(overlays.Top())
	f.body.TypedKey(&fyne.KeyEvent{Name: desktop.KeyMenu})
	require.NotNil(t, overlays.Top())
	overlays.Remove(overlays.Top())
	require.Same(t, f.body, f.window.Canvas().Focused(), "the table has the focus after the menu closes")

	f.body.TappedSecondary(&fyne.PointEvent{Position: fyne.NewPos(5, 2.5*theme.RowHeight)})
	require.NotNil(t, overlays.Top())
	require.Equal(t, []string{"b", "c"}, f.selected, "a right click selects the row of its menu")
	require.Contains(t, labels(), "Email code of c")

	overlays.Remove(overlays.Top())
	f.body.TappedSecondary(&fyne.PointEvent{Position: fyne.NewPos(5, 4.5*theme.RowHeight)})
	require.Nil(t, overlays.Top(), "there is no row")

	sort := f.menu().Items[5].ChildMenu
	require.Len(t, sort.Items, 2)
	sort.Items[1].Action()
	require.Equal(t, "b c d a", f.shown())
	require.True(t, f.menu().Items[5].ChildMenu.Items[1].Checked)
}

func TestTitleMenu(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.resizeColumn(0, 300)
	f.header.titles[0].TappedSecondary(&fyne.PointEvent{})
	require.NotNil(t, f.window.Canvas().Overlays().Top())
	f.resetWidths()
	require.Empty(t, f.State().Widths)
	f.fitColumn(2)
	require.Less(t, f.body.spans[2].width, float32(100))
	require.GreaterOrEqual(t, f.body.spans[2].width, MinColumnWidth)
}

func TestClicksSelectActivateAndHover(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.click(1, f.body.spans[1].x+5, desktop.MouseButtonPrimary)
	require.Equal(t, []string{"a"}, f.selected, "at the press, without waiting for a second click")
	f.CopyCell()
	require.Equal(t, "2026", f.copied)
	at := func(row int) *fyne.PointEvent {
		return &fyne.PointEvent{Position: fyne.NewPos(5, (float32(row)+0.5)*theme.RowHeight)}
	}
	f.click(2, 5, desktop.MouseButtonPrimary)
	f.body.DoubleTapped(at(2))
	require.Empty(t, f.activated, "clicks on two rows are not a double click")
	f.click(2, 5, desktop.MouseButtonPrimary)
	f.body.DoubleTapped(at(2))
	require.Equal(t, []string{"c"}, f.activated)
	f.body.Tapped(at(3))
	require.Equal(t, []string{"a", "c", "d"}, f.selected)
	f.click(30, 5, desktop.MouseButtonPrimary)
	require.Len(t, f.selected, 3, "below the last row there is nothing to select")

	f.body.MouseIn(&desktop.MouseEvent{PointEvent: *at(0)})
	require.True(t, f.body.hover.Visible())
	require.Zero(t, f.body.hover.Position().Y)
	f.body.MouseMoved(&desktop.MouseEvent{PointEvent: *at(3)})
	require.False(t, f.body.hover.Visible(), "the selected row looks the same under the pointer")
	f.body.MouseOut()
	require.False(t, f.body.hover.Visible())
}

func TestManyRowsAreSortedOffTheUIThread(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.SetRows(many(inlineRows + 1))
	require.Equal(t, "b a c d", f.shown(), "the old rows stay until the new ones are ready")
	require.True(t, f.Select("000500"))
	_, ok := f.Selected()
	require.False(t, ok)
	f.finish()
	require.Equal(t, inlineRows+1, f.Shown())
	selected, ok := f.Selected()
	require.True(t, ok)
	require.Equal(t, "000500", selected.id)
	_, ok = f.drawn(500)
	require.True(t, ok, "scrolled to the row that was asked for")
}

func TestLateWorkIsCanceledAndDropped(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(many(2000))
	f.finish()
	require.NoError(t, f.SortBy("note", false))
	f.SetFilter("pc 00001")
	f.SetFilter("pc 000019")
	require.Len(t, f.work, 3)
	// The latest work finishes first; the results of the earlier work must be dropped.
	f.work[2]()
	want := f.shown()
	require.Equal(t, 10-9, f.Shown())
	f.work[0]()
	f.work[1]()
	require.Equal(t, want, f.shown())
}

func TestTwoWorkersShareOneSource(t *testing.T) {
	q := query[pc]{
		source: &source[pc]{rows: many(5000)}, key: func(p pc) string { return p.id },
		searchText: func(p pc) string { return p.note }, filter: "pc 0001",
	}
	views := make(chan *view[pc])
	for range 2 {
		go func() { views <- q.view(&atomic.Bool{}) }()
	}
	a, b := <-views, <-views
	require.Equal(t, a.order, b.order)
	require.NotEmpty(t, a.order)
}

func TestCanceledWorkEndsWithoutAView(t *testing.T) {
	key := func(p pc) string { return p.id }
	canceled := &atomic.Bool{}
	canceled.Store(true)
	q := query[pc]{source: &source[pc]{rows: many(10)}, key: key}
	require.Nil(t, q.view(canceled))

	compared := 0
	canceled.Store(false)
	q.compare = func(a, b pc) int {
		if compared++; compared == 5 {
			canceled.Store(true)
		}
		return -cmp.Compare(a.id, b.id)
	}
	require.Nil(t, q.view(canceled))
	require.Equal(t, 5, compared)
}

func TestVisibleRowsAreDrawnOneTime(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(many(100_000))
	f.finish()
	f.textCalls = 0
	f.scroll.ScrollToOffset(fyne.NewPos(0, 50_000*theme.RowHeight))
	f.scrolled()
	inView := len(f.body.slots)
	require.LessOrEqual(t, inView, 12)
	require.LessOrEqual(t, f.textCalls, inView)

	f.textCalls = 0
	f.scrolled()
	f.body.update()
	f.key(fyne.KeyRight)
	require.Zero(t, f.textCalls, "drawn rows are not drawn again")
	f.scroll.ScrollToOffset(fyne.NewPos(0, 50_001*theme.RowHeight))
	f.scrolled()
	require.Equal(t, 1, f.textCalls, "scrolling by one row draws one row")

	f.key(fyne.KeyEnd)
	require.NoError(t, f.SortBy("year", true))
	f.finish()
	f.key(fyne.KeyEnd)
	for row := 99_999; row > 99_990; row-- {
		texts, ok := f.drawn(row)
		require.True(t, ok)
		want, _, _ := f.view.at(row)
		require.Equal(t, want.id, texts[2], "no blank or outdated row")
	}
}

func TestShrinkingTableLeavesNoRowBehind(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(many(500))
	f.key(fyne.KeyEnd)
	f.SetRows(rows)
	require.Equal(t, float32(0), f.scroll.Offset.Y)
	for row := range 4 {
		_, ok := f.drawn(row)
		require.True(t, ok)
	}
	for _, s := range f.body.slots {
		if s.row < 0 {
			require.False(t, s.line.Visible())
			require.False(t, s.cells[0].text.Visible())
		}
	}
	f.window.Resize(fyne.NewSize(600, theme.HeaderHeight+30*theme.RowHeight))
	f.window.Resize(fyne.NewSize(600, theme.HeaderHeight+2*theme.RowHeight))
	f.key(fyne.KeyEnd)
	_, ok := f.drawn(3)
	require.True(t, ok)
}

func TestStretchedColumnsFillTheWindow(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	require.Equal(t, []span{{0, 420}, {420, 80}, {500, 100}}, f.body.spans)
	f.window.Resize(fyne.NewSize(300, 300))
	require.Equal(t, []span{{0, 200}, {200, 80}, {280, 100}}, f.body.spans, "never narrower than defined")
	f.key(fyne.KeyDown, fyne.KeyRight, fyne.KeyRight)
	require.Equal(t, float32(80), f.scroll.Offset.X, "the keyboard scrolls to a column out of view")
	require.Equal(t, float32(-80), f.header.Position().X, "the titles go with it")
	f.key(fyne.KeyLeft, fyne.KeyLeft)
	require.Zero(t, f.scroll.Offset.X)
}

func TestColumnsAreResizedByTheirEdge(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	grip := f.header.grips[1]
	require.Equal(t, desktop.HResizeCursor, grip.Cursor())
	drag := func(dx float32) { grip.Dragged(&fyne.DragEvent{Dragged: fyne.Delta{DX: dx}}) }
	drag(10)
	drag(20)
	grip.DragEnd()
	require.Equal(t, float32(110), f.body.spans[1].width)
	require.Equal(t, float32(390), f.body.spans[0].width, "the stretched column shrinks")
	require.Equal(t, map[string]float32{"year": 110}, f.states[0].Widths)
	require.Len(t, f.states, 1, "reported when the drag ends")
	drag(-500)
	grip.DragEnd()
	require.Equal(t, MinColumnWidth, f.body.spans[1].width)
	grip.DoubleTapped(nil)
	require.NotEqual(t, MinColumnWidth, f.State().Widths["year"])
}

func TestStateSurvivesARestart(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.resizeColumn(2, 150)
	require.NoError(t, f.SortBy("year", true))
	data, err := json.Marshal(f.State())
	require.NoError(t, err)
	require.JSONEq(t, `{"sort":"year","descending":true,"widths":{"id":150}}`, string(data))

	restored := newFixture(t, func(o *Options[pc]) { o.Sort = "note" })
	restored.SetRows(rows)
	restored.Restore(State{})
	require.Equal(t, "a b c d", restored.shown(), "the zero State keeps the initial sort")
	var s State
	require.NoError(t, json.Unmarshal(data, &s))
	restored.Restore(s)
	require.Equal(t, "a d b c", restored.shown())
	require.Equal(t, float32(150), restored.body.spans[2].width)
}

func TestRestoreDamagedState(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	before := f.body.spans
	f.Restore(State{Sort: "id", Widths: map[string]float32{
		"note": float32(math.NaN()), "year": -5, "id": float32(math.Inf(1)), "gone": 100,
	}})
	require.Equal(t, before, f.body.spans)
	require.Equal(t, "b a c d", f.shown())
}

func TestHostileTextStaysInItsCell(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows([]pc{
		{"long", strings.Repeat("W", 1<<20), 1}, {"lines", "one\r\ntwo\tthree\x00\x1b[31m", 2},
		{"bidi", "שלום עולם " + strings.Repeat("مرحبا بالعالم ", 20), 3}, {"bytes", "\xff\xfe\xfd", 4},
		{"emoji", strings.Repeat("👩‍💻", 200), 5}, {"marks", "e" + strings.Repeat("\u0301", 3000), 6},
	})
	for _, s := range f.body.slots {
		for i, c := range s.cells {
			if s.row >= 0 {
				require.LessOrEqual(t, c.text.MinSize().Width, f.body.spans[i].width-2*cellPadding+1, "%q", c.text.Text)
			}
		}
	}
	texts, _ := f.drawn(1)
	require.Equal(t, "one two three[31m", texts[0])
	f.window.Canvas().Capture()
}

func TestBadgeFitsNarrowColumn(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.resizeColumn(0, MinColumnWidth)
	for _, s := range f.body.slots {
		if s.row == 1 {
			c := s.cells[0]
			require.LessOrEqual(t, c.badge.Position().X+c.badge.Size().Width, f.body.spans[0].width)
		}
	}
}

// largeDark is the app's theme in its dark variant with larger text.
type largeDark struct{ fyne.Theme }

func (largeDark) Size(fyne.ThemeSizeName) float32 { return 17 }

func (l largeDark) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return l.Theme.Color(name, fynetheme.VariantDark)
}

func TestThemeChange(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	f.Select("b")
	before := f.body.slots[0].cells[0].text.Color
	test.ApplyTheme(t, largeDark{theme.New()})
	f.Refresh()
	text := f.body.slots[0].cells[0].text
	require.Equal(t, float32(17), text.TextSize)
	require.NotEqual(t, before, text.Color)
	require.Equal(t, theme.Color(theme.ColorNameRowSelected), f.body.selection.FillColor)
}

func TestScreenReaderText(t *testing.T) {
	f := newFixture(t, nil)
	f.SetRows(rows)
	require.Empty(t, f.AccessibilityLabel())
	f.Select("b")
	require.Equal(t, "Note: Büro, Year: 2024, ID: b", f.AccessibilityLabel())
	require.NoError(t, f.SortBy("year", true))
	require.Equal(t, "Year, sorted descending", f.header.titles[1].AccessibilityLabel())
}
