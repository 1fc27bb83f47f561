// Package redact keeps secrets out of logs, errors and encoded data: a hidden value prints as "[redacted]".
//
// All packages that handle secrets import it, so it imports no package of this module.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

const text = "[redacted]"

// Hidden hides the struct that embeds it, with all its fields, from package fmt, package log/slog and encoders.
// Package fmt calls no methods on unexported fields of an enclosing struct and prints their contents: use Value for a
// secret that may be in one.
type Hidden struct{}

// String returns "[redacted]".
func (Hidden) String() string { return text }

// GoString returns "[redacted]".
func (Hidden) GoString() string { return text }

// Format writes "[redacted]", whatever the verb.
func (Hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, text) }

// LogValue returns "[redacted]".
func (Hidden) LogValue() slog.Value { return slog.StringValue(text) }

// MarshalText returns "[redacted]". A hidden value cannot be unmarshaled.
func (Hidden) MarshalText() ([]byte, error) { return []byte(text), nil }

// Value is a secret of type T that is not shown even in an unexported field, because package fmt follows one pointer
// but not two. The zero Value contains the zero value of T. Values are copied by reference, and == compares
// references: compare the results of Reveal instead.
type Value[T any] struct {
	Hidden
	secret **T
}

// Of returns a Value that contains v.
func Of[T any](v T) Value[T] {
	p := &v
	return Value[T]{secret: &p}
}

// Reveal returns the secret.
func (v Value[T]) Reveal() T {
	if v.secret == nil {
		var zero T
		return zero
	}
	return **v.secret
}
