package email

import (
	"strings"
	"unicode"
)

// separator is the line between the personal message and the text of the server.
const separator = "------------------------------------------------------------"

// compose returns the text of the email as the server sends it: the personal message above body.
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
	return message + "\n\n" + separator + "\n\n" + body
}

// truncate returns the first n code points of a text.
func truncate(text string, n int) string {
	count := 0
	for i := range text {
		if count == n {
			return text[:i]
		}
		count++
	}
	return text
}
