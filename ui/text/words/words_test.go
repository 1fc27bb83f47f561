package words_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
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
		"tomorrow":           endOf(2026, 11, 24), // ends at 00:59 of the next day in Berlin
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
		-time.Hour:       "just now",
		0:                "just now",
		4 * time.Second:  "just now",
		12 * time.Second: "12 seconds ago",
		time.Minute:      "1 minute ago",
		59 * time.Minute: "59 minutes ago",
		3 * time.Hour:    "3 hours ago",
		47 * time.Hour:   "47 hours ago",
		72 * time.Hour:   "3 days ago",
	} {
		require.Equal(t, want, words.Age(now.Add(-d), now), "%s", d)
	}
}

func TestWait(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 second", 1500 * time.Millisecond: "2 seconds", time.Minute: "1 minute", 61 * time.Second: "2 minutes",
		15 * time.Minute: "15 minutes", 3 * time.Hour: "3 hours", 40 * time.Hour: "2 days",
	} {
		require.Equal(t, want, words.Duration(d), "%s", d)
	}
}

func TestDates(t *testing.T) {
	lateUTC := time.Date(2026, 12, 5, 23, 59, 59, 0, time.UTC)
	require.Equal(t, "6 Dec 2026", words.Date(lateUTC, now), "in the person's time zone")
	require.Equal(t, "6 December 2026", words.LongDate(lateUTC, now))
	require.Empty(t, words.Date(time.Time{}, now))
}

func TestGivesAway(t *testing.T) {
	text := strings.Join(words.Disclosure(), " ")
	for _, part := range []string{
		"narrow them down", "about a thousand", "sixteen million", "can be guessed", "several programs",
	} {
		require.Contains(t, text, part)
	}
	require.Contains(t, words.LockSource(license.BIOSID), "an update does not change them")
	require.Contains(t, words.LockSource(license.CDHWID), "built-in")
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

func TestNote(t *testing.T) {
	require.Equal(t, "no note", words.Note(""))
	require.Equal(t, "Büro", words.Note("Büro"))
}

func TestTasks(t *testing.T) {
	for task, want := range map[api.Task]string{
		api.TaskRelease:   "Released for another PC",
		api.TaskTransfer:  "License transfer",
		"something-newer": "something-newer",
	} {
		require.Equal(t, want, words.Task(task))
	}
	for _, task := range api.Tasks() {
		require.NotEqual(t, string(task), words.Task(task), "every task of a history has a name")
	}
}

func TestOtherLanguages(t *testing.T) {
	ended := time.Date(2026, 11, 3, 23, 59, 59, 0, time.UTC)
	used := 0
	resets := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for code, want := range map[string][]string{
		"de": {
			"vor 20 Tagen beendet", "vor 3 Stunden", "24.11.2026 09:00", "24. November 2026 um 09:00",
			"keine mehr bis 01.12.2026", "Lizenz-Übertragung", "Vorname", "Netzwerkkarte",
		},
		"fr": {
			"terminée il y a 20 jours", "il y a 3 heures", "24 nov. 2026 09:00", "24 novembre 2026 à 09:00",
			"plus aucun avant le 1 déc. 2026", "Transfert de licence", "vorname", "carte réseau",
		},
		"es": {
			"terminó hace 20 días", "hace 3 horas", "24 nov. 2026 9:00", "24 de noviembre de 2026 a las 9:00",
			"ninguna hasta el 1 dic. 2026", "Transferencia de licencia", "vorname", "tarjeta de red",
		},
		"ja": {
			"20日前に終了", "3時間前", "2026/11/24 9:00", "2026年11月24日 9:00",
			"2026/12/01まで残りなし", "ライセンスの移管", "vorname", "ネットワークカード",
		},
	} {
		t.Run(code, func(t *testing.T) {
			require.NoError(t, tr.Use(code, ""))
			t.Cleanup(func() { require.NoError(t, tr.Use(tr.English, "")) })
			require.Equal(t, want, []string{
				words.Expiry(&ended, now), words.Age(now.Add(-3*time.Hour), now),
				words.Moment(now, now), words.LongMoment(now, now),
				words.Remaining(api.Allowance{RemainingToday: &used, ResetsAt: &resets}, now), words.Task(api.TaskTransfer),
				words.LowerFirst("Vorname"), words.Lock(license.NETID),
			})
		})
	}
}

func TestEnglishFaultsEqualCodeErrors(t *testing.T) {
	for _, text := range []string{
		"", "7183", "7183EC4D00", "7183EC4Z", "83A9-3429-0090", "83A9-3429-0090-B3F5-1", "83A9-34-29-0090-B3F5",
		"83A9-342?-0090-B3F5",
	} {
		for _, kind := range []license.CodeKind{
			license.KindSiteCode, license.KindMachineID, license.KindMerged, license.KindActivationCode,
			license.KindRemovalCode, license.KindSerialNumber,
		} {
			_, want := kind.Shown(text)
			_, got := words.Parse(kind)(text)
			if want == nil {
				require.NoError(t, got)
				continue
			}
			require.EqualError(t, got, want.Error())
			var typed *license.CodeError
			require.ErrorAs(t, got, &typed)
		}
	}
	require.Equal(t, "code", words.Code(99))
}

func TestComparisonWords(t *testing.T) {
	for state, want := range map[license.LockState]string{
		{State: license.Same}: "same", {State: license.Changed}: "changed",
		{State: license.Gone}: "not readable now", {State: license.New}: "was not readable",
		{State: license.Absent}: "not readable before or now",
	} {
		require.Equal(t, want, words.LockState(state))
	}
	for r := license.ReasonAnyDifference; r <= license.ReasonTooFewReadable; r++ {
		require.Equal(t, r.String(), words.Refusal(r))
		require.NotContains(t, words.Refusal(r), "reason ")
	}
	require.Equal(t, license.Reason(99).String(), words.Refusal(99))
}

func TestListAndCapital(t *testing.T) {
	require.Empty(t, words.List(nil))
	require.Equal(t, "a, b, c", words.List([]string{"a", "b", "c"}))
	require.Equal(t, "État", words.UpperFirst("état"))
	require.Empty(t, words.UpperFirst(""))
}
