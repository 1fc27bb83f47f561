package theme

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
)

// Tone says what a short text means for the person who reads it. A tone is never the only bearer of a meaning: the
// text itself says it too.
type Tone int

// The tones. Muted has no background of its own: it is plain secondary text.
const (
	Neutral Tone = iota // a fact
	Good                // all is well
	Warning             // worth a look, nothing is broken
	Bad                 // stopped, ended or failed
	Accent              // points something out
	Muted               // of little weight
)

var toneNames = [...]string{"Neutral", "Good", "Warning", "Bad", "Accent", "Muted"}

// String returns the tone's name. Any goroutine.
func (t Tone) String() string {
	if t < 0 || int(t) >= len(toneNames) {
		return fmt.Sprintf("Tone(%d)", int(t))
	}
	return toneNames[t]
}

// TextName returns the theme's name for the color of text in this tone, on the tone's background as well as on the
// surfaces of the window. Rich text takes it as its ColorName. An unknown tone is Neutral. Any goroutine.
func (t Tone) TextName() fyne.ThemeColorName {
	return fyne.ThemeColorName("acenTone" + t.known().String() + "Text")
}

// BackgroundName returns the theme's name for the color behind text in this tone. An unknown tone is Neutral.
// Any goroutine.
func (t Tone) BackgroundName() fyne.ThemeColorName {
	return fyne.ThemeColorName("acenTone" + t.known().String() + "Background")
}

// Text returns the color of text in this tone in the current variant. UI thread.
func (t Tone) Text() color.Color { return Color(t.TextName()) }

// Background returns the color behind text in this tone in the current variant. UI thread.
func (t Tone) Background() color.Color { return Color(t.BackgroundName()) }

func (t Tone) known() Tone {
	if t < 0 || int(t) >= len(toneNames) {
		return Neutral
	}
	return t
}
