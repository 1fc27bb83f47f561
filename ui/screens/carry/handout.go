package carry

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/qr"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// handout gives a document to the person who carries it: as a file, as QR codes, as text.
type handout struct {
	screen   *Screen
	document carry.Document
	fault    func(dialogs.Message)
	show     *dialogs.ContentButton
	save     *dialogs.ContentButton
	copy     *dialogs.ContentButton
	print    *dialogs.ContentButton
	slot     *background.Slot // of the printing
	below    *fyne.Container
	view     *qr.View
	object   fyne.CanvasObject
}

// wide is the width of dialogs with a handout.
const wide float32 = 820

// newHandout returns the buttons for a document; open shows its QR codes at once.
func (d *Screen) newHandout(doc carry.Document, open bool, fault func(dialogs.Message)) *handout {
	h := &handout{
		screen:   d,
		document: doc,
		fault:    fault,
		below:    container.NewStack(),
		slot:     d.options.Work.NewSlot(),
	}
	h.save = dialogs.NewButton(tr.T("Save as a file…"), fynetheme.DocumentSaveIcon(), h.saveFile)
	h.show = dialogs.NewButton(tr.T("Show QR"), nil, h.toggle)
	h.copy = dialogs.NewButton(tr.T("Copy as text"), fynetheme.ContentCopyIcon(), h.copyText)
	h.print = dialogs.NewButton(tr.T("Print…"), fynetheme.DocumentPrintIcon(), h.printPage)
	h.below.Hide()
	h.object = rows(theme.Margin, container.NewHBox(h.save, h.show, h.copy, h.print), h.below)
	if open {
		h.toggle()
	}
	return h
}

// close ends what it is doing.
func (h *handout) close() {
	h.slot.Cancel()
	h.hide()
}

// hide ends the turning of the pictures.
func (h *handout) hide() {
	if h.view != nil {
		h.view.Close()
		h.view = nil
	}
}

func (h *handout) saveFile() {
	content, err := carry.Encode(h.document)
	if err != nil {
		h.fault(h.screen.options.Explain(err))
		return
	}
	h.screen.options.Actions.Save(carry.FileName(h.document), string(content), func(err error) {
		if err != nil {
			h.fault(h.screen.options.Explain(err))
			return
		}
		h.save.SetText(tr.T("Saved"))
	})
}

// copyText copies what a person reads, and below it the links that the app reads.
func (h *handout) copyText() {
	text, err := carry.TextWithLinks(h.document)
	if err != nil {
		h.fault(h.screen.options.Explain(err))
		return
	}
	h.screen.options.Actions.Copy(text)
	h.copy.SetText(tr.T("Copied"))
}

// printPage opens a page with all of it in the person's browser, which prints.
func (h *handout) printPage() {
	content, err := page(h.document)
	if err != nil {
		h.fault(h.screen.options.Explain(err))
		return
	}
	h.print.Disable()
	background.Run(h.slot, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, h.screen.options.Actions.Print(ctx, content)
	}, func(_ struct{}, err error) {
		h.print.Enable()
		if err != nil {
			h.fault(dialogs.Message{
				What: tr.T("The page for printing could not be opened."),
				Why:  h.screen.options.Explain(err).Why,
				Next: tr.T("Save it as a file, or copy it as text."),
			})
			return
		}
		h.print.SetText(tr.T("Open in your browser"))
	})
}

// toggle shows the QR codes beside all that is in them, or no longer.
func (h *handout) toggle() {
	if h.view != nil {
		h.hide()
		h.below.Hide()
		h.show.SetText(tr.T("Show QR"))
		return
	}
	parts, err := carry.Pictures(h.document, carry.DefaultPicture)
	if err == nil {
		texts := make([]string, len(parts))
		for i, p := range parts {
			texts[i] = p.String()
		}
		h.view, err = qr.New(qr.Options{Work: h.screen.options.Work, After: h.screen.options.After}, texts...)
	}
	if err != nil {
		h.below.Objects = []fyne.CanvasObject{dialogs.Notice(theme.Warning, h.screen.options.Explain(err))}
	} else {
		lines := container.NewVScroll(described(h.document))
		lines.SetMinSize(fyne.NewSize(0, qr.DefaultSide-24))
		all := tr.T("This is all that is in the picture:")
		if len(parts) > 1 {
			all = tr.T("This is all that is in the pictures:")
		}
		beside := container.NewBorder(muted(all), nil, nil, nil, lines)
		pictures := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Margin), container.NewVBox(h.view.Object()))
		h.below.Objects = []fyne.CanvasObject{container.NewBorder(nil, nil, pictures, nil, beside)}
		h.show.SetText(tr.T("Hide QR"))
	}
	h.below.Show()
	h.below.Refresh()
}

// described is exactly what carry.Describe says of a document.
func described(doc carry.Document) fyne.CanvasObject {
	all := rows(2)
	item := 0
	for _, line := range carry.Describe(doc) {
		if line.Item != item {
			item = line.Item
			all.Add(container.New(layout.NewCustomPaddedLayout(theme.Gap, 0, 0, 0), widget.NewSeparator()))
		}
		title := theme.NewCaption(heading(line))
		title.Wrapping = fyne.TextWrapWord
		value := widget.NewLabel(said(line))
		value.Wrapping = fyne.TextWrapBreak
		all.Add(container.New(columns{}, theme.Tight(title), theme.Tight(value)))
	}
	return all
}

// heading is the title of a line in the person's language.
func heading(l carry.Line) string {
	title := tr.T(tr.Text(l.Title))
	if l.Of == "" {
		return title
	}
	return tr.T("%s: %s", tr.T(tr.Text(l.Of)), title)
}

// said is what a line says: what stands in the document, and what it means in the person's language.
func said(l carry.Line) string {
	meaning := tr.T(tr.Text(l.Meaning))
	switch {
	case meaning == "":
		return l.Value
	case l.Value == "":
		return meaning
	}
	return tr.T("%s (%s)", l.Value, meaning)
}

// columns lays out a name in two fifths of the width and its value in the rest.
type columns struct{}

func (columns) split(width float32) (name, value float32) {
	name = float32(int(width * 0.38))
	return name, width - name - theme.Gap
}

// MinSize is part of fyne.Layout.
func (columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, fyne.Max(objects[0].MinSize().Height, objects[1].MinSize().Height))
}

// Layout is part of fyne.Layout.
func (c columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	name, value := c.split(size.Width)
	objects[0].Resize(fyne.NewSize(name, objects[0].MinSize().Height))
	objects[1].Resize(fyne.NewSize(value, objects[1].MinSize().Height))
	objects[1].Move(fyne.NewPos(name+theme.Gap, 0))
}
