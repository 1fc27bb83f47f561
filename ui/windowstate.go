package ui

import (
	"encoding/json"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/presenter"
)

const (
	// stateKey is the key of the window's state in Fyne's preferences.
	stateKey = "window.look"

	// ordersTable is the key of the state of the table of orders.
	ordersTable = "orders"

	defaultWidth   float32 = 1180
	defaultHeight  float32 = 760
	minWidth       float32 = 640
	minHeight      float32 = 420
	maxSide        float32 = 20000
	defaultOrders          = 0.42
	defaultDetails         = 0.74
)

// licensesTable returns the key of the state of a table of licenses: the one with merged codes, or the other one.
func licensesTable(merged bool) string {
	if merged {
		return "licenses, merged codes"
	}
	return "licenses"
}

// windowState stores size and layout of the window between runs. Its methods belong to the UI thread.
type windowState struct {
	shell   *presenter.Shell
	orders  *container.Split // orders above licenses
	details *container.Split // licenses beside details
	stored  storedState
	saved   string // the JSON in the preferences
}

// storedState is the state of the window as it is stored in the preferences.
type storedState struct {
	Width   float32                `json:"width"`
	Height  float32                `json:"height"`
	Orders  float64                `json:"orders"`  // share of the height, 0 to 1
	Details float64                `json:"details"` // share of the width, 0 to 1
	Tables  map[string]table.State `json:"tables"`
}

// newWindowState reads the state of the previous run. Missing and invalid values get their defaults.
func newWindowState(shell *presenter.Shell) *windowState {
	s := &windowState{shell: shell, saved: shell.App.Preferences().String(stateKey), stored: storedState{
		Width:   defaultWidth,
		Height:  defaultHeight,
		Orders:  defaultOrders,
		Details: defaultDetails,
	}}
	var saved storedState
	if json.Unmarshal([]byte(s.saved), &saved) == nil {
		if saved.Width >= minWidth && saved.Width < maxSide && saved.Height >= minHeight && saved.Height < maxSide {
			s.stored.Width, s.stored.Height = saved.Width, saved.Height
		}
		if isShare(saved.Orders) {
			s.stored.Orders = saved.Orders
		}
		if isShare(saved.Details) {
			s.stored.Details = saved.Details
		}
		s.stored.Tables = saved.Tables
	}
	if s.stored.Tables == nil {
		s.stored.Tables = map[string]table.State{}
	}
	return s
}

func isShare(v float64) bool { return v > 0.02 && v < 0.98 }

// restore applies the stored size and split offsets.
func (s *windowState) restore(orders, details *container.Split) {
	s.orders, s.details = orders, details
	s.shell.Window.Resize(fyne.NewSize(s.stored.Width, s.stored.Height))
	orders.SetOffset(s.stored.Orders)
	details.SetOffset(s.stored.Details)
}

// table returns the stored state of a table.
func (s *windowState) table(name string) table.State { return s.stored.Tables[name] }

// setTable changes the state of a table for the next save.
func (s *windowState) setTable(name string, state table.State) { s.stored.Tables[name] = state }

// save stores the state if it has changed.
func (s *windowState) save() {
	window := s.shell.Window
	if size := window.Canvas().Size(); size.Width >= minWidth && size.Height >= minHeight && !window.FullScreen() {
		s.stored.Width, s.stored.Height = size.Width, size.Height
	}
	s.stored.Orders, s.stored.Details = s.orders.Offset, s.details.Offset
	text, err := json.Marshal(s.stored)
	if err != nil || string(text) == s.saved {
		return
	}
	s.saved = string(text)
	s.shell.App.Preferences().SetString(stateKey, s.saved)
}
