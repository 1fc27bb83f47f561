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

// Sender delivers a mail. An error that is not an *Undelivered means that all recipients are retried.
type Sender interface {
	Send(ctx context.Context, m store.Mail) error
}

// Undelivered is the error of a mail that did not reach every recipient. All others have received it.
type Undelivered struct {
	Retry   []string // to be retried
	Refused []string // refused permanently
	Err     error    // of the mail server
}

// Error names the recipients that did not get the mail, and the reason.
func (u *Undelivered) Error() string {
	return fmt.Sprintf("not delivered to %s: %s", strings.Join(append(append([]string{}, u.Refused...), u.Retry...), ", "),
		u.Err)
}

// Unwrap returns the error of the mail server.
func (u *Undelivered) Unwrap() error { return u.Err }

// message builds the mail for some of its recipients. Its Message-ID is the queue's, so that a duplicate after a crash
// can be recognized.
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
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: suppresses automatic replies
	msg.Subject(OneLine(m.Subject))
	msg.SetBodyString(gomail.TypeTextPlain, m.Body)
	if len(m.Attachment) > 0 {
		err := msg.AttachReader(OneLine(m.AttachmentName), bytes.NewReader(m.Attachment),
			gomail.WithFileContentType(api.LicenseFileMediaType))
		if err != nil {
			return nil, err
		}
	}
	return msg, nil
}
