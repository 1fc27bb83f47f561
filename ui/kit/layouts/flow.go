package layouts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Flow returns a container that arranges objects in a line at their minimum width, left at its left end and right at
// its right end. Objects that do not fit, for example with longer translated texts, wrap to further lines. UI thread.
func Flow(gap float32, left, right []fyne.CanvasObject) *fyne.Container {
	return container.New(&flow{gap: gap, left: len(left)}, append(append([]fyne.CanvasObject{}, left...), right...)...)
}

type flow struct {
	gap   float32
	left  int     // number of objects at the left
	width float32 // of the latest layout; 0 before the first one
}

// line has the objects of one line.
type line struct {
	objects []fyne.CanvasObject
	left    int // number of objects at the left
	size    fyne.Size
}

// lines distributes the visible objects to lines.
func (f *flow) lines(objects []fyne.CanvasObject) (list []line) {
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		least := o.MinSize()
		last := len(list) - 1
		if last < 0 || f.width > 0 && list[last].size.Width+f.gap+least.Width > f.width+0.5 {
			list = append(list, line{size: fyne.NewSize(-f.gap, 0)})
			last++
		}
		l := &list[last]
		l.objects = append(l.objects, o)
		if i < f.left {
			l.left++
		}
		l.size = fyne.NewSize(l.size.Width+f.gap+least.Width, max(l.size.Height, least.Height))
	}
	return list
}

// MinSize implements fyne.Layout. It returns the height for the latest width, and the width of the widest object.
func (f *flow) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for i, l := range f.lines(objects) {
		if i > 0 {
			size.Height += f.gap
		}
		size.Height += l.size.Height
		for _, o := range l.objects {
			size.Width = max(size.Width, o.MinSize().Width)
		}
	}
	return size
}

// Layout implements fyne.Layout.
func (f *flow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	f.width = size.Width
	y := float32(0)
	for _, l := range f.lines(objects) {
		x := float32(0)
		for i, o := range l.objects {
			if i == l.left {
				x = max(x, size.Width-l.size.Width+x)
			}
			o.Move(fyne.NewPos(x, y))
			o.Resize(fyne.NewSize(o.MinSize().Width, l.size.Height))
			x += o.MinSize().Width + f.gap
		}
		y += l.size.Height + f.gap
	}
}
