package ui

import (
	"encoding/json"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/ui/kit/table"
)

// Keys of what the toolkit's preferences hold: the look of the window, and which notices were dismissed.
const (
	lookKey   = "window.look"
	expiryKey = "expiry.dismissed"

	defaultWidth  float32 = 1180
	defaultHeight float32 = 760
	leastWidth    float32 = 640
	leastHeight   float32 = 420
)

// splits are the bars that the person can move.
type splits struct {
	orders  *container.Split // orders above licenses
	details *container.Split // licenses beside details
}

// remembered is the look of the window as it is kept from one start to the next.
type remembered struct {
	Width   float32                `json:"width"`
	Height  float32                `json:"height"`
	Orders  float64                `json:"orders"`  // share of the height, 0 to 1
	Details float64                `json:"details"` // share of the width, 0 to 1
	Tables  map[string]table.State `json:"tables"`

	saved string
}

// restore gives the window the look of the latest start. What cannot be read or makes no sense is left at its default.
func (w *Window) restore() {
	r := remembered{Width: defaultWidth, Height: defaultHeight, Orders: w.split.orders.Offset, Details: w.split.details.Offset}
	text := w.app.Preferences().String(lookKey)
	var kept remembered
	if json.Unmarshal([]byte(text), &kept) == nil {
		if kept.Width >= leastWidth && kept.Width < 20000 && kept.Height >= leastHeight && kept.Height < 20000 {
			r.Width, r.Height = kept.Width, kept.Height
		}
		if share(kept.Orders) {
			r.Orders = kept.Orders
		}
		if share(kept.Details) {
			r.Details = kept.Details
		}
		r.Tables = kept.Tables
	}
	if r.Tables == nil {
		r.Tables = map[string]table.State{}
	}
	r.saved = text
	w.remembered = r
	w.window.Resize(fyne.NewSize(r.Width, r.Height))
	w.split.orders.SetOffset(r.Orders)
	w.split.details.SetOffset(r.Details)
	w.orders.Restore(r.Tables["orders"])
	w.licenses.Restore(false, r.Tables[licensesTable(false)])
	w.expiries = readExpiries(w.app.Preferences().String(expiryKey), w.options.Now())
	w.licenses.Restore(true, r.Tables[licensesTable(true)])
}

func share(v float64) bool { return v > 0.02 && v < 0.98 }

// save keeps the look of the window when it has changed.
func (w *Window) save() {
	size := w.window.Canvas().Size()
	if size.Width >= leastWidth && size.Height >= leastHeight && !w.window.FullScreen() {
		w.remembered.Width, w.remembered.Height = size.Width, size.Height
	}
	w.remembered.Orders, w.remembered.Details = w.split.orders.Offset, w.split.details.Offset
	text, err := json.Marshal(w.remembered)
	if err != nil || string(text) == w.remembered.saved {
		return
	}
	w.remembered.saved = string(text)
	w.app.Preferences().SetString(lookKey, string(text))
}
