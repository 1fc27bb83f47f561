package ui

import (
	"context"
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
	"github.com/acen-desktop/acen/ui/screens/tasks"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// mostNames is how many licenses or programs a banner names.
const mostNames = 4

// some lists the first names and counts the others.
func some(names []string) string {
	if len(names) > mostNames {
		return tr.T("%s and %d more", words.List(names[:mostNames]), len(names)-mostNames)
	}
	return words.List(names)
}

// strandedOffer proposes to put right what this PC and the server know differently of licenses that left this PC.
func (w *Window) strandedOffer() (offer, bool) {
	list := w.state.found.Stranded
	if len(list) == 0 {
		return offer{}, false
	}
	var key, names []string
	for _, s := range list {
		key = append(key, fmt.Sprint(s.License.ID))
		names = append(names, quoted(s.License))
	}
	o := offer{key: "stranded-" + strings.Join(key, " "), tone: theme.Warning, message: dialogs.Message{
		What: tr.T("%d licenses left this PC, and the server does not know.", len(list)),
		Why:  tr.T("Nothing is lost: bring %s back, or tell the server.", some(names)),
	}, actions: []dialogs.Action{{Label: tr.T("Put it right…"), Do: w.showStranded}}}
	if len(list) == 1 {
		o.message.What = tr.T("A license of %s left this PC, and the server does not know.", list[0].Order.ProgramName)
	}
	return o, true
}

// isStranded reports whether a license is among those of the banner.
func (w *Window) isStranded(id int64) bool {
	for _, s := range w.state.found.Stranded {
		if s.License.ID == id {
			return true
		}
	}
	return false
}

// showStranded lists the stranded licenses with what can be done about each.
func (w *Window) showStranded() {
	list := w.state.found.Stranded
	content := container.New(layout.NewCustomPaddedVBoxLayout(theme.Section), container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
		paragraph(tr.T("Bring back: the program runs on this PC again.")),
		paragraph(tr.T("Hand in: the order gets one license back.")),
		paragraph(tr.T("Offer to another PC: the license waits until another PC of yours picks it up."))))
	var d *dialogs.Dialog
	for _, s := range list {
		content.Add(widget.NewSeparator())
		content.Add(w.strandedRow(s, func(do func()) func() { return func() { d.Close(); do() } }))
	}
	d = w.queue.Show(dialogs.Spec{
		Title:    tr.T("Licenses that left this PC"),
		Subtitle: tr.T("The server lists them as in use on this PC, but they have left it. No code is to be typed."),
		Content:  content,
		Buttons: []dialogs.Button{
			{Text: tr.T("Contact the vendor…"), OnTapped: func() { d.Close(); w.askVendor(list) }},
			{Text: tr.T("Close"), Default: true, Cancel: true},
		},
	})
}

// strandedRow is one license with its buttons; then returns what a button does besides closing the dialog.
func (w *Window) strandedRow(s manager.Stranded, then func(func()) func()) fyne.CanvasObject {
	name := widget.NewLabelWithStyle(tr.T("%s · order %d", tr.T("%s · %s", s.Order.ProgramName, quoted(s.License)), s.Order.ID), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	name.Wrapping = fyne.TextWrapWord
	back := manager.ReactivationRefusal(s.Order, s.License)
	backReason := explain.Reason(back)
	if licensed := w.licensedFor(s.Order.ProgramID); back == nil && licensed != 0 {
		back, backReason = api.ErrSiteCodeInUse, tr.T("this PC is licensed in order %d", licensed)
	}
	remove, move := manager.RemovalRefusal(s.Order, s.License), manager.MoveRefusal(s.Order, s.License)
	buttons := container.NewHBox()
	var reasons []string
	for _, one := range []struct {
		text    string
		refusal error
		reason  string
		do      func()
	}{
		{tr.T("Bring back…"), back, backReason, func() { w.bringBack(s.Order, s.License) }},
		{tr.T("Hand in…"), remove, explain.Reason(remove), func() { w.handInStranded(s) }},
		{tr.T("Offer to another PC…"), move, explain.Reason(move), func() { w.offerStranded(s) }},
	} {
		b := dialogs.NewButton(one.text, nil, then(one.do))
		if one.refusal != nil {
			b.Disable()
			reasons = append(reasons, tr.T("%s: %s", words.Title(strings.TrimSuffix(one.text, "…")), one.reason))
		}
		buttons.Add(b)
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Tight(name), buttons)
	if len(reasons) > 0 {
		rows.Add(caption(words.Sentence(words.List(reasons))))
	}
	return rows
}

func (w *Window) handInStranded(s manager.Stranded) {
	w.withProgram(s.Order, func(p api.Program) {
		if err := tasks.Remove(w.taskOptions(), s.License, s.Order, p); err != nil {
			w.queue.Error(explain.Error(err))
		}
	})
}

func (w *Window) offerStranded(s manager.Stranded) {
	w.withProgram(s.Order, func(p api.Program) { tasks.Move(w.taskOptions(), s.License, s.Order, p) })
}

// askVendor writes to the vendor about stranded licenses.
func (w *Window) askVendor(list []manager.Stranded) {
	lines := []string{tr.T("These licenses left this PC, and the server lists them as in use:"), ""}
	for _, s := range list {
		lines = append(lines, tr.T("Order %d, license %d, %s, Site code %s", s.Order.ID, s.License.ID, s.Order.ProgramName, s.License.SiteCode))
	}
	w.contactVendor(tr.T("Licenses that left a PC"), strings.Join(lines, "\n"))
}

// forgottenOffer proposes to activate this PC again for licenses that the server does not know any more.
func (w *Window) forgottenOffer() (offer, bool) {
	list := w.state.found.Forgotten
	if len(list) == 0 {
		return offer{}, false
	}
	var key, names []string
	for _, f := range list {
		key = append(key, fmt.Sprint(f.Order.ID))
		names = append(names, f.Order.ProgramName)
	}
	first := list[0]
	o := offer{key: "forgotten-" + strings.Join(key, " "), tone: theme.Warning}
	if len(list) > 1 {
		o.message = dialogs.Message{
			What: tr.T("The license server does not know %d licenses of this PC.", len(list)),
			Why:  tr.T("The programs run on: %s. Activate this PC again for each of them.", some(names)),
		}
		o.actions = []dialogs.Action{{Label: tr.T("Show the first"), Do: func() { w.showOrder(first.Order) }}}
		return o, true
	}
	o.message = dialogs.Message{
		What: tr.T("The license server does not know the license of %s on this PC.", first.Order.ProgramName),
		Why:  tr.T("The program runs on. Activate this PC again, so that the server knows it."),
	}
	o.actions = []dialogs.Action{{Label: tr.T("Activate this PC again…"), Do: func() { w.activateAgain(first) }}}
	if first.Refusal != nil {
		reason := explain.Reason(first.Refusal)
		o.message.Why = tr.T("The program runs on, but this PC cannot be activated again: %s. Ask the vendor.", reason)
		if w.state.contact != "" {
			o.message.Why = tr.T("The program runs on, but this PC cannot be activated again: %s. Ask the vendor: %s.", reason, w.state.contact)
		}
		o.actions = []dialogs.Action{{Label: tr.T("Contact the vendor…"), Do: func() { w.askAboutForgotten(first) }}}
	}
	return o, true
}

func (w *Window) showOrder(o api.Order) {
	w.clearSearch()
	w.orders.Select(o.ID)
}

// activateAgain makes a license anew that the server forgot.
func (w *Window) activateAgain(f manager.Forgotten) {
	w.withProgram(f.Order, func(p api.Program) {
		if err := tasks.NewLicense(w.taskOptions(), f.Order, p, true); err != nil {
			w.queue.Error(explain.Error(err))
		}
	})
}

func (w *Window) askAboutForgotten(f manager.Forgotten) {
	w.contactVendor(tr.T("A license that the server does not know"),
		tr.T("Order %d, license %d, %s: the program runs on this PC, and the license server does not know the license.", f.Order.ID, f.ID, f.Order.ProgramName))
}

// learnContact asks for the vendor's address where a banner names it.
func (w *Window) learnContact() {
	list := w.state.found.Forgotten
	if len(list) != 1 || list[0].Refusal == nil || w.state.contact != "" || !w.state.signedIn || w.learning.Busy() {
		return
	}
	background.Run(w.learning, func(ctx context.Context) (string, error) {
		about, err := w.options.Backend.About(ctx, "")
		return about.Contact, err
	}, func(contact string, err error) {
		if err == nil && contact != "" {
			w.state.contact = contact
			w.refreshBanners()
		}
	})
}

func paragraph(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Tight(l)
}

func caption(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	return theme.Tight(l)
}
