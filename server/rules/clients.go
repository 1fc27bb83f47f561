package rules

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// MaxEmails is the maximum number of addresses that a client has on file.
const MaxEmails = 2

// ClientFault is the error of invalid data of a client.
type ClientFault struct {
	// Field is the name on the wire, such as "email".
	Field string
	// Sentence is for the person who entered it.
	Sentence string
}

// Error returns the sentence.
func (f *ClientFault) Error() string { return f.Sentence }

// isControl reports whether r is not allowed in a line of text: control characters, line and paragraph separators, and
// characters that change the direction of text (Unicode UAX 9: embeddings, overrides and isolates).
func isControl(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		'\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// HasControl reports whether text contains characters that are not allowed in a line.
func HasControl(text string) bool { return strings.ContainsFunc(text, isControl) }

func invisible(r rune) bool { return !unicode.IsPrint(r) }

// CheckClient checks the data of a client. It fails with a *ClientFault.
func CheckClient(c store.Client) error {
	if c.Username == "" || utf8.RuneCountInString(c.Username) > api.MaxField || !utf8.ValidString(c.Username) ||
		strings.ContainsFunc(c.Username, func(r rune) bool { return isControl(r) || unicode.IsSpace(r) }) {
		return &ClientFault{"username", fmt.Sprintf("a user name has 1 to %d characters and no spaces", api.MaxField)}
	}
	for _, text := range []struct{ field, value string }{
		{"registration_name", c.RegistrationName},
		{"first_name", c.FirstName}, {"last_name", c.LastName}, {"company", c.Company},
		{"address", c.Contact.Address}, {"city", c.Contact.City}, {"zip", c.Contact.Zip}, {"state", c.Contact.State},
		{"country", c.Contact.Country}, {"phone", c.Contact.Phone}, {"fax", c.Contact.Fax},
	} {
		if utf8.RuneCountInString(text.value) > api.MaxField || !utf8.ValidString(text.value) || HasControl(text.value) {
			return &ClientFault{text.field,
				fmt.Sprintf("names, company and contact data must be one line of at most %d characters", api.MaxField)}
		}
	}
	if len(c.Emails) > MaxEmails {
		return &ClientFault{"email", fmt.Sprintf("a client has at most %d addresses on file", MaxEmails)}
	}
	for i, address := range c.Emails {
		name := emailField(i)
		// "=?" begins an encoded word, which some mail programs decode inside an address although they must not.
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address ||
			len(address) > api.MaxField ||
			strings.ContainsFunc(address, invisible) || strings.Contains(address, "=?") {
			return &ClientFault{name, fmt.Sprintf("%q is not an email address", address)}
		}
		for _, other := range c.Emails[:i] {
			if strings.EqualFold(other, address) {
				return &ClientFault{name, fmt.Sprintf("the address %s is given twice", address)}
			}
		}
	}
	return nil
}

func emailField(i int) string {
	if i == 0 {
		return "email"
	}
	return fmt.Sprintf("email%d", i+1)
}

// CheckContact checks that contact data has all required fields. It fails with a *ClientFault.
func CheckContact(w api.Contact) error {
	for _, text := range []struct{ field, name, value string }{
		{"first_name", "first name", w.FirstName}, {"last_name", "last name", w.LastName},
		{"address", "address", w.Address}, {"city", "city", w.City}, {"zip", "zip code", w.Zip},
		{"country", "country", w.Country}, {"phone", "phone number", w.Phone}, {"email", "email address", w.Email},
	} {
		if strings.TrimSpace(text.value) == "" {
			return &ClientFault{text.field, fmt.Sprintf("the %s is missing", text.name)}
		}
	}
	return nil
}
