// Package table is a typed table of rows with sortable and resizable columns, a filter, and the selection of one
// whole row. It stays smooth with 100,000 rows: it draws only what is visible, and sorts and filters off the UI thread.
package table

import (
	"errors"
	"fmt"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// ErrDefinition is in every error of New: the definition of the table is wrong, which is a fault of the program.
var ErrDefinition = errors.New("datatable: bad definition")

// MinColumnWidth is the least width of a column in device-independent pixels.
const MinColumnWidth float32 = 48

// Column defines one column of a table of T.
type Column[T any] struct {
	ID        string         // unique in the table; the name under which sort and width are remembered
	Title     string         // in the header
	Width     float32        // as it is at first, unless the title needs somewhat more
	Align     fyne.TextAlign // of cells and header
	Monospace bool           // for codes

	// Stretch lets the column take the width that is left in the window. Several stretched columns share it in
	// proportion to their widths. A column that the person has resized keeps its width.
	Stretch bool

	// Text returns the text of a cell, which is also what is copied. It is called on the UI thread for visible rows
	// only and must be quick.
	Text func(T) string

	// Compare orders two rows, as cmp.Compare does; nil means the column cannot be sorted. It is called on any
	// goroutine and must depend on nothing but its arguments.
	Compare func(a, b T) int

	// Badge returns what is drawn as a pill behind the text, and false for none. It is called on the UI thread for
	// visible rows only. Optional.
	Badge func(T) (Badge, bool)

	// Tone returns the tone of the text, such as theme.Muted for a placeholder. It is called on the UI thread for
	// visible rows only. Optional.
	Tone func(T) theme.Tone

	// Icon returns what is drawn before the text in its tone, nil for none. It is called on the UI thread for visible
	// rows only. Optional; for columns that align to the left.
	Icon func(T) fyne.Resource

	// Unsortable must be set if Compare is nil on purpose, so that New can tell a forgotten Compare.
	Unsortable bool
}

// Badge is a short text in a tone, drawn as a pill; in theme.Muted it is plain text.
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
