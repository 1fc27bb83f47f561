// Package removalcode shows removal codes with buttons to copy, save and print them and to show a QR code, and the list
// of kept codes, from which they are handed in or offered.
package removalcode

import (
	"context"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/qr"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Options configures the dialogs. Unless noted otherwise, functions are called on the UI thread.
type Options struct {
	Dialogs *dialogs.Queue
	Work    *background.Group
	Copy    func(text string)
	// Save asks for a path and writes text there. It calls done unless the person canceled.
	Save func(name, text string, done func(error))
	// OpenPage opens an HTML page in the web browser. It may block and is called off the UI thread.
	OpenPage func(ctx context.Context, page []byte) error
	Explain  func(error) dialogs.Message
	// Now returns the time, in the time zone of the dates that are shown.
	Now func() time.Time
}

// Code is a removal code with its program, note and PC.
type Code struct {
	Program, Note string
	Codes         license.Codes
	Code          license.RemovalCode
}

const showQR, hideQR tr.Text = "QR code", "Hide QR code"

// pictureSide is the side of a QR code in device-independent pixels.
const pictureSide float32 = 168

// Box is a removal code with its buttons. Its methods run on the UI thread.
type Box struct {
	options Options
	code    Code
	fault   func(dialogs.Message)
	slot    *background.Slot

	text    *widget.Label
	copy    *dialogs.ContentButton
	reveal  *dialogs.ContentButton
	save    *dialogs.ContentButton
	print   *dialogs.ContentButton
	qr      *dialogs.ContentButton
	picture *fyne.Container
	object  fyne.CanvasObject
}

// NewBox returns a box; extra objects follow its buttons. If masked, the code is hidden until the person shows it.
// fault shows an error. UI thread.
func NewBox(o Options, c Code, masked bool, fault func(dialogs.Message), extra ...fyne.CanvasObject) *Box {
	b := &Box{
		options: o,
		code:    c,
		fault:   fault,
		slot:    o.Work.NewSlot(),
		picture: container.NewStack(),
	}
	b.text = widget.NewLabelWithStyle(c.Code.String(), fyne.TextAlignLeading, theme.Monospace())
	b.text.Truncation = fyne.TextTruncateClip
	b.copy = dialogs.NewButton(tr.T("Copy"), fynetheme.ContentCopyIcon(), func() {
		o.Copy(c.Code.String())
		b.copy.SetText(tr.T("Copied"))
	})
	beside := container.NewHBox(b.copy)
	if masked {
		b.text.SetText(mask(c.Code))
		b.reveal = dialogs.NewButton(tr.T("Show"), fynetheme.VisibilityIcon(), b.show)
		beside.Objects = append([]fyne.CanvasObject{b.reveal}, beside.Objects...)
	}
	b.save = dialogs.NewButton(tr.T("Save…"), nil, b.saveText)
	b.print = dialogs.NewButton(tr.T("Print…"), nil, b.printPage)
	b.qr = dialogs.NewButton(tr.T(showQR), nil, b.showPicture)
	line := container.NewHBox(append([]fyne.CanvasObject{b.save, b.print, b.qr}, extra...)...)
	b.picture.Hide()
	b.object = container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
		container.NewBorder(nil, nil, nil, beside, copyfield.NewFrame(b.text)), line, b.picture)
	return b
}

// Object returns the content for a dialog.
func (b *Box) Object() fyne.CanvasObject { return b.object }

// Close cancels printing.
func (b *Box) Close() { b.slot.Cancel() }

// mask returns a code with every letter replaced by a bullet.
func mask(c license.RemovalCode) string {
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return r
		}
		return '•'
	}, c.String())
}

func (b *Box) show() {
	hidden := b.text.Text != b.code.Code.String()
	if hidden {
		b.text.SetText(b.code.Code.String())
		b.reveal.SetText(tr.T("Hide"))
		b.reveal.SetIcon(fynetheme.VisibilityOffIcon())
		return
	}
	b.text.SetText(mask(b.code.Code))
	b.reveal.SetText(tr.T("Show"))
	b.reveal.SetIcon(fynetheme.VisibilityIcon())
}

func (b *Box) saveText() {
	b.options.Save(b.code.fileName(), b.code.Text(b.options.Now()), func(err error) {
		if err != nil {
			b.fault(b.options.Explain(err))
			return
		}
		b.save.SetText(tr.T("Saved"))
	})
}

// printPage opens the page in the web browser, which prints it.
func (b *Box) printPage() {
	page, err := b.code.Page(b.options.Now())
	if err != nil {
		b.fault(b.options.Explain(err))
		return
	}
	b.print.Disable()
	background.Run(b.slot, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, b.options.OpenPage(ctx, page)
	}, func(_ struct{}, err error) {
		b.print.Enable()
		if err != nil {
			b.fault(printFault(b.options.Explain(err)))
			return
		}
		b.showText(tr.T("The page is open in your browser: print it there. It is deleted when you close this app."))
	})
}

// printFault returns the message for a page that could not be opened, with the cause of m.
func printFault(m dialogs.Message) dialogs.Message {
	return dialogs.Message{
		What: tr.T("The page for printing could not be opened."),
		Why:  m.Why,
		Next: tr.T("Save the code as a text file, and print that."),
	}
}

func (b *Box) showText(text string) {
	b.qr.SetText(tr.T(showQR))
	b.showBelow(caption(text))
}

// showBelow shows an object below the buttons.
func (b *Box) showBelow(o fyne.CanvasObject) {
	b.picture.Objects = []fyne.CanvasObject{o}
	b.picture.Show()
	b.picture.Refresh()
}

// showPicture shows or hides the QR code.
func (b *Box) showPicture() {
	if b.qr.Text == tr.T(hideQR) {
		b.picture.Hide()
		b.qr.SetText(tr.T(showQR))
		return
	}
	view, err := qr.New(qr.Options{Work: b.options.Work, Side: pictureSide}, b.code.Code.String())
	if err != nil {
		b.fault(b.options.Explain(err))
		return
	}
	beside := container.NewVBox(layout.NewSpacer(),
		caption(tr.T("The QR code contains the removal code and nothing else. Scan it with a phone.")),
		layout.NewSpacer())
	b.showBelow(container.NewBorder(nil, nil, view.Object(), nil,
		container.New(layout.NewCustomPaddedLayout(0, 0, theme.Margin, 0), beside)))
	b.qr.SetText(tr.T(hideQR))
}

func caption(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	return theme.Unpadded(l)
}
