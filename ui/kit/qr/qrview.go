// Package qr shows texts as QR codes, several of them in turn. Package license/carry draws the codes.
package qr

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// interval is the time after which the next picture is shown automatically. A phone reads one in less.
const interval = 3 * time.Second

// DefaultSide is the side of a picture including its white margin, in device-independent pixels: at least three for
// each module of the code.
const DefaultSide float32 = 330

// Options of a View.
type Options struct {
	Work *background.Group
	// After is time.After, or a replacement in tests.
	After func(time.Duration) <-chan time.Time
	// Side is the side of a picture in device-independent pixels; 0 means DefaultSide.
	Side float32
}

// View shows one QR code at a time. Its methods belong to the UI thread.
type View struct {
	options     Options
	pictures    []image.Image
	index       int
	image       *canvas.Image
	position    *widget.Label
	autoAdvance *dialogs.Check
	slot        *background.Slot
	object      fyne.CanvasObject
}

// New returns a view of at least one text. It returns carry.ErrTextTooLong if a text is too long. UI thread.
func New(o Options, texts ...string) (*View, error) {
	if o.Side <= 0 {
		o.Side = DefaultSide
	}
	v := &View{options: o, slot: o.Work.NewSlot()}
	for _, text := range texts {
		picture, err := carry.Picture(text, 1)
		if err != nil {
			return nil, err
		}
		v.pictures = append(v.pictures, picture)
	}
	v.image = canvas.NewImageFromImage(nil)
	v.image.FillMode, v.image.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	v.image.SetMinSize(fyne.NewSquareSize(o.Side))
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), container.NewCenter(v.image))
	v.position = widget.NewLabel("")
	if len(texts) > 1 {
		v.autoAdvance = dialogs.NewCheck(tr.T("Change automatically"), v.setAutoAdvance)
		rows.Add(container.NewHBox(
			dialogs.NewButton("", fynetheme.NavigateBackIcon(), func() { v.step(-1) }), container.NewCenter(v.position),
			dialogs.NewButton("", fynetheme.NavigateNextIcon(), func() { v.step(1) }), layout.NewSpacer(), v.autoAdvance))
	}
	v.object = rows
	v.show(0)
	if v.autoAdvance != nil {
		v.autoAdvance.SetChecked(true)
	}
	return v, nil
}

// Object returns the canvas object of the view.
func (v *View) Object() fyne.CanvasObject { return v.object }

// Close stops the automatic change of pictures.
func (v *View) Close() { v.slot.Cancel() }

// step shows the picture a number of steps away, as the person asked, and stops the automatic change.
func (v *View) step(by int) {
	v.autoAdvance.SetChecked(false)
	v.show(v.index + by)
}

func (v *View) show(n int) {
	v.index = (n + len(v.pictures)) % len(v.pictures)
	v.image.Image = v.pictures[v.index]
	v.image.Refresh()
	v.position.SetText(tr.T("%d of %d", v.index+1, len(v.pictures)))
}

// setAutoAdvance starts or stops the automatic change of pictures.
func (v *View) setAutoAdvance(on bool) {
	if !on {
		v.slot.Cancel()
		return
	}
	background.Run(v.slot, func(ctx context.Context) (struct{}, error) {
		select {
		case <-v.options.After(interval):
			return struct{}{}, nil
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}, func(_ struct{}, err error) {
		if err == nil {
			v.show(v.index + 1)
			v.setAutoAdvance(true)
		}
	})
}
