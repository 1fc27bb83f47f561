// Package words says dates, ages and counts as people do.
package words

import (
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// Date returns a day as the tables show it, in the time zone of now: "12 Mar 2026". Zero gives "".
func Date(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(now.Location()).Format("2 Jan 2006")
}

// LongDate returns a day with the month written out, in the time zone of now: "5 December 2026".
func LongDate(t, now time.Time) string {
	return t.In(now.Location()).Format("2 January 2006")
}

// days returns the number of calendar days from now to t in the time zone of now.
func days(t, now time.Time) int {
	midnight := func(t time.Time) time.Time {
		y, m, d := t.In(now.Location()).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(midnight(t).Sub(midnight(now)) / (24 * time.Hour))
}

// Expiry says when a license ends, given its last moment of validity; nil never ends: "never", "today", "in 12 days",
// "in 5 months", "ended 20 days ago".
func Expiry(last *time.Time, now time.Time) string {
	if last == nil {
		return "never"
	}
	n := days(*last, now)
	if now.After(*last) {
		switch {
		case n >= 0:
			return "ended today"
		case n == -1:
			return "ended yesterday"
		}
		return fmt.Sprintf("ended %s ago", span(-n))
	}
	switch n {
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	}
	return "in " + span(n)
}

// span says a number of days, rounded down to months and years where days say little.
func span(days int) string {
	switch {
	case days < 60:
		return Count(days, "day", "days")
	case days < 730:
		return Count(days*12/365, "month", "months")
	}
	return Count(days/365, "year", "years")
}

// Age says how long ago something was: "just now", "12 seconds ago", "3 hours ago". A time in the future, which a
// changed clock brings, is "just now".
func Age(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < 5*time.Second:
		return "just now"
	case d < time.Minute:
		return Count(int(d/time.Second), "second", "seconds") + " ago"
	case d < time.Hour:
		return Count(int(d/time.Minute), "minute", "minutes") + " ago"
	case d < 48*time.Hour:
		return Count(int(d/time.Hour), "hour", "hours") + " ago"
	}
	return span(int(d/(24*time.Hour))) + " ago"
}

// Wait says a time to wait, rounded up: "1 minute", "20 seconds".
func Wait(d time.Duration) string {
	switch {
	case d < time.Minute:
		return Count(max(1, int((d+time.Second-1)/time.Second)), "second", "seconds")
	case d <= 90*time.Minute:
		return Count(int((d+time.Minute-1)/time.Minute), "minute", "minutes")
	case d <= 36*time.Hour:
		return Count(int((d+time.Hour-1)/time.Hour), "hour", "hours")
	}
	return Count(int((d+24*time.Hour-1)/(24*time.Hour)), "day", "days")
}

// Count says a number of things: "1 license", "3 licenses".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

var locks = map[license.Lock]string{
	license.HDID: "system volume", license.BIOSID: "firmware", license.OSID: "operating system", license.NETID: "network card",
	license.CPUID: "processor", license.HDHWID: "system disk", license.CDHWID: "optical drive",
}

// Lock names a lock in plain words, such as "network card".
func Lock(l license.Lock) string {
	if name, ok := locks[l]; ok {
		return name
	}
	return l.String()
}

// Left says what is left of an allowance: "2 left today", "1 left this month", "no limit", "none left until 1 Dec 2026".
// Where a day's and a month's limit hold, the tighter one is said.
func Left(a api.Allowance, now time.Time) string {
	today, month := a.RemainingToday, a.RemainingMonth
	switch {
	case today == nil && month == nil:
		return "no limit"
	case today == nil || month != nil && *month <= *today:
		return left(*month, "this month", a.ResetsAt, now)
	}
	return left(*today, "today", a.ResetsAt, now)
}

func left(n int, period string, resets *time.Time, now time.Time) string {
	if n > 0 || resets == nil {
		return fmt.Sprintf("%d left %s", n, period)
	}
	return "none left until " + Date(*resets, now)
}

// Task names what is in an order's history: "License reactivation".
func Task(t api.HistoryTask) string {
	if name, ok := tasks[t]; ok {
		return name
	}
	return string(t)
}

var tasks = map[api.HistoryTask]string{
	api.HistoryOrder: "Order added", api.HistoryNewLicense: "New license", api.HistoryReactivation: "License reactivation",
	api.HistoryRelease: "Released for another PC", api.HistoryTransfer: "License transfer", api.HistoryRemoval: "License removal", api.HistoryReplacement: "Replaced by the vendor",
	api.HistoryNote: "Note changed", api.HistoryEmail: "Activation code emailed",
}

// Note returns a license's note, or "no note" where there is none.
func Note(note string) string {
	if note == "" {
		return "no note"
	}
	return note
}
