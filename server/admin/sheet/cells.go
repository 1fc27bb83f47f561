package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Cell is one value, bound to a field of a row.
type Cell interface {
	// Text returns the value in CSV; "" means no value.
	Text() string
	SetText(text string) error
	// Value returns the value in JSON.
	Value() any
	SetValue(raw json.RawMessage) error
}

// text decodes a JSON string.
func text(raw json.RawMessage) (s string, err error) {
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("%s is not a string", Quote(string(raw)))
	}
	return s, nil
}

// Texter is a value that is text in CSV and JSON.
type Texter interface {
	Text() string
	SetText(text string) error
}

type textCell struct{ Texter }

// InText returns a Cell for a value that is text in CSV and JSON.
func InText(t Texter) Cell { return textCell{t} }

func (c textCell) Value() any { return c.Text() }

func (c textCell) SetValue(raw json.RawMessage) error {
	s, err := text(raw)
	if err != nil {
		return err
	}
	return c.SetText(s)
}

type stringText[S ~string] struct{ p *S }

// String returns a Cell for a text. It trims white space.
func String[S ~string](p *S) Cell { return InText(stringText[S]{p}) }

func (s stringText[S]) Text() string           { return string(*s.p) }
func (s stringText[S]) SetText(t string) error { *s.p = S(strings.TrimSpace(t)); return nil }

type boolCell struct{ p *bool }

// Bool returns a Cell for a bool, which is yes or no in CSV, because spreadsheets translate true and false.
func Bool(p *bool) Cell { return boolCell{p} }

func (b boolCell) Text() string {
	if *b.p {
		return "yes"
	}
	return "no"
}

func (b boolCell) SetText(t string) error {
	switch strings.ToLower(t) {
	case "yes", "true", "1":
		*b.p = true
	case "no", "false", "0":
		*b.p = false
	default:
		return fmt.Errorf("%s is neither yes nor no", Quote(t))
	}
	return nil
}

func (b boolCell) Value() any { return *b.p }

func (b boolCell) SetValue(raw json.RawMessage) error {
	switch string(raw) {
	case "true", "false":
		*b.p = raw[0] == 't'
		return nil
	}
	return fmt.Errorf("%s is neither true nor false", Quote(string(raw)))
}

type numberCell[N int | int64 | uint16 | uint32] struct {
	p    *N
	from int64
	to   int64
}

// Number returns a Cell for an integer between from and to, inclusive.
func Number[N int | int64 | uint16 | uint32](p *N, from, to int64) Cell {
	return numberCell[N]{p, from, to}
}

func (n numberCell[N]) Text() string { return strconv.FormatInt(int64(*n.p), 10) }

func (n numberCell[N]) SetText(t string) error {
	v, err := strconv.ParseInt(t, 10, 64)
	if err != nil || v < n.from || v > n.to {
		return fmt.Errorf("%s is not an integer from %d to %d", Quote(t), n.from, n.to)
	}
	*n.p = N(v)
	return nil
}

func (n numberCell[N]) Value() any                         { return int64(*n.p) }
func (n numberCell[N]) SetValue(raw json.RawMessage) error { return n.SetText(string(raw)) }

// Decode strictly decodes a JSON value. what names its type in the error.
func Decode(raw json.RawMessage, to any, what string) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return errors.New("not a " + what)
	}
	return nil
}
