package licenses

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// buttons is the row of buttons below the table, for the order and the selected license.
type buttons struct {
	byAction map[actions.ID]*button
	object   *fyne.Container
	height   float32 // of the last layout
}

func newButtons(do func(actions.ID)) *buttons {
	b := &buttons{byAction: map[actions.ID]*button{}}
	add := func(id actions.ID, text string, icon fyne.Resource) fyne.CanvasObject {
		b.byAction[id] = newButton(text, icon, func() { do(id) })
		return b.byAction[id].object
	}
	left := []fyne.CanvasObject{add(actions.NewLicense, actions.NewLicense.Label(), nil)}
	for _, id := range actions.OfSelected() {
		left = append(left, add(id, id.Label(), nil))
	}
	right := []fyne.CanvasObject{
		add(actions.ActivateThisPC, actions.ActivateThisPC.Label(), fynetheme.ComputerIcon()),
		add(actions.Email, tr.T("Email code…"), fynetheme.MailComposeIcon()),
	}
	b.object = layouts.Flow(theme.Gap, left, right)
	return b
}

// button is a button with a caption below it, such as why it is disabled.
type button struct {
	button *dialogs.ContentButton
	line   *widget.Label
	object *fyne.Container
}

func newButton(text string, icon fyne.Resource, do func()) *button {
	a := &button{button: dialogs.NewButton(text, icon, do), line: theme.NewCaption("")}
	a.line.Alignment = fyne.TextAlignCenter
	a.object = container.NewVBox(a.button, theme.Unpadded(a.line))
	return a
}

func (a *button) set(enabled bool, importance widget.Importance, line string) {
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

func (a *button) enabled() bool { return a.object.Visible() && !a.button.Disabled() }

// refreshActions updates the buttons for the order and the selected license. At most one button has high importance:
// that of the proposed step in the panel, or else "Activate this PC" if it is enabled, or else "Email code…".
func (s *Screen) refreshActions() {
	c := s.content
	create, createReason := s.createState()
	activate := create && c.Loaded && !s.ownsLicense()
	l, selected := s.Selected()
	hasProposal := selected && s.options.hasProposal(c, l)
	button := s.buttons.byAction[actions.ActivateThisPC]
	switch {
	case activate && s.hadLicense():
		button.set(true, widget.MediumImportance, tr.T("this PC had a license"))
	case activate && hasProposal:
		button.set(true, widget.MediumImportance, "")
	case activate && c.OtherLicensedOrder != 0:
		button.set(true, widget.MediumImportance, tr.T("licensed in order %d", c.OtherLicensedOrder))
	case activate:
		button.set(true, widget.HighImportance, "")
	}
	button.object.Hidden = !activate
	s.buttons.byAction[actions.NewLicense].set(create, widget.MediumImportance, createReason)
	for _, action := range actions.OfSelected() {
		s.refreshTask(action, l, selected)
	}
	importance := widget.HighImportance
	if hasProposal || activate && c.OtherLicensedOrder == 0 {
		importance = widget.MediumImportance
	}
	reason := s.emailReason(l, selected)
	s.buttons.byAction[actions.Email].set(reason == "", importance, reason)
	s.arrangeActions()
}

// emailReason returns why "Email code…" is disabled, or "".
func (s *Screen) emailReason(l manager.License, selected bool) string {
	c := s.content
	switch {
	case !s.shown:
		return tr.T("select an order")
	case !selected && c.Order.RequiresActivation && len(c.Licenses) > 0:
		return tr.T("select a license")
	case !selected:
		return tr.T("no license")
	}
	if err := actions.Email.WhyNot(c.subject(l)); err != nil {
		return explain.Reason(err)
	}
	return ""
}

// arrangeActions lays out the buttons. It lays out the whole screen, which redraws the table, only if their height
// changed.
func (s *Screen) arrangeActions() {
	b := s.buttons
	b.object.Layout.Layout(b.object.Objects, b.object.Size())
	canvas.Refresh(b.object)
	if height := b.object.MinSize().Height; height != b.height {
		b.height = height
		s.object.Refresh()
	}
}

// refreshTask updates the button of an action on the selected license and its remaining allowance.
func (s *Screen) refreshTask(action actions.ID, l manager.License, selected bool) {
	b := s.buttons.byAction[action]
	b.object.Hidden = s.shown && !s.content.Order.RequiresActivation
	if !selected {
		b.set(false, widget.MediumImportance, "")
		return
	}
	subject := s.content.subject(l)
	err := action.WhyNot(subject)
	var limited *api.Problem
	switch {
	case l.JobOpen && l.ReleasedAt == nil && l.Status == api.StatusActive:
		b.set(false, widget.MediumImportance, tr.T("left this PC"))
	case err == nil:
		b.set(true, widget.MediumImportance, words.Remaining(*action.Allowance(subject), s.options.Now()))
	case errors.As(err, &limited) && limited.Limit != nil:
		b.set(false, widget.MediumImportance, words.Remaining(*action.Allowance(subject), s.options.Now()))
	case errors.Is(err, api.ErrTaskDisabled) && l.ExpiresAt != nil && s.options.Now().After(*l.ExpiresAt):
		b.set(false, widget.MediumImportance, tr.T("license has ended"))
	case errors.Is(err, api.ErrTaskDisabled):
		b.set(false, widget.MediumImportance, tr.T("not offered"))
	default:
		b.set(false, widget.MediumImportance, explain.Reason(err))
	}
}

// createState reports whether the order accepts a new license, and the caption of the button.
func (s *Screen) createState() (bool, string) {
	o := s.content.Order
	if !s.shown {
		return false, tr.T("select an order")
	}
	if manager.OpenLicensesRefusal(o) != nil {
		return false, tr.T("needs no activation")
	}
	err := actions.NewLicense.WhyNot(s.content.subject(manager.License{}))
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

// hadLicense reports whether this PC had a license of the order before its data or locks changed.
func (s *Screen) hadLicense() bool {
	for _, l := range s.content.Licenses {
		if s.content.situation(l) == former {
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
