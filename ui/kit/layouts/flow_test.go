package layouts_test

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/layouts"
)

func box(width, height float32) *canvas.Rectangle {
	r := canvas.NewRectangle(color.Black)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}

func TestFlow(t *testing.T) {
	test.NewTempApp(t)
	a, b, c := box(100, 20), box(50, 20), box(80, 30)
	f := layouts.Flow(10, []fyne.CanvasObject{a, b}, []fyne.CanvasObject{c})
	at := func(o fyne.CanvasObject) []float32 { return []float32{o.Position().X, o.Position().Y} }
	require.Equal(t, fyne.NewSize(100, 30), f.MinSize(), "one line until the width is known")

	f.Resize(fyne.NewSize(300, 30))
	require.Equal(t, [][]float32{{0, 0}, {110, 0}, {220, 0}}, [][]float32{at(a), at(b), at(c)})
	require.Equal(t, fyne.NewSize(100, 30), f.MinSize())

	f.Resize(fyne.NewSize(250, 30))
	require.Equal(t, [][]float32{{0, 0}, {110, 0}, {170, 0}}, [][]float32{at(a), at(b), at(c)}, "all fit exactly")

	f.Resize(fyne.NewSize(200, 100))
	require.Equal(t, [][]float32{{0, 0}, {110, 0}, {120, 30}}, [][]float32{at(a), at(b), at(c)})
	require.Equal(t, fyne.NewSize(100, 60), f.MinSize())

	b.Hide()
	f.Refresh()
	require.Equal(t, [][]float32{{0, 0}, {120, 0}}, [][]float32{at(a), at(c)}, "a hidden object takes no space")

	b.Show()
	f.Resize(fyne.NewSize(60, 200))
	require.Equal(t, [][]float32{{0, 0}, {0, 30}}, [][]float32{at(a), at(b)},
		"an object that is too wide has a line of its own")
}
