package table

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/theme"
)

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "PLAIN": "plain", "Büro Süd": "buro sud", "STRASSE": "strasse", "Straße": "strasse",
		"Łódź": "lodz", "Ærøskøbing": "aeroskobing", "ΓΡΑΦΕΊΟ": "γραφειο", "Ｆｕｌｌ": "full", "ﬁle": "file", "ℌ": "h",
	} {
		require.Equal(t, want, fold(text), text)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "Büro", "ℌ", "İstanbul", "\xff", "ﬁ", "e\u0301\u0323"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := fold(text)
		require.True(t, matches(folded, terms(text)), "a text is found by itself")
	})
}

func TestFit(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	for _, style := range []fyne.TextStyle{{}, {Bold: true}, {Monospace: true}} {
		m := newMetrics(13, style, nil)
		for _, text := range []string{"AVAVAV To Yes", "Anna’s laptop", "ffi fl", "Рабочий стол", "F3945D8C-B0D71FFA"} {
			require.GreaterOrEqual(t, m.width(text)+1, m.exact(text), "an upper bound: %q", text)
			require.Equal(t, text, m.fit(text, m.width(text)))
			for width := m.width(text) - 1; width > 0; width -= 7 {
				cut := m.fit(text, width)
				require.LessOrEqual(t, m.width(cut), width, "%q", text)
				if cut != "" {
					require.True(t, strings.HasSuffix(cut, ellipsis))
					require.True(t, strings.HasPrefix(text, strings.TrimSuffix(cut, ellipsis)))
				}
			}
		}
		require.Empty(t, m.fit("text", 0))
		require.Empty(t, m.fit("text", -5))
		require.Empty(t, m.fit("", 100))
	}
}

func FuzzOneLine(f *testing.F) {
	for _, s := range []string{"", "a\nb", strings.Repeat("é", 600), "\x00\xff", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := oneLine(text)
		require.LessOrEqual(t, len(line), maxCellBytes*utf8.UTFMax)
		require.Negative(t, strings.IndexFunc(line, unicode.IsControl))
	})
}
