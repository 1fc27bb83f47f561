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

// situation is the relation of this PC to a license.
type situation int

const (
	unrelated situation = iota // ended, or on another PC
	own                        // on this PC
	departing                  // left this PC; a job sends the departure
	codeKept                   // left this PC; its removal code is kept and no job sends it
	stranded                   // left this PC, with neither job nor removal code
	released                   // waits to be picked up
	former                     // was on this PC and can be brought back
)

func (c Content) situation(l manager.License) situation {
	switch {
	case l.Status != api.StatusActive:
		return unrelated
	case l.ReleasedAt != nil:
		return released
	case l.JobOpen:
		return departing
	case c.KeptCodes[l.ID]:
		return codeKept
	case l.LeftThisPC:
		return stranded
	case l.ThisPC:
		return own
	case c.BringBacks[l.ID]:
		return former
	}
	return unrelated
}

// LicensedOrder returns the id of an order with a license of the program for this PC, or 0.
func (c Content) LicensedOrder() int64 {
	for _, l := range c.Licenses {
		if l.ThisPC && l.Status == api.StatusActive {
			return c.Order.ID
		}
	}
	return c.OtherLicensedOrder
}

// badge returns the badge of a license that concerns this PC or is released.
func badge(l manager.License) (table.Badge, bool) {
	switch {
	case l.Status != api.StatusActive:
		return table.Badge{}, false
	case l.ReleasedAt != nil:
		return table.Badge{Text: tr.T("Moving"), Tone: theme.Accent}, true
	case l.LeftThisPC:
		return table.Badge{Text: tr.T("Left this PC"), Tone: theme.Warning}, true
	}
	return table.Badge{Text: tr.T("This PC"), Tone: theme.Good}, l.ThisPC
}

// subject returns a license as the subject of an action.
func (c Content) subject(l manager.License) actions.Subject {
	return actions.Subject{Order: c.Order, License: l, LicensedOrder: c.LicensedOrder()}
}

// step is a button of a situation.
type step struct {
	text      string
	icon      fyne.Resource
	do        func()
	refusal   error
	prominent bool
	// limited reports that the step has an allowance, which is nil if the server did not send it.
	limited   bool
	allowance *api.Allowance
	// licensed is the id of the order with a license for this PC that prevents the step, or 0.
	licensed int64
}

// steps returns the steps for a license in its situation, the proposed one first.
func (o Options) steps(c Content, l manager.License) []step {
	subject := c.subject(l)
	stepFor := func(action actions.ID, icon fyne.Resource) step {
		return step{
			text:      action.Label(),
			icon:      icon,
			do:        func() { o.Actions.Do(action, subject) },
			refusal:   action.WhyNot(subject),
			limited:   true,
			allowance: action.Allowance(subject),
		}
	}
	move := stepFor(actions.Move, fynetheme.MailForwardIcon())
	back := stepFor(actions.Reactivate, fynetheme.HistoryIcon())
	back.text, back.prominent = tr.T("Bring back…"), true
	switch c.situation(l) {
	case own:
		return []step{move}
	case released:
		pickUp := stepFor(actions.PickUp, fynetheme.DownloadIcon())
		pickUp.prominent, pickUp.licensed = !l.LeftThisPC, c.LicensedOrder()
		return []step{pickUp}
	case former:
		return []step{back}
	case stranded:
		if back.licensed = c.LicensedOrder(); back.licensed != 0 {
			back.refusal = api.ErrSiteCodeInUse
		}
		move.text = tr.T("Offer to another PC…")
		return []step{back, move}
	case codeKept:
		return []step{{text: tr.T("Hand in or offer…"), do: o.Actions.ShowRemovalCodes, prominent: true}}
	case departing:
		return []step{{text: tr.T("What waits…"), do: o.Actions.ShowJobs}}
	}
	return nil
}

// hasProposal reports whether the panel proposes a possible step.
func (o Options) hasProposal(c Content, l manager.License) bool {
	steps := o.steps(c, l)
	return len(steps) > 0 && steps[0].prominent && steps[0].refusal == nil
}

// line returns the caption of a step: why it is disabled, or the remaining allowance.
func (o Options) line(s step) string {
	switch a := s.allowance; {
	case !s.limited:
		return ""
	case s.licensed != 0:
		return tr.T("this PC is licensed in order %d", s.licensed)
	case s.refusal != nil && (a == nil || a.OK || a.ResetsAt == nil) || a == nil:
		return explain.Reason(s.refusal)
	default:
		return words.Remaining(*a, o.Now())
	}
}

// situationView returns the section about the situation of a license, with its steps, or nil.
func (d *Details) situationView(c Content, l manager.License) fyne.CanvasObject {
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
	case departing:
		text = tr.T("It left this PC. The server is told by itself when it answers.")
	case codeKept:
		text = tr.T("It left this PC, and its removal code is kept here. The server does not know yet.")
	case stranded:
		text, tone = tr.T("It left this PC, and the server does not know that yet. Bring it back, offer it to another PC, "+
			"or remove it."), theme.Warning
	case released:
		text = tr.T("Released on %s. It waits until a PC picks it up.", words.LongDate(*l.ReleasedAt, now))
		if l.LeftThisPC {
			text = tr.T("Released here on %s. It waits for another PC; picking it up here takes it back.",
				words.LongDate(*l.ReleasedAt, now))
		}
	case former:
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
