package email

import (
	"strings"
	"unicode"
)

// rule separates the personal message from the text of the server, as the server sends it.
const rule = "------------------------------------------------------------"

// compose returns the mail's text with the personal message above the text of the server, as the server sends it.
func compose(message, body string) string {
	message = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, message))
	if message == "" {
		return body
	}
	return message + "\n\n" + rule + "\n\n" + body
}

// bound cuts a text to at most n characters (Unicode code points).
func bound(text string, n int) string {
	count := 0
	for i := range text {
		if count == n {
			return text[:i]
		}
		count++
	}
	return text
}
