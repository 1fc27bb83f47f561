package licenses

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/datatable"
	"github.com/acen-desktop/acen/ui/explain"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/tr"
	"github.com/acen-desktop/acen/ui/words"
)

// situation is how this PC stands to a license. Each has one button.
type situation int

const (
	elsewhere situation = iota // nothing to do with this PC
	here                       // it is this PC's
	left                       // it left this PC, and the server is told when it answers
	letGo                      // its program let it go, and somebody has to tell the server
	released                   // it waits for a PC that picks it up
	lost                       // this PC had it
)

func (c Content) situation(l manager.License) situation {
	switch {
	case l.Status != api.StatusActive:
		return elsewhere
	case l.ReleasedAt != nil:
		return released
	case c.LetGo[l.ID]:
		return letGo
	case l.LeftHere:
		return left
	case l.ThisPC:
		return here
	case c.BringBacks[l.ID]:
		return lost
	}
	return elsewhere
}

// Licensed is an order with a license of the shown program for this PC, or 0.
func (c Content) Licensed() int64 {
	for _, l := range c.Licenses {
		if l.ThisPC && l.Status == api.StatusActive {
			return c.Order.ID
		}
	}
	return c.ThisPCElsewhere
}

// badge marks a license that has to do with this PC or is on no PC.
func badge(l manager.License) (datatable.Badge, bool) {
	switch {
	case l.Status != api.StatusActive:
		return datatable.Badge{}, false
	case l.ReleasedAt != nil:
		return datatable.Badge{Text: tr.T("Moving"), Tone: theme.Accent}, true
	case l.LeftHere:
		return datatable.Badge{Text: tr.T("Left this PC"), Tone: theme.Warning}, true
	}
	return datatable.Badge{Text: tr.T("This PC"), Tone: theme.Good}, l.ThisPC
}

// step is the one button that a situation has.
type step struct {
	text      string
	icon      fyne.Resource
	do        func(manager.License)
	refusal   error
	prominent bool
}

// stepOf returns the button of a license's situation; false where there is none.
func (o Options) stepOf(c Content, l manager.License) (step, bool) {
	switch c.situation(l) {
	case here:
		return step{text: tr.T("Move to another PC…"), icon: fynetheme.MailForwardIcon(), do: o.OnMove, refusal: manager.MoveRefusal(c.Order, l)}, true
	case released:
		return step{text: tr.T("Pick up on this PC…"), icon: fynetheme.DownloadIcon(), do: o.OnPickUp, refusal: manager.PickUpRefusal(c.Order, l, c.Licensed()), prominent: !l.LeftHere}, true
	case lost:
		return step{text: tr.T("Bring back…"), icon: fynetheme.HistoryIcon(), do: o.OnReactivate, refusal: manager.ReactivationRefusal(c.Order, l), prominent: true}, true
	case letGo:
		return step{text: tr.T("Hand in or offer…"), do: func(manager.License) { o.OnRemovalCodes() }, prominent: true}, true
	case left:
		return step{text: tr.T("What waits…"), do: func(manager.License) { o.OnWaiting() }}, true
	}
	return step{}, false
}

// line says below the button why it is off, or what is left of the allowance.
func (o Options) line(s situation, l manager.License, refusal error, licensed int64) string {
	switch {
	case s != here && s != released && s != lost:
		return ""
	case s == released && licensed != 0:
		return tr.T("this PC is licensed in order %d", licensed)
	}
	var a *api.Allowance
	switch {
	case l.Allowed != nil && s == lost:
		a = l.Allowed.Reactivate
	case l.Allowed != nil:
		a = l.Allowed.Transfer
	}
	if refusal != nil && (a == nil || a.OK || a.ResetsAt == nil) || a == nil {
		return explain.Reason(refusal)
	}
	return words.Left(*a, o.Now())
}

// stands says in the panel how a license stands to this PC, with the one button for it; nil where there is nothing to say.
func (d *Details) stands(c Content, l manager.License) fyne.CanvasObject {
	s := c.situation(l)
	now := d.options.Now()
	text, tone := "", theme.Neutral
	switch s {
	case here:
		text = tr.T("The license file lies where %s finds it.", c.Order.ProgramName)
		if !l.Installed {
			text, tone = tr.T("The license file is not in place yet. It is put there when the tables are refreshed; Save file gives it to you meanwhile."), theme.Warning
		}
	case left:
		text = tr.T("It left this PC. The server is told by itself when it answers.")
	case letGo:
		text = tr.T("%s let it go on this PC. The server does not know yet.", c.Order.ProgramName)
	case released:
		text = tr.T("Released on %s. It waits until a PC picks it up.", words.LongDate(*l.ReleasedAt, now))
		if l.LeftHere {
			text = tr.T("Released here on %s. It waits for another PC; picking it up here takes it back.", words.LongDate(*l.ReleasedAt, now))
		}
	case lost:
		text = tr.T("This PC had it: the locks match, and the license file is gone.")
	default:
		return nil
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), value(text, tone))
	if one, ok := d.options.stepOf(c, l); ok {
		a := newAction(one.text, one.icon, func() { one.do(l) })
		importance := widget.MediumImportance
		if one.prominent && one.refusal == nil {
			importance = widget.HighImportance
		}
		line := d.options.line(s, l, one.refusal, c.Licensed())
		a.set(one.refusal == nil, importance, line)
		if line == "" {
			a.object = container.NewVBox(a.button)
		}
		rows.Add(a.object)
	}
	return d.section(tr.T("On this PC"), rows)
}
