package mail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
)

// Kind is the kind of a mail, which names its template.
type Kind string

// Kinds of mails (spec: api 12).
const (
	KindActivation     Kind = "activation"
	KindAccount        Kind = "account"
	KindPasswordReset  Kind = "password-reset"
	KindAddressChanged Kind = "address-changed"
)

// Kinds lists the kinds of mails.
func Kinds() []Kind {
	return []Kind{KindActivation, KindAccount, KindPasswordReset, KindAddressChanged}
}

// Text is a template: subject and plain-text body in the language of text/template.
type Text struct{ Subject, Body string }

// Texts are the vendor's templates, which replace the built-in ones.
type Texts map[Kind]Text

// BuiltIn returns the built-in template; empty for an unknown kind.
func BuiltIn(k Kind) Text {
	return map[Kind]Text{
		KindActivation: {activationSubject, activationBody}, KindAccount: {welcomeSubject, welcomeBody},
		KindPasswordReset: {resetSubject, resetBody}, KindAddressChanged: {addressSubject, addressBody},
	}[k]
}

// render renders the vendor's template, or the built-in one if there is none or it fails: the mail must be sent.
func (own Texts) render(k Kind, macros any) (subject, body string, err error) {
	if text, ok := own[k]; ok {
		if subject, body, err = text.execute(macros); err == nil {
			return subject, body, nil
		}
	}
	return BuiltIn(k).execute(macros)
}

// maxText limits a template, and the text that it renders, in bytes.
const maxText = 64 << 10

func (t Text) execute(macros any) (subject, body string, err error) {
	if subject, err = execute("subject", t.Subject, macros); err != nil {
		return "", "", err
	}
	body, err = execute("body", t.Body, macros)
	return OneLine(subject), body, err
}

func execute(name, text string, macros any) (string, error) {
	parsed, err := template.New(name).Parse(text)
	if err != nil {
		return "", err
	}
	var out limited
	err = parsed.Execute(&out, macros)
	return out.String(), err
}

// limited is a buffer that limits a template with endless output.
type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxText {
		return 0, errors.New("the mail is too long")
	}
	return l.Builder.Write(p)
}

// Sample renders the mail of a kind with made-up values.
func (own Texts) Sample(k Kind) (subject, body string, err error) {
	ends := time.Date(2027, 12, 31, 23, 59, 59, 0, time.UTC)
	switch k {
	case KindActivation:
		return Activation{
			Name:           "Anna Berg",
			Program:        "Lumen Studio 7",
			Order:          1042,
			SiteCode:       "7183EC4D",
			MachineID:      "83A9-3429-0090-B3F5",
			ActivationCode: sampleCode,
			Note:           "Studio PC",
			ExpiresAt:      &ends,
			Server:         "Lumen licenses",
		}.Render(own)
	case KindAccount:
		return Welcome{
			Name:     "Anna Berg",
			Username: "anna",
			Address:  "https://licenses.example.com",
			Program:  "Lumen Studio 7",
			Order:    1042,
			Server:   "Lumen licenses",
		}.Render(own)
	case KindPasswordReset:
		return PasswordReset{Name: "Anna Berg", Username: "anna", Link: sampleLink, Server: "Lumen licenses"}.Render(own)
	case KindAddressChanged:
		return AddressChanged{Name: "Anna Berg", Username: "anna", Server: "Lumen licenses"}.Render(own)
	}
	return "", "", fmt.Errorf("there is no mail %q; there are %v", k, Kinds())
}

const (
	sampleCode = "F3945D8C-B0D71FFA-02A956E3-8D6DB947"
	sampleLink = "https://licenses.example.com/password?token=SAMPLE"
)

// Check returns an error if the template does not render or lacks what the mail is sent for. The error is one sentence.
func (t Text) Check(k Kind) error {
	if !slices.Contains(Kinds(), k) {
		return fmt.Errorf("there is no mail %q; there are %v", k, Kinds())
	}
	if !utf8.ValidString(t.Subject) || !utf8.ValidString(t.Body) {
		return errors.New("the template is not UTF-8")
	}
	if len(t.Subject)+len(t.Body) > maxText {
		return fmt.Errorf("the template is longer than %d bytes", maxText)
	}
	macros := map[Kind]any{
		KindActivation:     Activation{},
		KindAccount:        Welcome{},
		KindPasswordReset:  PasswordReset{},
		KindAddressChanged: AddressChanged{},
	}[k]
	if _, _, err := t.execute(macros); err != nil {
		return fmt.Errorf("the template cannot be used: %w", err)
	}
	subject, body, err := Texts{k: t}.Sample(k)
	if err != nil {
		return err
	}
	if strings.TrimSpace(subject) == "" || strings.TrimSpace(body) == "" {
		return errors.New("subject and body must not be empty")
	}
	for kind, must := range map[Kind]struct{ value, macro string }{
		KindActivation:    {sampleCode, "{{.ActivationCode}}"},
		KindPasswordReset: {sampleLink, "{{.Link}}"},
	} {
		if k == kind && !strings.Contains(body, must.value) {
			return fmt.Errorf("the body lacks what the mail is for: %s", must.macro)
		}
	}
	return nil
}
