package ui

import (
	"encoding/json"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/acen-desktop/acen/ui/text/tr"
)

// languageKey is the key of the chosen language in Fyne's preferences. An empty value means that of the system.
const languageKey = "window.language"

// SetLanguage sets the language of the app to the one with code. If code is empty, it uses the language that the person
// chose, or else that of the system. dates is the locale of dates and numbers, such as "de-CH"; empty means that of the
// system. Its error wraps tr.ErrLanguage. UI thread, before New.
func SetLanguage(app fyne.App, code, dates string) error {
	system := lang.SystemLocale().LanguageString()
	if dates == "" {
		dates = system
	}
	if code == "" {
		code = app.Preferences().String(languageKey)
		if tr.Use(code, dates) != nil { // none was chosen, or one of a later version
			code = tr.Match(system)
		}
	}
	if err := tr.Use(code, dates); err != nil {
		return err
	}
	return translateToolkit()
}

// toolkitKey is the key of a text of Fyne.
type toolkitKey string

// toolkitTexts contains the texts of Fyne that the window can show: the menu of a field and the file dialogs. Fyne
// would show them in the language of the system.
var toolkitTexts = map[toolkitKey]tr.Text{
	"Advanced":          "Advanced",
	"Cancel":            "Cancel",
	"Confirm":           "Confirm",
	"Copy":              "Copy",
	"Create Folder":     "Create folder",
	"Cut":               "Cut",
	"Enter filename":    "Enter a file name",
	"Error":             "Error",
	"Favourites":        "Favorites",
	"File":              "File",
	"Folder":            "Folder",
	"New Folder":        "New folder",
	"No":                "No",
	"OK":                "OK",
	"Open":              "Open",
	"Paste":             "Paste",
	"Quit":              "Quit",
	"Redo":              "Redo",
	"Save":              "Save",
	"Select all":        "Select all",
	"Show Hidden Files": "Show hidden files",
	"Undo":              "Undo",
	"Yes":               "Yes",
	"file.name":         "Name",
	"file.parent":       "Folder above",
	"(Parent)":          "(Folder above)",
}

// translateToolkit replaces texts of Fyne for the locale of the system by those of the current language.
func translateToolkit() error {
	texts := make(map[toolkitKey]string, len(toolkitTexts))
	for key, text := range toolkitTexts {
		texts[key] = tr.T(text)
	}
	data, err := json.Marshal(texts)
	if err != nil {
		return err
	}
	return lang.AddTranslationsForLocale(data, fyne.Locale(lang.SystemLocale().LanguageString()))
}

// languageMenu returns the menu of languages. The choice takes effect at the next start.
func (w *Window) languageMenu() *fyne.MenuItem {
	chosen := w.shell.App.Preferences().String(languageKey)
	item := func(code, name string) *fyne.MenuItem {
		i := fyne.NewMenuItem(name, func() {
			w.shell.App.Preferences().SetString(languageKey, code)
			w.shell.Dialogs.Info(tr.T("Language"), tr.T("ACEN Desktop speaks %s from its next start on.", name))
		})
		i.Checked = code == chosen
		return i
	}
	items := []*fyne.MenuItem{item("", tr.T("Language of the system"))}
	for _, l := range tr.Languages() {
		items = append(items, item(l.Code, l.Name))
	}
	menu := fyne.NewMenuItem(tr.T("Language"), nil)
	menu.ChildMenu = fyne.NewMenu("", items...)
	return menu
}
