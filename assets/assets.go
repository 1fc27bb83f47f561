// Package assets holds what is built into the programs: the icon, drawn for this project.
package assets

import _ "embed"

// Icon is the app's icon as SVG.
//
//go:embed icon.svg
var Icon []byte
