// Package words says dates, ages, counts and the names of what the product deals with as people do, in their language.
package words

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Date returns a day as the tables show it, in the time zone of now: "12 Mar 2026". Zero gives "".
func Date(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return tr.Date(t.In(now.Location()))
}

// LongDate returns a day with the month written out, in the time zone of now: "5 December 2026".
func LongDate(t, now time.Time) string { return tr.LongDate(t.In(now.Location())) }

// Moment returns a day and the time of day, in the time zone of now: "12 Mar 2026 15:04".
func Moment(t, now time.Time) string {
	t = t.In(now.Location())
	return tr.T("%s %s", tr.Date(t), tr.Clock(t))
}

// LongMoment returns a day with the month written out and the time of day, in the time zone of now: "5 December 2026 at 15:04".
func LongMoment(t, now time.Time) string {
	t = t.In(now.Location())
	return tr.T("%s at %s", tr.LongDate(t), tr.Clock(t))
}

// FileDay is a day as it stands in the name of a file, in the time zone of now: "2026-11-24".
func FileDay(now time.Time) string { return now.Format(time.DateOnly) }

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
		return tr.T("never")
	}
	n := days(*last, now)
	if now.After(*last) {
		switch {
		case n >= 0:
			return tr.T("ended today")
		case n == -1:
			return tr.T("ended yesterday")
		}
		return inSpan(-n, func(n int) string { return tr.N(n, "ended %d day ago", "ended %d days ago") },
			func(n int) string { return tr.N(n, "ended %d month ago", "ended %d months ago") },
			func(n int) string { return tr.N(n, "ended %d year ago", "ended %d years ago") })
	}
	switch n {
	case 0:
		return tr.T("today")
	case 1:
		return tr.T("tomorrow")
	}
	return inSpan(n, func(n int) string { return tr.N(n, "in %d day", "in %d days") },
		func(n int) string { return tr.N(n, "in %d month", "in %d months") },
		func(n int) string { return tr.N(n, "in %d year", "in %d years") })
}

// inSpan says a number of days, rounded down to months and years where days say little.
func inSpan(n int, days, months, years func(int) string) string {
	switch {
	case n < 60:
		return days(n)
	case n < 730:
		return months(n * 12 / 365)
	}
	return years(n / 365)
}

// Age says how long ago something was: "just now", "12 seconds ago", "3 hours ago". A time in the future, which a
// changed clock brings, is "just now".
func Age(t, now time.Time) string {
	d := now.Round(0).Sub(t.Round(0)) // by the clock on the wall: the monotonic one may stand still while a PC sleeps
	switch {
	case d < 5*time.Second:
		return tr.T("just now")
	case d < time.Minute:
		return tr.N(int(d/time.Second), "%d second ago", "%d seconds ago")
	case d < time.Hour:
		return tr.N(int(d/time.Minute), "%d minute ago", "%d minutes ago")
	case d < 48*time.Hour:
		return tr.N(int(d/time.Hour), "%d hour ago", "%d hours ago")
	}
	return inSpan(int(d/(24*time.Hour)), func(n int) string { return tr.N(n, "%d day ago", "%d days ago") },
		func(n int) string { return tr.N(n, "%d month ago", "%d months ago") },
		func(n int) string { return tr.N(n, "%d year ago", "%d years ago") })
}

// Wait says a time to wait, rounded up: "1 minute", "20 seconds".
func Wait(d time.Duration) string {
	switch {
	case d < time.Minute:
		return tr.N(max(1, int((d+time.Second-1)/time.Second)), "%d second", "%d seconds")
	case d <= 90*time.Minute:
		return tr.N(int((d+time.Minute-1)/time.Minute), "%d minute", "%d minutes")
	case d <= 36*time.Hour:
		return tr.N(int((d+time.Hour-1)/time.Hour), "%d hour", "%d hours")
	}
	return tr.N(int((d+24*time.Hour-1)/(24*time.Hour)), "%d day", "%d days")
}

var sources = map[license.Lock]tr.Text{
	license.HDID:   "the number that the file system got when it was made",
	license.BIOSID: "maker of the firmware, maker and model of the mainboard: what an update leaves as it is",
	license.OSID:   "the id that the operating system got when it was installed",
	license.NETID:  "the address that is built into a network adapter",
	license.CPUID:  "maker, family, model and stepping of the processor",
	license.HDHWID: "the serial number of the disk that holds the system",
	license.CDHWID: "model and serial number of the first built-in optical drive",
}

// LockSource says what the bits of a lock are computed from: its kind, never a value.
func LockSource(l license.Lock) string { return tr.T(sources[l]) }

// GivesAway returns three sentences about what the codes of a PC reveal although they contain no serial number (spec:
// codes "What the values reveal").
func GivesAway() []string {
	return []string{
		tr.T("Serial numbers and addresses never leave this PC, but the codes narrow them down: of the sixteen million " +
			"addresses of one maker of network cards about a thousand fit, and about as many serial numbers of a disk."),
		tr.T("The models of processor and firmware can be guessed."),
		tr.T("Each program has a key of its own: whoever collects the codes of several programs from one PC can narrow " +
			"its address and its serial number down to one."),
	}
}

// Left says what is left of an allowance: "2 left today", "1 left this month", "no limit", "none left until 1 Dec 2026".
// Where a day's and a month's limit hold, the tighter one is said.
func Left(a api.Allowance, now time.Time) string {
	today, month := a.RemainingToday, a.RemainingMonth
	n, one, many := 0, tr.Text("%d left today"), tr.Text("%d left today")
	switch {
	case today == nil && month == nil:
		return tr.T("no limit")
	case today == nil || month != nil && *month <= *today:
		n, one, many = *month, "%d left this month", "%d left this month"
	default:
		n = *today
	}
	if n > 0 || a.ResetsAt == nil {
		return tr.N(n, one, many)
	}
	return tr.T("none left until %s", Date(*a.ResetsAt, now))
}

// Task names what is in an order's history: "License reactivation".
func Task(t api.Task) string {
	if name, ok := tasks[t]; ok {
		return tr.T(name)
	}
	return string(t)
}

var tasks = map[api.Task]tr.Text{
	api.TaskNewOrder: "Order added", api.TaskNewLicense: "New license", api.TaskReactivation: "License reactivation",
	api.TaskRelease: "Released for another PC", api.TaskTransfer: "License transfer", api.TaskRemoval: "License removal", api.TaskReplacement: "Replaced by the vendor",
	api.TaskNote: "Note changed", api.TaskEmail: "Activation code emailed",
}

// Note returns a license's note, or "no note" where there is none.
func Note(note string) string {
	if note == "" {
		return tr.T("no note")
	}
	return note
}

// Capital makes the first letter a capital, for a name at the start of a line.
func Capital(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return name
	}
	return string(unicode.ToUpper(r)) + name[size:]
}

// Within makes the first letter small, for a label within a sentence; German keeps the capitals of its nouns.
func Within(label string) string {
	r, size := utf8.DecodeRuneInString(label)
	if size == 0 || tr.InUse() == "de" {
		return label
	}
	return string(unicode.ToLower(r)) + label[size:]
}

// List says several things in a row: "firmware, network card".
func List(things []string) string {
	list := ""
	for i, t := range things {
		if i == 0 {
			list = t
			continue
		}
		list = tr.T("%s, %s", list, t)
	}
	return list
}

// Lock names a lock in plain words, such as "network card".
func Lock(l license.Lock) string {
	if name, ok := locks[l]; ok {
		return tr.T(name)
	}
	return l.String()
}

var locks = map[license.Lock]tr.Text{
	license.HDID: "system volume", license.BIOSID: "firmware", license.OSID: "operating system", license.NETID: "network card",
	license.CPUID: "processor", license.HDHWID: "system disk", license.CDHWID: "optical drive",
}

// And says several things as a part of a sentence: "1, 2 and 3".
func And(things []string) string {
	if last := len(things) - 1; last > 0 {
		return tr.T("%s and %s", List(things[:last]), things[last])
	}
	return List(things)
}

// Named names a license within a sentence: by its note, or as "license 5".
func Named(id int64, note string) string {
	if note == "" {
		return tr.T("license %d", id)
	}
	return Quoted(note)
}

// Quoted is a name in the quotation marks of the language.
func Quoted(name string) string { return tr.T("“%s”", name) }

// Sentence makes a capital of the first letter and ends with a period.
func Sentence(s string) string {
	s = Capital(strings.TrimSpace(s))
	if s == "" {
		return ""
	}
	switch last, _ := utf8.DecodeLastRuneInString(s); {
	case strings.ContainsRune(".!?…。", last):
		return s
	case unicode.In(last, unicode.Hiragana, unicode.Katakana, unicode.Han):
		return s + "。"
	}
	return s + "."
}

// Cause says in a sentence why the system would not open or write something; what it seldom says stays in its own words.
func Cause(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return tr.T("This PC does not let you.")
	case errors.Is(err, fs.ErrNotExist):
		return tr.T("It is not there any more.")
	case errors.Is(err, syscall.ENOSPC):
		return tr.T("The disk is full.")
	}
	return Sentence(err.Error())
}

// Title is a sentence without its period, for the title of a dialog.
func Title(sentence string) string { return strings.TrimRight(sentence, ".。") }

// Status says how a license stands: "removed".
func Status(s api.LicenseStatus) string {
	if name, ok := statuses[s]; ok {
		return tr.T(name)
	}
	return strings.ToLower(string(s))
}

var statuses = map[api.LicenseStatus]tr.Text{
	api.StatusActive: "active", api.StatusRemoved: "removed", api.StatusReactivated: "reactivated", api.StatusTransferred: "transferred",
	api.StatusReplaced: "replaced", api.StatusUnknown: "unknown", api.StateReleased: "released",
}

// Job says what a task is about: "Transfer of “Office”", "New license for 7183EC4D".
func Job(j manager.Job) string {
	about, ok := j.About()
	if !ok {
		return j.Title
	}
	if j.Task != api.TaskNewLicense && j.Task != api.TaskNewOrder {
		about = Named(j.LicenseID, about)
	}
	return tr.T(jobs[j.Task], about)
}

var jobs = map[api.Task]tr.Text{
	api.TaskNewLicense: "New license for %s", api.TaskReactivation: "Reactivation of %s", api.TaskTransfer: "Transfer of %s",
	api.TaskRemoval: "Removal of %s", api.TaskRelease: "Move of %s", api.TaskEmail: "Email of %s", api.TaskNewOrder: "New order with serial number %s",
}

// Say says what the manager has to tell.
func Say(t manager.Text) string {
	args := make([]any, len(t.Args))
	for i, a := range t.Args {
		switch inner := a.(type) {
		case manager.Text:
			a = Say(inner)
		case manager.Day:
			a = tr.LongDate(time.Time(inner))
		}
		args[i] = a
	}
	return tr.T(tr.Text(t.Format), args...)
}
