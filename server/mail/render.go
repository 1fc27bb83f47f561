// Package mail renders, queues and sends the server's mails (spec: api 12). Handlers queue a mail in the transaction of
// their change; a worker sends it and retries for days. Callers choose the recipients.
package mail

import (
	"strings"
	"time"
	"unicode"
)

// Activation are the macros of the mail with an activation code. Render makes each text one line of valid UTF-8.
type Activation struct {
	Name           string // who is greeted
	Program        string
	Order          int64
	SiteCode       string
	MachineID      string
	ActivationCode string
	Note           string
	ExpiresAt      *time.Time
	Server         string
}

const activationSubject = `Activation code for {{.Program}}`

const activationBody = `Dear {{.Name}},

here is the activation code for {{.Program}}{{with .Note}} on “{{.}}”{{end}}:

Activation code: {{.ActivationCode}}
Site code: {{.SiteCode}}
Machine ID: {{.MachineID}}
Order: {{.Order}}
Valid: {{with .ExpiresAt}}through {{.UTC.Format "2 January 2006"}} (UTC){{else}}without end{{end}}

Enter the activation code in the program, or open the attached license file with it.
The code works on the PC with this Site code and Machine ID only.

{{.Server}}
`

// Render returns subject and plain-text body of the mail with an activation code, for preview and sending.
func (a Activation) Render(own Texts) (subject, body string, err error) {
	for _, text := range []*string{&a.Name, &a.Program, &a.SiteCode, &a.MachineID, &a.ActivationCode, &a.Note, &a.Server} {
		*text = OneLine(*text)
	}
	return own.render(KindActivation, a)
}

// Welcome are the macros of the mail about a new account. It contains no password.
type Welcome struct {
	Name     string // who is greeted
	Username string
	Address  string // of the server, as it is entered in the app
	Program  string
	Order    int64
	Server   string
}

const welcomeSubject = `Your account at {{.Server}}`

const welcomeBody = `Dear {{.Name}},

your account has been opened. Sign in with the app:

{{with .Address}}License server: {{.}}
{{end}}User name: {{.Username}}
Password: the one that you chose

It contains order {{.Order}} of {{.Program}}.

If you did not open the account, tell us.

{{.Server}}
`

// Render returns subject and plain-text body.
func (w Welcome) Render(own Texts) (subject, body string, err error) {
	for _, text := range []*string{&w.Name, &w.Username, &w.Address, &w.Program, &w.Server} {
		*text = OneLine(*text)
	}
	return own.render(KindAccount, w)
}

// PasswordReset are the macros of the mail with a link that sets a new password.
type PasswordReset struct {
	Name     string // who is greeted
	Username string
	Link     string // secret
	Server   string
}

const resetSubject = `New password for {{.Server}}`

const resetBody = `Dear {{.Name}},

somebody, probably you, asked for a new password for the user name {{.Username}}. Open this link to choose it:

{{.Link}}

The link can be used once, within one hour. If it was not you, do nothing: the old password stays valid.

{{.Server}}
`

// Render returns subject and plain-text body.
func (r PasswordReset) Render(own Texts) (subject, body string, err error) {
	for _, text := range []*string{&r.Name, &r.Username, &r.Link, &r.Server} {
		*text = OneLine(*text)
	}
	return own.render(KindPasswordReset, r)
}

// AddressChanged are the macros of the mail to an address that was removed from an account.
type AddressChanged struct {
	Name     string // who is greeted
	Username string
	Server   string
}

const addressSubject = `Your address at {{.Server}} was changed`

const addressBody = `Dear {{.Name}},

this address was removed from the account {{.Username}}: codes and links are no longer sent to it.

If it was not you, sign in, add the address again and change the password, or tell us.

{{.Server}}
`

// Render returns subject and plain-text body.
func (c AddressChanged) Render(own Texts) (subject, body string, err error) {
	for _, text := range []*string{&c.Name, &c.Username, &c.Server} {
		*text = OneLine(*text)
	}
	return own.render(KindAddressChanged, c)
}

// WithMessage adds a personal message before a rendered body.
func WithMessage(body, message string) string {
	message = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(message, ""))
	message = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, message))
	if message == "" {
		return body
	}
	return message + "\n\n" + strings.Repeat("-", 60) + "\n\n" + body
}

// OneLine makes a text safe for a header: it replaces sequences of white space and control characters by one space, and
// removes invalid UTF-8.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
}
