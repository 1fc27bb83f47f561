package theme

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
)

// Tone is the meaning of a short text, shown by its color. The text itself must have the same meaning.
type Tone int

// The tones.
const (
	Neutral Tone = iota // information
	Good                // success
	Warning             // needs attention
	Bad                 // stopped, ended or failed
	Accent              // emphasis
	Muted               // secondary text, without a background
)

var toneNames = [...]string{"Neutral", "Good", "Warning", "Bad", "Accent", "Muted"}

// String returns the tone's name. Any goroutine.
func (t Tone) String() string {
	if t < 0 || int(t) >= len(toneNames) {
		return fmt.Sprintf("Tone(%d)", int(t))
	}
	return toneNames[t]
}

// TextName returns the color name of text in this tone, for the tone's background and for the surfaces of the window.
// An unknown tone is Neutral. Any goroutine.
func (t Tone) TextName() fyne.ThemeColorName {
	return fyne.ThemeColorName("acenTone" + t.orNeutral().String() + "Text")
}

// BackgroundName returns the color name of the tone's background. An unknown tone is Neutral. Any goroutine.
func (t Tone) BackgroundName() fyne.ThemeColorName {
	return fyne.ThemeColorName("acenTone" + t.orNeutral().String() + "Background")
}

// Text returns the color of text in this tone in the current variant. UI thread.
func (t Tone) Text() color.Color { return Color(t.TextName()) }

// Background returns the color of the tone's background in the current variant. UI thread.
func (t Tone) Background() color.Color { return Color(t.BackgroundName()) }

func (t Tone) orNeutral() Tone {
	if t < 0 || int(t) >= len(toneNames) {
		return Neutral
	}
	return t
}
