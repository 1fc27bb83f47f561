package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// registerEmails registers the calls about mails with activation codes.
func (s *Server) registerEmails(c contract) {
	register(c, c.signedIn(http.MethodGet, "/licenses/{id}/email", "preview-email",
		"Preview the mail with the activation code", 200),
		func(ctx context.Context, in *LicensePath) (*body[api.EmailPreview], error) {
			out, err := s.emailPreview(ctx, in.ID)
			return &body[api.EmailPreview]{out}, err
		})
	t := task[api.EmailRequest, struct{}]{of: api.TaskEmail, do: s.sendEmail}
	register(c, c.signedIn(http.MethodPost, "/licenses/{id}/email", t.of.OperationID(), "Email the activation code", 202),
		func(ctx context.Context, in *struct {
			LicensePath
			Idempotent
			Body api.EmailRequest
		},
		) (*empty, error) {
			out, err := applyTask(ctx, s, t, in.Key, "license", in.ID, in.Body)
			if err != nil {
				return nil, err
			}
			s.queuedMail()
			return &empty{out.Status}, nil
		})
}

// queuedMail wakes the mail service. It may be nil when apply replays an answer from a process that had one.
func (s *Server) queuedMail() {
	if s.QueuedMail != nil {
		s.QueuedMail()
	}
}

// emailParts is a rendered mail with its attachment.
type emailParts struct {
	order         int64
	to            []string
	subject, body string
	fileName      string
	file          string
}

// renderEmail renders the mail of a license, for preview and sending.
func (s *Server) renderEmail(ctx context.Context, tx store.Tx, id int64) (parts emailParts, err error) {
	l, o, p, err := ownLicense(ctx, tx, id)
	if err != nil {
		return parts, err
	}
	if l.Status != api.StatusActive {
		return parts, rules.Ended(ctx, tx, l)
	}
	client := request.CallerFrom(ctx).Client
	macros := mail.Activation{
		Name:           client.DisplayName(),
		Program:        p.Name,
		Order:          o.ID,
		SiteCode:       l.Codes.Site.String(),
		MachineID:      l.Codes.Machine.String(),
		ActivationCode: l.Activation.String(),
		Note:           l.Note,
		ExpiresAt:      store.UTC(l.ExpiresAt),
		Server:         s.Name,
	}
	parts.order, parts.to = o.ID, client.Emails
	own, err := texts(ctx, tx)
	if err != nil {
		return parts, err
	}
	if parts.subject, parts.body, err = macros.Render(own); err != nil {
		return parts, err
	}
	parts.fileName, parts.file, err = s.licenseFile(l, o, p)
	return parts, err
}

// emailPreview handles GET /licenses/{id}/email.
func (s *Server) emailPreview(ctx context.Context, id int64) (out api.EmailPreview, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		parts, err := s.renderEmail(ctx, tx, id)
		out = api.EmailPreview{
			To:          append([]string{}, parts.to...),
			Subject:     parts.subject,
			Body:        parts.body,
			Attachments: []string{parts.fileName},
		}
		return err
	})
	return out, err
}

// sendEmail handles POST /licenses/{id}/email. Mail and stored answer are one transaction (spec: api 12).
func (s *Server) sendEmail(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.EmailRequest,
) (int, struct{}, error) {
	var nothing struct{}
	parts, err := s.renderEmail(ctx, tx, id)
	if err != nil {
		return 0, nothing, err
	}
	e.OrderID, e.LicenseID, e.Task = parts.order, id, api.TaskEmail
	if s.QueuedMail == nil {
		return 0, nothing, api.NewProblem(api.ErrUnavailable,
			"This server has no mail service. Open the mail in your own mail program or copy the code.")
	}
	if utf8.RuneCountInString(r.Message) > api.MaxMessage {
		return 0, nothing, rules.InvalidField("body.message",
			fmt.Sprintf("The message has at most %d characters.", api.MaxMessage))
	}
	to, err := onFile(parts.to, r.To)
	if err != nil {
		return 0, nothing, err
	}
	client := request.CallerFrom(ctx).Client.ID
	if err := s.Guard.CheckMails(ctx, tx, client, request.FromContext(ctx).Host, to); err != nil {
		return 0, nothing, err
	}
	err = s.queue(ctx, tx, store.Mail{
		ClientID:       client,
		LicenseID:      id,
		To:             to,
		Subject:        parts.subject,
		Body:           mail.WithMessage(parts.body, r.Message),
		AttachmentName: parts.fileName,
		Attachment:     []byte(parts.file),
	})
	return http.StatusAccepted, nothing, err
}

// texts returns the vendor's mail templates.
func texts(ctx context.Context, tx store.Tx) (mail.Texts, error) {
	list, err := tx.Templates.List(ctx)
	own := mail.Texts{}
	for _, t := range list {
		own[mail.Kind(t.Name)] = mail.Text{Subject: t.Subject, Body: t.Body}
	}
	return own, err
}

// queue completes, seals and queues a mail.
func (s *Server) queue(ctx context.Context, tx store.Tx, m store.Mail) error {
	m, err := s.sealedMail(ctx, m)
	if err != nil {
		return err
	}
	_, err = tx.Mails.Queue(ctx, m)
	return err
}

// sealedMail completes and seals a mail.
func (s *Server) sealedMail(ctx context.Context, m store.Mail) (store.Mail, error) {
	id, err := s.messageID()
	if err != nil {
		return m, err
	}
	m.MessageID, m.Host, m.NextAt, m.CreatedAt = id, request.FromContext(ctx).Host, s.Now(), s.Now()
	return m, s.Secrets.SealMail(&m)
}

// onFile returns the wanted addresses in the spelling of the known ones, without duplicates. It refuses unknown
// addresses.
func onFile(known, wanted []string) ([]string, error) {
	var to []string
	for _, address := range wanted {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, strings.TrimSpace(address)) })
		if i < 0 {
			return nil, rules.InvalidField("body.to", "Codes are sent only to addresses on file.")
		}
		if !slices.Contains(to, known[i]) {
			to = append(to, known[i])
		}
	}
	if len(to) == 0 {
		return nil, rules.InvalidField("body.to", "Choose at least one address.")
	}
	return to, nil
}

// messageID returns a unique Message-ID (RFC 5322 section 3.6.4).
func (s *Server) messageID() (string, error) {
	var b [15]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]) + "@" + s.MailDomain, nil
}
