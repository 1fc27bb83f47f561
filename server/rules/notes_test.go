package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ReadNote checks all notes itself, because the administration has no schema: at most 30 code points in NFC, without
// surrounding white space (spec: api 8).
func TestNotes(t *testing.T) {
	decomposed := strings.Repeat("u\u0308", 30)
	for note, want := range map[string]string{
		"":                                 "",
		" Studio PC ":                      "Studio PC",
		strings.Repeat("a", 30):            strings.Repeat("a", 30),
		" " + strings.Repeat("a", 30):      strings.Repeat("a", 30),
		decomposed:                         strings.Repeat("ü", 30),
		strings.Repeat("\U0001f4bb", 30):   strings.Repeat("\U0001f4bb", 30),
		"\u200f\u05e9\u05dc\u05d5\u05dd 1": "\u200f\u05e9\u05dc\u05d5\u05dd 1",
	} {
		got, err := ReadNote(note)
		require.NoError(t, err, "%q", note)
		require.Equal(t, want, got)
	}
	for _, note := range []string{
		strings.Repeat("a", 31), decomposed + "u\u0308", strings.Repeat("\U0001f4bb", 31), "\xff",
	} {
		_, err := ReadNote(note)
		require.Error(t, err, "%q", note)
	}
}
