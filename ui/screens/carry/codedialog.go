package carry

import (
	"context"
	"errors"
	"fmt"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/codeentry"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/tasks"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const enterLabel tr.Text = "Enter the code"

// codeDialog is the open dialog for an activation code.
type codeDialog struct {
	screen   *Screen
	dialog   *dialogs.Dialog
	programs []manager.OfflineProgram
	choice   *dialogs.Select
	code     *codeentry.Entry
	slot     *background.Slot
}

// enterCode shows the dialog for an activation code; code, which may be "", is its initial value.
func (d *Screen) enterCode(code string) {
	c := &codeDialog{screen: d, slot: d.options.Work.NewSlot()}
	c.choice = dialogs.NewSelect(nil, func(string) { c.changed() })
	c.choice.PlaceHolder = tr.T("Choose the program")
	var err error
	format := tasks.CodeFormat(license.KindActivationCode, "F3945D8C-B0D71FFA-02A956E3-8D6DB947")
	if c.code, err = codeentry.New(format); err != nil {
		d.options.Dialogs.Error(d.options.Explain(err))
		return
	}
	c.code.OnChanged = func(string, error) { c.changed() }
	c.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Type an activation code"),
		Subtitle: tr.T("For programs that accept typed codes. The program checks the code at its next start on this PC."),
		Content:  rows(theme.Margin, labeled(tr.T("Program"), c.choice), labeled(tr.T("Activation code"), c.code)),
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(enterLabel), Default: true, OnTapped: c.submit},
		},
		OnClosed: c.slot.Cancel,
	})
	if code != "" {
		c.code.SetText(code)
	}
	c.changed()
	c.load()
}

func (c *codeDialog) load() {
	c.dialog.SetBusy(tr.T("Looking for programs…"), func() { c.slot.Cancel(); c.dialog.Close() })
	background.Run(c.slot, c.screen.options.Manager.OfflinePrograms, func(list []manager.OfflineProgram, err error) {
		c.dialog.SetIdle()
		if err != nil {
			c.dialog.SetError(c.screen.options.Explain(err))
			return
		}
		var names []string
		for _, p := range list {
			if p.TypedCodes {
				c.programs = append(c.programs, p)
				names = append(names, fmt.Sprintf("%s (%s)", programName(p.Name, p.Signature), p.Signature))
			}
		}
		c.choice.SetOptions(names)
		if len(names) == 1 {
			c.choice.SetSelectedIndex(0)
		}
		if len(names) == 0 {
			c.dialog.SetContent(rows(theme.Margin, dialogs.Notice(theme.Neutral, dialogs.Message{
				What: tr.T("No program on this PC accepts typed codes."),
				Why:  tr.T("A program says so when it is started for the first time, and many accept license files only."),
				Next: tr.T("Start the program once and come back, or take the license file."),
			})))
		}
		c.changed()
		if first := fyne.Focusable(c.choice); len(names) == 1 {
			c.screen.options.Canvas.Focus(c.code.Focusable())
		} else if len(names) > 1 {
			c.screen.options.Canvas.Focus(first)
		}
	})
}

func (c *codeDialog) changed() {
	if c.dialog == nil {
		return
	}
	c.dialog.ClearError()
	_, ok := c.code.Value()
	reason := ""
	switch {
	case c.choice.SelectedIndex() < 0:
		reason = tr.T("Choose the program.")
	case !ok:
		reason = tr.T("Enter the activation code.")
	}
	if len(c.programs) == 0 {
		c.dialog.SetButton(tr.T(enterLabel), false, "")
		return
	}
	c.dialog.SetButton(tr.T(enterLabel), reason == "", reason)
}

func (c *codeDialog) submit() {
	at := c.choice.SelectedIndex()
	text, ok := c.code.Value()
	if at < 0 || !ok {
		return
	}
	p := c.programs[at]
	c.dialog.SetBusy(tr.T("Keeping the code…"), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.screen.options.Manager.EnterCode(ctx, p.Signature, text)
	}, func(_ struct{}, err error) {
		c.dialog.SetIdle()
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			c.dialog.SetError(c.screen.options.Explain(err))
		default:
			c.dialog.Close()
			c.screen.options.Actions.PCLicensesChanged()
			c.screen.options.Dialogs.Info(tr.T("The code is kept for the program"),
				tr.T("Start %s on this PC now: it checks the code, and says so if the code is for another PC.",
					programName(p.Name, p.Signature)))
		}
	})
}
