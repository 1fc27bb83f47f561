// Package orders implements the table of orders.
package orders

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Row is an order with data of its licenses.
type Row struct {
	api.Order
	// ThisPC reports whether a license of the order belongs to this PC.
	ThisPC bool
	// LicenseText is searched in addition to the order: notes and codes of its licenses.
	LicenseText string
}

// Actions is what the table needs of the window. Its methods are called on the UI thread.
type Actions interface {
	// OpenOrder is called after the selection changed; ok is false if no order is selected.
	OpenOrder(order api.Order, ok bool)
	// UpdateOrder is called after the values of the selected order changed.
	UpdateOrder(order api.Order)
	// StoreOrdersTable is called after the person changed the sort order or a column width.
	StoreOrdersTable(table.State)
	// PointerMoved is called while the pointer moves over the rows.
	PointerMoved()
	Copy(text string)
	// ClearSearch clears the search text.
	ClearSearch()
}

// Options configures a Screen. Functions are called on the UI thread.
type Options struct {
	Now     func() time.Time
	Actions Actions
}

// Screen is the table of orders with its heading. Its methods run on the UI thread.
type Screen struct {
	options Options
	table   *table.Table[Row]
	object  fyne.CanvasObject
	empty   *widget.Label
	orders  []api.Order
	data    map[int64]LicenseData
}

// New returns an empty screen. An error means that the table is defined incorrectly, a bug. UI thread.
func New(o Options) (*Screen, error) {
	s := &Screen{options: o, data: map[int64]LicenseData{}}
	s.empty = widget.NewLabel(tr.T("Loading orders…"))
	s.empty.Alignment = fyne.TextAlignCenter
	s.empty.Importance = widget.LowImportance
	var err error
	s.table, err = table.New(table.Options[Row]{
		Key:           func(r Row) string { return strconv.FormatInt(r.ID, 10) },
		Columns:       columns(o.Now),
		Sort:          "order",
		Descending:    true,
		SearchText:    searchText(o.Now),
		OnSelected:    func(r Row, ok bool) { o.Actions.OpenOrder(r.Order, ok) },
		OnUpdated:     func(r Row) { o.Actions.UpdateOrder(r.Order) },
		Empty:         func() fyne.CanvasObject { return s.empty },
		NoMatch:       func(text string) string { return tr.T("No order and no license matches “%s”.", text) },
		OnClearFilter: o.Actions.ClearSearch,
		OnState:       o.Actions.StoreOrdersTable,
		OnPointer:     o.Actions.PointerMoved,
		Copy:          o.Actions.Copy,
	})
	if err != nil {
		return nil, err
	}
	heading := container.New(layout.NewCustomPaddedLayout(theme.Gap, theme.Gap, theme.Margin-4, theme.Margin),
		theme.Unpadded(theme.NewHeading(tr.T("Orders"))))
	s.object = layouts.Column(heading, s.table, nil)
	return s, nil
}

// Object returns the content for the window.
func (s *Screen) Object() fyne.CanvasObject { return s.object }

// SetOrders shows orders. If none is selected and no search is active, it selects First.
func (s *Screen) SetOrders(list []api.Order) {
	s.orders = list
	s.empty.SetText(tr.T("There are no orders yet.\nOrders appear here when the vendor has added one to your account."))
	s.refresh()
	if _, ok := s.table.Selected(); !ok && s.table.Filter() == "" {
		if o, ok := First(list); ok {
			s.Select(o.ID)
		}
	}
}

// LicenseData is the data of an order's licenses.
type LicenseData struct {
	Text   string // notes and codes, for the search
	ThisPC bool   // a license belongs to this PC
}

// SetLicenseData sets the data of the licenses of orders, by order id, for the search and the badge "This PC".
func (s *Screen) SetLicenseData(data map[int64]LicenseData) {
	changed := false
	for order, k := range data {
		changed = changed || s.data[order] != k
		s.data[order] = k
	}
	if changed {
		s.refresh()
	}
}

// Clear removes all orders, such as after signing out.
func (s *Screen) Clear() {
	s.orders, s.data = nil, map[int64]LicenseData{}
	s.table.Unselect()
	s.empty.SetText(tr.T("Loading orders…"))
	s.refresh()
}

func (s *Screen) refresh() {
	rows := make([]Row, len(s.orders))
	for i, o := range s.orders {
		rows[i] = Row{Order: o, ThisPC: s.data[o.ID].ThisPC, LicenseText: s.data[o.ID].Text}
	}
	s.table.SetRows(rows)
}

// Select selects an order by id and reports whether it exists.
func (s *Screen) Select(id int64) bool { return s.table.Select(strconv.FormatInt(id, 10)) }

// Selected returns the selected order.
func (s *Screen) Selected() (api.Order, bool) {
	r, ok := s.table.Selected()
	return r.Order, ok
}

// SetFilter shows only the orders that match text, by their values or those of their licenses.
func (s *Screen) SetFilter(text string) { s.table.SetFilter(text) }

// Focus gives the table the focus.
func (s *Screen) Focus() { s.table.Focus() }

// FocusIn gives the table the focus of a canvas that may not have been drawn yet.
func (s *Screen) FocusIn(c fyne.Canvas) { s.table.FocusIn(c) }

// Restore restores the sort order and column widths of an earlier start.
func (s *Screen) Restore(state table.State) { s.table.Restore(state) }

// First returns the order to select initially: the newest that requires activation, or else the newest. Any goroutine.
func First(list []api.Order) (best api.Order, ok bool) {
	for _, o := range list {
		if o.RequiresActivation && !best.RequiresActivation ||
			o.RequiresActivation == best.RequiresActivation && o.ID > best.ID {
			best = o
		}
	}
	return best, len(list) > 0
}

func columns(now func() time.Time) []table.Column[Row] {
	return []table.Column[Row]{
		{
			ID:      "order",
			Title:   tr.T("Order ID"),
			Width:   94,
			Text:    func(r Row) string { return strconv.FormatInt(r.ID, 10) },
			Compare: func(a, b Row) int { return cmp.Compare(a.ID, b.ID) },
		},
		{
			ID:      "program",
			Title:   tr.T("Program"),
			Width:   200,
			Stretch: true,
			Text:    func(r Row) string { return r.ProgramName },
			Badge: func(r Row) (table.Badge, bool) {
				return table.Badge{Text: tr.T("This PC"), Tone: theme.Good}, r.ThisPC
			},
			Compare: func(a, b Row) int {
				return cmp.Or(cmp.Compare(strings.ToLower(a.ProgramName), strings.ToLower(b.ProgramName)), cmp.Compare(a.ID, b.ID))
			},
		},
		{
			ID:      "date",
			Title:   tr.T("Order date"),
			Width:   108,
			Text:    func(r Row) string { return words.Date(r.OrderedAt, now()) },
			Compare: func(a, b Row) int { return cmp.Or(a.OrderedAt.Compare(b.OrderedAt), cmp.Compare(a.ID, b.ID)) },
		},
		{
			ID:    "licenses",
			Title: tr.T("Licenses"),
			Width: 90,
			Align: fyne.TextAlignTrailing,
			Text:  func(r Row) string { return usedText(r.Order) },
			Compare: func(a, b Row) int {
				return cmp.Or(cmp.Compare(remaining(a.Order), remaining(b.Order)), cmp.Compare(a.ID, b.ID))
			},
		},
		{
			ID:        "serial",
			Title:     tr.T("Serial number"),
			Width:     196,
			Monospace: true,
			Text:      func(r Row) string { return r.SerialNumber },
			Compare: func(a, b Row) int {
				return cmp.Or(cmp.Compare(a.SerialNumber, b.SerialNumber), cmp.Compare(a.ID, b.ID))
			},
		},
		{
			ID:    "status",
			Title: tr.T("Status"),
			Width: 170,
			Align: fyne.TextAlignTrailing,
			Badge: func(r Row) (table.Badge, bool) { return Status(r.Order), true },
			Compare: func(a, b Row) int {
				return cmp.Or(cmp.Compare(Status(a.Order).Text, Status(b.Order).Text), cmp.Compare(a.ID, b.ID))
			},
		},
	}
}

// searchText returns the function that returns the searched text of a row. now only provides the time zone.
func searchText(now func() time.Time) func(Row) string {
	return func(r Row) string {
		return strings.Join([]string{
			strconv.FormatInt(r.ID, 10), r.ProgramName, words.Date(r.OrderedAt, now()), r.SerialNumber, Status(r.Order).Text,
			r.LicenseText,
		}, "\n")
	}
}

// usedText returns the number of activated licenses, such as "3 / 5", or "–" if the program needs no activation.
func usedText(o api.Order) string {
	if !o.RequiresActivation {
		return "–"
	}
	return fmt.Sprintf("%d / %d", o.LicensesActivated, o.LicensesTotal)
}

func remaining(o api.Order) int {
	if !o.RequiresActivation {
		return -1
	}
	return max(0, o.LicensesTotal-o.LicensesActivated)
}

// Status returns the badge of an order. Any goroutine.
func Status(o api.Order) table.Badge {
	switch {
	case !o.RequiresActivation:
		return table.Badge{Text: tr.T("needs no activation"), Tone: theme.Muted}
	case o.Subscription.State == api.SubscriptionExpired:
		return table.Badge{Text: tr.T("subscription ended"), Tone: theme.Bad}
	case !o.CanManage:
		return table.Badge{Text: tr.T("read-only"), Tone: theme.Neutral}
	case remaining(o) == 0:
		return table.Badge{Text: tr.T("all in use"), Tone: theme.Warning}
	}
	return table.Badge{Text: tr.T("%d left", remaining(o)), Tone: theme.Muted}
}
