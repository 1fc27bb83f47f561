package carry

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// home is the dialog that leads to the others.
type home struct {
	screen   *Screen
	dialog   *dialogs.Dialog
	requests *fyne.Container
	slot     *background.Slot
}

// Home shows the dialog with the tasks for PCs without a network and the unanswered requests of this PC. UI thread.
func (d *Screen) Home() {
	h := &home{screen: d, requests: rows(theme.Gap), slot: d.options.Work.NewSlot()}
	hint := tr.T("Opens the requests of other PCs, asks the license server, and gives you the answers to bring back.")
	if yes, _ := d.options.Actions.SignedIn(); !yes {
		hint += " " + tr.T("Sign in first.")
	}
	content := rows(theme.Section,
		task("1", tr.T("Ask for licenses"),
			tr.T("On the PC without a network: choose one or more programs. The request contains Site codes and "+
				"Machine IDs, and nothing else about the PC."),
			dialogs.NewButton(tr.T("New request…"), nil, h.leave(d.newRequest))),
		task("2", tr.T("Carry a request"), hint, dialogs.NewButton(tr.T("Carry…"), nil, h.leave(d.Open))),
		task("3", tr.T("Open the answer"),
			tr.T("Back on the PC without a network: as a file, from QR codes in a picture, or by typing an "+
				"activation code."),
			dialogs.NewButton(tr.T("Open an answer…"), nil, h.leave(d.Open))),
		h.requests)
	h.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title: tr.T("PCs without a network"),
		Subtitle: tr.T("A PC that is never online gets its licenses from a courier: on a USB stick, a phone, or a " +
			"sheet of paper."),
		Content:  content,
		Width:    640,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Cancel: true, Default: true}},
		OnClosed: h.slot.Cancel,
	})
	h.load()
}

// leave returns a function that closes the dialog and opens another one.
func (h *home) leave(open func()) func() {
	return func() {
		h.dialog.Close()
		open()
	}
}

// taskButton is the minimum width of the buttons, in device-independent pixels.
const taskButton float32 = 140

// task returns a numbered step with its button.
func task(number, title, text string, button fyne.CanvasObject) fyne.CanvasObject {
	badge := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Gap),
		container.NewVBox(theme.NewBadge(number, theme.Accent)))
	right := container.New(layout.NewCustomPaddedLayout(0, 0, theme.Margin, 0),
		container.NewVBox(container.NewGridWrap(button.MinSize().Max(fyne.NewSize(taskButton, 0)), button)))
	return container.NewBorder(nil, nil, badge, right, rows(2, bold(title), muted(text)))
}

func (h *home) load() {
	background.Run(h.slot, h.screen.options.Manager.Requests, func(list []carry.Request, err error) {
		h.requests.RemoveAll()
		if err != nil {
			h.requests.Add(dialogs.Notice(theme.Bad, h.screen.options.Explain(err)))
		}
		if len(list) > 0 {
			h.requests.Add(widget.NewSeparator())
			h.requests.Add(bold(tr.T("Requests of this PC without an answer")))
		}
		for _, r := range list {
			h.requests.Add(container.NewBorder(nil, nil, nil, container.NewHBox(
				dialogs.NewButton(tr.T("Show…"), nil, h.leave(func() { h.screen.showRequest(r) })),
				dialogs.NewButton(tr.T("Forget…"), nil, h.leave(func() { h.screen.forget(r) }))),
				plain(requestLine(r, h.screen))))
		}
		h.requests.Refresh()
	})
}

// requestLine identifies a request: device, number of programs, date and ID.
func requestLine(r carry.Request, d *Screen) string {
	name := r.Device
	if name == "" {
		name = tr.T("No name")
	}
	return fmt.Sprintf("%s · %s · %s · %s", name, tr.N(len(r.Items), "%d program", "%d programs"),
		words.Date(r.MadeAt, d.options.Now()), r.ID)
}

// forget deletes a request after a confirmation.
func (d *Screen) forget(r carry.Request) {
	slot := d.options.Work.NewSlot()
	d.options.Dialogs.Confirm(dialogs.Confirmation{
		Title: tr.T("Forget this request?"),
		Text: tr.T("%s. You can ask for the same again; removal codes in it stay stored on this PC. You can still "+
			"open an answer that comes later.", requestLine(r, d)),
		Label:    tr.T("Forget"),
		Danger:   true,
		OnCancel: d.Home,
		OnConfirm: func() {
			background.Run(slot, func(ctx context.Context) (struct{}, error) {
				return struct{}{}, d.options.Manager.ForgetRequest(ctx, r.ID)
			}, func(_ struct{}, err error) {
				if err != nil {
					d.options.Dialogs.Error(d.options.Explain(err))
					return
				}
				d.Home()
			})
		},
	})
}

// showRequest shows the handout of a request.
func (d *Screen) showRequest(r carry.Request) {
	var dialog *dialogs.Dialog
	h := d.newHandout(r, true, func(m dialogs.Message) { dialog.SetError(m) })
	dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title: tr.N(len(r.Items), "Request for %d program", "Request for %d programs"),
		Subtitle: tr.T("Bring it to a PC with a network on which ACEN Desktop is signed in: the file, a photo of " +
			"each QR code, or the text. It is stored here until its answer has been opened."),
		Content:  h.object,
		Width:    handoutWidth,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
		OnClosed: h.close,
	})
}
