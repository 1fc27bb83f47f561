package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"github.com/stretchr/testify/require"
)

// minContrast is the minimum of WCAG 2.2, success criterion 1.4.3, for text of normal size.
const minContrast = 4.5

var variants = map[string]fyne.ThemeVariant{"light": fynetheme.VariantLight, "dark": fynetheme.VariantDark}

var tones = []Tone{Neutral, Good, Warning, Bad, Accent, Muted}

// surfaces are the backgrounds of text in the window.
var surfaces = []fyne.ThemeColorName{
	fynetheme.ColorNameBackground, fynetheme.ColorNameOverlayBackground, fynetheme.ColorNameMenuBackground,
	fynetheme.ColorNameHeaderBackground, fynetheme.ColorNameInputBackground,
	ColorNameToolbar, ColorNamePanel, ColorNameStatusBar, ColorNameRowHover, ColorNameRowSelected,
}

func TestContrast(t *testing.T) {
	type pair struct{ text, background fyne.ThemeColorName }
	pairs := []pair{
		{fynetheme.ColorNameForeground, fynetheme.ColorNameButton},
		{fynetheme.ColorNameForeground, fynetheme.ColorNameSelection},
		{fynetheme.ColorNameForegroundOnPrimary, fynetheme.ColorNamePrimary},
		{fynetheme.ColorNameForegroundOnError, fynetheme.ColorNameError},
		{fynetheme.ColorNameForegroundOnSuccess, fynetheme.ColorNameSuccess},
		{fynetheme.ColorNameForegroundOnWarning, fynetheme.ColorNameWarning},
		{fynetheme.ColorNameDisabled, fynetheme.ColorNameDisabledButton},
		{fynetheme.ColorNameForeground, Bad.BackgroundName()},
		{fynetheme.ColorNameForeground, Good.BackgroundName()},
		{fynetheme.ColorNameForeground, Warning.BackgroundName()},
	}
	for _, surface := range surfaces {
		for _, text := range []fyne.ThemeColorName{
			fynetheme.ColorNameForeground, fynetheme.ColorNamePlaceHolder, ColorNameMuted,
			// Labels of low importance, such as the reason of a disabled button, have the color of disabled text.
			fynetheme.ColorNameDisabled,
			fynetheme.ColorNameError, fynetheme.ColorNameSuccess, fynetheme.ColorNameWarning,
			fynetheme.ColorNameHyperlink,
		} {
			pairs = append(pairs, pair{text, surface})
		}
		for _, tone := range tones {
			pairs = append(pairs, pair{tone.TextName(), surface})
		}
	}
	for _, tone := range tones {
		pairs = append(pairs, pair{tone.TextName(), tone.BackgroundName()})
	}
	th := New()
	for name, variant := range variants {
		t.Run(name, func(t *testing.T) {
			window := th.Color(fynetheme.ColorNameBackground, variant)
			for _, p := range pairs {
				background := blend(th.Color(p.background, variant), window)
				got := contrast(th.Color(p.text, variant), background)
				require.GreaterOrEqual(t, got, minContrast, "%s on %s", p.text, p.background)
			}
		})
	}
}

// A button that is focused or under the pointer has readable text and differs from other buttons.
func TestContrastOfButtonsInAnyState(t *testing.T) {
	for name, variant := range variants {
		for _, button := range []struct {
			theme            fyne.Theme
			text, background fyne.ThemeColorName
		}{
			{New(), fynetheme.ColorNameForeground, fynetheme.ColorNameButton},
			{New(), fynetheme.ColorNameForegroundOnPrimary, fynetheme.ColorNamePrimary},
			{New(), fynetheme.ColorNameForegroundOnError, fynetheme.ColorNameError},
		} {
			at := button.theme.Color(button.background, variant)
			for _, state := range []fyne.ThemeColorName{fynetheme.ColorNameFocus, fynetheme.ColorNameHover} {
				blended := blend(button.theme.Color(state, variant), at)
				got := contrast(button.theme.Color(button.text, variant), blended)
				require.GreaterOrEqual(t, got, minContrast, "%s: %s in state %s", name, button.text, state)
				require.NotEqual(t, color.NRGBAModel.Convert(at), color.NRGBAModel.Convert(blended))
			}
		}
	}
}

func TestBothPalettesNameTheSameColors(t *testing.T) {
	for name := range light {
		require.Contains(t, dark, name)
	}
	require.Len(t, dark, len(light))
	test.AssertAllColorNamesDefined(t, New(), "acen")
}

func TestUnknownToneIsNeutral(t *testing.T) {
	require.Equal(t, Neutral.TextName(), Tone(99).TextName())
	require.Equal(t, Neutral.BackgroundName(), Tone(-1).BackgroundName())
	require.Equal(t, "Tone(99)", Tone(99).String())
	require.Equal(t, "Warning", Warning.String())
}

func TestColorsOfTheAppUnderAnotherTheme(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(fynetheme.DefaultTheme())
	require.Contains(t, []color.Color{light[Good.TextName()], dark[Good.TextName()]}, Good.Text())
	require.Equal(t, fynetheme.DefaultTheme().Color(fynetheme.ColorNamePrimary, fynetheme.VariantLight),
		Color(fynetheme.ColorNamePrimary))
}

func TestBadge(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(New())
	b := NewBadge("This PC", Good)
	w := test.NewTempWindow(t, b)
	wide := b.MinSize().Width
	require.Greater(t, wide, 2*PillPadding)
	require.Equal(t, "This PC", b.AccessibilityLabel())
	objects := test.WidgetRenderer(b).Objects()
	require.Equal(t, Good.Background(), objects[0].(*canvas.Rectangle).FillColor)
	require.Equal(t, Good.Text(), objects[1].(*canvas.Text).Color)

	b.Set("", Muted)
	require.Zero(t, b.MinSize().Width)
	w.Canvas().Capture()
}

func TestSurfaceFollowsTheTheme(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(New())
	s := NewSurface(ColorNamePanel, widget.NewLabel("text"))
	test.NewTempWindow(t, s)
	background := func() color.Color {
		return test.WidgetRenderer(s).Objects()[0].(*fyne.Container).Objects[0].(*canvas.Rectangle).FillColor
	}
	require.Equal(t, light[ColorNamePanel], background())
	app.Settings().SetTheme(&fixedVariant{New(), fynetheme.VariantDark})
	s.Refresh()
	require.Equal(t, dark[ColorNamePanel], background())
}

func TestUnpaddedRemovesPaddingOfALabel(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(New())
	label := NewCaption("text")
	require.Equal(t, label.MinSize().Width-2*Size(fynetheme.SizeNameInnerPadding), Unpadded(label).MinSize().Width)
	label.Hide()
	require.Equal(t, fyne.Size{}, Unpadded(label).MinSize())
	container.NewVBox(Unpadded(label)).Resize(fyne.NewSize(10, 10))
}

// fixedVariant is a theme with a fixed variant.
type fixedVariant struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (t *fixedVariant) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return t.Theme.Color(name, t.variant)
}

// contrast returns the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// luminance returns the relative luminance of WCAG 2.2.
func luminance(c color.Color) float64 {
	channel := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	r, g, b, _ := c.RGBA()
	return 0.2126*channel(r) + 0.7152*channel(g) + 0.0722*channel(b)
}

// blend returns the result of drawing top over the opaque color below.
func blend(top, below color.Color) color.Color {
	r, g, b, a := top.RGBA()
	br, bg, bb, _ := below.RGBA()
	mix := func(t, u uint32) uint16 { return uint16(t + u*(0xffff-a)/0xffff) }
	return color.NRGBA64{R: mix(r, br), G: mix(g, bg), B: mix(b, bb), A: 0xffff}
}
