//go:build uimap

package app

import (
	"cmp"
	"flag"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui"
)

var uiMap = flag.String("ui-map", "",
	"file that always holds what the window shows, as JSON, for tests from outside (default: $ACEN_UI_MAP)")

// mapWidgets updates the file of the flag until stop is called.
func mapWidgets(w fyne.Window, getenv func(string) string) (stop func()) {
	path := cmp.Or(*uiMap, getenv("ACEN_UI_MAP"))
	if path == "" {
		return func() {}
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	done := ui.MapWidgets(w, path, ticker.C)
	return func() { ticker.Stop(); done() }
}
