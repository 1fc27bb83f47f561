//go:build !uimap

package desktop

import "fyne.io/fyne/v2"

// mapWidgets belongs to builds for tests.
func mapWidgets(fyne.Window) (stop func()) { return func() {} }
