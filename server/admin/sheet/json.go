package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode"
)

var errNoList = errors.New("the file is not a JSON array of objects: [{…}, {…}]")

func readJSON[T any](data []byte, columns []Column[T]) (rows []Row[T], err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errNoList
	}
	cutOff := errors.New("the file ends within the array")
	line, counted := 1, 0
	for d.More() {
		if len(rows) == MaxRows {
			return nil, errTooManyRows
		}
		begin := int(d.InputOffset())
		begin += len(data[begin:]) - len(bytes.TrimLeftFunc(data[begin:], func(r rune) bool {
			return r == ',' || unicode.IsSpace(r)
		}))
		line, counted = line+bytes.Count(data[counted:begin], []byte("\n")), begin
		if begin == len(data) { // Decoder.More returns true at the end of a file since Go 1.27
			return nil, cutOff
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return append(rows, Row[T]{Line: line, Fault: errors.New("not JSON; the rest of the file was not read")}), nil
		}
		rows = append(rows, readObject(line, raw, columns))
	}
	if _, err := d.Token(); err != nil {
		return nil, cutOff
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("unexpected text after the array")
	}
	return rows, nil
}

func readObject[T any](line int, raw json.RawMessage, columns []Column[T]) (row Row[T]) {
	row.Line = line
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		row.Fault = errors.New("not an object")
		return row
	}
	seen := map[*Column[T]]bool{}
	for d.More() {
		key, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			row.Fault = errors.New("not JSON")
			return row
		}
		c, err := findColumn(columns, fmt.Sprint(key))
		switch {
		case err != nil:
			row.Fault = err
		case seen[c]:
			row.Fault = fmt.Errorf("%s is given twice", c.Name)
		case len(value) > MaxCell:
			row.Fault = fmt.Errorf("%s: the value is longer than %d bytes", c.Name, MaxCell)
		}
		if row.Fault != nil {
			return row
		}
		seen[c] = true
		if empty := string(value); empty != "null" && empty != `""` {
			row.given = append(row.given, given[T]{c, func(c Cell) error { return c.SetValue(value) }})
		}
	}
	return row
}

// JSON encodes rows as a list of objects, without values that are empty texts.
func JSON[T any](columns []Column[T], rows []T) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range rows {
		separator := "\n  {"
		if i > 0 {
			separator = ",\n  {"
		}
		for _, c := range columns {
			cell := c.Cell(&rows[i])
			if cell.Text() == "" {
				continue
			}
			fmt.Fprintf(&b, "%s%q: ", separator, c.Name)
			separator = ", "
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			if err := e.Encode(cell.Value()); err != nil {
				return nil, err
			}
			b.Truncate(b.Len() - 1) // the newline that Encode writes
		}
		b.WriteByte('}')
	}
	if len(rows) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return b.Bytes(), nil
}
