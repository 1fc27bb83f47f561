//go:build !uimap

package app

import "fyne.io/fyne/v2"

// mapWidgets belongs to builds for tests.
func mapWidgets(fyne.Window, func(string) string) (stop func()) { return func() {} }
