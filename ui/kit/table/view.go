package table

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// source is one set of rows as SetRows got it, with what the work off the UI thread derives from it once.
type source[T any] struct {
	rows []T

	mu     sync.Mutex
	keys   []string
	folded []string // text the filter looks through; nil when the table has no SearchText
	ready  bool
}

// prepare derives keys and folded texts; it returns false if it was canceled before it was done. Any goroutine.
func (s *source[T]) prepare(key, searchText func(T) string, canceled *atomic.Bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready {
		return true
	}
	keys := make([]string, len(s.rows))
	var folded []string
	if searchText != nil {
		folded = make([]string, len(s.rows))
	}
	for i, row := range s.rows {
		if canceled.Load() {
			return false
		}
		keys[i] = key(row)
		if searchText != nil {
			folded[i] = fold(searchText(row))
		}
	}
	s.keys, s.folded, s.ready = keys, folded, true
	return true
}

// view is what the table shows: the rows of a source that pass the filter, in the order of the sort. It never changes.
type view[T any] struct {
	source *source[T]
	order  []int32 // indexes into source.rows
}

func (v *view[T]) len() int { return len(v.order) }

// at returns a shown row and its key, and false if there is no such row.
func (v *view[T]) at(i int) (row T, key string, ok bool) {
	if i < 0 || i >= len(v.order) {
		return row, "", false
	}
	at := v.order[i]
	return v.source.rows[at], v.source.keys[at], true
}

// find returns the position at which the row with a key is shown, or -1.
func (v *view[T]) find(key string) int {
	for i, at := range v.order {
		if v.source.keys[at] == key {
			return i
		}
	}
	return -1
}

// request is what a view is made of.
type request[T any] struct {
	source     *source[T]
	key        func(T) string
	searchText func(T) string
	filter     string
	compare    func(a, b T) int // nil keeps the order of the source
	descending bool
}

// view filters and sorts. The result is nil if it was canceled. Any goroutine.
func (r request[T]) view(canceled *atomic.Bool) *view[T] {
	s := r.source
	if !s.prepare(r.key, r.searchText, canceled) {
		return nil
	}
	wanted := terms(r.filter)
	order := make([]int32, 0, len(s.rows))
	for i := range s.rows {
		if len(wanted) > 0 && s.folded != nil && !matches(s.folded[i], wanted) {
			continue
		}
		order = append(order, int32(i))
	}
	if canceled.Load() {
		return nil
	}
	if r.compare != nil {
		slices.SortFunc(order, func(a, b int32) int {
			if canceled.Load() {
				return 0 // ends soon; the order is thrown away
			}
			c := r.compare(s.rows[a], s.rows[b])
			if r.descending {
				c = -c
			}
			return cmp.Or(c, strings.Compare(s.keys[a], s.keys[b]), cmp.Compare(a, b))
		})
	}
	if canceled.Load() {
		return nil
	}
	return &view[T]{source: s, order: order}
}
