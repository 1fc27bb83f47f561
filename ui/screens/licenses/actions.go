package licenses

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// action is a button with a line below it that says how things stand, such as why it is disabled.
type action struct {
	button *dialogs.ContentButton
	line   *widget.Label
	object *fyne.Container
}

func newAction(text string, icon fyne.Resource, do func()) *action {
	a := &action{button: dialogs.NewButton(text, icon, do), line: theme.NewCaption("")}
	a.line.Alignment = fyne.TextAlignCenter
	a.object = container.NewVBox(a.button, theme.Tight(a.line))
	return a
}

func (a *action) set(enabled bool, importance widget.Importance, line string) {
	if a.line.Text != line {
		a.line.SetText(line)
	}
	if a.button.Importance != importance {
		a.button.Importance = importance
		a.button.Refresh()
	}
	if enabled {
		a.button.Enable()
	} else {
		a.button.Disable()
	}
}

func (a *action) enabled() bool { return a.object.Visible() && !a.button.Disabled() }

// refreshActions brings the buttons in line with the order, its licenses and the selected one. One button at most
// stands out: that of the panel where it asks for a step, else activating this PC where that is open, else emailing the code.
func (s *Screen) refreshActions() {
	c := s.content
	create, createReason := s.mayCreate()
	activate := create && c.Loaded && !s.ownsLicense()
	l, ok := s.Selected()
	asks := false
	if ok {
		asks = s.options.asks(c, l)
	}
	switch {
	case activate && s.lostHere():
		s.activate.set(true, widget.MediumImportance, tr.T("this PC had a license"))
	case activate && asks:
		s.activate.set(true, widget.MediumImportance, "")
	case activate && c.ThisPCElsewhere != 0:
		s.activate.set(true, widget.MediumImportance, tr.T("licensed in order %d", c.ThisPCElsewhere))
	case activate:
		s.activate.set(true, widget.HighImportance, "")
	}
	s.activate.object.Hidden = !activate
	s.create.set(create, widget.MediumImportance, createReason)

	prominent := widget.HighImportance
	if asks || activate && c.ThisPCElsewhere == 0 {
		prominent = widget.MediumImportance
	}
	s.refreshTask(s.reactivate, l, ok, manager.ReactivationRefusal, func(a *api.LicenseAllowed) *api.Allowance { return a.Reactivate })
	s.refreshTask(s.transfer, l, ok, manager.TransferRefusal, func(a *api.LicenseAllowed) *api.Allowance { return a.Transfer })
	s.refreshTask(s.remove, l, ok, manager.RemovalRefusal, func(a *api.LicenseAllowed) *api.Allowance { return a.Remove })
	refusal := error(nil)
	if ok {
		refusal = manager.EmailRefusal(l)
	}
	switch {
	case !s.shown:
		s.email.set(false, prominent, tr.T("select an order"))
	case !ok && c.Order.RequiresActivation && len(c.Licenses) > 0:
		s.email.set(false, prominent, tr.T("select a license"))
	case !ok:
		s.email.set(false, prominent, tr.T("no license"))
	case refusal != nil:
		s.email.set(false, prominent, explain.Reason(refusal))
	default:
		s.email.set(true, prominent, "")
	}
	s.arrangeActions()
}

// arrangeActions gives the buttons that are shown their places. Only where they need another height the whole screen is laid out:
// that draws the table anew.
func (s *Screen) arrangeActions() {
	s.actions.Layout.Layout(s.actions.Objects, s.actions.Size())
	canvas.Refresh(s.actions)
	if height := s.actions.MinSize().Height; height != s.height {
		s.height = height
		s.object.Refresh()
	}
}

// refreshTask brings the button of a task on the selected license in line with what is left of its allowance.
func (s *Screen) refreshTask(a *action, l manager.License, selected bool, refusal func(api.Order, manager.License) error, of func(*api.LicenseAllowed) *api.Allowance) {
	a.object.Hidden = s.shown && !s.content.Order.RequiresActivation
	if !selected {
		a.set(false, widget.MediumImportance, "")
		return
	}
	err := refusal(s.content.Order, l)
	var limited *api.Problem
	switch {
	case l.JobOpen && l.ReleasedAt == nil && l.Status == api.StatusActive:
		a.set(false, widget.MediumImportance, tr.T("left this PC"))
	case err == nil:
		a.set(true, widget.MediumImportance, words.Left(*of(l.Allowed), s.options.Now()))
	case errors.As(err, &limited) && limited.Limit != nil:
		a.set(false, widget.MediumImportance, words.Left(*of(l.Allowed), s.options.Now()))
	case errors.Is(err, api.ErrTaskDisabled) && l.ExpiresAt != nil && s.options.Now().After(*l.ExpiresAt):
		a.set(false, widget.MediumImportance, tr.T("license has ended"))
	case errors.Is(err, api.ErrTaskDisabled):
		a.set(false, widget.MediumImportance, tr.T("not offered"))
	default:
		a.set(false, widget.MediumImportance, explain.Reason(err))
	}
}

// mayCreate tells whether the order takes a new license, and what stands under the button.
func (s *Screen) mayCreate() (bool, string) {
	o := s.content.Order
	if !s.shown {
		return false, tr.T("select an order")
	}
	if manager.OpenLicensesRefusal(o) != nil {
		return false, tr.T("needs no activation")
	}
	err := manager.NewLicenseRefusal(o)
	switch {
	case errors.Is(err, api.ErrLicensesInUse) && o.LicensesTotal == 1:
		return false, tr.T("the only one is in use")
	case errors.Is(err, api.ErrLicensesInUse):
		return false, tr.T("all %d are in use", o.LicensesTotal)
	case err != nil:
		return false, explain.Reason(err)
	}
	return true, tr.T("%d of %d left", o.LicensesTotal-o.LicensesActivated, o.LicensesTotal)
}

// lostHere reports whether this PC had a license of the order.
func (s *Screen) lostHere() bool {
	for _, l := range s.content.Licenses {
		if s.content.situation(l) == lost {
			return true
		}
	}
	return false
}

func (s *Screen) ownsLicense() bool {
	for _, l := range s.content.Licenses {
		if l.ThisPC && l.Status == api.StatusActive {
			return true
		}
	}
	return false
}
