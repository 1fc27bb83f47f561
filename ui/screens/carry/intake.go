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

// intake is the part of a dialog that reads requests, answers and license files from files, folders, pictures and text.
type intake struct {
	screen    *Screen
	dialog    *dialogs.Dialog
	kind      wanted
	found     func(batch)
	slot      *background.Slot
	collector carry.Collector // used by the background work of slot only
	waiting   [][]byte
	folders   []string // queued, like waiting
	missing   *fyne.Container
	remarks   []remark
	remarkBox *fyne.Container // shows remarks
	object    fyne.CanvasObject
}

// newIntake returns an intake; the caller sets its dialog. found is called with complete documents, and of those in
// folders only with the wanted kind.
func (d *Screen) newIntake(kind wanted, found func(batch)) *intake {
	in := &intake{
		screen:    d,
		kind:      kind,
		found:     found,
		slot:      d.options.Work.NewSlot(),
		missing:   rows(theme.Gap),
		remarkBox: rows(2),
	}
	in.object = container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap),
		container.NewHBox(
			dialogs.NewButton(tr.T("File or picture…"), fynetheme.FileIcon(), in.choose),
			dialogs.NewButton(tr.T("Open a folder…"), fynetheme.FolderOpenIcon(), in.chooseFolder),
			dialogs.NewButton(tr.T("Picture on the clipboard"), fynetheme.FileImageIcon(), in.readClipboard),
			dialogs.NewButton(tr.T("Paste text"), fynetheme.ContentPasteIcon(), in.paste)),
		muted(tr.T("Or drop files or a folder on this window. QR codes can be in any order, and several in one "+
			"picture, such as a screenshot.")),
		in.missing, in.remarkBox)
	in.remarkBox.Hide()
	d.intake = in
	return in
}

// close cancels reading when the dialog closes.
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
			Next: tr.T("Copy the complete text or the links first, or use the picture instead."),
		})
		return
	}
	in.take([][]byte{[]byte(text)}, nil)
}

func (in *intake) readClipboard() {
	if in.slot.Busy() {
		return
	}
	in.dialog.SetBusy(tr.T("Reading the clipboard…"), in.slot.Interrupt)
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

// take queues contents and folders, and reads them in the background.
func (in *intake) take(contents [][]byte, folders []string) {
	in.waiting, in.folders = append(in.waiting, contents...), append(in.folders, folders...)
	if !in.slot.Busy() {
		in.next()
	}
}

// readResult is what was read from contents and folders.
type readResult struct {
	batch
	open []carry.Progress
	code string // an activation code in a text without a document, or ""
}

func (in *intake) next() {
	contents, folders := in.waiting, in.folders
	if len(contents)+len(folders) == 0 {
		return
	}
	in.waiting, in.folders = nil, nil
	in.dialog.SetBusy(tr.T("Reading…"), in.slot.Interrupt)
	background.Run(in.slot, func(ctx context.Context) (r readResult, fault error) {
		for _, content := range contents {
			docs, err := in.collector.AddData(ctx, content)
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
		r.open = in.collector.Incomplete()
		if len(folders) > 0 {
			if err := in.readFolders(ctx, folders, &r.batch); err != nil && fault == nil {
				fault = err
			}
		}
		return r, fault
	}, func(r readResult, err error) {
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
			in.addRemarks(r.remarks)
			if len(folders) > 0 && err == nil {
				in.dialog.SetError(in.kind.emptyFolder())
			}
		}
		in.next()
	})
}

// activationCode returns the first activation code in a text, or "".
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

// showMissing lists the parts that are still missing.
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
		return tr.T("%d of %s of the %s read; numbers %s are missing.",
			have, all, words.Document(p.Kind), words.And(numbers))
	}
	return tr.T("%d of %s of the %s read; number %s is missing.", have, all, words.Document(p.Kind), numbers[0])
}

// Open shows the dialog that reads documents of other PCs. UI thread.
func (d *Screen) Open() {
	var dialog *dialogs.Dialog
	in := d.newIntake(wantsAnything, func(b batch) {
		dialog.Close()
		d.route(b)
	})
	dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Open a request, an answer or a license file"),
		Subtitle: tr.T("You see the content before anything is done."),
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

// muted returns a wrapping label of low importance.
func muted(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	return theme.Unpadded(l)
}

// plain returns a wrapping label.
func plain(text string) fyne.CanvasObject {
	l := widget.NewLabel(text)
	l.Wrapping = fyne.TextWrapWord
	return theme.Unpadded(l)
}

// bold returns a wrapping label in bold.
func bold(text string) fyne.CanvasObject {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	l.Wrapping = fyne.TextWrapWord
	return theme.Unpadded(l)
}

// labeled returns a field below its name.
func labeled(name string, field fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Unpadded(widget.NewLabel(name)), field)
}

// rows stacks objects vertically.
func rows(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(gap), objects...)
}

// scrollPadded leaves room for the scrollbar of a dialog.
func scrollPadded(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Margin), o)
}

// indented indents an object below its heading.
func indented(o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(0, 0, 28, 0), o)
}

// programName returns name, or a name made of the signature if it is "".
func programName(name string, signature license.Signature) string {
	if name == "" {
		return tr.T("Program with signature %s", signature)
	}
	return name
}
