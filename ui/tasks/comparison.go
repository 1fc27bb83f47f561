package tasks

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/words"
)

// comparisonTable shows lock by lock what is the same and what is not.
func comparisonTable(c license.Comparison) fyne.CanvasObject {
	head := func(text string) fyne.CanvasObject {
		return theme.Tight(widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true}))
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(2), container.NewGridWithColumns(3, head("Lock"), head("Then and now"), head("")), widget.NewSeparator())
	for _, l := range c.Locks {
		name := words.Lock(l.Lock)
		name = strings.ToUpper(name[:1]) + name[1:]
		remark := widget.NewLabel(remarkOn(l))
		remark.Importance = widget.LowImportance
		rows.Add(container.NewGridWithColumns(3, theme.Tight(widget.NewLabel(name)), stateOf(l), theme.Tight(remark)))
	}
	return rows
}

// stateOf is the state of a lock; its color says nothing that its text does not say.
func stateOf(l license.LockState) fyne.CanvasObject {
	if l.Absent {
		none := widget.NewLabel("not readable, then and now")
		none.Importance = widget.LowImportance
		return theme.Tight(none)
	}
	tone := theme.Good
	switch {
	case l.State != license.Same && !l.Changeable:
		tone = theme.Bad
	case l.State != license.Same:
		tone = theme.Warning
	}
	return theme.NewBadge(l.State.String(), tone)
}

func remarkOn(l license.LockState) string {
	switch {
	case l.State == license.Same:
		return ""
	case !l.Changeable:
		return "must not change"
	case l.Counts:
		return "counts"
	}
	return "may always change"
}

// verdict says what the server will answer, and what is left of the allowance.
func verdict(c license.Comparison, left string) (theme.Tone, dialogs.Message) {
	if !c.Accepted {
		reasons := make([]string, len(c.Reasons))
		for i, r := range c.Reasons {
			reasons[i] = r.String()
		}
		return theme.Bad, dialogs.Message{
			What: "The server will refuse this: the PC is not recognized.", Why: strings.Join(reasons, " "),
			Next: "Ask the vendor for help, or use a free license for this PC.",
		}
	}
	what := fmt.Sprintf("%d of %s. The server will accept this.", c.HardwareChanges, words.Count(c.MaxHardwareChanges, "allowed hardware change", "allowed hardware changes"))
	if c.HardwareChanges == 0 {
		what = "The PC is recognized. The server will accept this."
	}
	return theme.Good, dialogs.Message{What: what, Why: left}
}

// allowanceLine says what is left of an allowance and when it is counted anew.
func (o Options) allowanceLine(a *api.Allowance, one, many string) string {
	if a == nil || a.RemainingToday == nil && a.RemainingMonth == nil {
		return fmt.Sprintf("The vendor sets no limit to %s.", many)
	}
	var parts []string
	if a.RemainingToday != nil {
		parts = append(parts, fmt.Sprintf("%s left today", words.Count(*a.RemainingToday, one, many)))
	}
	if a.RemainingMonth != nil {
		parts = append(parts, fmt.Sprintf("%s left this month", words.Count(*a.RemainingMonth, one, many)))
	}
	text := strings.Join(parts, ", ")
	if a.ResetsAt != nil {
		text += fmt.Sprintf("; counted anew from %s", words.LongDate(*a.ResetsAt, o.Now()))
	}
	return text + "."
}

// report is what the vendor needs to help: the codes then and now, and how they compare.
func report(l manager.License, program api.Program, codes license.Codes, c license.Comparison) (subject, text string) {
	var b strings.Builder
	fmt.Fprintf(&b, "Order: %d, %s\nLicense: %d (%s)\n\n", l.OrderID, program.Name, l.ID, words.Note(l.Note))
	fmt.Fprintf(&b, "Site code then: %s\nMachine ID then: %s\n\n", l.SiteCode, l.MachineID)
	fmt.Fprintf(&b, "Site code now: %s\nMachine ID now: %s\n\n", codes.Site, codes.Machine)
	for _, lock := range c.Locks {
		state := lock.State.String()
		if lock.Absent {
			state = "not readable, then and now"
		}
		fmt.Fprintf(&b, "%s: %s\n", words.Lock(lock.Lock), state)
	}
	for _, r := range c.Reasons {
		fmt.Fprintf(&b, "%s\n", r)
	}
	return fmt.Sprintf("License %d of order %d: the PC is not recognized", l.ID, l.OrderID), b.String()
}
