package removalcode

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Backend stores removal codes; *manager.Manager implements it. Its methods may block and are called off the UI thread.
type Backend interface {
	KeptCodes(ctx context.Context) ([]manager.KeptCode, error)
	LicenseOf(ctx context.Context, k manager.KeptCode) (manager.License, api.Order, error)
	HandIn(ctx context.Context, k manager.KeptCode) (api.Order, error)
	Offer(ctx context.Context, k manager.KeptCode) (manager.License, error)
}

// Entry is a kept removal code with its license, if the account has it.
type Entry struct {
	manager.KeptCode
	License manager.License
	Order   api.Order
	// Fault is why the code cannot be handed in with this account, or nil.
	Fault error
}

// HasJob reports whether an open job sends the code.
func (e Entry) HasJob() bool { return e.Purpose != "" }

// Load returns the kept removal codes of this PC with their licenses. Not on the UI thread.
func Load(ctx context.Context, k Backend) ([]Entry, error) {
	kept, err := k.KeptCodes(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Entry, len(kept))
	for i, one := range kept {
		list[i].KeptCode = one
		if list[i].License, list[i].Order, list[i].Fault = k.LicenseOf(ctx, one); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if list[i].Program == "" {
			list[i].Program = list[i].Order.ProgramName
		}
		if list[i].Note == "" {
			list[i].Note = list[i].License.Note
		}
	}
	return list, nil
}

// Refusals returns why the server would refuse to remove or release the license, or nil.
func (e Entry) Refusals() (handIn, offer error) {
	return manager.RemovalRefusal(e.Order, e.License), manager.TransferRefusal(e.Order, e.License)
}

// list is the open dialog with the kept removal codes.
type list struct {
	options Options
	keeper  Backend
	changed func()
	dialog  *dialogs.Dialog
	content *fyne.Container
	slot    *background.Slot
	boxes   []*Box
}

const explanation tr.Text = "When a license leaves this PC, the program runs here no more, and its removal code is " +
	"the promise of that. It is kept here until the license server has it, in a file that only you can read, beside " +
	"the license files."

// List shows the dialog with the kept removal codes; changed is called after one was handed in or offered. UI thread.
func List(o Options, k Backend, changed func()) {
	l := &list{
		options: o,
		keeper:  k,
		changed: changed,
		content: container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin)),
		slot:    o.Work.NewSlot(),
	}
	l.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Removal codes"),
		Subtitle: tr.T(explanation),
		Content:  l.content,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
		OnClosed: func() { l.slot.Cancel(); l.closeBoxes() },
	})
	l.load(nil)
}

func (l *list) closeBoxes() {
	for _, b := range l.boxes {
		b.Close()
	}
	l.boxes = nil
}

// load loads the codes and shows them below done, the message about the last task, or nil.
func (l *list) load(done fyne.CanvasObject) {
	l.dialog.SetBusy(tr.T("Looking for removal codes…"), func() { l.slot.Cancel(); l.dialog.Close() })
	background.Run(l.slot, func(ctx context.Context) ([]Entry, error) { return Load(ctx, l.keeper) },
		func(entries []Entry, err error) {
			if err != nil {
				m := l.options.Explain(err)
				m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: func() { l.load(done) }}
				l.dialog.SetError(m)
				return
			}
			l.show(done, entries)
			l.dialog.SetIdle()
		})
}

func (l *list) show(done fyne.CanvasObject, entries []Entry) {
	l.closeBoxes()
	l.content.RemoveAll()
	if done != nil {
		l.content.Add(done)
	}
	if len(entries) == 0 {
		l.content.Add(
			caption(tr.T("No removal code is kept now: no license has left this PC that the server does not know of.")))
	}
	for i, e := range entries {
		if i > 0 {
			l.content.Add(widget.NewSeparator())
		}
		l.content.Add(l.entry(e))
	}
	l.content.Refresh()
}

// entry returns a code with its license and its buttons.
func (l *list) entry(e Entry) fyne.CanvasObject {
	name := e.Program
	if name == "" {
		name = tr.T("A program with the signature %s", e.Signature)
	}
	if e.Note != "" {
		name += " · " + words.Quoted(e.Note)
	}
	heading := widget.NewLabelWithStyle(name, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	heading.Wrapping = fyne.TextWrapWord
	code := Code{
		Program: e.Program,
		Note:    e.Note,
		Codes:   e.Codes,
		Code:    e.Code,
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Unpadded(heading),
		caption(tr.T("Site code %s. %s", e.Codes.Site, e.purposeText())))
	if e.HasJob() {
		rows.Add(
			caption(tr.T("The code is not shown while the task waits: if the task is canceled, the license comes back.")))
		return rows
	}
	var extra []fyne.CanvasObject
	reason := ""
	if e.Fault == nil {
		handIn, offer := e.Refusals()
		for _, one := range []struct {
			text    string
			refusal error
			do      func(Entry)
		}{{tr.T("Hand in"), handIn, l.handIn}, {tr.T("Offer to another PC"), offer, l.offer}} {
			b := dialogs.NewButton(one.text, nil, func() { one.do(e) })
			if one.refusal != nil {
				b.Disable()
				reason = strings.TrimSpace(reason + " " + tr.T("%s: %s", one.text, l.options.Explain(one.refusal).Why))
			}
			extra = append(extra, b)
		}
	}
	box := NewBox(l.options, code, true, l.dialog.SetError, extra...)
	l.boxes = append(l.boxes, box)
	rows.Add(box.Object())
	switch {
	case reason != "":
		rows.Add(caption(reason))
	case e.Fault != nil:
		m := l.options.Explain(e.Fault)
		rows.Add(caption(strings.TrimSpace(m.Why + " " + m.Next)))
	default:
		rows.Add(caption(tr.T(
			"Hand in: the order gets one license back. Offer: the license waits until another PC of yours picks it up.")))
	}
	return rows
}

// purposeText returns why the code is kept.
func (e Entry) purposeText() string {
	switch e.Purpose {
	case "":
		return tr.T("It left this PC; the server does not know yet.")
	case api.TaskRelease:
		return tr.T("It is sent by itself as soon as the server answers, so that another PC can pick the license up.")
	case api.TaskTransfer:
		return tr.T("It is sent by itself as soon as the server answers, so that the other PC gets the license.")
	}
	return tr.T("It is sent by itself as soon as the server answers, so that the order gets its license back.")
}

// HandIn hands in a kept removal code and returns the message about the success. Not on the UI thread.
func HandIn(ctx context.Context, k Backend, e Entry) (dialogs.Message, error) {
	o, err := k.HandIn(ctx, e.KeptCode)
	return dialogs.Message{
		What: tr.T("The server has the removal code."),
		Why: tr.T("Order %d has %s to activate: %d of %d.", o.ID,
			tr.N(o.LicensesTotal-o.LicensesActivated, "%d license", "%d licenses"), o.LicensesTotal-o.LicensesActivated,
			o.LicensesTotal),
	}, wrapUnreachable(err)
}

// Offer releases the license of a kept removal code and returns the message with the next step on the other PC. Not on
// the UI thread.
func Offer(ctx context.Context, k Backend, e Entry) (dialogs.Message, error) {
	_, err := k.Offer(ctx, e.KeptCode)
	return dialogs.Message{What: tr.T("The license waits for another PC."),
		Why: tr.T(
			"Open ACEN Desktop there, sign in to the same account and choose Pick up on this PC.")}, wrapUnreachable(err)
}

// errQueued is the error of a task that waits for the server.
var errQueued = errors.New("the server was not reached")

func wrapUnreachable(err error) error {
	if errors.Is(err, manager.ErrUnreachable) {
		return fmt.Errorf("%w: %w", errQueued, err)
	}
	return err
}

// Outcome returns the message for the results of HandIn or Offer; false if err is a refusal, which the caller explains.
func Outcome(done dialogs.Message, err error) (theme.Tone, dialogs.Message, bool) {
	if errors.Is(err, errQueued) {
		return theme.Accent, dialogs.Message{
			What: tr.T("The removal code is kept, and sent by itself when the server answers."),
			Why:  tr.T("The server was not reached."),
		}, true
	}
	return theme.Good, done, err == nil
}

func (l *list) handIn(e Entry) { l.do(e, HandIn) }

func (l *list) offer(e Entry) { l.do(e, Offer) }

// do runs HandIn or Offer, shows the outcome and reloads the list.
func (l *list) do(e Entry, do func(context.Context, Backend, Entry) (dialogs.Message, error)) {
	l.dialog.SetBusy(tr.T("Telling the server…"), l.slot.Interrupt)
	background.Run(l.slot, func(ctx context.Context) (dialogs.Message, error) { return do(ctx, l.keeper, e) },
		func(done dialogs.Message, err error) {
			l.dialog.SetIdle()
			tone, m, ok := Outcome(done, err)
			if !ok {
				l.dialog.SetError(l.options.Explain(err))
				return
			}
			l.changed()
			l.load(dialogs.Notice(tone, m))
		})
}
