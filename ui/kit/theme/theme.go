// Package theme is the fyne.Theme of the app with a light and a dark palette, the tones of states, and small widgets.
// It is independent of licenses.
//
// Every combination of text and background has a contrast of at least 4.5:1 in both variants (WCAG 2.2, success
// criterion 1.4.3); a test measures it.
package theme

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Spacing of the screens, in Fyne's density-independent pixels.
const (
	Gap     float32 = 8  // between related objects
	Margin  float32 = 14 // between the edge of a surface and its content
	Section float32 = 18 // between groups of a form or a panel

	RowHeight    float32 = 30 // a row of a table
	HeaderHeight float32 = 31 // the header of a table
	PillHeight   float32 = 19 // a badge
	PillPadding  float32 = 8  // left and right of the text of a badge
)

// namePrefix is the prefix of every color name of the app.
const namePrefix = "acen"

// Color names of the app, in addition to those of Fyne.
const (
	ColorNameToolbar     fyne.ThemeColorName = "acenToolbar"     // bar with the account menu and the search field
	ColorNamePanel       fyne.ThemeColorName = "acenPanel"       // side panel
	ColorNameStatusBar   fyne.ThemeColorName = "acenStatusBar"   // line at the bottom of the window
	ColorNameRowHover    fyne.ThemeColorName = "acenRowHover"    // row under the pointer
	ColorNameRowSelected fyne.ThemeColorName = "acenRowSelected" // selected row of a table, focused or not
	ColorNameMuted       fyne.ThemeColorName = "acenMuted"       // secondary text: captions, reasons, subtitles
	ColorNameBackdrop    fyne.ThemeColorName = "acenBackdrop"    // veil over the window while a dialog is open
)

// appTheme implements fyne.Theme.
type appTheme struct {
	base fyne.Theme
}

// New returns the theme of the app. Fyne selects its variant, light or dark, by the system or FYNE_THEME. Any
// goroutine.
func New() fyne.Theme {
	return &appTheme{base: fynetheme.DefaultTheme()}
}

// Color returns the color of a name in a variant. Names without a color of the app come from Fyne's default theme. Any
// goroutine.
func (t *appTheme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	palette := light
	if variant == fynetheme.VariantDark {
		palette = dark
	}
	if c, ok := palette[name]; ok {
		return c
	}
	return t.base.Color(name, variant)
}

// Font returns Fyne's bundled fonts, which cover Latin, Greek and Cyrillic. Any goroutine.
func (t *appTheme) Font(style fyne.TextStyle) fyne.Resource { return t.base.Font(style) }

// Icon returns Fyne's bundled icons. Any goroutine.
func (t *appTheme) Icon(name fyne.ThemeIconName) fyne.Resource { return t.base.Icon(name) }

// Size returns a size in density-independent pixels. Any goroutine.
func (t *appTheme) Size(name fyne.ThemeSizeName) float32 {
	if size, ok := sizes[name]; ok {
		return size
	}
	return t.base.Size(name)
}

var sizes = map[fyne.ThemeSizeName]float32{
	fynetheme.SizeNameText:               13,
	fynetheme.SizeNameCaptionText:        11,
	fynetheme.SizeNameSubHeadingText:     15,
	fynetheme.SizeNameHeadingText:        20,
	fynetheme.SizeNamePadding:            4,
	fynetheme.SizeNameInnerPadding:       7,
	fynetheme.SizeNameLineSpacing:        3,
	fynetheme.SizeNameInlineIcon:         17,
	fynetheme.SizeNameInputBorder:        1,
	fynetheme.SizeNameInputRadius:        4,
	fynetheme.SizeNameButtonRadius:       4,
	fynetheme.SizeNameSelectionRadius:    3,
	fynetheme.SizeNameCardRadius:         6,
	fynetheme.SizeNamePopupRadius:        6,
	fynetheme.SizeNameMenuRadius:         6,
	fynetheme.SizeNameDialogRadius:       8,
	fynetheme.SizeNameSeparatorThickness: 1,
	fynetheme.SizeNameSplitThickness:     1,
	fynetheme.SizeNameScrollBar:          11,
	fynetheme.SizeNameScrollBarSmall:     4,
	fynetheme.SizeNameScrollBarRadius:    4,
	// Without a graphics card a blurred backdrop costs tens of milliseconds a frame.
	fynetheme.SizeNameModalBlurRadius: 0,
}

// Color returns a color of the current theme in the current variant. Under another theme, which lacks the color names
// of the app, these come from the app's palette. UI thread.
func Color(name fyne.ThemeColorName) color.Color {
	settings := fyne.CurrentApp().Settings()
	c := settings.Theme().Color(name, settings.ThemeVariant())
	if own, ok := light[name]; ok && strings.HasPrefix(string(name), namePrefix) && (c == nil || c == color.Transparent) {
		if settings.ThemeVariant() == fynetheme.VariantDark {
			return dark[name]
		}
		return own
	}
	return c
}

// Size returns a size of the current theme in density-independent pixels. UI thread.
func Size(name fyne.ThemeSizeName) float32 {
	return fyne.CurrentApp().Settings().Theme().Size(name)
}

// Monospace returns the text style of codes: monospaced, so that the groups of codes in a column are aligned.
func Monospace() fyne.TextStyle { return fyne.TextStyle{Monospace: true} }

// CodeFont returns the font of codes without Fyne's fallback fonts for emoji, symbols and other scripts, which codes do
// not contain. Fyne loads them for each style, which takes more time and memory than all other texts of a window. UI
// thread.
func CodeFont() fyne.Resource { return fynetheme.Font(Monospace()) }
