// Package mail renders, queues and sends the server's mails (api.md rule 12).
package mail

import (
	"strings"
	"text/template"
	"time"
	"unicode"
)

// Activation are the macros of the mail that carries an activation code. Texts may come from anywhere: Render makes
// each of them one line of valid UTF-8.
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

var activationSubject = template.Must(template.New("subject").Parse(`Activation code for {{.Program}}`))

var activationBody = template.Must(template.New("body").Parse(`Dear {{.Name}},

here is the activation code for {{.Program}}{{with .Note}} on “{{.}}”{{end}}:

    Activation code  {{.ActivationCode}}
    Site code        {{.SiteCode}}
    Machine ID       {{.MachineID}}
    Order            {{.Order}}
    Valid            {{with .ExpiresAt}}through {{.UTC.Format "2 January 2006"}} (UTC){{else}}without end{{end}}

Enter the activation code in the program, or open the attached license file with it.
The code works on the PC with this Site code and Machine ID only.

{{.Server}}
`))

// Render returns subject and plain-text body of the mail with an activation code. Preview and sending both use it.
func (a Activation) Render() (subject, body string, err error) {
	for _, text := range []*string{&a.Name, &a.Program, &a.SiteCode, &a.MachineID, &a.ActivationCode, &a.Note, &a.Server} {
		*text = OneLine(*text)
	}
	var s, b strings.Builder
	if err := activationSubject.Execute(&s, a); err != nil {
		return "", "", err
	}
	if err := activationBody.Execute(&b, a); err != nil {
		return "", "", err
	}
	return OneLine(s.String()), b.String(), nil
}

// WithMessage puts a personal message above a rendered body.
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

// OneLine makes a text safe for a header: line breaks and other control characters become single spaces, what is no
// UTF-8 is left out.
func OneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}
