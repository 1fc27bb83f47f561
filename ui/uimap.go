//go:build uimap

package ui

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

// widgetInfo describes a visible widget. Its position is in pixels from the top left corner of the window.
type widgetInfo struct {
	Type        string  `json:"type"`
	Text        string  `json:"text"`
	Placeholder string  `json:"placeholder"`
	X           float64 `json:"x"`
	Y           float64 `json:"y"`
	W           float64 `json:"w"`
	H           float64 `json:"h"`
	Enabled     bool    `json:"enabled"`
	Focused     bool    `json:"focused"`
}

// MapWidgets writes the visible widgets of a window to a file as JSON. It updates the file with each tick after a
// change, until stop is called. It is for tests that control the window from another process, and only exists in builds
// with the tag uimap. UI thread.
func MapWidgets(w fyne.Window, path string, ticks <-chan time.Time) (stop func()) {
	done := make(chan struct{})
	go func() {
		last := ""
		for {
			select {
			case <-done:
				return
			case <-ticks:
			}
			list := make(chan []widgetInfo, 1)
			fyne.Do(func() { list <- visible(w.Canvas()) })
			select {
			case <-done:
				return
			case shown := <-list:
				text, err := json.MarshalIndent(shown, "", " ")
				if err != nil || string(text) == last {
					continue
				}
				// Rename is atomic: readers never see a part of the list.
				if os.WriteFile(path+".new", text, 0o600) == nil && os.Rename(path+".new", path) == nil {
					last = string(text)
				}
			}
		}
	}()
	return func() { close(done) }
}

// visible returns the visible widgets of a canvas. Those below a dialog or menu count as disabled.
func visible(c fyne.Canvas) []widgetInfo {
	m := mapper{canvas: c}
	overlays := c.Overlays().List()
	m.covered = len(overlays) > 0
	m.walk(c.Content(), fyne.NewPos(0, 0), fyne.NewPos(0, 0), c.Size())
	for i, o := range overlays {
		m.covered = i < len(overlays)-1
		m.walk(o, o.Position(), fyne.NewPos(0, 0), c.Size())
	}
	return m.list
}

type mapper struct {
	canvas  fyne.Canvas
	covered bool
	list    []widgetInfo
}

// leaves are the kinds of widgets that are listed without their children.
var leaves = []string{"Button", "Entry", "Check", "Select", "Hyperlink", "Label", "RichText", "Text", "Badge"}

func (m *mapper) walk(o fyne.CanvasObject, at, clipAt fyne.Position, clip fyne.Size) {
	if o == nil || !o.Visible() {
		return
	}
	kind := kindOf(o)
	for _, leaf := range leaves {
		if kind == leaf {
			m.add(o, kind, at, clipAt, clip)
			return
		}
	}
	var children []fyne.CanvasObject
	switch o := o.(type) {
	case *canvas.Rectangle:
		if o.CornerRadius == theme.Size(fynetheme.SizeNameDialogRadius) {
			m.add(o, "Card", at, clipAt, clip) // of a dialog
		}
	case *fyne.Container:
		children = o.Objects
	case fyne.Widget:
		m.add(o, kind, at, clipAt, clip)
		children = test.WidgetRenderer(o).Objects()
	}
	if _, scrolls := o.(*container.Scroll); scrolls {
		clipAt, clip = intersect(at, o.Size(), clipAt, clip)
	}
	for _, child := range children {
		m.walk(child, at.Add(child.Position()), clipAt, clip)
	}
}

func (m *mapper) add(o fyne.CanvasObject, kind string, at, clipAt fyne.Position, clip fyne.Size) {
	at, size := intersect(at, o.Size(), clipAt, clip)
	if size.Width <= 0 || size.Height <= 0 {
		return
	}
	scale := float64(m.canvas.Scale())
	one := widgetInfo{
		Type:        kind,
		Text:        field(o, "Text"),
		Placeholder: field(o, "PlaceHolder"),
		X:           math.Round(float64(at.X) * scale),
		Y:           math.Round(float64(at.Y) * scale),
		W:           math.Round(float64(size.Width) * scale),
		H:           math.Round(float64(size.Height) * scale),
		Enabled:     !m.covered,
	}
	if text, ok := o.(interface{ String() string }); ok && kind == "RichText" {
		one.Text = text.String()
	}
	if kind == "Select" {
		one.Text = field(o, "Selected")
	}
	if kind == "Badge" {
		one.Text = o.(interface{ AccessibilityLabel() string }).AccessibilityLabel()
	}
	if d, ok := o.(fyne.Disableable); ok && d.Disabled() {
		one.Enabled = false
	}
	if f, ok := o.(fyne.Focusable); ok && m.canvas.Focused() == f {
		one.Focused = true
	}
	m.list = append(m.list, one)
}

func intersect(at fyne.Position, size fyne.Size, clipAt fyne.Position, clip fyne.Size) (fyne.Position, fyne.Size) {
	left, top := fyne.Max(at.X, clipAt.X), fyne.Max(at.Y, clipAt.Y)
	right, bottom := fyne.Min(at.X+size.Width, clipAt.X+clip.Width), fyne.Min(at.Y+size.Height, clipAt.Y+clip.Height)
	return fyne.NewPos(left, top), fyne.NewSize(right-left, bottom-top)
}

// kindOf returns the name of the Fyne type that a widget is or embeds, or else of its own type.
func kindOf(o fyne.CanvasObject) string {
	t := reflect.TypeOf(o)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	own, _, _ := strings.Cut(t.Name(), "[")
	for t.Kind() == reflect.Struct && !strings.HasPrefix(t.PkgPath(), "fyne.io/fyne/v2/") {
		embedded := reflect.Type(nil)
		for i := range t.NumField() {
			if f := t.Field(i); f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type.Name() != "BaseWidget" {
				embedded = f.Type
				break
			}
		}
		if embedded == nil {
			return own
		}
		t = embedded
	}
	return t.Name()
}

// field returns a string field of a widget or of the widget that it embeds, or "".
func field(o fyne.CanvasObject, name string) string {
	v := reflect.ValueOf(o)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return ""
	}
	f := v.FieldByName(name)
	if !f.IsValid() || f.Kind() != reflect.String {
		return ""
	}
	return f.String()
}
