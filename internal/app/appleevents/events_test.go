package appleevents

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/carry"
)

func link(text string) Item { return Item{typeText, []byte(text)} }

func file(text string) Item { return Item{typeFileURL, []byte(text)} }

func TestArguments(t *testing.T) {
	const server = "acen:server?address=https%3A%2F%2Flicenses.example.com"
	for _, c := range []struct {
		name  string
		kind  Kind
		items []Item
		want  []string
		err   []error
	}{
		{
			name:  "a link",
			kind:  Links,
			items: []Item{link(server)},
			want:  []string{server},
		}, {
			name:  "the scheme has no letter case",
			kind:  Links,
			items: []Item{link("ACEN:REQUEST/A"), link("Acen://x")},
			want:  []string{"ACEN:REQUEST/A", "Acen://x"},
		}, {
			name:  "files, their names escaped and with letters of any language",
			kind:  Documents,
			items: []Item{file("file:///Users/a/B%C3%BCro%20%231%20100%25.acen"), file("file:///Users/a/ライセンス.acen")},
			want:  []string{"file:///Users/a/B%C3%BCro%20%231%20100%25.acen", "file:///Users/a/ライセンス.acen"},
		}, {
			name: "nothing",
			kind: Documents,
		}, {
			name:  "a bookmark or alias that macOS cannot resolve, between files",
			kind:  Documents,
			items: []Item{file("file:///a"), {Type: codeOf("bmrk")}, {Type: codeOf("alis")}, file("file:///b")},
			want:  []string{"file:///a", "file:///b"},
			err:   []error{ErrDocument},
		}, {
			name:  "data of another type",
			kind:  Links,
			items: []Item{{codeOf("utxt"), []byte("acen:x")}},
			err:   []error{carry.ErrLink},
		}, {
			name:  "a link event does not open a file",
			kind:  Links,
			items: []Item{link("file:///etc/passwd"), file("file:///etc/passwd"), link("/etc/passwd")},
			err:   []error{carry.ErrLink},
		}, {
			name:  "a document event opens nothing but files",
			kind:  Documents,
			items: []Item{file(server), link(server), file("https://evil.example"), file("/etc/passwd"), file("filed:///a")},
			err:   []error{ErrDocument},
		}, {
			name:  "no text",
			kind:  Links,
			items: []Item{link(""), link("acen"), link("\xef\xbb\xbfacen:x"), link(" acen:x")},
			err:   []error{carry.ErrLink},
		}, {
			name:  "hostile text",
			kind:  Documents,
			items: []Item{file("file:///a\x00b"), file("file:///a\nb"), file("file:///a\u0085b"), file("file:///\xff\xfe")},
			err:   []error{ErrDocument},
		}, {
			name:  "the longest text",
			kind:  Documents,
			items: []Item{file("file:///" + strings.Repeat("a", MaxLength-8))},
			want:  []string{"file:///" + strings.Repeat("a", MaxLength-8)},
		}, {
			name:  "text that is too long",
			kind:  Documents,
			items: []Item{file("file:///" + strings.Repeat("a", MaxLength-7))},
			err:   []error{ErrDocument},
		}, {
			name:  "as many as are opened",
			kind:  Documents,
			items: slices.Repeat([]Item{file("file:///a")}, MaxItems),
			want:  slices.Repeat([]string{"file:///a"}, MaxItems),
		}, {
			name:  "too many, one of them no file",
			kind:  Documents,
			items: append([]Item{file("")}, slices.Repeat([]Item{file("file:///a")}, MaxItems)...),
			want:  slices.Repeat([]string{"file:///a"}, MaxItems-1),
			err:   []error{ErrTooMany, ErrDocument},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Event{c.kind, c.items}.Arguments()
			require.Equal(t, c.want, got)
			if len(c.err) == 0 {
				require.NoError(t, err)
			}
			for _, want := range c.err {
				require.ErrorIs(t, err, want)
			}
		})
	}
}

// Codes have the values of Apple's headers, where they are written as numbers or letters.
func TestCodes(t *testing.T) {
	require.Equal(t, Code(0x2d2d2d2d), codeOf("----"))
	require.Equal(t, Code(0x6f646f63), codeOf("odoc"))
	require.Equal(t, Code(0x75746638), typeText)
	require.Equal(t, Code(0x6675726c), typeFileURL)
}

// On macOS Listen registers the class of the handlers; on other systems it does nothing.
func TestListen(t *testing.T) {
	require.NoError(t, Listen(func(Event) { t.Error("an event") }))
}

// For any event, each argument is one line with the scheme of the event's kind.
func FuzzArguments(f *testing.F) {
	f.Add(false, uint32(typeText), []byte("acen:server?address=https://a.example"), []byte("acen:x"))
	f.Add(true, uint32(typeFileURL), []byte("file:///a%20b"), []byte("file:///\x00"))
	f.Add(true, uint32(codeOf("bmrk")), []byte("book"), []byte{})
	f.Fuzz(func(t *testing.T, documents bool, code uint32, first, second []byte) {
		kind, scheme, fault := Links, "acen:", carry.ErrLink
		if documents {
			kind, scheme, fault = Documents, "file:", ErrDocument
		}
		arguments, err := Event{kind, []Item{{Code(code), first}, {Code(code), second}}}.Arguments()
		require.Equal(t, len(arguments) < 2, errors.Is(err, fault))
		for _, a := range arguments {
			require.True(t, utf8.ValidString(a) && len(a) <= MaxLength && !strings.ContainsFunc(a, unicode.IsControl))
			require.True(t, strings.EqualFold(a[:len(scheme)], scheme), a)
			require.True(t, a == string(first) || a == string(second))
		}
	})
}
