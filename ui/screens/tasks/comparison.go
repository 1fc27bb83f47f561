package tasks

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// comparisonTable returns a table with the state of each lock.
func comparisonTable(c license.Comparison) fyne.CanvasObject {
	head := func(text string) fyne.CanvasObject {
		return theme.Unpadded(widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true}))
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(2),
		container.NewGridWithColumns(3, head(tr.T("Lock")), head(tr.T("Before and now")), head("")), widget.NewSeparator())
	for _, l := range c.Locks {
		name := words.Lock(l.Lock)
		name = words.UpperFirst(name)
		remark := widget.NewLabel(remarkOn(l))
		remark.Importance = widget.LowImportance
		rows.Add(container.NewGridWithColumns(3, theme.Unpadded(widget.NewLabel(name)), stateOf(l), theme.Unpadded(remark)))
	}
	return rows
}

// stateOf returns the state of a lock. The text alone is sufficient; the color adds no information.
func stateOf(l license.LockState) fyne.CanvasObject {
	tone, compared := toneOf(l)
	if !compared {
		none := widget.NewLabel(words.LockState(l))
		none.Importance = widget.LowImportance
		return theme.Unpadded(none)
	}
	return theme.NewBadge(words.LockState(l), tone)
}

// toneOf returns the tone of a lock's state, and whether the lock was compared, which means that it is the same or
// differs.
func toneOf(l license.LockState) (tone theme.Tone, compared bool) {
	switch {
	case l.State == license.Same:
		return theme.Good, true
	case !l.Differs:
		return theme.Muted, false
	case !l.Changeable:
		return theme.Bad, true
	}
	return theme.Warning, true
}

func remarkOn(l license.LockState) string {
	switch {
	case !l.Differs:
		return ""
	case !l.Changeable:
		return tr.T("must not change")
	case l.Counts:
		return tr.T("counts")
	}
	return tr.T("may always change")
}

// verdict returns what the server will answer, with the remaining allowance.
func verdict(c license.Comparison, remaining string) (theme.Tone, dialogs.Message) {
	if !c.Accepted {
		reasons := make([]string, len(c.Reasons))
		for i, r := range c.Reasons {
			reasons[i] = words.Refusal(r)
		}
		return theme.Bad, dialogs.Message{
			What: tr.T("The server will refuse this: the PC is not recognized."), Why: strings.Join(reasons, " "),
			Next: tr.T("Ask the vendor for help, or use a free license for this PC."),
		}
	}
	what := tr.T("%d of %s. The server will accept this.", c.HardwareChanges, words.AllowedChanges(c.MaxHardwareChanges))
	if c.HardwareChanges == 0 {
		what = tr.T("The PC is recognized. The server will accept this.")
	}
	return theme.Good, dialogs.Message{What: what, Why: remaining}
}

// allowanceTexts are the sentences about the allowance of one task.
type allowanceTexts struct{ unlimited, dayOne, dayMany, monthOne, monthMany tr.Text }

var (
	reactivations = allowanceTexts{
		unlimited: "The vendor does not limit reactivations.",
		dayOne:    "%d reactivation left today",
		dayMany:   "%d reactivations left today",
		monthOne:  "%d reactivation left this month",
		monthMany: "%d reactivations left this month",
	}
	transfers = allowanceTexts{
		unlimited: "The vendor does not limit transfers.",
		dayOne:    "%d transfer left today",
		dayMany:   "%d transfers left today",
		monthOne:  "%d transfer left this month",
		monthMany: "%d transfers left this month",
	}
	removals = allowanceTexts{
		unlimited: "The vendor does not limit removals.",
		dayOne:    "%d removal left today",
		dayMany:   "%d removals left today",
		monthOne:  "%d removal left this month",
		monthMany: "%d removals left this month",
	}
)

// allowanceLine returns the sentence about the remaining allowance and its reset.
func (o Options) allowanceLine(a *api.Allowance, texts allowanceTexts) string {
	if a == nil || a.RemainingToday == nil && a.RemainingMonth == nil {
		return tr.T(texts.unlimited)
	}
	var parts []string
	if a.RemainingToday != nil {
		parts = append(parts, tr.N(*a.RemainingToday, texts.dayOne, texts.dayMany))
	}
	if a.RemainingMonth != nil {
		parts = append(parts, tr.N(*a.RemainingMonth, texts.monthOne, texts.monthMany))
	}
	if a.ResetsAt != nil {
		return tr.T("%s; resets on %s.", words.UpperFirst(words.List(parts)), words.LongDate(*a.ResetsAt, o.Now()))
	}
	return words.Sentence(words.List(parts))
}

// report returns the email to the vendor about a PC that is not recognized: codes then and now, and the comparison.
func report(l manager.License, program api.Program, codes license.Codes, c license.Comparison) (subject, text string) {
	var b strings.Builder
	b.WriteString(tr.T("Order: %d, %s\nLicense: %d (%s)", l.OrderID, program.Name, l.ID, words.Note(l.Note)) + "\n\n")
	b.WriteString(tr.T("Site code before: %s\nMachine ID before: %s", l.SiteCode, l.MachineID) + "\n\n")
	b.WriteString(tr.T("Site code now: %s\nMachine ID now: %s", codes.Site, codes.Machine) + "\n\n")
	for _, lock := range c.Locks {
		b.WriteString(tr.T("%s: %s", words.Lock(lock.Lock), words.LockState(lock)) + "\n")
	}
	for _, r := range c.Reasons {
		b.WriteString(words.Refusal(r) + "\n")
	}
	return tr.T("License %d of order %d: the PC is not recognized", l.ID, l.OrderID), b.String()
}
