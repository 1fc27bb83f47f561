// Package privacy implements the dialog that shows what is sent about this PC: Site code and Machine ID, decoded lock
// by lock, and what they disclose. It sends nothing.
package privacy

import (
	"context"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Title is the title of the dialog.
const Title tr.Text = "What is sent about this PC"

const sentText tr.Text = "To the license server go your user name and password when you sign in, the name of this " +
	"PC, and what you enter. About the hardware go Site code and Machine ID only. They hold 63 bits for each program: " +
	"5 to 14 for each of seven locks."

const storedText tr.Text = "The session is kept in the keyring of this PC, the last known tables in your own " +
	"application-data folder. The removal code of a license that left this PC lies in a file that only you can read, " +
	"beside the license files, until the server has it. Nothing goes to anybody else."

// Reader reads this PC for a program; *manager.Manager implements it. ThisPC is called off the UI thread.
type Reader interface {
	ThisPC(ctx context.Context, programID int64) (manager.ThisPC, error)
}

// Options configures the dialog. Functions are called on the UI thread.
type Options struct {
	Dialogs *dialogs.Queue
	Work    *background.Group
	Reader  Reader
	Copy    func(text string)
	Explain func(error) dialogs.Message
}

// Program is a program that needs activation.
type Program struct {
	ID   int64
	Name string
}

// Open shows the dialog with the codes for the program whose id is first, or without codes if there are no programs. UI
// thread.
func Open(o Options, programs []Program, first int64) {
	codes := container.NewStack()
	slot := o.Work.NewSlot()
	content := container.New(layout.NewCustomPaddedVBoxLayout(theme.Section), paragraph(tr.T(sentText)),
		paragraph(strings.Join(words.Disclosure(), " ")), paragraph(tr.T(storedText)))
	show := func(shown fyne.CanvasObject) {
		codes.Objects = []fyne.CanvasObject{shown}
		codes.Refresh()
	}
	var read func(Program)
	read = func(p Program) {
		show(paragraph(tr.T("Reading this PC…")))
		background.Run(slot, func(ctx context.Context) (manager.ThisPC, error) { return o.Reader.ThisPC(ctx, p.ID) },
			func(pc manager.ThisPC, err error) {
				if err != nil {
					m := o.Explain(err)
					m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: func() { read(p) }}
					show(dialogs.Notice(theme.Bad, m))
					return
				}
				codesForm := copyfield.Form(o.Copy, copyfield.Row{Name: tr.T("Site code"), Text: pc.Codes.Site.String()},
					copyfield.Row{Name: tr.T("Machine ID"), Text: pc.Codes.Machine.String()})
				show(container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), codesForm, Table(pc)))
			})
	}
	if len(programs) > 0 {
		names := make([]string, len(programs))
		chosen := 0
		for i, p := range programs {
			names[i] = p.Name
			if p.ID == first {
				chosen = i
			}
		}
		choice := dialogs.NewSelect(names, nil)
		choice.OnChanged = func(string) { read(programs[choice.SelectedIndex()]) }
		content.Add(container.NewBorder(nil, nil, theme.AlignLeft(label(tr.T("For this program"))), nil, choice))
		content.Add(codes)
		choice.SetSelectedIndex(chosen)
	}
	o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T(Title),
		Content:  content,
		Width:    640,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
		OnClosed: slot.Cancel,
	})
}

// Table returns the decoded codes of this PC: a row for each lock, with its source and the bits that are sent, and the
// generation. UI thread.
func Table(pc manager.ThisPC) fyne.CanvasObject {
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap))
	for _, l := range pc.Locks {
		remark := ""
		if !l.Readable {
			remark = tr.T("Cannot be read here, so nothing is sent: %s", words.Translate(l.Why))
		}
		bits := formatBits(uint64(l.Bits), l.Lock.Bits())
		rows.Add(row(words.UpperFirst(words.Lock(l.Lock)), words.LockSource(l.Lock), remark, bits))
		rows.Add(widget.NewSeparator())
	}
	rows.Add(row(tr.T("Generation"), tr.T("a random number, new after every removal: it tells nothing about this PC"), "",
		formatBits(uint64(pc.Codes.Site.Generation()), 12)))
	rows.Add(caption(tr.T("The Machine ID is these 63 bits of the locks and one that is always 0, scrambled with the " +
		"Site code. The Site code is the generation and a check of 20 bits, which is computed from all of this.")))
	return rows
}

// formatBits returns an n-bit value in binary, in groups of three from the right, so that right-aligned values line up.
func formatBits(value uint64, n int) string {
	text := fmt.Sprintf("%0*b", n, value)
	var groups []string
	for end := (len(text)-1)%3 + 1; end <= len(text); end += 3 {
		groups = append(groups, text[max(0, end-3):end])
	}
	return strings.Join(groups, " ")
}

// row returns a part of the codes with its source, a warning, which may be "", and its bits.
func row(name, source, remark, bits string) fyne.CanvasObject {
	text := container.New(layout.NewCustomPaddedVBoxLayout(2), theme.Unpadded(widget.NewLabel(name)), caption(source))
	if remark != "" {
		l := theme.NewCaption(remark)
		l.Wrapping, l.Importance = fyne.TextWrapWord, widget.WarningImportance
		text.Add(theme.Unpadded(l))
	}
	value := widget.NewLabelWithStyle(bits, fyne.TextAlignTrailing, theme.Monospace())
	return container.NewBorder(nil, nil, nil, container.NewCenter(theme.Unpadded(value)), text)
}

func label(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Importance = widget.LowImportance
	return l
}

func caption(text string) fyne.CanvasObject {
	l := theme.NewCaption(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Unpadded(l)
}

func paragraph(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Unpadded(l)
}
