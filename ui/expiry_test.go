package ui_test

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
)

// ending returns the second license of the first order as one that expires in a number of days, at a reminder step.
func ending(b *backend, days, step int) manager.Expiring {
	return manager.Expiring{
		Order:   b.orders[0],
		License: b.licenses[1042][1],
		Days:    days,
		Step:    step,
	}
}

func TestNoticeOfExpiringLicense(t *testing.T) {
	b := newBackend()
	b.remembered = true
	b.expiring = []manager.Expiring{ending(b, 12, 14)}
	app := test.NewTempApp(t)
	d := driveIn(t, app, b)
	d.sees("A license of Lumen Studio 7 ends in 12 days: license 30421")
	d.sees("Its last day is 6 December 2026.")
	d.press("Show it")
	d.sees("6 December 2026, in 12 days")
	d.press("Dismiss")
	require.False(t, d.shows("Its last day is"))
	d.follow("1 notice")
	d.sees("Its last day is")
	d.press("Dismiss")
	d.Close()
	d.Wait()

	d = driveIn(t, app, b)
	d.until("the end of the search", func() bool { return d.b.called("Find") > 1 && d.shows("1 notice") })
	require.False(t, d.shows("Its last day is"), "it was dismissed at this step")

	b.change(func() { b.expiring = []manager.Expiring{ending(b, 7, 7)} })
	d.tick(5 * 24 * time.Hour)
	d.sees("ends in 7 days")
}

func TestOneNoticeForManyExpiringLicenses(t *testing.T) {
	b := newBackend()
	b.remembered = true
	for range 6 {
		b.expiring = append(b.expiring, ending(b, 12, 14))
	}
	d := drive(t, b)
	d.sees("6 licenses of Lumen Studio 7 end in 12 days.")
	d.sees("license 30421 and 2 more.")
	other := ending(b, 12, 14)
	other.Order.ProgramName = "Tide Survey"
	b.change(func() { b.expiring[5] = other })
	d.Shortcut(fyne.KeyR)
	d.sees("6 licenses end soon.")
	d.sees("license 30421 of Lumen Studio 7 in 12 days")
}

func TestCalendarFile(t *testing.T) {
	b := newBackend()
	b.remembered = true
	b.expiring = []manager.Expiring{ending(b, 12, 14)}
	d := drive(t, b)
	d.press("Calendar file…")
	d.sees("license-30421")
}
