package tr_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/text/tr"
)

// use sets the language for one test.
func use(t *testing.T, code, locale string) {
	t.Helper()
	require.NoError(t, tr.Use(code, locale))
	t.Cleanup(func() { require.NoError(t, tr.Use(tr.English, "")) })
}

func TestT(t *testing.T) {
	require.Equal(t, "Cancel", tr.T("Cancel"))
	require.Empty(t, tr.T(""))
	require.Equal(t, "100 %", tr.T("100 %"), "without arguments there are no verbs")
	use(t, "de", "")
	require.Equal(t, "Abbrechen", tr.T("Cancel"))
	require.Equal(t, "Abbrechen", tr.Text("Cancel").String())
	require.Equal(t, "Bitte ausfüllen: Vorname.", tr.T("Enter the %s.", tr.Text("First name")),
		"a Text among the arguments is translated")
	require.Equal(t, "Nothing of a catalog", tr.T("Nothing of a catalog"))
	require.Equal(t, "de", tr.Current())
}

func TestN(t *testing.T) {
	for code, want := range map[string][]string{
		"en": {"0 licenses", "1 license", "2 licenses", "12,345 licenses"},
		"de": {"0 Lizenzen", "1 Lizenz", "2 Lizenzen", "12.345 Lizenzen"},
		"fr": {"0 licence", "1 licence", "2 licences", "12\u202f345 licences"},
		"es": {"0 licencias", "1 licencia", "2 licencias", "12.345 licencias"},
		"ja": {"ライセンス0件", "ライセンス1件", "ライセンス2件", "ライセンス12,345件"},
	} {
		t.Run(code, func(t *testing.T) {
			use(t, code, "")
			for i, n := range []int{0, 1, 2, 12345} {
				require.Equal(t, want[i], tr.N(n, "%d license", "%d licenses"))
			}
		})
	}
}

func TestLocales(t *testing.T) {
	at := time.Date(2026, 3, 5, 15, 4, 0, 0, time.UTC)
	for _, c := range []struct{ code, locale, short, long, clock, number string }{
		{"en", "", "5 Mar 2026", "5 March 2026", "15:04", "1,234,567"},
		{"en", "en-US", "Mar 5, 2026", "March 5, 2026", "3:04 pm", "1,234,567"},
		{"en", "en-GB", "5 Mar 2026", "5 March 2026", "15:04", "1,234,567"},
		{"en", "ar-EG", "5 Mar 2026", "5 March 2026", "15:04", "1,234,567"},
		{"en", "he-IL", "5 Mar 2026", "5 March 2026", "15:04", "1,234,567"},
		{"en", "de-DE", "5 Mar 2026", "5 March 2026", "15:04", "1,234,567"},
		{"en", "no such locale", "5 Mar 2026", "5 March 2026", "15:04", "1,234,567"},
		{"de", "de-DE", "05.03.2026", "5. März 2026", "15:04", "1.234.567"},
		{"de", "de-CH", "05.03.2026", "5. März 2026", "15:04", "1’234’567"},
		{"fr", "fr-FR", "5 mars 2026", "5 mars 2026", "15:04", "1\u202f234\u202f567"},
		{"fr", "fr-CA", "5 mars 2026", "5 mars 2026", "15 h 04", "1\u00a0234\u00a0567"},
		{"es", "es-ES", "5 mar. 2026", "5 de marzo de 2026", "15:04", "1.234.567"},
		{"es", "es-MX", "5 mar. 2026", "5 de marzo de 2026", "15:04", "1,234,567"},
		{"ja", "ja-JP", "2026/03/05", "2026年3月5日", "15:04", "1,234,567"},
	} {
		t.Run(c.code+" "+c.locale, func(t *testing.T) {
			use(t, c.code, c.locale)
			require.Equal(t, []string{c.short, c.long, c.clock, c.number},
				[]string{tr.Date(at), tr.LongDate(at), tr.Clock(at), tr.Number(1234567)})
		})
	}
}

func TestMatch(t *testing.T) {
	for locale, want := range map[string]string{
		"de": "de", "de-AT": "de", "fr_CA": "fr", "es-419": "es", "ja-JP": "ja", "en-US": "en",
		"pt-BR": "en", "ar": "en", "he-IL": "en", "": "en", "?": "en",
	} {
		require.Equal(t, want, tr.Match(locale), "%q", locale)
	}
}

func TestUnknownLanguage(t *testing.T) {
	for _, code := range []string{"", "ar", "../de", "DE"} {
		err := tr.Use(code, "")
		require.ErrorIs(t, err, tr.ErrLanguage)
		require.Equal(t, tr.English, tr.Current())
	}
}

func TestLongIsTwiceAsLong(t *testing.T) {
	use(t, tr.Long, "")
	require.Equal(t, "Cancel cancel", tr.T("Cancel"))
	require.Equal(t, "3 licenses d licenses", tr.N(3, "%d license", "%d licenses"))
}

func TestRightToLeftArgumentsAreIsolated(t *testing.T) {
	const hebrew, arabic = "משרד 3", "محمد"
	require.Equal(t, "\u2068"+hebrew+"\u2069, from Office", tr.T("%s, from %s", hebrew, "Office"))
	require.Equal(t, "Büro 日本, from \u2068"+arabic+"\u2069", tr.T("%s, from %s", "Büro 日本", arabic))
	inner := tr.T("“%s”", arabic)
	require.Equal(t, "“\u2068"+arabic+"\u2069”, from x", tr.T("%s, from %s", inner, "x"), "not isolated twice")
	args := []any{hebrew, 5}
	require.Equal(t, "\u2068"+hebrew+"\u2069 (license 5)", tr.T("%s (license %d)", args...))
	require.Equal(t, hebrew, args[0], "the caller's arguments are unchanged")
}
