package tasks

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/privacy"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const (
	choiceThisPC    tr.Text = "This PC"
	choiceAnotherPC tr.Text = "Another PC"
)

// pcPane is the choice between this PC, whose codes are read, and another one, whose codes are typed or pasted.
type pcPane struct {
	options Options
	program api.Program
	// read reads this PC, off the UI thread; changed is called after every change of the codes.
	read    func(context.Context) (manager.ThisPC, error)
	changed func()

	own    bool // this PC is chosen
	known  bool // thisPC is set
	thisPC manager.ThisPC
	choice [2]*dialogs.ContentButton // this PC, another PC
	pane   *fyne.Container
	codes  *codeFields
	slot   *background.Slot
	object fyne.CanvasObject
}

func newPCPane(o Options, program api.Program, read func(context.Context) (manager.ThisPC, error), hint string,
	chosen func(own bool), changed func()) (*pcPane, error) {
	p := &pcPane{
		options: o,
		program: program,
		read:    read,
		changed: changed,
		pane:    container.NewStack(),
		slot:    o.Work.NewSlot(),
	}
	var err error
	if p.codes, err = newCodeFields(program.MergedCodes, hint, changed); err != nil {
		return nil, err
	}
	p.choice[0] = dialogs.NewButton(tr.T(choiceThisPC), nil, func() { chosen(true) })
	p.choice[1] = dialogs.NewButton(tr.T(choiceAnotherPC), nil, func() { chosen(false) })
	p.object = container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), container.NewHBox(p.choice[0], p.choice[1]),
		p.pane)
	return p, nil
}

// choose switches between this PC and another.
func (p *pcPane) choose(own bool) {
	p.own = own
	mark(p.choice[0], own)
	mark(p.choice[1], !own)
	if own {
		p.show(theme.Unpadded(muted(tr.T("Reading this PC…"))))
		p.readThisPC()
	} else {
		p.show(p.codes.object)
		p.options.Canvas.Focus(p.codes.first())
	}
}

// mark shows a button as selected or not.
func mark(b *dialogs.ContentButton, chosen bool) {
	b.Icon, b.Importance = fynetheme.RadioButtonIcon(), widget.LowImportance
	if chosen {
		b.Icon, b.Importance = fynetheme.RadioButtonCheckedIcon(), widget.MediumImportance
	}
	b.Refresh()
}

func (p *pcPane) show(o fyne.CanvasObject) {
	p.pane.Objects = []fyne.CanvasObject{o}
	p.pane.Refresh()
}

func (p *pcPane) readThisPC() {
	if p.known {
		p.show(p.thisPCPane())
		return
	}
	background.Run(p.slot, p.read, func(pc manager.ThisPC, err error) {
		if !p.own {
			return
		}
		if err != nil {
			m := p.options.Explain(err)
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: p.readThisPC}
			p.show(container.NewVBox(dialogs.Notice(theme.Bad, m)))
			return
		}
		p.thisPC, p.known = pc, true
		p.show(p.thisPCPane())
		p.changed()
	})
}

// thisPCPane returns the codes of this PC and what they contain.
func (p *pcPane) thisPCPane() fyne.CanvasObject {
	codes := []copyfield.Row{
		{Name: tr.T("Site code"), Text: p.thisPC.Codes.Site.String()},
		{Name: tr.T("Machine ID"), Text: p.thisPC.Codes.Machine.String()},
	}
	if p.program.MergedCodes {
		codes = []copyfield.Row{{Name: tr.T("Site code and Machine ID"), Text: p.thisPC.Codes.Merged()}}
	}
	box := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), copyfield.Form(p.options.Actions.Copy, codes...),
		theme.Unpadded(muted(sentText(p.thisPC))))
	box.Add(container.NewHBox(theme.AlignLeft(p.locksButton(box))))
	if !p.thisPC.Distinct() {
		box.Add(dialogs.Notice(theme.Warning, dialogs.Message{
			What: tr.T("This PC may not be recognized later."),
			Why:  tr.T("The network card and the disk, which distinguish it from others of its model, cannot be read."),
			Next: tr.T("You can activate it, but if something in it changes, only the vendor can replace the license."),
		}))
	}
	return box
}

// locksButton returns the button that shows and hides the table of locks at the end of box.
func (p *pcPane) locksButton(box *fyne.Container) fyne.CanvasObject {
	show, hide := tr.T("Show it lock by lock"), tr.T("Hide the locks")
	table := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
		theme.Unpadded(muted(strings.Join(words.Disclosure(), " "))), privacy.Table(p.thisPC))
	var b *dialogs.ContentButton
	b = dialogs.NewButton(show, fynetheme.MenuExpandIcon(), func() {
		if b.Text == show {
			b.Icon = fynetheme.MenuDropDownIcon()
			b.SetText(hide)
			box.Add(table)
		} else {
			b.Icon = fynetheme.MenuExpandIcon()
			b.SetText(show)
			box.Remove(table)
		}
		box.Refresh()
	})
	b.Importance = widget.LowImportance
	return b
}

// sentText returns the sentences about what is sent about this PC.
func sentText(pc manager.ThisPC) string {
	var missing []string
	for _, l := range pc.Locks {
		if !l.Readable {
			missing = append(missing, words.Lock(l.Lock))
		}
	}
	text := tr.T("Only these two codes are sent. They contain 63 bits about this PC: 5 to 14 for each of seven " +
		"locks, such as the system disk or the network card. They contain no serial number and no address, but they " +
		"narrow both down.")
	if len(missing) > 0 {
		text += " " + tr.T("Not readable here: %s.", words.List(missing))
	}
	return text
}

// ready reports whether there are codes to send; missing says what to enter, or is "" while this PC is being read.
func (p *pcPane) ready() (ok bool, missing string) {
	if p.own {
		return p.known, ""
	}
	_, _, ok = p.codes.values()
	return ok, p.codes.missing()
}

// codesFunc returns a function that returns the codes that are chosen now. It checks typed codes before anything is
// sent, off the UI thread.
func (p *pcPane) codesFunc() func(context.Context) (license.Codes, error) {
	if p.own {
		codes := p.thisPC.Codes
		return func(context.Context) (license.Codes, error) { return codes, nil }
	}
	return p.codes.codesFunc(p.options, p.program)
}

// showFault shows at the field that the codes do not match, if err says so.
func (p *pcPane) showFault(err error) { p.codes.showFault(err) }
