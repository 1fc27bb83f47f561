package theme

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// Badge is a short text on a rounded background in a tone, such as "This PC" beside a name. Its methods belong to the
// UI thread.
type Badge struct {
	widget.BaseWidget
	text string
	tone Tone
}

// NewBadge returns a badge. UI thread.
func NewBadge(text string, tone Tone) *Badge {
	b := &Badge{text: text, tone: tone}
	b.ExtendBaseWidget(b)
	return b
}

// Set changes text and tone. With an empty text the badge is invisible and has no width. UI thread.
func (b *Badge) Set(text string, tone Tone) {
	if b.text == text && b.tone == tone {
		return
	}
	b.text, b.tone = text, tone
	b.Refresh()
}

// AccessibilityLabel returns the text for a screen reader. UI thread.
func (b *Badge) AccessibilityLabel() string { return b.text }

// AccessibilityRole implements fyne.Accessible: a badge is text. UI thread.
func (b *Badge) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget. UI thread.
func (b *Badge) CreateRenderer() fyne.WidgetRenderer {
	r := &badgeRenderer{badge: b, pill: canvas.NewRectangle(nil), label: canvas.NewText("", nil)}
	r.label.Alignment = fyne.TextAlignCenter
	r.label.TextStyle.Bold = true
	r.apply()
	return r
}

type badgeRenderer struct {
	badge *Badge
	pill  *canvas.Rectangle
	label *canvas.Text
}

func (r *badgeRenderer) apply() {
	r.label.Text = r.badge.text
	r.label.TextSize = Size(fynetheme.SizeNameCaptionText)
	r.label.Color = r.badge.tone.Text()
	r.pill.FillColor = r.badge.tone.Background()
	r.pill.CornerRadius = PillHeight / 2
	r.pill.Hidden = r.badge.text == ""
}

func (r *badgeRenderer) Layout(size fyne.Size) {
	top := (size.Height - PillHeight) / 2
	width := fyne.Min(size.Width, r.MinSize().Width)
	for _, o := range r.Objects() {
		o.Move(fyne.NewPos(0, top))
		o.Resize(fyne.NewSize(width, PillHeight))
	}
}

func (r *badgeRenderer) MinSize() fyne.Size {
	if r.badge.text == "" {
		return fyne.NewSize(0, PillHeight)
	}
	return fyne.NewSize(r.label.MinSize().Width+2*PillPadding, PillHeight)
}

func (r *badgeRenderer) Refresh() {
	r.apply()
	r.Layout(r.badge.Size())
	r.pill.Refresh()
	r.label.Refresh()
}

func (r *badgeRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.pill, r.label}
}

func (r *badgeRenderer) Destroy() {}

// Code shows a code of one or more lines in CodeFont. Its methods belong to the UI thread.
type Code struct {
	widget.BaseWidget
	Text string
}

// NewCode returns a code. UI thread.
func NewCode(text string) *Code {
	c := &Code{Text: text}
	c.ExtendBaseWidget(c)
	return c
}

// AccessibilityLabel returns the code for a screen reader. UI thread.
func (c *Code) AccessibilityLabel() string { return c.Text }

// AccessibilityRole implements fyne.Accessible: a code is text. UI thread.
func (c *Code) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget. UI thread.
func (c *Code) CreateRenderer() fyne.WidgetRenderer {
	r := &codeRenderer{}
	lines := container.New(layout.NewCustomPaddedVBoxLayout(0))
	for line := range strings.SplitSeq(c.Text, "\n") {
		t := canvas.NewText(line, nil)
		t.TextStyle, t.FontSource = Monospace(), CodeFont()
		r.lines = append(r.lines, t)
		lines.Add(t)
	}
	padded := container.New(layout.NewCustomPaddedLayout(1, 1, 0, 0), lines) // the padding that Unpadded leaves
	r.WidgetRenderer = widget.NewSimpleRenderer(padded)
	r.apply()
	return r
}

type codeRenderer struct {
	fyne.WidgetRenderer
	lines []*canvas.Text
}

func (r *codeRenderer) apply() {
	for _, t := range r.lines {
		t.Color, t.TextSize = Color(fynetheme.ColorNameForeground), Size(fynetheme.SizeNameText)
	}
}

func (r *codeRenderer) Refresh() {
	r.apply()
	r.WidgetRenderer.Refresh()
}

// Surface draws content on a background color of the theme, such as ColorNameToolbar, ColorNamePanel or
// ColorNameStatusBar. It follows a change of the variant.
type Surface struct {
	widget.BaseWidget
	name    fyne.ThemeColorName
	content fyne.CanvasObject
}

// NewSurface returns content on the background color with a name. UI thread.
func NewSurface(name fyne.ThemeColorName, content fyne.CanvasObject) *Surface {
	s := &Surface{name: name, content: content}
	s.ExtendBaseWidget(s)
	return s
}

// CreateRenderer implements fyne.Widget. UI thread.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer {
	background := canvas.NewRectangle(Color(s.name))
	return &surfaceRenderer{
		WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(background, s.content)),
		surface:        s,
		background:     background,
	}
}

type surfaceRenderer struct {
	fyne.WidgetRenderer
	surface    *Surface
	background *canvas.Rectangle
}

func (r *surfaceRenderer) Refresh() {
	r.background.FillColor = Color(r.surface.name)
	r.WidgetRenderer.Refresh()
}

// NewCaption returns small secondary text, such as the reason below a disabled button or the name above a value. UI
// thread.
func NewCaption(text string) *widget.Label {
	l := widget.NewLabel(text)
	l.SizeName = fynetheme.SizeNameCaptionText
	l.Importance = widget.LowImportance
	return l
}

// Unpadded returns label without the padding around its text, so that it can be aligned with other objects. UI thread.
func Unpadded(label fyne.CanvasObject) *fyne.Container { return container.New(unpadded{}, label) }

type unpadded struct{}

func (unpadded) inset() float32 { return Size(fynetheme.SizeNameInnerPadding) }

func (l unpadded) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		if o.Visible() {
			size = size.Max(o.MinSize().SubtractWidthHeight(2*l.inset(), 2*l.inset()-2))
		}
	}
	return size
}

func (l unpadded) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Move(fyne.NewPos(-l.inset(), 1-l.inset()))
		o.Resize(size.AddWidthHeight(2*l.inset(), 2*l.inset()-2))
	}
}

// AlignLeft returns a label, or a button without a background, without its left padding, so that its text is at the
// left edge. Its vertical padding still aligns it with a field in the same row. UI thread.
func AlignLeft(o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(0, 0, -Size(fynetheme.SizeNameInnerPadding), 0), o)
}

// NewHeading returns the bold title of a table, a panel or a dialog. UI thread.
func NewHeading(text string) *widget.Label {
	l := widget.NewLabelWithStyle(text, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	l.SizeName = fynetheme.SizeNameSubHeadingText
	return l
}
