package orders

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/uitest"
)

// recorder is an Actions that records its calls.
type recorder struct {
	opened  []int64
	updated []int64
	none    int
	states  int
	cleared int
}

func (r *recorder) OpenOrder(o api.Order, ok bool) {
	if ok {
		r.opened = append(r.opened, o.ID)
	} else {
		r.none++
	}
}

func (r *recorder) UpdateOrder(o api.Order)      { r.updated = append(r.updated, o.ID) }
func (r *recorder) StoreOrdersTable(table.State) { r.states++ }
func (r *recorder) PointerMoved()                {}
func (r *recorder) Copy(string)                  {}
func (r *recorder) ClearSearch()                 { r.cleared++ }

func newScreen(t *testing.T) (*uitest.Stage, *Screen, *recorder) {
	t.Helper()
	stage, r := uitest.New(t), &recorder{}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	s, err := New(Options{Now: func() time.Time { return now }, Actions: r})
	require.NoError(t, err)
	stage.Window.SetContent(s.Object())
	return stage, s, r
}

// list returns three orders, of which the newest needs no activation.
func list() []api.Order {
	return []api.Order{
		order(func(o *api.Order) { o.ID, o.ProgramName = 1003, "Tide Survey" }),
		order(func(*api.Order) {}),
		order(func(o *api.Order) { o.ID, o.ProgramName, o.RequiresActivation = 1050, "Lumen Fonts", false }),
	}
}

func TestFirstOrderIsSelected(t *testing.T) {
	stage, s, r := newScreen(t)
	s.SetOrders(nil)
	require.True(t, stage.Shows("There are no orders yet."))
	s.SetOrders(list())
	require.Equal(t, []int64{1042}, r.opened)
	s.SetOrders(list())
	require.Equal(t, []int64{1042}, r.opened, "the selected one stays")
	changed := list()
	changed[1].LicensesActivated = 5
	s.SetOrders(changed)
	require.Contains(t, r.updated, int64(1042))
	require.True(t, stage.Shows("all in use"))
	s.Clear()
	require.Positive(t, r.none)
	require.False(t, stage.Shows("1042"))
}

func TestSearchFindsLicenses(t *testing.T) {
	stage, s, r := newScreen(t)
	s.SetOrders(list())
	s.SetLicenseData(map[int64]LicenseData{1003: {Text: "Survey boat", ThisPC: true}})
	require.True(t, stage.Shows("This PC"))
	s.SetFilter("survey BOAT")
	require.True(t, stage.Shows("1003"))
	require.False(t, stage.Shows("1042"))
	s.SetFilter("nothing like this")
	require.True(t, stage.Shows("No order and no license matches “nothing like this”."))
	require.Zero(t, r.cleared)
	s.SetFilter("")
	require.True(t, stage.Shows("1042"))
	require.True(t, s.Select(1003))
	selected, ok := s.Selected()
	require.True(t, ok)
	require.EqualValues(t, 1003, selected.ID)
	require.False(t, s.Select(1))
}

func TestNoSelectionDuringSearch(t *testing.T) {
	_, s, r := newScreen(t)
	s.SetFilter("tide")
	s.SetOrders(list())
	require.Empty(t, r.opened, "what the person looks for is not pushed aside")
}
