package words_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/words"
)

var berlin = time.FixedZone("CET", 3600)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, berlin)

func TestExpiry(t *testing.T) {
	endOf := func(year int, month time.Month, day int) *time.Time {
		last := time.Date(year, month, day, 23, 59, 59, 0, time.UTC)
		return &last
	}
	require.Equal(t, "never", words.Expiry(nil, now))
	for want, last := range map[string]*time.Time{
		"tomorrow":           endOf(2026, 11, 24), // the day ends at 00:59 of the next day here
		"in 12 days":         endOf(2026, 12, 5),
		"in 59 days":         endOf(2027, 1, 21),
		"in 2 months":        endOf(2027, 2, 1),
		"in 3 years":         endOf(2030, 1, 1),
		"ended today":        endOf(2026, 11, 23),
		"ended yesterday":    endOf(2026, 11, 22),
		"ended 20 days ago":  endOf(2026, 11, 3),
		"ended 4 months ago": endOf(2026, 7, 10),
	} {
		require.Equal(t, want, words.Expiry(last, now), "%s", last)
	}
	noon := now.Add(time.Hour)
	require.Equal(t, "today", words.Expiry(&noon, now))
}

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 0: "just now", 4 * time.Second: "just now", 12 * time.Second: "12 seconds ago", time.Minute: "1 minute ago",
		59 * time.Minute: "59 minutes ago", 3 * time.Hour: "3 hours ago", 47 * time.Hour: "47 hours ago", 72 * time.Hour: "3 days ago",
	} {
		require.Equal(t, want, words.Age(now.Add(-d), now), "%s", d)
	}
}

func TestWait(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 second", 1500 * time.Millisecond: "2 seconds", time.Minute: "1 minute", 61 * time.Second: "2 minutes",
		15 * time.Minute: "15 minutes", 3 * time.Hour: "3 hours", 40 * time.Hour: "2 days",
	} {
		require.Equal(t, want, words.Wait(d), "%s", d)
	}
}

func TestDates(t *testing.T) {
	lateUTC := time.Date(2026, 12, 5, 23, 59, 59, 0, time.UTC)
	require.Equal(t, "6 Dec 2026", words.Date(lateUTC, now), "in the person's time zone")
	require.Equal(t, "6 December 2026", words.LongDate(lateUTC, now))
	require.Empty(t, words.Date(time.Time{}, now))
}

func TestEveryLockHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range license.Locks() {
		name := words.Lock(l)
		require.NotEqual(t, l.String(), name)
		require.False(t, seen[name], name)
		seen[name] = true
	}
	require.Equal(t, license.Lock(99).String(), words.Lock(99))
}

func TestNoteAndCount(t *testing.T) {
	require.Equal(t, "no note", words.Note(""))
	require.Equal(t, "Büro", words.Note("Büro"))
	require.Equal(t, "1 license", words.Count(1, "license", "licenses"))
	require.Equal(t, "0 licenses", words.Count(0, "license", "licenses"))
}

func TestTasks(t *testing.T) {
	for task, want := range map[api.HistoryTask]string{
		api.HistoryRelease: "Released for another PC", api.HistoryTransfer: "License transfer", "something-newer": "something-newer",
	} {
		require.Equal(t, want, words.Task(task))
	}
}
