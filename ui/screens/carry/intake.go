package carry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// intake is the part of a dialog through which requests, answers and license files come in, in all their forms.
type intake struct {
	screen    *Screen
	dialog    *dialogs.Dialog
	wants     wanted
	found     func(batch)
	slot      *background.Slot
	collector carry.Collector // used by the work of slot
	waiting   [][]byte
	folders   []string // that wait
	missing   *fyne.Container
	remarks   []remark
	passed    *fyne.Container // shows the remarks
	object    fyne.CanvasObject
}

// newIntake returns the part for a dialog that is set later. Of folders it takes what is wanted; found gets what is
// whole.
func (d *Screen) newIntake(wants wanted, found func(batch)) *intake {
	in := &intake{
		screen:  d,
		wants:   wants,
		found:   found,
		slot:    d.options.Work.NewSlot(),
		missing: rows(theme.Gap),
		passed:  rows(2),
	}
	in.object = container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
		container.NewHBox(
			dialogs.NewButton(tr.T("File or picture…"), fynetheme.FileIcon(), in.choose),
			dialogs.NewButton(tr.T("Open a folder…"), fynetheme.FolderOpenIcon(), in.chooseFolder),
			dialogs.NewButton(tr.T("Picture on the clipboard"), fynetheme.FileImageIcon(), in.clipping),
			dialogs.NewButton(tr.T("Paste text"), fynetheme.ContentPasteIcon(), in.paste)),
		muted(tr.T("Or drop files or a folder on this window. QR codes may come in any order, several in one picture, "+
			"such as a screen clipping.")),
		in.missing, in.passed)
	in.passed.Hide()
	d.intake = in
	return in
}

// close ends the reading; it is called when the dialog is closed.
func (in *intake) close() {
	in.slot.Cancel()
	in.waiting, in.folders = nil, nil
	if in.screen.intake == in {
		in.screen.intake = nil
	}
}

func (in *intake) choose() {
	in.screen.options.Actions.Choose(func(content []byte, err error) {
		if err != nil {
			in.dialog.SetError(in.screen.options.Explain(err))
			return
		}
		in.take([][]byte{content}, nil)
	})
}

func (in *intake) chooseFolder() {
	in.screen.options.Actions.ChooseFolder(func(dir string, err error) {
		if err != nil {
			in.dialog.SetError(in.screen.options.Explain(err))
			return
		}
		in.take(nil, []string{dir})
	})
}

func (in *intake) paste() {
	text := in.screen.options.Actions.Paste()
	if strings.TrimSpace(text) == "" {
		in.dialog.SetError(dialogs.Message{
			What: tr.T("There is no text on the clipboard."),
			Next: tr.T("Copy the whole text or the links first, or take the picture instead."),
		})
		return
	}
	in.take([][]byte{[]byte(text)}, nil)
}

func (in *intake) clipping() {
	if in.slot.Busy() {
		return
	}
	in.dialog.SetBusy(tr.T("Looking at the clipboard…"), in.slot.Interrupt)
	background.Run(in.slot, in.screen.options.Actions.Picture, func(content []byte, err error) {
		in.dialog.SetIdle()
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			in.dialog.SetError(in.screen.options.Explain(err))
		default:
			in.waiting = append(in.waiting, content)
		}
		in.next()
	})
}

// take reads contents and folders one after another; what comes meanwhile waits.
func (in *intake) take(contents [][]byte, folders []string) {
	in.waiting, in.folders = append(in.waiting, contents...), append(in.folders, folders...)
	if !in.slot.Busy() {
		in.next()
	}
}

// read is what came out of some contents.
type read struct {
	batch
	open []carry.Progress
	code string // a typed activation code where there was no document
}

func (in *intake) next() {
	contents, folders := in.waiting, in.folders
	if len(contents)+len(folders) == 0 {
		return
	}
	in.waiting, in.folders = nil, nil
	in.dialog.SetBusy(tr.T("Reading…"), in.slot.Interrupt)
	background.Run(in.slot, func(ctx context.Context) (r read, fault error) {
		for _, content := range contents {
			docs, err := in.collector.Take(ctx, content)
			if ctx.Err() != nil {
				return r, ctx.Err()
			}
			if code := activationCode(content); code != "" && errors.Is(err, carry.ErrUnknown) {
				r.code, err = code, nil
			}
			if err != nil && fault == nil {
				fault = err
			}
			r.add(docs)
		}
		r.open = in.collector.Open()
		if len(folders) > 0 {
			if err := in.readFolders(ctx, folders, &r.batch); err != nil && fault == nil {
				fault = err
			}
		}
		return r, fault
	}, func(r read, err error) {
		in.dialog.SetIdle()
		in.showMissing(r.open)
		if err != nil && !errors.Is(err, context.Canceled) {
			in.dialog.SetError(in.screen.explain(err))
		}
		switch {
		case !r.empty():
			in.found(r.batch)
			if err != nil && in.dialog.Closed() {
				in.screen.options.Dialogs.Error(in.screen.explain(err))
			}
		case r.code != "":
			in.dialog.Close()
			in.screen.enterCode(r.code)
		default:
			in.remark(r.remarks)
			if len(folders) > 0 && err == nil {
				in.dialog.SetError(in.wants.nothing())
			}
		}
		in.next()
	})
}

// activationCode is the first typed activation code in a text, or "".
func activationCode(content []byte) string {
	if len(content) > carry.MaxSize {
		return ""
	}
	for _, found := range license.Find(string(content)) {
		if found.Kind == license.KindActivationCode {
			return found.Text
		}
	}
	return ""
}

// showMissing tells which pictures are still to come.
func (in *intake) showMissing(open []carry.Progress) {
	in.missing.RemoveAll()
	for _, p := range open {
		in.missing.Add(dialogs.Notice(theme.Accent,
			dialogs.Message{What: missingText(p), Why: tr.T("Show the others too, in any order.")}))
	}
	in.missing.Refresh()
}

func missingText(p carry.Progress) string {
	numbers := make([]string, len(p.Missing))
	for i, n := range p.Missing {
		numbers[i] = fmt.Sprint(n)
	}
	have, all := p.Count-len(p.Missing), tr.N(p.Count, "%d picture", "%d pictures")
	if len(numbers) > 1 {
		return tr.T("%d of %s of the %s read; number %s are missing.", have, all, words.Document(p.Kind), words.And(numbers))
	}
	return tr.T("%d of %s of the %s read; number %s is missing.", have, all, words.Document(p.Kind), numbers[0])
}

// Open shows the dialog that takes in what another PC made. UI thread.
func (d *Screen) Open() {
	var dialog *dialogs.Dialog
	in := d.newIntake(wantsAnything, func(h batch) {
		dialog.Close()
		d.route(h)
	})
	dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Open a request, an answer or a license file"),
		Subtitle: tr.T("You see what is in it before anything is done."),
		Content:  in.object,
		Width:    620,
		Buttons: []dialogs.Button{
			{Text: tr.T("Type an activation code…"), OnTapped: func() { dialog.Close(); d.enterCode("") }},
			{Text: tr.T("Close"), Cancel: true},
		},
		OnClosed: in.close,
	})
	in.dialog = dialog
}

// muted is a sentence of little weight over the whole width.
func muted(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	return theme.Tight(l)
}

// plain is a sentence over the whole width.
func plain(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Tight(l)
}

// bold is a heading inside a dialog.
func bold(text string) fyne.CanvasObject {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	l.Wrapping = fyne.TextWrapWord
	return theme.Tight(l)
}

// labeled is a field with its name above.
func labeled(name string, field fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Tight(widget.NewLabel(name)), field)
}

// rows stand below each other.
func rows(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

// beside leaves room for the bar of a dialog that scrolls.
func beside(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Margin), o)
}

// indented moves something in below its heading.
func indented(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 28, 0), o)
}

// programName is what is shown of a program.
func programName(name string, signature license.Signature) string {
	if name == "" {
		return tr.T("Program with signature %s", signature)
	}
	return name
}
