// Package theme is the look of the app: a compact, calm fyne.Theme with a light and a dark palette, the tones in
// which states are shown, and the few drawing helpers that belong to it. It knows nothing of licenses.
//
// Every pair of text and background that the theme offers has a contrast of at least 4.5:1 in both variants
// (WCAG 2.2, success criterion 1.4.3); a test measures it.
package theme

import (
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// Spacing of the screens, in Fyne's density-independent pixels.
const (
	Gap     float32 = 8  // between neighbors that belong together
	Margin  float32 = 14 // between the edge of a surface and its content
	Section float32 = 18 // between groups of a form or a panel

	RowHeight    float32 = 30 // a row of a table
	HeaderHeight float32 = 31 // the header of a table
	PillHeight   float32 = 19 // a badge in a row or beside a title
	PillPadding  float32 = 8  // left and right of the text of a badge
)

// ownNames begins every color name of the app.
const ownNames = "acen"

// Names of the colors that Fyne's own palette does not have.
const (
	ColorNameToolbar     fyne.ThemeColorName = "acenToolbar"     // bar with the account menu and the search field
	ColorNamePanel       fyne.ThemeColorName = "acenPanel"       // side panel
	ColorNameStatusBar   fyne.ThemeColorName = "acenStatusBar"   // line at the bottom of the window
	ColorNameRowHover    fyne.ThemeColorName = "acenRowHover"    // row under the pointer
	ColorNameRowSelected fyne.ThemeColorName = "acenRowSelected" // selected row of a table that has the focus or not
	ColorNameMuted       fyne.ThemeColorName = "acenMuted"       // secondary text: captions, reasons, subtitles
	ColorNameBackdrop    fyne.ThemeColorName = "acenBackdrop"    // veil over the window while a dialog is up
)

// appTheme implements fyne.Theme. Fyne passes it the variant of the system, or that of FYNE_THEME.
type appTheme struct {
	base fyne.Theme
}

// New returns the theme of the app. It follows the variant, light or dark, that Fyne asks for: the one of the system
// or of FYNE_THEME. Any goroutine.
func New() fyne.Theme {
	return &appTheme{base: fynetheme.DefaultTheme()}
}

// Color returns the color of a name in a variant; names unknown to the app come from Fyne's default theme.
// Any goroutine.
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
	// A blurred backdrop costs tens of milliseconds a frame without a graphics card.
	fynetheme.SizeNameModalBlurRadius: 0,
}

// Color returns a color of the current theme in the current variant. Under a theme that does not know the names of the
// app, those come from the app's own palette. UI thread.
func Color(name fyne.ThemeColorName) color.Color {
	settings := fyne.CurrentApp().Settings()
	c := settings.Theme().Color(name, settings.ThemeVariant())
	if own, ok := light[name]; ok && strings.HasPrefix(string(name), ownNames) && (c == nil || c == color.Transparent) {
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

// Monospace is the style of codes: every character is equally wide, so that groups stand below each other.
func Monospace() fyne.TextStyle { return fyne.TextStyle{Monospace: true} }

// CodeFont is the font of codes by itself. A code has letters, digits and dashes; the fonts for emoji, symbols and
// other scripts, which the toolkit reads anew for each style, take longer to read and more memory than all other texts
// of a window. UI thread.
func CodeFont() fyne.Resource { return fynetheme.Font(Monospace()) }
