package opener

import (
	"errors"
	"strings"
	"unicode"
)

// ErrTooLong is returned for a mail that does not fit into a mailto: address on this system.
var ErrTooLong = errors.New("the text is too long to hand over to a mail program")

// Windows passes no address longer than INTERNET_MAX_URL_LENGTH, 2,083 characters, on to a program. Elsewhere the mail
// programs set the limit; 8,000 characters are within that of the common ones.
const (
	maxMailtoWindows = 2000
	maxMailto        = 8000
)

// MaxMailto returns the longest mailto: address in bytes that an operating system, named as in GOOS, hands over.
func MaxMailto(goos string) int {
	if goos == "windows" {
		return maxMailtoWindows
	}
	return maxMailto
}

// Mailto returns the mailto: address (RFC 6068) that opens a new mail with addresses, subject and plain text. Text is
// UTF-8, its line breaks become CRLF. It fails with ErrTooLong when the address would be longer than limit bytes.
// Any goroutine.
func Mailto(to []string, subject, body string, limit int) (string, error) {
	var b strings.Builder
	b.WriteString("mailto:")
	for i, address := range to {
		if i > 0 {
			b.WriteByte(',')
		}
		// The last @ ends the local part; an earlier one stands in a quoted local part and is data.
		local, domain, ok := cutLast(oneLine(address), '@')
		escape(&b, local)
		if ok {
			b.WriteByte('@')
			escape(&b, domain)
		}
	}
	b.WriteString("?subject=")
	escape(&b, oneLine(subject))
	b.WriteString("&body=")
	escape(&b, crlf(body))
	if b.Len() > limit {
		return "", ErrTooLong
	}
	return b.String(), nil
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// oneLine makes a header value of a text: a line break in it could start another header.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// crlf brings all line breaks into the one form that RFC 6068 section 5 knows and leaves out other control characters.
func crlf(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString("\r\n")
		case r == '\t' || !unicode.IsControl(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// escape percent-encodes every byte that is not unreserved (RFC 3986 section 2.3): more than RFC 6068 asks for, since
// some programs read + as a space and some pass the address through a shell.
func escape(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}
