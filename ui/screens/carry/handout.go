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

// handout is a widget that gives a document to the courier: as a file, as QR codes, as text or on paper.
type handout struct {
	screen   *Screen
	document carry.Document
	fault    func(dialogs.Message)
	show     *dialogs.ContentButton
	save     *dialogs.ContentButton
	copy     *dialogs.ContentButton
	print    *dialogs.ContentButton
	slot     *background.Slot // printing
	below    *fyne.Container
	view     *qr.View
	object   fyne.CanvasObject
}

// handoutWidth is the width of dialogs with a handout, in device-independent pixels.
const handoutWidth float32 = 820

// newHandout returns a handout; open shows its QR codes initially. fault shows an error.
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

// close cancels printing and the animation of the QR codes.
func (h *handout) close() {
	h.slot.Cancel()
	h.hide()
}

// hide stops the animation of the QR codes.
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

// copyText copies the text of the document, followed by the links that the app reads.
func (h *handout) copyText() {
	text, err := carry.TextWithLinks(h.document)
	if err != nil {
		h.fault(h.screen.options.Explain(err))
		return
	}
	h.screen.options.Actions.Copy(text)
	h.copy.SetText(tr.T("Copied"))
}

// printPage opens the document in the web browser, which prints it.
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

// toggle shows or hides the QR codes with their content in words.
func (h *handout) toggle() {
	if h.view != nil {
		h.hide()
		h.below.Hide()
		h.show.SetText(tr.T("Show QR"))
		return
	}
	parts, err := carry.Parts(h.document, carry.DefaultPartSize)
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
		lines := container.NewVScroll(description(h.document))
		lines.SetMinSize(fyne.NewSize(0, qr.DefaultSide-24))
		all := tr.T("The complete content of the QR code:")
		if len(parts) > 1 {
			all = tr.T("The complete content of the QR codes:")
		}
		explained := container.NewBorder(muted(all), nil, nil, nil, lines)
		pictures := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Margin), container.NewVBox(h.view.Object()))
		h.below.Objects = []fyne.CanvasObject{container.NewBorder(nil, nil, pictures, nil, explained)}
		h.show.SetText(tr.T("Hide QR"))
	}
	h.below.Show()
	h.below.Refresh()
}

// description returns the lines of carry.Describe.
func description(doc carry.Document) fyne.CanvasObject {
	all := rows(2)
	item := 0
	for _, line := range carry.Describe(doc) {
		if line.Item != item {
			item = line.Item
			all.Add(container.New(layout.NewCustomPaddedLayout(theme.Gap, 0, 0, 0), widget.NewSeparator()))
		}
		title := theme.NewCaption(heading(line))
		title.Wrapping = fyne.TextWrapWord
		value := widget.NewLabel(lineText(line))
		value.Wrapping = fyne.TextWrapBreak
		all.Add(container.New(columns{}, theme.Unpadded(title), theme.Unpadded(value)))
	}
	return all
}

// heading returns the translated title of a line.
func heading(l carry.Line) string {
	title := tr.T(tr.Text(l.Title))
	if l.Section == "" {
		return title
	}
	return tr.T("%s: %s", tr.T(tr.Text(l.Section)), title)
}

// lineText returns the value of a line with its translated meaning.
func lineText(l carry.Line) string {
	meaning := tr.T(tr.Text(l.Meaning))
	switch {
	case meaning == "":
		return l.Value
	case l.Value == "":
		return meaning
	}
	return tr.T("%s (%s)", l.Value, meaning)
}

// columns is a layout of two objects, a name and its value.
type columns struct{}

func (columns) split(width float32) (name, value float32) {
	name = float32(int(width * 0.38))
	return name, width - name - theme.Gap
}

// MinSize implements fyne.Layout.
func (columns) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(200, fyne.Max(objects[0].MinSize().Height, objects[1].MinSize().Height))
}

// Layout implements fyne.Layout.
func (c columns) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	name, value := c.split(size.Width)
	objects[0].Resize(fyne.NewSize(name, objects[0].MinSize().Height))
	objects[1].Resize(fyne.NewSize(value, objects[1].MinSize().Height))
	objects[1].Move(fyne.NewPos(name+theme.Gap, 0))
}
