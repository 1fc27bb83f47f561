package tasks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/background"
	"github.com/acen-desktop/acen/ui/copyfield"
	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/words"
)

const (
	choiceThisPC    = "This PC"
	choiceAnotherPC = "Another PC"
	activate        = "Activate"
)

// newLicense is one open dialog.
type newLicense struct {
	options Options
	order   api.Order
	program api.Program
	dialog  *dialogs.Dialog

	thisPC manager.ThisPC
	known  bool // thisPC was read
	own    bool // the choice is this PC

	choice [2]*dialogs.ContentButton // this PC, another PC
	pane   *fyne.Container
	codes  *codeFields
	note   *noteField

	reading, sending *background.Slot
}

// NewLicense shows the dialog for a new license of an order, for this PC or with codes of another. UI thread.
func NewLicense(o Options, order api.Order, program api.Program, thisPC bool) error {
	n := &newLicense{options: o, order: order, program: program, own: thisPC, pane: container.NewStack()}
	n.reading, n.sending = o.Work.NewSlot(), o.Work.NewSlot()
	var err error
	if n.codes, err = newCodeFields(program.MergedCodes, n.changed); err != nil {
		return err
	}
	n.note = newNoteField("")
	n.choice[0] = dialogs.NewButton(choiceThisPC, nil, func() { n.choose(true) })
	n.choice[1] = dialogs.NewButton(choiceAnotherPC, nil, func() { n.choose(false) })

	n.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    "New license",
		Subtitle: fmt.Sprintf("%s · order %d · %d of %d left", order.ProgramName, order.ID, order.LicensesTotal-order.LicensesActivated, order.LicensesTotal),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin),
			container.NewHBox(n.choice[0], n.choice[1]), n.pane,
			container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Tight(widget.NewLabel("Note")), n.note.object)),
		Buttons:  []dialogs.Button{{Text: "Cancel", Cancel: true}, {Text: activate, Default: true, OnTapped: n.submit}},
		OnClosed: func() { n.reading.Cancel(); n.sending.Cancel() },
	})
	n.choose(thisPC)
	return nil
}

// choose switches between this PC and another.
func (n *newLicense) choose(own bool) {
	n.own = own
	n.dialog.ClearError()
	mark(n.choice[0], own)
	mark(n.choice[1], !own)
	if own {
		n.options.Canvas.Focus(n.note.entry)
		if n.note.entry.Text == "" {
			n.note.entry.SetText(cleanNote(n.options.DeviceName))
		}
		n.show(theme.Tight(muted("Reading this PC…")))
		n.readThisPC()
	} else {
		if n.note.entry.Text == cleanNote(n.options.DeviceName) {
			n.note.entry.SetText("")
		}
		n.show(n.codes.object)
		n.options.Canvas.Focus(n.codes.first())
	}
	n.changed()
}

// mark shows a button as the chosen one of several or not.
func mark(b *dialogs.ContentButton, chosen bool) {
	b.Icon, b.Importance = fynetheme.RadioButtonIcon(), widget.LowImportance
	if chosen {
		b.Icon, b.Importance = fynetheme.RadioButtonCheckedIcon(), widget.MediumImportance
	}
	b.Refresh()
}

func (n *newLicense) show(o fyne.CanvasObject) {
	n.pane.Objects = []fyne.CanvasObject{o}
	n.pane.Refresh()
}

func (n *newLicense) readThisPC() {
	if n.known {
		n.show(n.thisPCPane())
		return
	}
	background.Run(n.reading, func(ctx context.Context) (manager.ThisPC, error) {
		return n.options.Licenses.ThisPC(ctx, n.program.ID)
	}, func(pc manager.ThisPC, err error) {
		if !n.own {
			return
		}
		if err != nil {
			m := n.options.Explain(err)
			m.Action = &dialogs.Action{Label: "Try again", Do: n.readThisPC}
			n.show(container.NewVBox(dialogs.Notice(theme.Bad, m)))
			return
		}
		n.thisPC, n.known = pc, true
		n.show(n.thisPCPane())
		n.changed()
	})
}

// thisPCPane shows the codes of this PC and exactly what is sent about it.
func (n *newLicense) thisPCPane() fyne.CanvasObject {
	rows := container.New(layout.NewFormLayout())
	add := func(name, code string) {
		l := widget.NewLabel(name)
		l.Importance = widget.LowImportance
		rows.Add(l)
		rows.Add(copyfield.New(code, n.options.Copy))
	}
	if n.program.MergedCodes {
		add("Site code and Machine ID", n.thisPC.Codes.Merged())
	} else {
		add("Site code", n.thisPC.Codes.Site.String())
		add("Machine ID", n.thisPC.Codes.Machine.String())
	}
	box := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), rows, theme.Tight(muted(Sent(n.thisPC))))
	if n.thisPC.HardwareReadable < 2 {
		box.Add(dialogs.Notice(theme.Warning, dialogs.Message{
			What: "This PC may not be recognized later.",
			Why:  fmt.Sprintf("Only %s can be read.", words.Count(n.thisPC.HardwareReadable, "hardware lock", "hardware locks")),
			Next: "You can activate it, but if something of it changes, only the vendor can bring the license back.",
		}))
	}
	return box
}

// Sent says in plain words what is sent about this PC.
func Sent(pc manager.ThisPC) string {
	var missing []string
	for _, l := range pc.Locks {
		if !l.Readable {
			missing = append(missing, words.Lock(l.Lock))
		}
	}
	text := "Only these two codes are sent. They hold 63 bits about this PC: nine for each of seven locks, such as the system disk or the network card. " +
		"No serial number leaves this PC, and none can be read back from nine bits."
	if len(missing) > 0 {
		text += fmt.Sprintf(" Not readable here: %s.", strings.Join(missing, ", "))
	}
	return text
}

// changed enables the button when there is something to send.
func (n *newLicense) changed() {
	n.dialog.ClearError()
	if n.own {
		n.dialog.SetButton(activate, n.known, "")
		return
	}
	_, _, ok := n.codes.values()
	n.dialog.SetButton(activate, ok, n.codes.missing())
}

// submit sends the request. Typed codes are checked here first: a slip then costs no way to the server.
func (n *newLicense) submit() {
	request := manager.NewLicense{OrderID: n.order.ID, Codes: n.thisPC.Codes, Note: strings.TrimSpace(n.note.entry.Text), ThisPC: n.own}
	site, machine := "", ""
	if !n.own {
		var ok bool
		if site, machine, ok = n.codes.values(); !ok {
			return
		}
	} else if !n.known {
		return
	}
	n.dialog.SetBusy("Activating…", n.sending.Interrupt)
	background.Run(n.sending, func(ctx context.Context) (manager.License, error) {
		if !request.ThisPC {
			codes, err := n.options.Licenses.CheckCodes(ctx, n.program.ID, site, machine)
			if err != nil {
				return manager.License{}, err
			}
			request.Codes = codes
		}
		return n.options.Licenses.NewLicense(ctx, request)
	}, func(made manager.License, err error) {
		n.dialog.SetIdle()
		if err != nil {
			n.fail(err)
			return
		}
		n.dialog.Close()
		n.options.OnLicense(made)
		Activated(n.options, made, n.program)
	})
}

func (n *newLicense) fail(err error) {
	switch {
	case errors.Is(err, license.ErrMismatch), errors.Is(err, api.ErrSiteMIDMismatch):
		n.codes.showErr(errors.New(n.codes.mismatch()))
	case errors.Is(err, context.Canceled):
		n.dialog.SetError(dialogs.Message{
			What: "Canceled.",
			Why:  "If the server had done it already, the license appears in the table.",
			Next: "Trying again with the same codes uses no second license.",
		})
		return
	case errors.Is(err, manager.ErrUnreachable):
		m := n.options.Explain(err)
		m.Next = "Nothing is lost: the request is kept and sent again when the connection is back. It uses one license at most."
		n.dialog.SetError(m)
		return
	}
	showError(n.dialog, n.options.Explain, err)
}

// Activated shows a new license with the next steps. UI thread.
func Activated(o Options, l manager.License, program api.Program) {
	next := "Enter this code in the program on that PC, or open the license file with it."
	if l.ThisPC {
		next = "Enter this code in the program, or open the license file with it."
	}
	name := fmt.Sprintf("“%s” is activated.", l.Note)
	if l.Note == "" {
		name = "The license is activated."
	}
	icon := widget.NewIcon(fynetheme.NewColoredResource(fynetheme.ConfirmIcon(), theme.Good.TextName()))
	done := widget.NewLabelWithStyle(name, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	done.Wrapping = fyne.TextWrapWord
	code := copyfield.New(l.ActivationCode, o.Copy)
	var d *dialogs.Dialog
	then := func(do func(manager.License)) func() {
		return func() { d.Close(); do(l) }
	}
	d = o.Dialogs.Show(dialogs.Spec{
		Title:    "Activated",
		Subtitle: fmt.Sprintf("%s · order %d", program.Name, l.OrderID),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
			container.NewBorder(nil, nil, icon, nil, done),
			theme.Tight(theme.NewCaption("Activation code")), code, theme.Tight(muted(next))),
		Buttons: []dialogs.Button{
			{Text: "Save license file…", OnTapped: then(o.OnSaveFile)},
			{Text: "Email code…", OnTapped: then(o.OnEmail)},
			{Text: "Close", Default: true, Cancel: true},
		},
	})
}

func showError(d *dialogs.Dialog, explain func(error) dialogs.Message, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	d.SetError(explain(err))
}

func muted(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	return l
}
