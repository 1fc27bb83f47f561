package tr

import "time"

// Date returns a day in the person's short form, in the time zone of t: "12 Mar 2026", "12.03.2026". Any goroutine.
func Date(t time.Time) string { return inUse.Load().form.FmtDateMedium(t) }

// LongDate returns a day with the month written out, in the time zone of t: "5 December 2026", "5. Dezember 2026". Any
// goroutine.
func LongDate(t time.Time) string { return inUse.Load().form.FmtDateLong(t) }

// Clock returns the time of day in the time zone of t: "15:04", "3:04 pm". Any goroutine.
func Clock(t time.Time) string { return inUse.Load().form.FmtTimeShort(t) }
