// Package sheet reads and writes rows of one kind as CSV, in the dialects of spreadsheets, and as JSON. Package admin
// uses it for imports and exports. For any input, Read returns rows, some of which may have a Fault, or an error about
// the file as a whole.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of files.
const (
	MaxSize = 64 << 20 // bytes of a file
	MaxRows = 100_000
	MaxCell = 4 << 10 // bytes of one value
)

// Column is one property of a row: a column in CSV, a key in JSON.
type Column[T any] struct {
	Name string
	// What describes the column in the help.
	What string
	// Required means that every row must give a value.
	Required bool
	// Cell returns the cell of the column in a row.
	Cell func(*T) Cell
}

// Row is a row of a file.
type Row[T any] struct {
	// Line is the line where it begins, from 1.
	Line int
	// Fault is the reason why it cannot be read, or nil.
	Fault error
	given []given[T]
}

// given is a value of a row. An empty cell or a null is not a value.
type given[T any] struct {
	column *Column[T]
	set    func(Cell) error
}

// Apply sets the fields for which the row gives values.
func (r Row[T]) Apply(to *T) error {
	if r.Fault != nil {
		return r.Fault
	}
	for _, g := range r.given {
		if err := g.set(g.column.Cell(to)); err != nil {
			return fmt.Errorf("%s: %w", g.column.Name, err)
		}
	}
	return nil
}

// Differences returns the columns for which the row gives another value than stored, which it may modify.
func (r Row[T]) Differences(stored T) (names []string, err error) {
	changed := stored
	if err := r.Apply(&changed); err != nil {
		return nil, err
	}
	for _, g := range r.given {
		if g.column.Cell(&stored).Text() != g.column.Cell(&changed).Text() {
			names = append(names, g.column.Name)
		}
	}
	return names, nil
}

// complete sets the fault of a row that lacks a required value.
func (r *Row[T]) complete(columns []Column[T]) {
	for i := range columns {
		c := &columns[i]
		if r.Fault == nil && c.Required && !slices.ContainsFunc(r.given, func(g given[T]) bool { return g.column == c }) {
			r.Fault = fmt.Errorf("%s is missing", c.Name)
		}
	}
}

// Load reads a file of at most MaxSize bytes.
func Load(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err == nil && len(data) > MaxSize {
		err = fmt.Errorf("the file is larger than %d MiB: split it", MaxSize>>20)
	}
	return data, err
}

var byteOrderMark = []byte("\ufeff")

// Read reads the rows of a file: JSON if it begins with a bracket or a brace, else CSV. It fails if the file as a whole
// cannot be used.
func Read[T any](data []byte, columns []Column[T]) ([]Row[T], error) {
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return nil, errors.New("the file is UTF-16: save it as UTF-8, which spreadsheets call \"CSV UTF-8\"")
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, fmt.Errorf("line %d contains a NUL byte: this is not a text file", lineOf(data, i))
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("line %d is not UTF-8: save the file as UTF-8, which spreadsheets call \"CSV UTF-8\"",
			lineOf(data, invalid(data)))
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	var rows []Row[T]
	var err error
	switch text := bytes.TrimSpace(data); {
	case len(text) == 0:
		return nil, errors.New("the file is empty")
	case text[0] == '[' || text[0] == '{':
		rows, err = readJSON(data, columns)
	default:
		rows, err = readCSV(data, columns)
	}
	for i := range rows {
		rows[i].complete(columns)
	}
	return rows, err
}

// lineOf returns the line, from 1, of an offset.
func lineOf(data []byte, offset int) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }

// invalid returns the offset of the first byte that is not UTF-8.
func invalid(data []byte) (offset int) {
	for offset < len(data) {
		r, size := utf8.DecodeRune(data[offset:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		offset += size
	}
	return offset
}

var errTooManyRows = fmt.Errorf("the file has more than %d rows: split it", MaxRows)

// Quote quotes a value of a file for a sentence: on one line, without control characters, and shortened to 60
// characters.
func Quote(text string) string {
	const limit = 60
	if utf8.RuneCountInString(text) > limit {
		text = string([]rune(text)[:limit-1]) + "…"
	}
	return strconv.Quote(text)
}

// findColumn returns the column with a name.
func findColumn[T any](columns []Column[T], name string) (*Column[T], error) {
	var names []string
	for i := range columns {
		if columns[i].Name == name {
			return &columns[i], nil
		}
		names = append(names, columns[i].Name)
	}
	if strings.Contains(name, "password") {
		return nil, errors.New("passwords do not belong in a file: remove the column; people choose theirs with " +
			"\"Forgot password?\"")
	}
	return nil, fmt.Errorf("there is no column %s; there are %s", Quote(name), strings.Join(names, ", "))
}
