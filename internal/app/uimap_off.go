//go:build !uimap

package app

import "fyne.io/fyne/v2"

// mapWidgets does nothing without the tag uimap.
func mapWidgets(fyne.Window, func(string) string) (stop func()) { return func() {} }
