package protect

import (
	"errors"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// Every phrase is translated to all languages, with the same placeholders.
func TestPhrasesAreComplete(t *testing.T) {
	value := regexp.MustCompile(`\{\w*\}`)
	values := func(text string) []string {
		return slices.Sorted(maps.Keys(func() map[string]bool {
			found := map[string]bool{}
			for _, v := range value.FindAllString(text, -1) {
				found[v] = true
			}
			return found
		}()))
	}
	require.Equal(t, [...]string{"en", "de", "fr", "es", "ja"}, languages)
	for name, p := range phrases {
		for i, text := range p {
			require.NotEmpty(t, text, "%s in %s", name, languages[i])
			require.Equal(t, values(p[0]), values(text), "%s in %s", name, languages[i])
			require.Equal(t, 1, count(p[:], text), "%s in %s is that of another language", name, languages[i])
		}
	}
	for i, names := range months {
		for m, month := range names {
			require.NotEmpty(t, month)
			require.Equal(t, 1, count(names[:], month), "month %d in %s", m, languages[i])
		}
	}
}

func count(list []string, text string) (n int) {
	for _, one := range list {
		if one == text {
			n++
		}
	}
	return n
}

// Every verdict has a text in every language, with all placeholders replaced.
func TestVerdictTexts(t *testing.T) {
	l := &License{program: Program{Name: "Note{date}pad"}, options: Options{Now: func() time.Time {
		return time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC)
	}}}
	at := time.Date(2026, 12, 1, 23, 59, 59, 0, time.UTC)
	reasons := &license.Comparison{Reasons: []license.Reason{
		license.ReasonAnyDifference, license.ReasonNotChangeable, license.ReasonTooManyChanges, license.ReasonAnotherPC,
		license.ReasonTooFewReadable,
	}}
	reply := map[string]bool{}
	for kind := Undecided; kind <= NoLicense; kind++ {
		for _, typed := range []bool{false, true} {
			for _, err := range []error{nil, misbuilt{errors.New("x")}, fs.ErrPermission, installed.ErrTimeout,
				installed.ErrNoHome, errors.New("x")} {
				for _, folder := range []bool{false, true} {
					for days := range 3 {
						if (err != nil) != (kind == Undecided || kind == Unreadable) {
							continue
						}
						v := Verdict{
							Kind:       kind,
							License:    &Details{Typed: typed, Expires: at},
							Comparison: reasons,
							At:         at,
							DaysLeft:   days,
							Path:       "/licenses/a.acen",
							Err:        err,
							folder:     folder,
						}
						if days == 0 {
							v.License.Expires = time.Time{}
						}
						l.explain(&v)
						reply[v.phrase()] = true
						seen := map[string]bool{}
						for _, language := range languages {
							text := v.Text(language)
							require.NotEmpty(t, text, "%s in %s", v.phrase(), language)
							require.NotRegexp(t, `\{\w+\}`, strings.ReplaceAll(text, l.program.Name, ""), language)
							require.False(t, seen[text], text)
							seen[text] = true
						}
						require.Equal(t, v.Text("en"), v.String())
					}
				}
			}
		}
	}
	for name := range phrases {
		helper := strings.HasPrefix(name, "activate") || name == "back" || strings.HasSuffix(name, "file") ||
			strings.Contains(name, "_")
		require.True(t, reply[name] || helper, "no verdict says %q", name)
	}
	require.Empty(t, Verdict{}.Text("en"))
}

// A language tag may have a region, and unknown languages are English.
func TestLanguages(t *testing.T) {
	v := Verdict{Kind: Valid, License: &Details{}, program: "Notepad"}
	for tag, want := range map[string]string{
		"en": "Notepad is licensed on this PC.", "": "Notepad is licensed on this PC.",
		"pt-BR": "Notepad is licensed on this PC.",
		"de":    "Notepad ist auf diesem PC lizenziert.", "de-AT": "Notepad ist auf diesem PC lizenziert.",
		"DE_de.UTF-8": "Notepad ist auf diesem PC lizenziert.", "fr_CA": "Notepad est sous licence sur ce PC.",
		"es-419": "Notepad tiene licencia en este PC.", "ja.UTF-8": "NotepadはこのPCでライセンスされています。",
	} {
		require.Equal(t, want, v.Text(tag), tag)
	}
}

// An end is shown as its day in UTC, with the hour if it is not the end of the day (spec: codes "Activation code").
func TestDays(t *testing.T) {
	evening := time.Date(2026, 8, 1, 23, 59, 59, 0, time.UTC).In(time.FixedZone("", 9*60*60))
	for i, want := range []string{"1 August 2026", "1. August 2026", "1er août 2026", "1 de agosto de 2026", "2026年8月1日"} {
		require.Equal(t, want, day(i, evening))
		require.Equal(t, want, end(i, evening))
		at, _, _ := strings.Cut(end(i, evening.Add(-time.Hour)), " UTC")
		require.True(t, strings.HasPrefix(at, want) && strings.HasSuffix(at, "22:59"), at)
	}
	require.Equal(t, "2 août 2026", day(2, evening.AddDate(0, 0, 1)))
}
