package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// separator returns the separator of the header: a comma, or the semicolon or tab that some spreadsheets write.
func separator(data []byte) rune {
	header, _, _ := bytes.Cut(data, []byte("\n"))
	for _, r := range ",;\t" {
		if bytes.ContainsRune(header, r) {
			return r
		}
	}
	return ','
}

func readCSV[T any](data []byte, columns []Column[T]) (rows []Row[T], err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = separator(data), -1
	names, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("the header cannot be read: %w", explain(err))
	}
	header, err := readHeader(names, columns)
	if err != nil {
		return nil, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if len(rows) == MaxRows {
			return nil, errTooManyRows
		}
		var fault *csv.ParseError
		if errors.As(err, &fault) { // it is not certain where the next row begins
			return append(rows, Row[T]{
				Line:  fault.StartLine,
				Fault: fmt.Errorf("%w; the rest of the file was not read", explain(err)),
			}), nil
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" { // an empty row of a spreadsheet
			continue
		}
		line, _ := r.FieldPos(0)
		rows = append(rows, readRecord(line, cells, header))
	}
}

func readHeader[T any](names []string, columns []Column[T]) (header []*Column[T], err error) {
	seen := map[*Column[T]]bool{}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if name == "" {
			return nil, fmt.Errorf("column %d has no name: the first line names the columns", i+1)
		}
		c, err := findColumn(columns, name)
		if err != nil {
			return nil, err
		}
		if seen[c] {
			return nil, fmt.Errorf("the column %s is given twice", c.Name)
		}
		seen[c] = true
		header = append(header, c)
	}
	for i := range columns {
		if columns[i].Required && !seen[&columns[i]] {
			return nil, fmt.Errorf("the column %s is missing", columns[i].Name)
		}
	}
	return header, nil
}

func readRecord[T any](line int, cells []string, header []*Column[T]) Row[T] {
	row := Row[T]{Line: line}
	if len(cells) != len(header) {
		row.Fault = fmt.Errorf("the row has %d cells, but the header has %d", len(cells), len(header))
		return row
	}
	for i, cell := range cells {
		if len(cell) > MaxCell {
			row.Fault = fmt.Errorf("%s: the value is longer than %d bytes", header[i].Name, MaxCell)
			return row
		}
		if cell = strings.TrimSpace(unguard(cell)); cell != "" {
			row.given = append(row.given, given[T]{header[i], func(c Cell) error { return c.SetText(cell) }})
		}
	}
	return row
}

// explain explains an error of package csv.
func explain(err error) error {
	switch {
	case errors.Is(err, csv.ErrQuote):
		return errors.New("a quotation mark is not closed, or text follows it")
	case errors.Is(err, csv.ErrBareQuote):
		return errors.New("unexpected quotation mark in an unquoted cell")
	}
	return err
}

// formulas are the characters that begin a formula in a spreadsheet.
const formulas = "=+-@\t\r＝＋－＠"

// isFormula reports whether a spreadsheet would run a text, not counting apostrophes before it.
func isFormula(text string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, "'"))
	return first != utf8.RuneError && strings.ContainsRune(formulas, first)
}

// guard adds an apostrophe before a formula, so that a client's name cannot run commands on the vendor's PC.
func guard(text string) string {
	if isFormula(text) {
		return "'" + text
	}
	return text
}

// unguard removes the apostrophe of guard.
func unguard(text string) string {
	if strings.HasPrefix(text, "'") && isFormula(text) {
		return text[1:]
	}
	return text
}

// CSV encodes rows with a byte order mark, without which spreadsheets do not read UTF-8. Every cell is in quotation
// marks, so that none is split where another separator is usual.
func CSV[T any](columns []Column[T], rows []T) []byte {
	var b bytes.Buffer
	b.Write(byteOrderMark)
	for i, c := range columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(c.Name)
	}
	b.WriteByte('\n')
	for i := range rows {
		for j, c := range columns {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"` + strings.ReplaceAll(guard(c.Cell(&rows[i]).Text()), `"`, `""`) + `"`)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
