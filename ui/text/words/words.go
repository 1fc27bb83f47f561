// Package words formats dates, ages, counts and names of the domain for people, in the current language. Any goroutine.
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

// Date formats the day of t for a table, in the time zone of now: "12 Mar 2026". It returns "" for the zero time.
func Date(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return tr.Date(t.In(now.Location()))
}

// LongDate formats the day of t with the name of the month, in the time zone of now: "5 December 2026".
func LongDate(t, now time.Time) string { return tr.LongDate(t.In(now.Location())) }

// Moment formats day and time of t, in the time zone of now: "12 Mar 2026 15:04".
func Moment(t, now time.Time) string {
	t = t.In(now.Location())
	return tr.T("%s %s", tr.Date(t), tr.Clock(t))
}

// LongMoment formats day and time of t with the name of the month, in the time zone of now: "5 December 2026 at 15:04".
func LongMoment(t, now time.Time) string {
	t = t.In(now.Location())
	return tr.T("%s at %s", tr.LongDate(t), tr.Clock(t))
}

// FileDay formats a day for a file name, in the time zone of now: "2026-11-24".
func FileDay(now time.Time) string { return now.Format(time.DateOnly) }

// days returns the number of calendar days from now to t in the time zone of now.
func days(t, now time.Time) int {
	midnight := func(t time.Time) time.Time {
		y, m, d := t.In(now.Location()).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	return int(midnight(t).Sub(midnight(now)) / (24 * time.Hour))
}

// Expiry returns when a license ends relative to now: "never", "today", "in 12 days", "in 5 months", "ended 20 days
// ago". last is its last moment of validity; nil means that it never ends.
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

// inSpan formats n days: below 60 as days, below two years as months, otherwise as years, both rounded down.
func inSpan(n int, days, months, years func(int) string) string {
	switch {
	case n < 60:
		return days(n)
	case n < 730:
		return months(n * 12 / 365)
	}
	return years(n / 365)
}

// Age returns how long ago t was: "just now", "12 seconds ago", "3 hours ago". A t in the future, which a changed clock
// may cause, is "just now".
func Age(t, now time.Time) string {
	d := now.Round(0).Sub(t.Round(0)) // wall clock: the monotonic clock may stop while a PC sleeps
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

// Duration formats a duration, rounded up: "1 minute", "20 seconds".
func Duration(d time.Duration) string {
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
	license.HDID:   "the number assigned when the file system was created",
	license.BIOSID: "maker of the firmware, maker and model of the mainboard: an update does not change them",
	license.OSID:   "the ID assigned when the operating system was installed",
	license.NETID:  "the address that is built into a network adapter",
	license.CPUID:  "maker, family, model and stepping of the processor",
	license.HDHWID: "the serial number of the disk that contains the system",
	license.CDHWID: "model and serial number of the first built-in optical drive",
}

// LockSource returns what the bits of a lock are computed from: the kind of source, never its value.
func LockSource(l license.Lock) string { return tr.T(sources[l]) }

// Disclosure returns three sentences about what the codes of a PC reveal (spec: codes "What the values reveal").
func Disclosure() []string {
	return []string{
		tr.T("Serial numbers and addresses never leave this PC, but the codes narrow them down: about a thousand of " +
			"the sixteen million addresses of one maker of network cards match, and about as many serial numbers of " +
			"a disk."),
		tr.T("The models of the processor and the firmware can be guessed."),
		tr.T("Each program has a key of its own: whoever collects the codes of several programs from one PC can narrow " +
			"its address and its serial number down to one."),
	}
}

// Remaining returns what remains of an allowance: "2 left today", "1 left this month", "no limit", "none left until 1
// Dec 2026". If limits of a day and of a month apply, it returns the stricter one.
func Remaining(a api.Allowance, now time.Time) string {
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

// Task returns the name of a task in a history: "License reactivation".
func Task(t api.Task) string {
	if name, ok := tasks[t]; ok {
		return tr.T(name)
	}
	return string(t)
}

var tasks = map[api.Task]tr.Text{
	api.TaskNewOrder:     "Order added",
	api.TaskNewLicense:   "New license",
	api.TaskReactivation: "License reactivation",
	api.TaskRelease:      "Released for another PC",
	api.TaskTransfer:     "License transfer",
	api.TaskRemoval:      "License removal",
	api.TaskReplacement:  "Replaced by the vendor",
	api.TaskNote:         "Note changed",
	api.TaskEmail:        "Activation code emailed",
}

// Note returns note, or "no note" if it is empty.
func Note(note string) string {
	if note == "" {
		return tr.T("no note")
	}
	return note
}

// UpperFirst returns name with its first letter in upper case, for the start of a line.
func UpperFirst(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	if size == 0 {
		return name
	}
	return string(unicode.ToUpper(r)) + name[size:]
}

// LowerFirst returns label with its first letter in lower case, for use within a sentence. In German it returns label
// unchanged, because nouns are capitalized.
func LowerFirst(label string) string {
	r, size := utf8.DecodeRuneInString(label)
	if size == 0 || tr.Current() == "de" {
		return label
	}
	return string(unicode.ToLower(r)) + label[size:]
}

// List joins things with commas: "firmware, network card".
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

// Lock returns the name of a lock, such as "network card".
func Lock(l license.Lock) string {
	if name, ok := locks[l]; ok {
		return tr.T(name)
	}
	return l.String()
}

var locks = map[license.Lock]tr.Text{
	license.HDID:   "system volume",
	license.BIOSID: "firmware",
	license.OSID:   "operating system",
	license.NETID:  "network card",
	license.CPUID:  "processor",
	license.HDHWID: "system disk",
	license.CDHWID: "optical drive",
}

// And joins things with commas and "and": "1, 2 and 3".
func And(things []string) string {
	if last := len(things) - 1; last > 0 {
		return tr.T("%s and %s", List(things[:last]), things[last])
	}
	return List(things)
}

// LicenseName returns the name of a license within a sentence: its note in quotation marks, or "license 5" without one.
func LicenseName(id int64, note string) string {
	if note == "" {
		return tr.T("license %d", id)
	}
	return Quoted(note)
}

// Quoted returns name in the quotation marks of the language.
func Quoted(name string) string { return tr.T("“%s”", name) }

// Sentence turns s into a sentence: it capitalizes the first letter and adds a period if s has no final punctuation.
func Sentence(s string) string {
	s = UpperFirst(strings.TrimSpace(s))
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

// FileError returns a sentence about why the system could not open or write a file. Rare errors are not translated.
func FileError(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return tr.T("You do not have permission.")
	case errors.Is(err, fs.ErrNotExist):
		return tr.T("It no longer exists.")
	case errors.Is(err, syscall.ENOSPC):
		return tr.T("The disk is full.")
	}
	return Sentence(err.Error())
}

// Title returns sentence without its period, for the title of a dialog.
func Title(sentence string) string { return strings.TrimRight(sentence, ".。") }

// Status returns the status of a license: "removed".
func Status(s api.LicenseStatus) string {
	if name, ok := statuses[s]; ok {
		return tr.T(name)
	}
	return strings.ToLower(string(s))
}

var statuses = map[api.LicenseStatus]tr.Text{
	api.StatusActive:      "active",
	api.StatusRemoved:     "removed",
	api.StatusReactivated: "reactivated",
	api.StatusTransferred: "transferred",
	api.StatusReplaced:    "replaced",
	api.StatusUnknown:     "unknown",
	api.StateReleased:     "released",
}

// Job returns the title of a job: "Transfer of “Office”", "New license for 7183EC4D".
func Job(j manager.Job) string {
	title, about, ok := j.About()
	if !ok {
		return j.Title
	}
	if j.Task != api.TaskNewLicense && j.Task != api.TaskNewOrder {
		about = LicenseName(j.LicenseID, about)
	}
	return tr.T(tr.Text(title), about)
}

// Translate translates a text of the manager and its arguments.
func Translate(t manager.Text) string {
	args := make([]any, len(t.Args))
	for i, a := range t.Args {
		switch inner := a.(type) {
		case manager.Text:
			a = Translate(inner)
		case manager.Day:
			a = tr.LongDate(time.Time(inner))
		}
		args[i] = a
	}
	return tr.T(tr.Text(t.Format), args...)
}
