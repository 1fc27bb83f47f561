//go:build uimap

package desktop

import (
	"flag"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui"
)

var uiMap = flag.String("ui-map", "", "file that always holds what the window shows, as JSON, for tests from outside")

// mapWidgets keeps the file of the flag up to date until stop is called.
func mapWidgets(w fyne.Window) (stop func()) {
	if *uiMap == "" {
		return func() {}
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	done := ui.MapWidgets(w, *uiMap, ticker.C)
	return func() { ticker.Stop(); done() }
}
