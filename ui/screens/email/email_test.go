package email

import (
	"context"
	"strings"
	"testing"

	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// service is a Mailer and an Opener in memory.
type service struct {
	to     []string
	err    error // of SendEmail
	openEr error // of Open
	sent   []manager.SendEmail
	opened []string
}

func (s *service) EmailPreview(context.Context, int64) (api.EmailPreview, error) {
	return api.EmailPreview{
		To:          s.to,
		Subject:     "Activation code for Lumen Studio 7",
		Body:        "Dear Anna Berg,\n\nhere is the code.",
		Attachments: []string{"lumen-studio-7-20000.acen"},
	}, nil
}

func (s *service) SendEmail(_ context.Context, m manager.SendEmail) error {
	if s.err == nil {
		s.sent = append(s.sent, m)
	}
	return s.err
}

func (s *service) Open(_ context.Context, address string) error {
	s.opened = append(s.opened, address)
	return s.openEr
}

func (s *service) MaxMailto() int { return 2000 }

// open opens the dialog; sent is set to the addresses to which the code was sent.
func open(t *testing.T, s *service, sent *[]string) *uitest.Stage {
	t.Helper()
	stage := uitest.New(t)
	stage.Window.SetContent(container.NewStack())
	Open(Options{
		Canvas:  stage.Window.Canvas(),
		Dialogs: stage.Dialogs,
		Work:    stage.Work,
		Mailer:  s,
		Opener:  s,
		Copy:    stage.App.Clipboard().SetContent,
		Explain: explain.Error,
		OnSent:  func(to []string) { *sent = to },
	}, manager.License{License: api.License{ID: 20000, Note: "Studio PC", ActivationCode: "ABCDEF01"}}, "Lumen Studio 7")
	stage.WaitFor("here is the code")
	return stage
}

var addresses = []string{"anna.berg@lumen.example", "it@lumen.example"}

func TestSend(t *testing.T) {
	var sent []string
	service := &service{to: addresses}
	s := open(t, service, &sent)
	require.True(t, s.Shows("lumen-studio-7-20000.acen"))
	s.Fill("Add a few words", "Hello ü")
	require.True(t, s.Shows("7 of 500 characters"))
	require.True(t, s.Shows("Hello ü\n\n----"))
	s.Press("it@lumen.example")
	service.err = api.NewProblem(api.ErrUnavailable, "This server has no mail service.")
	s.Press("Send")
	s.WaitFor("This server has no mail service.")
	require.Nil(t, sent)
	service.err = nil
	s.Press("Send")
	s.WaitUntil("the mail", func() bool { return sent != nil })
	require.Equal(t, addresses, sent)
	require.Equal(t, []manager.SendEmail{{LicenseID: 20000, To: addresses, Message: "Hello ü"}}, service.sent)
	require.Nil(t, s.Dialogs.Visible())
}

func TestSendNeedsAddress(t *testing.T) {
	for name, test := range map[string]struct {
		to  []string
		why string
	}{
		"none is on file": {nil, "No email address is on file"},
		"none is chosen":  {addresses, "Choose at least one address."},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, &service{to: test.to}, new([]string))
			if test.to != nil {
				s.Press(addresses[0])
			}
			require.True(t, s.Shows(test.why))
			require.False(t, s.Enabled("Send"))
			require.True(t, s.Enabled("Open in my mail program"))
		})
	}
}

func TestOpenInMailProgram(t *testing.T) {
	service := &service{to: addresses, openEr: opener.ErrNoHandler}
	s := open(t, service, new([]string))
	s.Fill("Add a few words", "Grüße")
	s.Press("Open in my mail program")
	s.WaitFor("No mail program is set up on this PC.")
	require.Contains(t, service.opened[0],
		"mailto:anna.berg@lumen.example?subject=Activation%20code%20for%20Lumen%20Studio%207&body=Gr%C3%BC%C3%9Fe%0D%0A")
	s.Press("Copy text")
	require.Contains(t, s.App.Clipboard().Content(), "Grüße")

	s.Fill("Add a few words", strings.Repeat("ü", 500))
	s.Press("Open in my mail program")
	s.WaitFor("The email is too long to open in a mail program.")
	require.Len(t, service.opened, 1)
}
