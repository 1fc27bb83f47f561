package tasks

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const moveLabel tr.Text = "Move"

// Move shows the dialog that releases a license of this PC for another one. Afterwards it shows how to pick the license
// up there. UI thread.
func Move(o Options, l manager.License, order api.Order, program api.Program) {
	sending := o.Work.NewSlot()
	var d *dialogs.Dialog
	submit := func() {
		d.SetBusy(tr.T("Moving…"), sending.Interrupt)
		background.Run(sending, func(ctx context.Context) (code license.RemovalCode, err error) {
			if code, err = o.Licenses.RemovalCode(ctx, l); err != nil {
				return code, err
			}
			_, err = o.Licenses.Move(ctx, l)
			return code, o.queued(ctx, err, api.TaskRelease, forLicense(l))
		}, func(code license.RemovalCode, err error) {
			d.SetIdle()
			var queued queuedError
			if err != nil && !errors.As(err, &queued) {
				showFailure(d, o, err, canceledTask())
				return
			}
			d.Close()
			showMoved(o, l, program, code, err)
		})
	}
	part := func(title, text string) fyne.CanvasObject {
		return container.New(layout.NewCustomPaddedVBoxLayout(2),
			theme.Unpadded(widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})),
			theme.Unpadded(plain(text)))
	}
	onThisPC := tr.T(
		"The license leaves this PC immediately: %s stops working here, and its license file is deleted. Save your "+
			"work in the program first.",
		program.Name)
	if l.Stranded() {
		onThisPC = tr.T(
			"The license has already left this PC, and %s does not use it here. Now the server is informed.",
			program.Name)
	}
	d = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Move %s to another PC", quoted(l)),
		Subtitle: tr.T("%s · order %d", program.Name, order.ID),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin),
			part(tr.T("On this PC"), onThisPC),
			part(tr.T("On the other PC"),
				tr.T("Open ACEN Desktop, sign in as %s and choose Pick up on this PC, now or later. You need no "+
					"code. Until then the license is reserved for you.", o.Account)),
			part(tr.T("If the network fails"),
				tr.T("Nothing is lost. The removal code is stored on this PC before anything else happens, and it is "+
					"sent automatically when the server can be reached.")),
			theme.Unpadded(muted(tr.T("Picking up counts as a transfer. %s",
				o.allowanceLine(transferAllowance(l), transfers))))),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(moveLabel), Default: true, OnTapped: submit},
		},
		OnClosed: sending.Cancel,
	})
}

func transferAllowance(l manager.License) *api.Allowance {
	if l.Allowed == nil {
		return nil
	}
	return l.Allowed.Transfer
}

// showMoved shows the next steps on the other PC; pending is why the server was not reached, or nil.
func showMoved(o Options, l manager.License, program api.Program, code license.RemovalCode, pending error) {
	tone, m := theme.Good, dialogs.Message{What: tr.T("%s has left this PC. Pick it up on the other one.",
		words.UpperFirst(quoted(l)))}
	if pending != nil {
		tone = theme.Accent
		m = dialogs.Message{
			What: tr.T("%s has left this PC. The app informs the server as soon as it can be reached.",
				words.UpperFirst(quoted(l))),
			Why: o.Explain(pending).What,
			Next: tr.T("From then on the other PC can pick it up. You may close the app: it continues at the next " +
				"start."),
		}
	}
	step := func(number, text string) fyne.CanvasObject {
		return container.NewBorder(nil, nil, container.NewVBox(theme.NewBadge(number, theme.Accent)), nil,
			theme.Unpadded(plain(text)))
	}
	lines := []fyne.CanvasObject{
		dialogs.Notice(tone, m),
		step("1", tr.T("On the other PC, open ACEN Desktop and sign in as %s.", o.Account)),
		step("2", tr.T("Choose Pick up on this PC: the app offers it at the top of its window.")),
	}
	if pending == nil {
		lines = append(lines,
			theme.Unpadded(plain(tr.T("Without the app on the other PC, use Transfer with the codes that the program "+
				"shows there. The vendor's web page asks for this removal code:"))))
	}
	o.showDeparture(tr.T("Moving %s", quoted(l)), l, program, code, pending != nil, lines...)
}

// showDeparture shows the removal code of a license below lines. It hides the code while the task is pending: if the
// task is canceled, the license returns, and nobody must have seen its code.
func (o Options) showDeparture(title string, l manager.License, program api.Program, code license.RemovalCode,
	pending bool, lines ...fyne.CanvasObject) {
	content := container.New(layout.NewCustomPaddedVBoxLayout(theme.Section), lines...)
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	var d *dialogs.Dialog
	closed := func() {}
	if err == nil && !pending {
		box := removalcode.NewBox(o.Removal, removalcode.Code{
			Program: program.Name,
			Note:    l.Note,
			Codes:   codes,
			Code:    code,
		}, false,
			func(m dialogs.Message) { d.SetError(m) })
		content.Add(box.Object())
		closed = box.Close
	}
	spec := dialogs.Spec{
		Title:    title,
		Subtitle: tr.T("%s · order %d", program.Name, l.OrderID),
		Content:  content,
		OnClosed: closed,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	}
	if pending {
		d = o.queuedDialog(spec)
		return
	}
	d = o.Dialogs.Show(spec)
}

// plain returns a wrapping label.
func plain(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return l
}

const pickUpLabel tr.Text = "Pick up"

// PickUp shows the dialog that transfers a released license to this PC. UI thread.
func PickUp(o Options, l manager.License, program api.Program) error {
	sending := o.Work.NewSlot()
	var d *dialogs.Dialog
	var pc *pcPane
	changed := func() {
		if d == nil {
			return
		}
		d.ClearError()
		d.SetButton(tr.T(pickUpLabel), pc.known, "")
	}
	read := func(ctx context.Context) (manager.ThisPC, error) { return o.Licenses.ThisPC(ctx, program.ID) }
	var err error
	if pc, err = newPCPane(o, program, read, "", func(bool) {}, changed); err != nil {
		return err
	}
	note := newNoteField(cleanNote(o.DeviceName))
	if l.Note != "" {
		note.entry.PlaceHolder = tr.T("Your name for this PC (leave empty to keep %s)", quoted(l))
	}
	submit := func() {
		if !pc.known {
			return
		}
		request := manager.Transfer{License: l, Codes: pc.thisPC.Codes, Note: strings.TrimSpace(note.entry.Text)}
		d.SetBusy(tr.T("Picking up…"), sending.Interrupt)
		background.Run(sending, func(ctx context.Context) (manager.License, error) {
			created, err := o.Licenses.Transfer(ctx, request)
			return created, o.queued(ctx, err, api.TaskTransfer, forLicense(l))
		}, func(created manager.License, err error) {
			d.SetIdle()
			if err != nil {
				showFailure(d, o, err, canceledTask())
				return
			}
			d.Close()
			o.Actions.PutLicense(l.ID, created)
			Activated(o, tr.T("Picked up"), created, program)
		})
	}
	d = o.Dialogs.Show(dialogs.Spec{
		Title: tr.T("Pick up %s on this PC", quoted(l)),
		Subtitle: tr.T("It was released on the PC that had it, and %s runs on this PC from now on. %s", program.Name,
			o.allowanceLine(transferAllowance(l), transfers)),
		Content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), pc.pane, note.labeled()),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(pickUpLabel), Default: true, OnTapped: submit},
		},
		OnClosed: func() { pc.slot.Cancel(); sending.Cancel() },
	})
	pc.choose(true)
	changed()
	return nil
}
