package ui

import (
	"encoding/json"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/presenter"
)

const (
	// lookKey names the look of the window in the toolkit's preferences.
	lookKey = "window.look"

	// ordersTable names the state of the table of orders.
	ordersTable = "orders"

	defaultWidth   float32 = 1180
	defaultHeight  float32 = 760
	minWidth       float32 = 640
	minHeight      float32 = 420
	maxSide        float32 = 20000
	defaultOrders          = 0.42
	defaultDetails         = 0.74
)

// licensesTable names the state of one of the two tables of licenses.
func licensesTable(merged bool) string {
	if merged {
		return "licenses, merged codes"
	}
	return "licenses"
}

// look keeps the look of the window from one start to the next. Its methods belong to the UI thread.
type look struct {
	shell   *presenter.Shell
	orders  *container.Split // orders above licenses
	details *container.Split // licenses beside details
	kept    keptLook
	saved   string // as it is in the preferences
}

// keptLook is the look of the window as it is in the preferences.
type keptLook struct {
	Width   float32                `json:"width"`
	Height  float32                `json:"height"`
	Orders  float64                `json:"orders"`  // share of the height, 0 to 1
	Details float64                `json:"details"` // share of the width, 0 to 1
	Tables  map[string]table.State `json:"tables"`
}

// newLook reads the look of the latest start. What cannot be read or makes no sense is left at its default.
func newLook(shell *presenter.Shell) *look {
	l := &look{shell: shell, saved: shell.App.Preferences().String(lookKey), kept: keptLook{
		Width:   defaultWidth,
		Height:  defaultHeight,
		Orders:  defaultOrders,
		Details: defaultDetails,
	}}
	var saved keptLook
	if json.Unmarshal([]byte(l.saved), &saved) == nil {
		if saved.Width >= minWidth && saved.Width < maxSide && saved.Height >= minHeight && saved.Height < maxSide {
			l.kept.Width, l.kept.Height = saved.Width, saved.Height
		}
		if isShare(saved.Orders) {
			l.kept.Orders = saved.Orders
		}
		if isShare(saved.Details) {
			l.kept.Details = saved.Details
		}
		l.kept.Tables = saved.Tables
	}
	if l.kept.Tables == nil {
		l.kept.Tables = map[string]table.State{}
	}
	return l
}

func isShare(v float64) bool { return v > 0.02 && v < 0.98 }

// restore gives the window and the bars that the person can move the look of the latest start.
func (l *look) restore(orders, details *container.Split) {
	l.orders, l.details = orders, details
	l.shell.Window.Resize(fyne.NewSize(l.kept.Width, l.kept.Height))
	orders.SetOffset(l.kept.Orders)
	details.SetOffset(l.kept.Details)
}

// table returns the sort and the widths of a table in the latest start.
func (l *look) table(name string) table.State { return l.kept.Tables[name] }

// keep notes the sort and the widths of a table for the next save.
func (l *look) keep(name string, s table.State) { l.kept.Tables[name] = s }

// save keeps the look of the window when it has changed.
func (l *look) save() {
	window := l.shell.Window
	if size := window.Canvas().Size(); size.Width >= minWidth && size.Height >= minHeight && !window.FullScreen() {
		l.kept.Width, l.kept.Height = size.Width, size.Height
	}
	l.kept.Orders, l.kept.Details = l.orders.Offset, l.details.Offset
	text, err := json.Marshal(l.kept)
	if err != nil || string(text) == l.saved {
		return
	}
	l.saved = string(text)
	l.shell.App.Preferences().SetString(lookKey, l.saved)
}
