package mail

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// Sender hands one mail over for delivery. It returns an *Undelivered when it knows more than that all recipients are
// to be tried again.
type Sender interface {
	Send(ctx context.Context, m store.Mail) error
}

// Undelivered is the error of a mail that did not reach every recipient. Who is in neither list has got it.
type Undelivered struct {
	Later []string // to be tried again
	Never []string // refused for good
	Err   error    // what the mail server said
}

// Error says who did not get the mail and why.
func (u *Undelivered) Error() string {
	return fmt.Sprintf("not delivered to %s: %s", strings.Join(append(append([]string{}, u.Never...), u.Later...), ", "), u.Err)
}

// Unwrap returns what the mail server said.
func (u *Undelivered) Unwrap() error { return u.Err }

// message builds the mail for some of its recipients. Its Message-ID is the queue's, so that a mail sent again after a
// crash is known as the same.
func message(from string, m store.Mail, to ...string) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, fmt.Errorf("the sender address %q cannot be used: %w", from, err)
	}
	if err := msg.To(to...); err != nil {
		return nil, fmt.Errorf("an address on file cannot be used: %w", err)
	}
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.CreatedAt)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no robot answers it
	msg.Subject(OneLine(m.Subject))
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	if len(m.Attachment) > 0 {
		err := msg.AttachReader(OneLine(m.AttachmentName), bytes.NewReader(m.Attachment), gomail.WithFileContentType(api.LicenseFileMediaType))
		if err != nil {
			return nil, err
		}
	}
	return msg, nil
}
