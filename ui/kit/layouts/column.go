// Package layouts contains layouts for the parts of a screen. Unlike Fyne's border layout, they leave no gaps.
package layouts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Column returns a column of three objects: top and bottom have their minimum height, and center has the rest. top and
// bottom may be nil. UI thread.
func Column(top, center, bottom fyne.CanvasObject) *fyne.Container {
	l := &column{top: top, center: center, bottom: bottom}
	objects := []fyne.CanvasObject{center}
	for _, o := range []fyne.CanvasObject{top, bottom} {
		if o != nil {
			objects = append(objects, o)
		}
	}
	return container.New(l, objects...)
}

type column struct{ top, center, bottom fyne.CanvasObject }

func height(o fyne.CanvasObject) float32 {
	if o == nil || !o.Visible() {
		return 0
	}
	return o.MinSize().Height
}

// MinSize implements fyne.Layout.
func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.NewSize(0, height(c.top)+height(c.center)+height(c.bottom))
	for _, o := range objects {
		if o.Visible() {
			size.Width = max(size.Width, o.MinSize().Width)
		}
	}
	return size
}

// Layout implements fyne.Layout.
func (c *column) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	// The height of a wrapped text depends on its width.
	for _, o := range []fyne.CanvasObject{c.top, c.bottom} {
		if o != nil {
			o.Resize(fyne.NewSize(size.Width, height(o)))
		}
	}
	top, bottom := height(c.top), height(c.bottom)
	if c.top != nil {
		c.top.Move(fyne.NewPos(0, 0))
		c.top.Resize(fyne.NewSize(size.Width, top))
	}
	c.center.Move(fyne.NewPos(0, top))
	c.center.Resize(fyne.NewSize(size.Width, max(0, size.Height-top-bottom)))
	if c.bottom != nil {
		c.bottom.Move(fyne.NewPos(0, size.Height-bottom))
		c.bottom.Resize(fyne.NewSize(size.Width, bottom))
	}
}
