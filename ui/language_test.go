package ui_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui"
	"github.com/acen-desktop/acen/ui/text/tr"
)

func TestSpeak(t *testing.T) {
	app := test.NewTempApp(t)
	t.Cleanup(func() { require.NoError(t, ui.SetLanguage(app, tr.English, "en-GB")) })

	require.NoError(t, ui.SetLanguage(app, "de", ""))
	require.Equal(t, "de", tr.Current())
	require.Equal(t, "Abbrechen", lang.L("Cancel"), "texts of Fyne are in the same language")
	require.Equal(t, "Versteckte Dateien zeigen", lang.L("Show Hidden Files"))

	app.Preferences().SetString("window.language", "ja")
	require.NoError(t, ui.SetLanguage(app, "", ""))
	require.Equal(t, "ja", tr.Current(), "the chosen language")
	require.NoError(t, ui.SetLanguage(app, "fr", ""))
	require.Equal(t, "fr", tr.Current(), "the argument precedes the chosen language")

	app.Preferences().SetString("window.language", "a language of a later version")
	require.NoError(t, ui.SetLanguage(app, "", ""))
	require.Equal(t, tr.Match(lang.SystemLocale().LanguageString()), tr.Current(), "the language of the system")

	require.ErrorIs(t, ui.SetLanguage(app, "xx", ""), tr.ErrLanguage)
}

func TestLanguageMenu(t *testing.T) {
	d := drive(t, twoAccounts())
	d.sees("Studio PC")
	d.follows("日本語")
	d.sees("ACEN Desktop speaks 日本語 from its next start on.")
	require.Equal(t, "ja", d.app.Preferences().String("window.language"))
	require.Equal(t, tr.English, tr.Current(), "the choice does not affect this run")
	d.key(fyne.KeyReturn)
	require.False(t, d.shows("from its next start on"))
	d.follows("Language of the system")
	require.Empty(t, d.app.Preferences().String("window.language"))
}
