package opener

import (
	"errors"
	"strings"
	"unicode"
)

// ErrTooLong means that a mail does not fit into a mailto: address on this system.
var ErrTooLong = errors.New("mailto address too long")

// Windows limits addresses to INTERNET_MAX_URL_LENGTH, 2,083 characters. On other systems mail programs have limits;
// those of the common ones are above 8,000 characters.
const (
	maxMailtoWindows = 2000
	maxMailto        = 8000
)

// MaxMailto returns the maximum length in bytes of a mailto: address on an operating system, named as in GOOS.
func MaxMailto(goos string) int {
	if goos == "windows" {
		return maxMailtoWindows
	}
	return maxMailto
}

// Mailto returns the mailto: address (RFC 6068) of a mail with recipients, subject and plain text in UTF-8. Line breaks
// of body become CRLF. It returns ErrTooLong if the address is longer than limit bytes. Any goroutine.
func Mailto(to []string, subject, body string, limit int) (string, error) {
	var b strings.Builder
	b.WriteString("mailto:")
	for i, address := range to {
		if i > 0 {
			b.WriteByte(',')
		}
		// The last @ ends the local part. An earlier one is part of a quoted local part.
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

// cutLast is strings.Cut for the last instance of sep.
func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// oneLine replaces control characters by spaces: a line break in a header value could start another header.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// crlf converts all line breaks to CRLF (RFC 6068 section 5) and removes other control characters except tabs.
func crlf(s string) string {
	breaks := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")
	s = breaks.Replace(strings.ToValidUTF8(s, "\uFFFD"))
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

// escape percent-encodes every byte that is not unreserved (RFC 3986 section 2.3). That is more than RFC 6068 requires,
// because some programs decode + as a space and some pass the address to a shell.
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
