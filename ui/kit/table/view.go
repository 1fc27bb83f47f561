package table

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// source is the rows of one SetRows, with the keys and folded texts that prepare derives from them.
type source[T any] struct {
	rows []T

	mu     sync.Mutex
	keys   []string
	folded []string // texts that the filter searches; nil if the table has no SearchText
	ready  bool
}

// prepare derives keys and folded texts if that has not been done yet. It returns false if it was canceled. Any
// goroutine.
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

// view is the rows of a source that pass the filter, in sort order. It is immutable.
type view[T any] struct {
	source *source[T]
	order  []int32 // indexes into source.rows
}

func (v *view[T]) len() int { return len(v.order) }

// at returns the row at a position and its key, and false if i is out of range.
func (v *view[T]) at(i int) (row T, key string, ok bool) {
	if i < 0 || i >= len(v.order) {
		return row, "", false
	}
	at := v.order[i]
	return v.source.rows[at], v.source.keys[at], true
}

// find returns the position of the first row with a key, or -1.
func (v *view[T]) find(key string) int {
	for i, at := range v.order {
		if v.source.keys[at] == key {
			return i
		}
	}
	return -1
}

// query has the parameters of a view.
type query[T any] struct {
	source     *source[T]
	key        func(T) string
	searchText func(T) string
	filter     string
	compare    func(a, b T) int // nil preserves the order of the source
	descending bool
}

// view filters and sorts the rows. It returns nil if it was canceled. Any goroutine.
func (q query[T]) view(canceled *atomic.Bool) *view[T] {
	s := q.source
	if !s.prepare(q.key, q.searchText, canceled) {
		return nil
	}
	wanted := terms(q.filter)
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
	if q.compare != nil {
		slices.SortFunc(order, func(a, b int32) int {
			if canceled.Load() {
				return 0 // the order is discarded below
			}
			c := q.compare(s.rows[a], s.rows[b])
			if q.descending {
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
