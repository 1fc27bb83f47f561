package licenses

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// situation is how this PC stands to a license. Each has one button; a stranded license has two.
type situation int

const (
	elsewhere situation = iota // nothing to do with this PC
	own                        // it is this PC's
	left                       // it left this PC, and an open task tells the server
	letGo                      // it left this PC, its removal code is kept, and no task tells the server
	stranded                   // it left this PC, and the server does not know
	released                   // it waits for a PC that picks it up
	lost                       // this PC had it
)

func (c Content) situation(l manager.License) situation {
	switch {
	case l.Status != api.StatusActive:
		return elsewhere
	case l.ReleasedAt != nil:
		return released
	case l.JobOpen:
		return left
	case c.LetGo[l.ID]:
		return letGo
	case l.LeftHere:
		return stranded
	case l.ThisPC:
		return own
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
func badge(l manager.License) (table.Badge, bool) {
	switch {
	case l.Status != api.StatusActive:
		return table.Badge{}, false
	case l.ReleasedAt != nil:
		return table.Badge{Text: tr.T("Moving"), Tone: theme.Accent}, true
	case l.LeftHere:
		return table.Badge{Text: tr.T("Left this PC"), Tone: theme.Warning}, true
	}
	return table.Badge{Text: tr.T("This PC"), Tone: theme.Good}, l.ThisPC
}

// subject is a license of the content as the subject of an action.
func (c Content) subject(l manager.License) actions.Subject {
	return actions.Subject{Order: c.Order, License: l, Licensed: c.Licensed()}
}

// step is a button of a situation.
type step struct {
	text      string
	icon      fyne.Resource
	do        func()
	refusal   error
	prominent bool
	// limited tells that the server limits the step, and allowance how; nil when the server does not say.
	limited   bool
	allowance *api.Allowance
	// licensed is the order with a license for this PC that keeps it from taking this one, or 0.
	licensed int64
}

// steps returns the buttons of a license's situation, the proposed one first.
func (o Options) steps(c Content, l manager.License) []step {
	subject := c.subject(l)
	of := func(action actions.ID, icon fyne.Resource) step {
		return step{
			text:      action.Label(),
			icon:      icon,
			do:        func() { o.Actions.Do(action, subject) },
			refusal:   action.WhyNot(subject),
			limited:   true,
			allowance: action.Allowance(subject),
		}
	}
	move := of(actions.Move, fynetheme.MailForwardIcon())
	back := of(actions.Reactivate, fynetheme.HistoryIcon())
	back.text, back.prominent = tr.T("Bring back…"), true
	switch c.situation(l) {
	case own:
		return []step{move}
	case released:
		pickUp := of(actions.PickUp, fynetheme.DownloadIcon())
		pickUp.prominent, pickUp.licensed = !l.LeftHere, c.Licensed()
		return []step{pickUp}
	case lost:
		return []step{back}
	case stranded:
		if back.licensed = c.Licensed(); back.licensed != 0 {
			back.refusal = api.ErrSiteCodeInUse
		}
		move.text = tr.T("Offer to another PC…")
		return []step{back, move}
	case letGo:
		return []step{{text: tr.T("Hand in or offer…"), do: o.Actions.ShowRemovalCodes, prominent: true}}
	case left:
		return []step{{text: tr.T("What waits…"), do: o.Actions.ShowJobs}}
	}
	return nil
}

// proposes reports whether the panel proposes a step that is possible.
func (o Options) proposes(c Content, l manager.License) bool {
	steps := o.steps(c, l)
	return len(steps) > 0 && steps[0].prominent && steps[0].refusal == nil
}

// line says below the button of a step why it is off, or what is left of the allowance.
func (o Options) line(s step) string {
	switch a := s.allowance; {
	case !s.limited:
		return ""
	case s.licensed != 0:
		return tr.T("this PC is licensed in order %d", s.licensed)
	case s.refusal != nil && (a == nil || a.OK || a.ResetsAt == nil) || a == nil:
		return explain.Reason(s.refusal)
	default:
		return words.Left(*a, o.Now())
	}
}

// stands says in the panel how a license stands to this PC, with the buttons for it; nil where there is nothing to say.
func (d *Details) stands(c Content, l manager.License) fyne.CanvasObject {
	s := c.situation(l)
	now := d.options.Now()
	text, tone := "", theme.Neutral
	switch s {
	case own:
		text = tr.T("The license file lies where %s finds it.", c.Order.ProgramName)
		if !l.Installed {
			text, tone = tr.T("The license file is not in place yet. It is put there when the tables are refreshed; Save "+
				"file gives it to you meanwhile."), theme.Warning
		}
	case left:
		text = tr.T("It left this PC. The server is told by itself when it answers.")
	case letGo:
		text = tr.T("It left this PC, and its removal code is kept here. The server does not know yet.")
	case stranded:
		text, tone = tr.T("It left this PC, and the server does not know that yet. Bring it back, offer it to another PC, "+
			"or remove it."), theme.Warning
	case released:
		text = tr.T("Released on %s. It waits until a PC picks it up.", words.LongDate(*l.ReleasedAt, now))
		if l.LeftHere {
			text = tr.T("Released here on %s. It waits for another PC; picking it up here takes it back.",
				words.LongDate(*l.ReleasedAt, now))
		}
	case lost:
		text = tr.T("This PC had it: the locks match, and the license file is gone.")
	default:
		return nil
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), value(text, tone))
	for _, one := range d.options.steps(c, l) {
		a := newButton(one.text, one.icon, one.do)
		importance := widget.MediumImportance
		if one.prominent && one.refusal == nil {
			importance = widget.HighImportance
		}
		line := d.options.line(one)
		a.set(one.refusal == nil, importance, line)
		if line == "" {
			a.object = container.NewVBox(a.button)
		}
		rows.Add(a.object)
	}
	return d.section(tr.T("On this PC"), rows)
}
