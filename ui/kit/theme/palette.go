package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"
)

// palette maps color names of Fyne, of the app and of tones to colors.
type palette map[fyne.ThemeColorName]color.Color

// rgb returns the opaque color 0xRRGGBB.
func rgb(hex uint32) color.NRGBA { return rgba(hex, 0xff) }

// rgba returns the color 0xRRGGBB with an opacity from 0 to 255.
func rgba(hex uint32, alpha uint8) color.NRGBA {
	return color.NRGBA{
		R: uint8(hex >> 16),
		G: uint8(hex >> 8),
		B: uint8(hex),
		A: alpha,
	}
}

var light = palette{
	fynetheme.ColorNameBackground:          rgb(0xffffff),
	fynetheme.ColorNameForeground:          rgb(0x1f2329),
	fynetheme.ColorNamePlaceHolder:         rgb(0x5b6472),
	fynetheme.ColorNameDisabled:            rgb(0x616a78),
	fynetheme.ColorNameButton:              rgb(0xeeeff2),
	fynetheme.ColorNameDisabledButton:      rgb(0xf7f7f9),
	fynetheme.ColorNamePrimary:             rgb(0x2563eb),
	fynetheme.ColorNameForegroundOnPrimary: rgb(0xffffff),
	fynetheme.ColorNameHyperlink:           rgb(0x1d4fc4),
	fynetheme.ColorNameError:               rgb(0xb42318),
	fynetheme.ColorNameForegroundOnError:   rgb(0xffffff),
	fynetheme.ColorNameSuccess:             rgb(0x17692f),
	fynetheme.ColorNameForegroundOnSuccess: rgb(0xffffff),
	fynetheme.ColorNameWarning:             rgb(0x7a4f00),
	fynetheme.ColorNameForegroundOnWarning: rgb(0xffffff),
	fynetheme.ColorNameHover:               rgba(0x000000, 0x0d),
	fynetheme.ColorNamePressed:             rgba(0x000000, 0x1f),
	fynetheme.ColorNameFocus:               rgba(0x0b2a6b, 0x33),
	fynetheme.ColorNameSelection:           rgb(0xdce7fd),
	fynetheme.ColorNameInputBackground:     rgb(0xfafafb),
	fynetheme.ColorNameInputBorder:         rgb(0xbcc2cb),
	fynetheme.ColorNameHeaderBackground:    rgb(0xf5f5f8),
	fynetheme.ColorNameSeparator:           rgb(0xe4e6ea),
	fynetheme.ColorNameOverlayBackground:   rgb(0xffffff),
	fynetheme.ColorNameMenuBackground:      rgb(0xffffff),
	fynetheme.ColorNameShadow:              rgba(0x0f172a, 0x2e),
	fynetheme.ColorNameScrollBar:           rgba(0x1f2937, 0x70),
	fynetheme.ColorNameScrollBarBackground: rgba(0x1f2937, 0x0d),

	ColorNameToolbar:     rgb(0xffffff),
	ColorNamePanel:       rgb(0xfafafb),
	ColorNameStatusBar:   rgb(0xf5f5f8),
	ColorNameRowHover:    rgb(0xf4f6fa),
	ColorNameRowSelected: rgb(0xe3ebfe),
	ColorNameMuted:       rgb(0x5b6472),
	ColorNameBackdrop:    rgba(0x10151f, 0x66),

	Neutral.TextName(): rgb(0x3b424d), Neutral.BackgroundName(): rgb(0xe9ebef),
	Good.TextName(): rgb(0x17692f), Good.BackgroundName(): rgb(0xdaf1e0),
	Warning.TextName(): rgb(0x7a4f00), Warning.BackgroundName(): rgb(0xfdefcb),
	Bad.TextName(): rgb(0xa81d17), Bad.BackgroundName(): rgb(0xfbe0de),
	Accent.TextName(): rgb(0x1d4fc4), Accent.BackgroundName(): rgb(0xd6e3fd),
	Muted.TextName(): rgb(0x5b6472), Muted.BackgroundName(): color.Transparent,
}

var dark = palette{
	fynetheme.ColorNameBackground:          rgb(0x1b1d21),
	fynetheme.ColorNameForeground:          rgb(0xe7e9ed),
	fynetheme.ColorNamePlaceHolder:         rgb(0xa7aeb9),
	fynetheme.ColorNameDisabled:            rgb(0x9aa2ae),
	fynetheme.ColorNameButton:              rgb(0x33373e),
	fynetheme.ColorNameDisabledButton:      rgb(0x25282d),
	fynetheme.ColorNamePrimary:             rgb(0x84aefb),
	fynetheme.ColorNameForegroundOnPrimary: rgb(0x0a1c3d),
	fynetheme.ColorNameHyperlink:           rgb(0x8fb6ff),
	fynetheme.ColorNameError:               rgb(0xff9c92),
	fynetheme.ColorNameForegroundOnError:   rgb(0x3b0a06),
	fynetheme.ColorNameSuccess:             rgb(0x7fd79a),
	fynetheme.ColorNameForegroundOnSuccess: rgb(0x062b13),
	fynetheme.ColorNameWarning:             rgb(0xf0c36c),
	fynetheme.ColorNameForegroundOnWarning: rgb(0x332100),
	fynetheme.ColorNameHover:               rgba(0xffffff, 0x12),
	fynetheme.ColorNamePressed:             rgba(0xffffff, 0x26),
	fynetheme.ColorNameFocus:               rgba(0xc7dbff, 0x38),
	fynetheme.ColorNameSelection:           rgb(0x2c4470),
	fynetheme.ColorNameInputBackground:     rgb(0x22252a),
	fynetheme.ColorNameInputBorder:         rgb(0x545b66),
	fynetheme.ColorNameHeaderBackground:    rgb(0x24272c),
	fynetheme.ColorNameSeparator:           rgb(0x33373d),
	fynetheme.ColorNameOverlayBackground:   rgb(0x23262b),
	fynetheme.ColorNameMenuBackground:      rgb(0x2a2d33),
	fynetheme.ColorNameShadow:              rgba(0x000000, 0x80),
	fynetheme.ColorNameScrollBar:           rgba(0xe5e7eb, 0x73),
	fynetheme.ColorNameScrollBarBackground: rgba(0xffffff, 0x0d),

	ColorNameToolbar:     rgb(0x1f2226),
	ColorNamePanel:       rgb(0x1f2226),
	ColorNameStatusBar:   rgb(0x24272c),
	ColorNameRowHover:    rgb(0x24272d),
	ColorNameRowSelected: rgb(0x26375a),
	ColorNameMuted:       rgb(0xa7aeb9),
	ColorNameBackdrop:    rgba(0x000000, 0x80),

	Neutral.TextName(): rgb(0xd3d8df), Neutral.BackgroundName(): rgb(0x393e46),
	Good.TextName(): rgb(0x86dea1), Good.BackgroundName(): rgb(0x1d3b28),
	Warning.TextName(): rgb(0xf3ca78), Warning.BackgroundName(): rgb(0x443515),
	Bad.TextName(): rgb(0xffa79e), Bad.BackgroundName(): rgb(0x4d2320),
	Accent.TextName(): rgb(0xa3c4ff), Accent.BackgroundName(): rgb(0x27406f),
	Muted.TextName(): rgb(0xa7aeb9), Muted.BackgroundName(): color.Transparent,
}
