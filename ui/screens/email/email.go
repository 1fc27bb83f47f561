// Package email implements the dialog that sends the activation code of a license, through the server or with the
// person's mail program. The server writes the email.
package email

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Mailer sends activation codes through the server; *manager.Manager implements it. Its methods may block and are
// called off the UI thread.
type Mailer interface {
	EmailPreview(ctx context.Context, licenseID int64) (api.EmailPreview, error)
	SendEmail(ctx context.Context, m manager.SendEmail) error
}

// Opener opens the person's mail program; *opener.Opener implements it.
type Opener interface {
	// Open opens a mailto address. Not on the UI thread.
	Open(ctx context.Context, address string) error
	// MaxMailto returns the maximum length of a mailto address, in bytes.
	MaxMailto() int
}

// Options configures the dialog. Functions are called on the UI thread.
type Options struct {
	Canvas  fyne.Canvas // of the window
	Dialogs *dialogs.Queue
	Work    *background.Group
	Mailer  Mailer
	Opener  Opener
	Copy    func(text string)
	Explain func(error) dialogs.Message
	// OnSent is called after the server accepted the email to these addresses.
	OnSent func(to []string)
}

const (
	send       tr.Text = "Send"
	openInMail tr.Text = "Open in my mail program"
	copyText   tr.Text = "Copy text"
)

// panel is the open dialog.
type panel struct {
	options Options
	license manager.License
	preview api.EmailPreview
	dialog  *dialogs.Dialog
	slot    *background.Slot

	addresses []*dialogs.Check
	subject   *widget.Label
	message   *dialogs.Entry
	counter   *widget.Label
	text      *widget.Label
	attached  *widget.Label
}

// Open shows the dialog for a license of a program. UI thread.
func Open(o Options, l manager.License, program string) {
	p := &panel{options: o, license: l, slot: o.Work.NewSlot()}
	p.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Email activation code"),
		Subtitle: fmt.Sprintf("%s · %s", words.Note(l.Note), program),
		Width:    620,
		Content:  p.form(nil),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(copyText), OnTapped: p.copy},
			{Text: tr.T(openInMail), OnTapped: p.openInMail},
			{Text: tr.T(send), Default: true, OnTapped: p.send},
		},
		OnClosed: p.slot.Cancel,
	})
	p.refreshButtons()
	p.load()
}

// load loads addresses, subject and text from the server.
func (p *panel) load() {
	p.dialog.SetBusy(tr.T("Preparing the email…"), p.cancelLoad)
	background.Run(p.slot, func(ctx context.Context) (api.EmailPreview, error) {
		return p.options.Mailer.EmailPreview(ctx, p.license.ID)
	}, func(preview api.EmailPreview, err error) {
		p.dialog.SetIdle()
		if err != nil {
			m := p.options.Explain(err)
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: p.load}
			p.dialog.SetError(m)
			p.refreshButtons()
			return
		}
		p.preview = preview
		p.dialog.SetContent(p.form(preview.To))
		p.options.Canvas.Focus(p.message)
		p.refreshButtons()
	})
}

func (p *panel) cancelLoad() {
	p.slot.Cancel()
	p.dialog.Close()
}

func (p *panel) form(to []string) fyne.CanvasObject {
	p.addresses = nil
	choices := container.New(layout.NewCustomPaddedVBoxLayout(0))
	for i, address := range to {
		check := dialogs.NewCheck(address, func(bool) { p.refreshButtons() })
		check.Checked = i == 0
		p.addresses = append(p.addresses, check)
		choices.Add(check)
	}
	if len(to) == 0 {
		none := theme.NewCaption(tr.T("No address is on file."))
		none.Wrapping = fyne.TextWrapWord
		choices.Add(none)
	}
	p.subject = widget.NewLabel(p.preview.Subject)
	p.subject.Truncation = fyne.TextTruncateEllipsis
	p.counter = theme.NewCaption("")
	p.counter.Alignment = fyne.TextAlignTrailing
	p.text = widget.NewLabel("")
	p.text.Wrapping, p.text.Importance = fyne.TextWrapWord, widget.LowImportance
	p.attached = widget.NewLabel("")
	p.attached.Truncation = fyne.TextTruncateEllipsis
	if len(p.preview.Attachments) > 0 {
		p.attached.SetText(strings.Join(p.preview.Attachments, ", "))
	}
	p.message = dialogs.NewMultiLineEntry()
	p.message.PlaceHolder = tr.T("Add a few words (optional)")
	p.message.SetMinRowsVisible(3)
	p.message.OnChanged = p.changedMessage
	p.changedMessage("")

	scroll := container.NewVScroll(p.text)
	scroll.SetMinSize(fyne.NewSize(0, 130))
	rows := []fyne.CanvasObject{
		caption(tr.T("Activation code")), copyfield.New(p.license.ActivationCode, p.options.Copy),
		caption(tr.T("To")), choices,
		caption(tr.T("Subject")), p.subject,
		caption(tr.T("Message")), container.New(layout.NewCustomPaddedVBoxLayout(2), p.message, theme.Unpadded(p.counter)),
		caption(tr.T("Preview")), copyfield.NewFrame(scroll),
	}
	if p.attached.Text != "" {
		rows = append(rows, caption(tr.T("Attached")), p.attached)
	}
	return container.New(layout.NewFormLayout(), rows...)
}

func caption(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Importance, l.Alignment = widget.LowImportance, fyne.TextAlignTrailing
	return container.NewVBox(l)
}

// changedMessage truncates the message and updates the preview.
func (p *panel) changedMessage(text string) {
	if utf8.RuneCountInString(text) > api.MaxMessage {
		p.message.SetText(truncate(text, api.MaxMessage))
		return
	}
	p.counter.SetText(tr.T("%d of %d characters", utf8.RuneCountInString(text), api.MaxMessage))
	p.text.SetText(compose(text, p.preview.Body))
}

func (p *panel) selectedAddresses() []string {
	var to []string
	for _, c := range p.addresses {
		if c.Checked {
			to = append(to, c.Text)
		}
	}
	return to
}

func (p *panel) refreshButtons() {
	loaded := p.preview.Body != ""
	p.dialog.SetButton(tr.T(copyText), loaded, "")
	p.dialog.SetButton(tr.T(openInMail), loaded, "")
	switch {
	case !loaded:
		p.dialog.SetButton(tr.T(send), false, "")
	case len(p.addresses) == 0:
		p.dialog.SetButton(tr.T(send), false,
			tr.T("No email address is on file: ask the vendor to add one, or use your own mail program."))
	case len(p.selectedAddresses()) == 0:
		p.dialog.SetButton(tr.T(send), false, tr.T("Choose at least one address."))
	default:
		p.dialog.SetButton(tr.T(send), true, "")
	}
}

// send sends the email through the server.
func (p *panel) send() {
	m := manager.SendEmail{LicenseID: p.license.ID, To: p.selectedAddresses(), Message: strings.TrimSpace(p.message.Text)}
	p.dialog.SetBusy(tr.T("Sending…"), p.slot.Interrupt)
	p.run(func(ctx context.Context) error { return p.options.Mailer.SendEmail(ctx, m) }, func() {
		p.dialog.Close()
		p.options.OnSent(m.To)
	}, nil)
}

// openInMail opens the email in the person's mail program, without the attachment, which mailto does not support.
func (p *panel) openInMail() {
	address, err := opener.Mailto(p.selectedAddresses(), p.preview.Subject, compose(p.message.Text, p.preview.Body),
		p.options.Opener.MaxMailto())
	copyInstead := &dialogs.Action{Label: tr.T(copyText), Do: p.copy}
	if err != nil {
		m := p.options.Explain(err)
		m.Action = copyInstead
		p.dialog.SetError(m)
		return
	}
	p.dialog.SetBusy(tr.T("Opening your mail program…"), p.slot.Interrupt)
	p.run(func(ctx context.Context) error { return p.options.Opener.Open(ctx, address) }, nil, copyInstead)
}

// run runs work off the UI thread. It then calls done, if not nil, or shows the error with next as its action.
func (p *panel) run(work func(context.Context) error, done func(), next *dialogs.Action) {
	background.Run(p.slot, func(ctx context.Context) (struct{}, error) { return struct{}{}, work(ctx) },
		func(_ struct{}, err error) {
			p.dialog.SetIdle()
			switch {
			case errors.Is(err, context.Canceled):
			case err != nil:
				m := p.options.Explain(err)
				if next != nil {
					m.Action = next
				}
				p.dialog.SetError(m)
			case done != nil:
				done()
			}
		})
}

func (p *panel) copy() {
	p.options.Copy(fmt.Sprintf("%s\n\n%s", p.preview.Subject, compose(p.message.Text, p.preview.Body)))
}
