// Package redact keeps secrets out of logs, errors and encoded data: what it hides prints as "[redacted]".
//
// It lies below all other packages, for license, client and server hide secrets, and none of them may import another
// for it. It imports nothing of ours.
package redact

import (
	"fmt"
	"io"
	"log/slog"
)

const text = "[redacted]"

// Hidden hides the struct that embeds it, with all its fields, from package fmt, package log/slog and encoders. Package
// fmt calls no methods on the unexported fields of another struct and prints what is in them: use Value for what may
// get there.
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

// Value is a secret of type T that does not show itself, not even in an unexported field: package fmt follows one
// pointer, but not two. The zero value holds the zero value of T. Values are copied by reference, and == compares
// references: compare what Reveal returns.
type Value[T any] struct {
	Hidden
	secret **T
}

// Of returns a Value that holds v.
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
