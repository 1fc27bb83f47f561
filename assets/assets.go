// Package assets embeds what the programs show: the icon, the pictures of the help and the translations of the window.
// Package ui uses it. It contains data only.
package assets

import "embed"

// Icon is the app's icon as SVG.
//
//go:embed icon.svg
var Icon []byte

// WindowIcon is the icon as PNG of 128 pixels, for windows: a drawing would have to be drawn at every start.
//
//go:embed icon.png
var WindowIcon []byte

// Help are the pictures of the help as SVG in one color, 64 to 32 in size: help/transfer.svg and others by the task.
//
//go:embed help/*.svg
var Help embed.FS

// Translations are the catalogs of the window's texts as JSON, English to another language: translations/de.json and
// others by the language's code.
//
//go:embed translations/*.json
var Translations embed.FS
