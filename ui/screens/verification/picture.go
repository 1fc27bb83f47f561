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

// ErrPicture is in the error of a picture that cannot be shown.
var ErrPicture = errors.New("the server sent a picture that cannot be shown")

// maxPixels bounds a picture, width times height: what a server sends is not trusted to be small.
const maxPixels = 4 << 20

// Size of the picture on the screen, in device-independent pixels.
const (
	pictureWidth  float32 = 288
	pictureHeight float32 = 96
	picturePad    float32 = 6
)

// loaded is a verification with its picture.
type loaded struct {
	verification api.Verification
	picture      image.Image
}

// decode reads a PNG of a sensible size. It fails with ErrPicture. Any goroutine.
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

// Texts of the button that gets a picture.
const (
	getPicture     tr.Text = "Get a picture"
	anotherPicture tr.Text = "Another picture"
	tryAgain       tr.Text = "Try again"
)

// show puts something into the place of the picture, which keeps its size so that the form does not jump; action is
// what the button says then.
func (f *Field) show(o fyne.CanvasObject, action string) {
	size := canvas.NewRectangle(color.Transparent)
	size.SetMinSize(fyne.NewSize(pictureWidth+2*picturePad, pictureHeight+2*picturePad))
	f.area.Objects = []fyne.CanvasObject{size, o}
	f.area.Refresh()
	f.another.SetText(action)
}

// wait shows that a picture is on its way.
func (f *Field) wait() {
	f.activity.Start()
	text := widget.NewLabel(tr.T("Loading the picture…"))
	text.Importance = widget.LowImportance
	f.show(copyfield.NewFrame(container.NewCenter(container.NewHBox(f.activity, text))), tr.T(anotherPicture))
}

// say shows a sentence in the place of the picture.
func (f *Field) say(sentence string) {
	text := widget.NewLabel(sentence)
	text.Importance, text.Wrapping = widget.LowImportance, fyne.TextWrapWord
	f.show(copyfield.NewFrame(text), tr.T(getPicture))
}

// fail shows why there is no picture.
func (f *Field) fail(err error) {
	m := f.options.Explain(err)
	if errors.Is(err, ErrPicture) {
		m = dialogs.Message{
			What: tr.T("The picture cannot be shown."),
			Why:  tr.T("The server sent something else."),
			Next: tr.T("Try again. If it happens again, tell the vendor."),
		}
	}
	text := field.NewNote()
	text.Say(field.Text(m), theme.Bad)
	f.show(copyfield.NewFrame(container.New(layout.NewCustomPaddedLayout(theme.Gap, theme.Gap, theme.Gap, theme.Gap),
		container.NewVBox(text.Object()))), tr.T(tryAgain))
}

// paper is a picture on white: its digits are dark and its ground may be transparent, so a dark window must not shine
// through.
type paper struct {
	widget.BaseWidget
	picture *canvas.Image
}

func newPaper(picture image.Image) *paper {
	p := &paper{picture: canvas.NewImageFromImage(picture)}
	p.picture.FillMode = canvas.ImageFillContain
	p.picture.SetMinSize(fyne.NewSize(pictureWidth, pictureHeight))
	p.ExtendBaseWidget(p)
	return p
}

// AccessibilityLabel tells a screen reader what this is; the number itself is there to be heard.
func (p *paper) AccessibilityLabel() string {
	return tr.T("Picture with the verification number. Listen reads the number out.")
}

// AccessibilityRole tells a screen reader to read the label; Fyne knows no role of images.
func (p *paper) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// CreateRenderer is called by Fyne.
func (p *paper) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(color.White)
	ground.CornerRadius = theme.Size(fynetheme.SizeNameInputRadius)
	ground.StrokeWidth = 1
	content := container.New(layout.NewCustomPaddedLayout(picturePad, picturePad, picturePad, picturePad), p.picture)
	r := &paperRenderer{WidgetRenderer: widget.NewSimpleRenderer(container.NewStack(ground, content)), ground: ground}
	r.ground.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	return r
}

type paperRenderer struct {
	fyne.WidgetRenderer
	ground *canvas.Rectangle
}

func (r *paperRenderer) Refresh() {
	r.ground.StrokeColor = theme.Color(fynetheme.ColorNameSeparator)
	r.WidgetRenderer.Refresh()
}
