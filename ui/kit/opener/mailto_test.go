package opener

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestMailto(t *testing.T) {
	for _, c := range []struct {
		name          string
		to            []string
		subject, body string
		want          string
	}{
		{
			"plain", []string{"anna.berg@lumen.example"}, "Code", "text",
			"mailto:anna.berg@lumen.example?subject=Code&body=text",
		},
		{"no address", nil, "Code", "", "mailto:?subject=Code&body="},
		{
			"several addresses", []string{"a@x.example", "b@y.example"}, "", "",
			"mailto:a@x.example,b@y.example?subject=&body=",
		},
		{"space is %20 and plus is %2B", nil, "a b+c", "", "mailto:?subject=a%20b%2Bc&body="},
		{"line breaks are CRLF", nil, "", "a\nb\r\nc\rd", "mailto:?subject=&body=a%0D%0Ab%0D%0Ac%0D%0Ad"},
		{"UTF-8", nil, "Büro €", "日本", "mailto:?subject=B%C3%BCro%20%E2%82%AC&body=%E6%97%A5%E6%9C%AC"},
		{
			"delimiters of the address are data", nil, "a&b=c?d#e%f", "x&body=y",
			"mailto:?subject=a%26b%3Dc%3Fd%23e%25f&body=x%26body%3Dy",
		},
		{
			"RFC 6068: gorby%kremvax", []string{"gorby%kremvax@example.com"}, "", "",
			"mailto:gorby%25kremvax@example.com?subject=&body=",
		},
		{
			"RFC 6068: unlikely?address", []string{"unlikely?address@example.com"}, "", "",
			"mailto:unlikely%3Faddress@example.com?subject=&body=",
		},
		{
			"RFC 6068: \"not@me\"", []string{`"not@me"@example.org`}, "", "",
			"mailto:%22not%40me%22@example.org?subject=&body=",
		},
		{"comma in a local part", []string{"a,b@x.example"}, "", "", "mailto:a%2Cb@x.example?subject=&body="},
		{
			"no second header by a line break in the subject", nil, "a\r\nBcc: evil@x.example", "",
			"mailto:?subject=a%20%20Bcc%3A%20evil%40x.example&body=",
		},
		{
			"no second header by a line break in an address", []string{"a@x.example\r\nBcc:b@y.example"}, "", "",
			"mailto:a%40x.example%20%20Bcc%3Ab@y.example?subject=&body=",
		},
		{"shell metacharacters", nil, "`$(x)'\";|", "", "mailto:?subject=%60%24%28x%29%27%22%3B%7C&body="},
		{"control characters", nil, "", "a\x00b\x1bc\td", "mailto:?subject=&body=abc%09d"},
		{"invalid UTF-8", nil, "", "a\xffb", "mailto:?subject=&body=a%EF%BF%BDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Mailto(c.to, c.subject, c.body, maxMailto)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestMailtoIsBounded(t *testing.T) {
	head := len("mailto:?subject=&body=")
	_, err := Mailto(nil, "", strings.Repeat("a", 2000-head), 2000)
	require.NoError(t, err)
	_, err = Mailto(nil, "", strings.Repeat("a", 2001-head), 2000)
	require.ErrorIs(t, err, ErrTooLong)
	_, err = Mailto(nil, "", strings.Repeat("ü", 400), 2000)
	require.ErrorIs(t, err, ErrTooLong, "six bytes a letter")
}

func FuzzMailto(f *testing.F) {
	f.Add("anna@lumen.example", "Code für Büro", "Dear Anna,\n\nhere it is.\r\n")
	f.Add("a,b?c&d@x", "x&y=z", "\x00\xff%")
	f.Fuzz(func(t *testing.T, to, subject, body string) {
		address, err := Mailto([]string{to}, subject, body, 1<<30)
		require.NoError(t, err)
		for _, c := range []byte(address) {
			require.True(t, c > ' ' && c < 0x7f, "byte %#x", c)
		}
		u, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, "mailto", u.Scheme)
		query, err := url.ParseQuery(u.RawQuery)
		require.NoError(t, err)
		require.Len(t, query, 2, "no additional header")
		require.False(t, strings.ContainsFunc(query.Get("subject"), unicode.IsControl))
		got := query.Get("body")
		require.True(t, utf8.ValidString(got))
		require.Equal(t, strings.Count(got, "\n"), strings.Count(got, "\r\n"))
		special := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
		if utf8.ValidString(body) && !strings.ContainsFunc(body, special) {
			require.Equal(t, body, got)
		}
	})
}
