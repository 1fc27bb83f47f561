package ui_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// row returns the position of the row of the first order's second license, which is not selected.
func (d *testWindow) row() fyne.Position {
	d.t.Helper()
	d.Fyne().Resize(fyne.NewSize(1180, 760))
	code := d.b.licenses[1042][1].MachineID
	o, ok := find(d, func(t *canvas.Text) bool { return t.Text == code })
	require.True(d.t, ok, "the window does not show %q", code)
	return d.app.Driver().AbsolutePositionForObject(o)
}

func TestFirstFrameHasNoticesOfCachedTables(t *testing.T) {
	b := newBackend()
	b.remembered, b.cached = true, now.Add(-3*time.Hour)
	b.expiring = []manager.Expiring{ending(b, 12, 14)}
	b.bringBacks = []manager.BringBack{{Order: b.orders[1], License: b.licenses[1037][0]}}
	b.blocked["Resume"] = make(chan struct{})
	d := drive(t, b, after(nil))
	require.True(t, d.shows("ends in 12 days"))
	require.True(t, d.shows("This PC had a license of Lumen Studio 7"))
	row := d.row()
	require.Zero(t, b.called("Orders"), "the server has not been asked yet")

	close(b.blocked["Resume"])
	d.until("the second search", func() bool { return b.called("Find") > 1 && d.shows("Updated just now") })
	require.Equal(t, row, d.row(), "unchanged notices do not move the tables")
}

func TestLateNoticeWaitsForPointerToRest(t *testing.T) {
	b := newBackend()
	b.remembered = true
	d := drive(t, b)
	d.sees("Studio PC")
	d.until("the search", func() bool { return b.called("Find") > 0 })
	row := d.row()
	test.MoveMouse(d.canvas(), row.AddXY(5, 5))

	b.change(func() { b.expiring = []manager.Expiring{ending(b, 12, 14)} })
	d.Shortcut(fyne.KeyR)
	d.sees("1 notice")
	require.False(t, d.shows("ends in 12 days:"))
	require.Equal(t, row, d.row())
	d.tick(time.Second)
	test.MoveMouse(d.canvas(), row.AddXY(9, 5))
	d.tick(1500 * time.Millisecond)
	require.Equal(t, row, d.row(), "the pointer still moves")
	d.tick(time.Second)
	require.True(t, d.shows("ends in 12 days:"), "the pointer rests")
	require.False(t, d.shows("1 notice"))
	require.Greater(t, d.row().Y, row.Y)

	test.MoveMouse(d.canvas(), d.row().AddXY(5, 5))
	finds := b.called("Find")
	b.change(func() { b.expiring = nil })
	d.Shortcut(fyne.KeyR)
	d.until("the search", func() bool { return b.called("Find") > finds })
	require.True(t, d.shows("ends in 12 days:"), "removing a notice waits for the pointer, too")
	d.tick(3 * time.Second)
	d.until("the notice to disappear", func() bool { return !d.shows("ends in 12 days:") })
	require.Equal(t, row, d.row())
}

func TestLateNoticeIsShownOnRequest(t *testing.T) {
	b := newBackend()
	b.remembered = true
	d := drive(t, b)
	d.sees("Studio PC")
	test.MoveMouse(d.canvas(), d.row().AddXY(5, 5))
	b.change(func() { b.expiring = []manager.Expiring{ending(b, 12, 14)} })
	d.Shortcut(fyne.KeyR)
	d.follow("1 notice")
	require.True(t, d.shows("ends in 12 days:"))
}
