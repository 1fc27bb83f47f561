package dialogs

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

const (
	cardPadding float32 = 20 // between the edge of the card and its content
	cardMargin  float32 = 24 // between the card and the edge of the window

	maxFault float32 = 0.4 // share of the window's height that a message may take before it scrolls
)

// blocker consumes all pointer events, so that none reaches an object below it.
type blocker struct{ widget.BaseWidget }

func (*blocker) Tapped(*fyne.PointEvent)          {}
func (*blocker) TappedSecondary(*fyne.PointEvent) {}
func (*blocker) MouseIn(*desktop.MouseEvent)      {}
func (*blocker) MouseMoved(*desktop.MouseEvent)   {}
func (*blocker) MouseOut()                        {}
func (*blocker) Scrolled(*fyne.ScrollEvent)       {}

// overlay covers the window while a dialog is open: a veil, and on it the card with the dialog.
type overlay struct {
	blocker
	dialog *Dialog

	veil, card *canvas.Rectangle
	head, foot *fyne.Container
	row        *fyne.Container   // of buttons
	scroll     *container.Scroll // of the content
	fault      *container.Scroll // of the message of SetError
	arranging  bool
}

func newOverlay(d *Dialog) *overlay {
	o := &overlay{dialog: d, veil: canvas.NewRectangle(nil), card: canvas.NewRectangle(nil)}
	o.head = container.New(layout.NewCustomPaddedVBoxLayout(0), theme.Unpadded(d.title), theme.Unpadded(d.subtitle))
	o.row = container.New(layout.NewCustomPaddedHBoxLayout(theme.Gap), layout.NewSpacer())
	for _, b := range d.buttons {
		o.row.Add(b)
	}
	o.fault = container.NewVScroll(d.fault)
	// The status line replaces the buttons, so that the height of the card does not change.
	o.foot = container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), o.fault, d.status, o.row, d.reasonLine)
	o.scroll = container.NewVScroll(container.NewStack())
	o.restyle()
	o.ExtendBaseWidget(o)
	return o
}

func (o *overlay) setContent(content *fyne.Container) {
	o.scroll.Content = container.New(layout.NewCustomPaddedLayout(0, 0, 0, scrollBar), content)
	o.scroll.Refresh()
}

func (o *overlay) restyle() {
	o.veil.FillColor = theme.Color(theme.ColorNameBackdrop)
	o.card.FillColor = theme.Color(fynetheme.ColorNameOverlayBackground)
	o.card.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	o.card.StrokeWidth = 1
	o.card.CornerRadius = theme.Size(fynetheme.SizeNameDialogRadius)
}

// scrollBar is the width of the scroll bar, which is in the padding of the card.
const scrollBar = theme.Gap

// arrange sizes the card to the width of the dialog and the height of its content, limited by the window.
func (o *overlay) arrange() {
	size := o.Size()
	if o.arranging || size.IsZero() {
		return
	}
	o.arranging = true
	defer func() { o.arranging = false }()

	d := o.dialog
	o.veil.Resize(size)
	inner := max(d.spec.Width-2*cardPadding, d.content.MinSize().Width, o.foot.MinSize().Width)
	inner = min(inner, size.Width-2*cardMargin-2*cardPadding)

	layOut(d.fault, fyne.NewSize(inner, d.fault.MinSize().Height))
	if d.fault.Visible() {
		o.fault.Show()
	} else {
		o.fault.Hide()
	}
	o.fault.SetMinSize(fyne.NewSize(0, min(d.fault.MinSize().Height, size.Height*maxFault)))

	// The height of a wrapped text depends on its width.
	for _, part := range []*fyne.Container{o.head, d.content, o.foot} {
		layOut(part, fyne.NewSize(inner, part.MinSize().Height))
	}
	head, body, foot := o.head.MinSize().Height, d.content.MinSize().Height, o.foot.MinSize().Height
	between := 2 * theme.Margin
	if d.title.Hidden && d.subtitle.Hidden {
		head, between = 0, theme.Margin
	}
	height := min(2*cardPadding+head+body+foot+between, size.Height-2*cardMargin)
	body = max(0, height-2*cardPadding-head-foot-between)

	width := inner + 2*cardPadding
	x, y := float32(int((size.Width-width)/2)), float32(int((size.Height-height)/2))
	o.card.Move(fyne.NewPos(x, y))
	o.card.Resize(fyne.NewSize(width, height))
	x, y = x+cardPadding, y+cardPadding
	o.head.Move(fyne.NewPos(x, y))
	layOut(o.head, fyne.NewSize(inner, head))
	if head > 0 {
		y += head + theme.Margin
	}
	o.scroll.Move(fyne.NewPos(x, y))
	o.scroll.Resize(fyne.NewSize(inner+scrollBar, body))
	o.scroll.Refresh()
	o.foot.Move(fyne.NewPos(x, y+body+theme.Margin))
	layOut(o.foot, fyne.NewSize(inner, foot))
}

// layOut resizes a container and lays out its objects, even if the size is unchanged, because one of them may have been
// shown or hidden.
func layOut(c *fyne.Container, size fyne.Size) {
	c.Resize(size)
	c.Layout.Layout(c.Objects, size)
}

// CreateRenderer implements fyne.Widget.
func (o *overlay) CreateRenderer() fyne.WidgetRenderer {
	return &overlayRenderer{overlay: o, objects: []fyne.CanvasObject{o.veil, o.card, o.head, o.scroll, o.foot}}
}

type overlayRenderer struct {
	overlay *overlay
	objects []fyne.CanvasObject
}

func (r *overlayRenderer) Layout(fyne.Size)             { r.overlay.arrange() }
func (r *overlayRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *overlayRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *overlayRenderer) Destroy()                     {}

func (r *overlayRenderer) Refresh() {
	r.overlay.restyle()
	r.overlay.arrange()
	for _, o := range r.objects {
		o.Refresh()
	}
}

// curtain covers a dialog while it is busy. As an overlay of its own, it restricts the focus to its Cancel button.
type curtain struct {
	blocker
	dialog *Dialog
	veil   *canvas.Rectangle
	cancel *button
}

func newCurtain(d *Dialog) *curtain {
	c := &curtain{dialog: d, veil: canvas.NewRectangle(nil)}
	c.cancel = &button{dialog: d}
	c.cancel.Text, c.cancel.OnTapped = tr.T("Cancel"), d.cancelWork
	c.cancel.ExtendBaseWidget(c.cancel)
	c.cancel.Hidden = d.cancel == nil
	c.ExtendBaseWidget(c)
	return c
}

// arrange puts the veil over the content and the button at the end of the status line.
func (c *curtain) arrange() {
	scroll, status := c.dialog.overlay.scroll, c.dialog.status
	red, green, blue, _ := theme.Color(fynetheme.ColorNameOverlayBackground).RGBA()
	c.veil.FillColor = color.NRGBA{
		R: uint8(red >> 8),
		G: uint8(green >> 8),
		B: uint8(blue >> 8),
		A: 0x99,
	}
	c.veil.Move(scroll.Position())
	c.veil.Resize(scroll.Size())
	size := c.cancel.MinSize()
	at := c.dialog.overlay.foot.Position().Add(status.Position())
	c.cancel.Resize(size)
	c.cancel.Move(at.AddXY(status.Size().Width-size.Width, (status.Size().Height-size.Height)/2))
}

// CreateRenderer implements fyne.Widget.
func (c *curtain) CreateRenderer() fyne.WidgetRenderer {
	return &curtainRenderer{curtain: c, objects: []fyne.CanvasObject{c.veil, c.cancel}}
}

type curtainRenderer struct {
	curtain *curtain
	objects []fyne.CanvasObject
}

func (r *curtainRenderer) Layout(fyne.Size)             { r.curtain.arrange() }
func (r *curtainRenderer) MinSize() fyne.Size           { return fyne.Size{} }
func (r *curtainRenderer) Objects() []fyne.CanvasObject { return r.objects }
func (r *curtainRenderer) Destroy()                     {}

func (r *curtainRenderer) Refresh() {
	r.curtain.arrange()
	r.curtain.veil.Refresh()
	r.curtain.cancel.Refresh()
}
