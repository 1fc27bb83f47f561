package tr

import "time"

// Date formats the day of t, in the time zone of t, in the short form of the locale: "12 Mar 2026", "12.03.2026". Any
// goroutine.
func Date(t time.Time) string { return current.Load().formatter.FmtDateMedium(t) }

// LongDate formats the day of t, in the time zone of t, with the name of the month: "5 December 2026",
// "5. Dezember 2026". Any goroutine.
func LongDate(t time.Time) string { return current.Load().formatter.FmtDateLong(t) }

// Clock formats the time of day of t in the time zone of t: "15:04", "3:04 pm". Any goroutine.
func Clock(t time.Time) string { return current.Load().formatter.FmtTimeShort(t) }
