package table

import (
	"sync/atomic"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

const manyRows = 100_000

func benchFixture(b *testing.B) *fixture {
	f := newFixture(b, nil)
	f.window.Resize(fyne.NewSize(1280, 900))
	f.SetRows(many(manyRows))
	f.finish()
	b.ReportAllocs()
	return f
}

// Work on the UI thread must stay well below the 16 ms of a frame.

func BenchmarkUIThreadSetRows(b *testing.B) {
	f := benchFixture(b)
	rows := many(manyRows)
	for b.Loop() {
		f.SetRows(rows)
		f.work = nil
	}
}

func BenchmarkUIThreadShowView(b *testing.B) {
	f := benchFixture(b)
	f.Select("050000")
	v := f.view
	for b.Loop() {
		f.show(v)
	}
}

func BenchmarkUIThreadShowOtherView(b *testing.B) {
	f := benchFixture(b)
	views := []*view[pc]{f.view, nil}
	q := query[pc]{source: f.source, key: f.options.Key, compare: f.options.Columns[0].Compare}
	views[1] = q.view(&atomic.Bool{})
	i := 0
	for b.Loop() {
		i++
		f.show(views[i%2])
	}
}

// BenchmarkUIThreadSort measures the cost of a click on a header on the UI thread: starting the work and showing its
// result.
func BenchmarkUIThreadSort(b *testing.B) {
	f := benchFixture(b)
	var views []*view[pc]
	for column := range 2 {
		q := query[pc]{source: f.source, key: f.options.Key, compare: f.options.Columns[column].Compare}
		views = append(views, q.view(&atomic.Bool{}))
	}
	i := 0
	for b.Loop() {
		i++
		if err := f.SortBy(f.options.Columns[i%2].ID, false); err != nil {
			b.Fatal(err)
		}
		f.work = nil
		f.show(views[i%2])
	}
}

// BenchmarkUIThreadFilterLetter measures the cost of a letter typed into the search field on the UI thread.
func BenchmarkUIThreadFilterLetter(b *testing.B) {
	f := benchFixture(b)
	filters := []string{"pc 0", "pc 01"}
	var views []*view[pc]
	for _, filter := range filters {
		q := query[pc]{source: f.source, key: f.options.Key, searchText: f.options.SearchText, filter: filter}
		views = append(views, q.view(&atomic.Bool{}))
	}
	i := 0
	for b.Loop() {
		i++
		f.SetFilter(filters[i%2])
		f.work = nil
		f.show(views[i%2])
	}
}

// BenchmarkFrameScrollPage scrolls by a page and draws the window with Fyne's software painter.
func BenchmarkFrameScrollPage(b *testing.B) {
	f := benchFixture(b)
	y := float32(0)
	for b.Loop() {
		if y += 30 * theme.RowHeight; y > (manyRows-100)*theme.RowHeight {
			y = 0
		}
		f.scroll.ScrollToOffset(fyne.NewPos(0, y))
		f.scrolled()
		f.window.Canvas().Capture()
	}
}

// BenchmarkFrameUnchanged measures the painter alone, without work of the table.
func BenchmarkFrameUnchanged(b *testing.B) {
	f := benchFixture(b)
	for b.Loop() {
		f.window.Canvas().Capture()
	}
}

func BenchmarkUIThreadScrollPage(b *testing.B) {
	f := benchFixture(b)
	y := float32(0)
	for b.Loop() {
		if y += 30 * theme.RowHeight; y > (manyRows-100)*theme.RowHeight {
			y = 0
		}
		f.scroll.ScrollToOffset(fyne.NewPos(0, y))
		f.scrolled()
	}
}

func BenchmarkUIThreadScrollLine(b *testing.B) {
	f := benchFixture(b)
	y := float32(0)
	for b.Loop() {
		if y += 10; y > (manyRows-100)*theme.RowHeight {
			y = 0
		}
		f.scroll.ScrollToOffset(fyne.NewPos(0, y))
		f.scrolled()
	}
}

func BenchmarkUIThreadKeyDown(b *testing.B) {
	f := benchFixture(b)
	f.key(fyne.KeyEnd)
	for b.Loop() {
		if f.selectedRow == manyRows-1 {
			f.key(fyne.KeyHome)
		}
		f.key(fyne.KeyDown)
	}
}

func BenchmarkUIThreadResizeColumn(b *testing.B) {
	f := benchFixture(b)
	i := 0
	for b.Loop() {
		i++
		f.resizeColumn(1, float32(80+i%200))
	}
}

func BenchmarkUIThreadThousandRowsAtOnce(b *testing.B) {
	f := newFixture(b, func(o *Options[pc]) { o.Sort = "note" })
	rows := many(inlineRows)
	b.ReportAllocs()
	for b.Loop() {
		f.SetRows(rows)
	}
}

// Work off the UI thread does not block the window.

func benchWork(b *testing.B, filter string, column int) {
	f := benchFixture(b)
	q := query[pc]{source: f.source, key: f.options.Key, searchText: f.options.SearchText, filter: filter}
	if column >= 0 {
		q.compare = f.options.Columns[column].Compare
	}
	for b.Loop() {
		q.view(&atomic.Bool{})
	}
}

func BenchmarkWorkSortByText(b *testing.B)   { benchWork(b, "", 0) }
func BenchmarkWorkSortByNumber(b *testing.B) { benchWork(b, "", 1) }
func BenchmarkWorkFilter(b *testing.B)       { benchWork(b, "pc 0123", -1) }

func BenchmarkWorkPrepare(b *testing.B) {
	f := benchFixture(b)
	for b.Loop() {
		s := &source[pc]{rows: f.source.rows}
		s.prepare(f.options.Key, f.options.SearchText, &atomic.Bool{})
	}
}
