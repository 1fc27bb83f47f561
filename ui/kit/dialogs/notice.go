package dialogs

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// Notice returns a box in a tone with an icon, the sentences of a message, and the button of its action. UI thread.
func Notice(tone theme.Tone, m Message) fyne.CanvasObject {
	parts := []fyne.CanvasObject{}
	if m.Action != nil {
		parts = append(parts, container.NewHBox(NewButton(m.Action.Label, nil, m.Action.Do)))
	}
	return newNotice(tone, m, parts, nil)
}

// Banner returns a notice for the width of a window, with buttons at the right of the text. It ignores the action of
// the message. UI thread.
func Banner(tone theme.Tone, m Message, buttons ...fyne.CanvasObject) fyne.CanvasObject {
	return newNotice(tone, m, nil, container.NewCenter(container.NewHBox(buttons...)))
}

// newNotice returns a notice with objects below its text and an object at its right.
func newNotice(tone theme.Tone, m Message, below []fyne.CanvasObject, right fyne.CanvasObject) fyne.CanvasObject {
	text := widget.NewRichText()
	add := func(sentence string, bold bool, name fyne.ThemeColorName) {
		if sentence == "" {
			return
		}
		text.Segments = append(text.Segments, &widget.TextSegment{Text: sentence, Style: widget.RichTextStyle{
			ColorName: name, TextStyle: fyne.TextStyle{Bold: bold},
		}})
	}
	add(m.What, true, tone.TextName())
	add(m.Why, false, fynetheme.ColorNameForeground)
	add(m.Next, false, fynetheme.ColorNameForeground)
	text.Wrapping = fyne.TextWrapWord

	parts := append([]fyne.CanvasObject{theme.Unpadded(text)}, below...)
	n := &notice{tone: tone}
	n.content = container.NewBorder(nil, nil, container.NewVBox(Icon(tone)), right,
		container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), parts...))
	n.ExtendBaseWidget(n)
	return n
}

// Icon returns the icon of a tone, which shows the tone by its shape and by its color. UI thread.
func Icon(tone theme.Tone) *widget.Icon {
	return widget.NewIcon(fynetheme.NewColoredResource(iconOf(tone), tone.TextName()))
}

func iconOf(tone theme.Tone) fyne.Resource {
	switch tone {
	case theme.Good:
		return fynetheme.ConfirmIcon()
	case theme.Warning:
		return fynetheme.WarningIcon()
	case theme.Bad:
		return fynetheme.ErrorIcon()
	case theme.Muted:
		return fynetheme.ContentRemoveIcon()
	}
	return fynetheme.InfoIcon()
}

// notice is content on a rounded background in a tone.
type notice struct {
	widget.BaseWidget
	tone    theme.Tone
	content *fyne.Container
}

// CreateRenderer implements fyne.Widget.
func (n *notice) CreateRenderer() fyne.WidgetRenderer {
	r := &noticeRenderer{notice: n, background: canvas.NewRectangle(nil)}
	r.background.CornerRadius = theme.Size(fynetheme.SizeNamePopupRadius)
	r.background.FillColor = r.fill()
	return r
}

type noticeRenderer struct {
	notice     *notice
	background *canvas.Rectangle
}

func (r *noticeRenderer) fill() color.Color {
	if r.notice.tone == theme.Muted {
		return theme.Neutral.Background()
	}
	return r.notice.tone.Background()
}

const (
	noticePadX float32 = 12
	noticePadY float32 = 10
)

func (r *noticeRenderer) Layout(size fyne.Size) {
	r.background.Resize(size)
	r.notice.content.Move(fyne.NewPos(noticePadX, noticePadY))
	r.notice.content.Resize(size.SubtractWidthHeight(2*noticePadX, 2*noticePadY))
}

func (r *noticeRenderer) MinSize() fyne.Size {
	return r.notice.content.MinSize().AddWidthHeight(2*noticePadX, 2*noticePadY)
}

func (r *noticeRenderer) Refresh() {
	r.background.FillColor = r.fill()
	r.background.Refresh()
	r.notice.content.Refresh()
}

func (r *noticeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.background, r.notice.content}
}

func (r *noticeRenderer) Destroy() {}
