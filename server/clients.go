package server

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// maxEmails is how many addresses a client has on file.
const maxEmails = 2

// ClientFault says what is wrong with the data of a client.
type ClientFault struct {
	// Field is the name on the wire, such as "email".
	Field string
	// Sentence is for the person who entered it.
	Sentence string
}

// Error returns the sentence.
func (f *ClientFault) Error() string { return f.Sentence }

// unruly finds what text of one line has no use for: control characters, ends of lines and paragraphs, and what turns the
// direction of all that follows (Unicode UAX 9, embeddings, overrides and isolates).
func unruly(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

func invisible(r rune) bool { return !unicode.IsPrint(r) }

// CheckClient checks what is known of a client. It fails with a *ClientFault.
func CheckClient(c store.Client) error {
	if c.Username == "" || utf8.RuneCountInString(c.Username) > api.MaxField || !utf8.ValidString(c.Username) ||
		strings.ContainsFunc(c.Username, func(r rune) bool { return unruly(r) || unicode.IsSpace(r) }) {
		return &ClientFault{"username", fmt.Sprintf("a user name has 1 to %d characters and no spaces", api.MaxField)}
	}
	for _, text := range []struct{ field, value string }{
		{"registration_name", c.RegistrationName}, {"first_name", c.FirstName}, {"last_name", c.LastName}, {"company", c.Company},
		{"address", c.Contact.Address}, {"city", c.Contact.City}, {"zip", c.Contact.Zip}, {"state", c.Contact.State},
		{"country", c.Contact.Country}, {"phone", c.Contact.Phone}, {"fax", c.Contact.Fax},
	} {
		if utf8.RuneCountInString(text.value) > api.MaxField || !utf8.ValidString(text.value) || strings.ContainsFunc(text.value, unruly) {
			return &ClientFault{text.field, fmt.Sprintf("names, company and contact data have one line and at most %d characters", api.MaxField)}
		}
	}
	if len(c.Emails) > maxEmails {
		return &ClientFault{"email", fmt.Sprintf("a client has at most %d addresses on file", maxEmails)}
	}
	for i, address := range c.Emails {
		name := emailField(i)
		// "=?" begins an encoded word, which mail programs must not, but do, decode inside an address.
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || len(address) > api.MaxField ||
			strings.ContainsFunc(address, invisible) || strings.Contains(address, "=?") {
			return &ClientFault{name, fmt.Sprintf("%q is no email address", address)}
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

// contactOf is what the wire shows of a client.
func contactOf(c store.Client) api.Contact {
	w := api.Contact{
		FirstName: c.FirstName, LastName: c.LastName, Company: c.Company, Address: c.Contact.Address, City: c.Contact.City, Zip: c.Contact.Zip,
		State: c.Contact.State, Country: c.Contact.Country, Phone: c.Contact.Phone, Fax: c.Contact.Fax,
	}
	for i, address := range c.Emails {
		if i == 0 {
			w.Email = address
		} else {
			w.Email2 = address
		}
	}
	return w
}

// setContact puts contact data into a client, without the spaces around them.
func setContact(c *store.Client, w api.Contact) {
	trim := strings.TrimSpace
	c.FirstName, c.LastName, c.Company = trim(w.FirstName), trim(w.LastName), trim(w.Company)
	c.Contact = store.Contact{
		Address: trim(w.Address), City: trim(w.City), Zip: trim(w.Zip), State: trim(w.State), Country: trim(w.Country), Phone: trim(w.Phone), Fax: trim(w.Fax),
	}
	c.Emails = nil
	for _, address := range []string{w.Email, w.Email2} {
		if address = trim(address); address != "" {
			c.Emails = append(c.Emails, address)
		}
	}
}

// required refuses contact data that lack what the contract asks for.
func required(w api.Contact) error {
	for _, text := range []struct{ field, name, value string }{
		{"first_name", "first name", w.FirstName}, {"last_name", "last name", w.LastName}, {"address", "address", w.Address}, {"city", "city", w.City},
		{"zip", "zip code", w.Zip}, {"country", "country", w.Country}, {"phone", "phone number", w.Phone}, {"email", "email address", w.Email},
	} {
		if strings.TrimSpace(text.value) == "" {
			return &ClientFault{text.field, fmt.Sprintf("the %s is missing", text.name)}
		}
	}
	return nil
}
