// Package table is a typed table widget with sortable and resizable columns, a filter, and the selection of one row.
// It handles 100,000 rows: it draws only visible rows, and sorts and filters off the UI thread.
package table

import (
	"errors"
	"fmt"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// ErrDefinition is wrapped by every error of New. It means a bug in the program: the definition of the table is
// invalid.
var ErrDefinition = errors.New("table: invalid definition")

// MinColumnWidth is the minimum width of a column in device-independent pixels.
const MinColumnWidth float32 = 48

// Column defines one column of a table of T.
type Column[T any] struct {
	ID        string         // unique in the table; identifies the column in State
	Title     string         // in the header
	Width     float32        // initial width in device-independent pixels; a long title may widen it
	Align     fyne.TextAlign // of cells and header
	Monospace bool           // for codes

	// Stretch makes the column take the remaining width of the window. Several stretched columns share it in
	// proportion to their widths. A column that the person has resized keeps its width.
	Stretch bool

	// Text returns the text of a cell, which is also the text that is copied. It is called on the UI thread, for
	// visible rows only, and must be fast.
	Text func(T) string

	// Compare orders two rows as cmp.Compare does; nil means that the column cannot be sorted. It is called on any
	// goroutine and must depend only on its arguments.
	Compare func(a, b T) int

	// Badge returns the badge after the text, and false for none. It is called on the UI thread, for visible rows
	// only. Optional.
	Badge func(T) (Badge, bool)

	// Tone returns the tone of the text, such as theme.Muted for a placeholder. It is called on the UI thread, for
	// visible rows only. Optional.
	Tone func(T) theme.Tone

	// Icon returns the icon before the text, or nil. It is drawn in the tone of the text. Icon is called on the UI
	// thread, for visible rows only. Optional; only for columns that are aligned to the left.
	Icon func(T) fyne.Resource

	// Unsortable must be set if Compare is nil, so that New can detect a missing Compare.
	Unsortable bool
}

// Badge is a short text in a tone, drawn as a pill. In theme.Muted it is plain text.
type Badge struct {
	Text string
	Tone theme.Tone
}

func (c Column[T]) check(seen map[string]bool) error {
	switch {
	case c.ID == "":
		return fmt.Errorf("%w: a column titled %q has no ID", ErrDefinition, c.Title)
	case seen[c.ID]:
		return fmt.Errorf("%w: two columns have the ID %q", ErrDefinition, c.ID)
	case c.Text == nil && c.Badge == nil:
		return fmt.Errorf("%w: column %q has neither Text nor Badge", ErrDefinition, c.ID)
	case c.Compare == nil && !c.Unsortable:
		return fmt.Errorf("%w: column %q has no Compare and is not marked Unsortable", ErrDefinition, c.ID)
	case c.Compare != nil && c.Unsortable:
		return fmt.Errorf("%w: column %q has a Compare and is marked Unsortable", ErrDefinition, c.ID)
	case c.Width < 0:
		return fmt.Errorf("%w: column %q has a negative width", ErrDefinition, c.ID)
	}
	seen[c.ID] = true
	return nil
}
