//go:build uimap

package desktop

import (
	"flag"
	"os"
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui"
)

var uiMap = flag.String("ui-map", os.Getenv("ACEN_UI_MAP"), "file that always holds what the window shows, as JSON, for tests from outside (default: $ACEN_UI_MAP)")

// mapWidgets keeps the file of the flag up to date until stop is called.
func mapWidgets(w fyne.Window) (stop func()) {
	if *uiMap == "" {
		return func() {}
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	done := ui.MapWidgets(w, *uiMap, ticker.C)
	return func() { ticker.Stop(); done() }
}
