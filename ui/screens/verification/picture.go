package verification

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/copyfield"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// ErrPicture is returned for a picture that cannot be decoded or is too large.
var ErrPicture = errors.New("the server sent a picture that cannot be shown")

// maxPixels limits width times height of a picture, which comes from an untrusted server.
const maxPixels = 4 << 20

// Dimensions of the picture, in device-independent pixels.
const (
	pictureWidth  float32 = 288
	pictureHeight float32 = 96
	picturePad    float32 = 6
)

// loaded is a verification with its decoded picture.
type loaded struct {
	verification api.Verification
	picture      image.Image
}

// decode decodes a PNG of at most maxPixels. It returns ErrPicture otherwise. Any goroutine.
func decode(data []byte) (image.Image, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
		return nil, ErrPicture
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, ErrPicture
	}
	return picture, nil
}

// Labels of the button that requests a picture.
const (
	getPicture     tr.Text = "Get a picture"
	anotherPicture tr.Text = "Another picture"
	tryAgain       tr.Text = "Try again"
)

// show replaces the picture by o without changing the size of the area; action is the new label of the button.
func (f *Field) show(o fyne.CanvasObject, action string) {
	size := canvas.NewRectangle(color.Transparent)
	size.SetMinSize(fyne.NewSize(pictureWidth+2*picturePad, pictureHeight+2*picturePad))
	f.area.Objects = []fyne.CanvasObject{size, o}
	f.area.Refresh()
	f.another.SetText(action)
}

// showLoading shows that a picture is loading.
func (f *Field) showLoading() {
	f.activity.Start()
	text := widget.NewLabel(tr.T("Loading the picture…"))
	text.Importance = widget.LowImportance
	f.show(copyfield.NewFrame(container.NewCenter(container.NewHBox(f.activity, text))), tr.T(anotherPicture))
}

// showText shows a sentence instead of the picture.
func (f *Field) showText(sentence string) {
	text := widget.NewLabel(sentence)
	text.Importance, text.Wrapping = widget.LowImportance, fyne.TextWrapWord
	f.show(copyfield.NewFrame(text), tr.T(getPicture))
}

// showError shows why there is no picture.
func (f *Field) showError(err error) {
	m := f.options.Explain(err)
	if errors.Is(err, ErrPicture) {
		m = dialogs.Message{
			What: tr.T("The picture cannot be shown."),
			Why:  tr.T("The server sent something that is not a picture."),
			Next: tr.T("Try again. If it happens again, tell the vendor."),
		}
	}
	text := field.NewNote()
	text.Set(field.Text(m), theme.Bad)
	f.show(copyfield.NewFrame(container.New(layout.NewCustomPaddedLayout(theme.Gap, theme.Gap, theme.Gap, theme.Gap),
		container.NewVBox(text.Object()))), tr.T(tryAgain))
}

// pictureWidget is a picture on a white background: its digits are dark and it may be transparent, so it would be
// unreadable on a dark one.
type pictureWidget struct {
	widget.BaseWidget
	picture *canvas.Image
}

func newPictureWidget(picture image.Image) *pictureWidget {
	p := &pictureWidget{picture: canvas.NewImageFromImage(picture)}
	p.picture.FillMode = canvas.ImageFillContain
	p.picture.SetMinSize(fyne.NewSize(pictureWidth, pictureHeight))
	p.ExtendBaseWidget(p)
	return p
}

// AccessibilityLabel describes the picture to a screen reader, without the number.
func (p *pictureWidget) AccessibilityLabel() string {
	return tr.T("Picture with the verification number. Listen reads the number out.")
}

// AccessibilityRole returns the role of a text, so that the label is read; Fyne has no role for images.
func (p *pictureWidget) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer implements fyne.Widget.
func (p *pictureWidget) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.White)
	ground.CornerRadius = theme.Size(fynetheme.SizeNameInputRadius)
	ground.StrokeWidth = 1
	content := container.New(layout.NewCustomPaddedLayout(picturePad, picturePad, picturePad, picturePad), p.picture)
	r := &pictureRenderer{WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(ground, content)), ground: ground}
	r.ground.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	return r
}

type pictureRenderer struct {
	fyne.WidgetRenderer
	ground *canvas.Rectangle
}

func (r *pictureRenderer) Refresh() {
	r.ground.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	r.WidgetRenderer.Refresh()
}
