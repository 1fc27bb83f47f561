// Package qr shows texts as QR codes: one, or several in turn. Package license/carry draws the pictures.
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

// turning is how long a picture stands before the next one comes by itself; a telephone reads one in less.
const turning = 3 * time.Second

// DefaultSide is the side of a picture in device-independent pixels, its white margin included: at least three for a module.
const DefaultSide float32 = 330

// Options of a View.
type Options struct {
	Work *background.Group
	// After sends when a time has passed: time.After.
	After func(time.Duration) <-chan time.Time
	// Side of the picture; 0 means DefaultSide.
	Side float32
}

// View shows the pictures. Its methods belong to the UI thread.
type View struct {
	options  Options
	pictures []image.Image
	at       int
	image    *canvas.Image
	count    *widget.Label
	turns    *dialogs.Check
	slot     *background.Slot
	object   fyne.CanvasObject
}

// New returns the view of at least one text. It fails with carry.ErrPictureText for one that is too long. UI thread.
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
	v.count = widget.NewLabel("")
	if len(texts) > 1 {
		v.turns = dialogs.NewCheck(tr.T("Turn by itself"), v.turn)
		rows.Add(container.NewHBox(
			dialogs.NewButton("", fynetheme.NavigateBackIcon(), func() { v.step(-1) }), container.NewCenter(v.count),
			dialogs.NewButton("", fynetheme.NavigateNextIcon(), func() { v.step(1) }), layout.NewSpacer(), v.turns))
	}
	v.object = rows
	v.show(0)
	if v.turns != nil {
		v.turns.SetChecked(true)
	}
	return v, nil
}

// Object is what is put into a dialog.
func (v *View) Object() fyne.CanvasObject { return v.object }

// Close ends the turning.
func (v *View) Close() { v.slot.Cancel() }

// step shows another picture because the person asks for it; they no longer turn by themselves.
func (v *View) step(by int) {
	v.turns.SetChecked(false)
	v.show(v.at + by)
}

func (v *View) show(n int) {
	v.at = (n + len(v.pictures)) % len(v.pictures)
	v.image.Image = v.pictures[v.at]
	v.image.Refresh()
	v.count.SetText(tr.T("%d of %d", v.at+1, len(v.pictures)))
}

// turn begins or ends the turning.
func (v *View) turn(on bool) {
	if !on {
		v.slot.Cancel()
		return
	}
	background.Run(v.slot, func(ctx context.Context) (struct{}, error) {
		select {
		case <-v.options.After(turning):
			return struct{}{}, nil
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}, func(_ struct{}, err error) {
		if err == nil {
			v.show(v.at + 1)
			v.turn(true)
		}
	})
}
