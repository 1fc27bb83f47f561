package ui

import (
	"encoding/json"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/acen-desktop/acen/ui/text/tr"
)

// languageKey names the language that the person chose in the toolkit's preferences; "" is that of the system.
const languageKey = "window.language"

// Speak chooses the language of everything that is shown from now on: the one with this code, or with "" the person's own choice, else
// that of the system. dates is the locale of the person's dates and numbers, such as "de-CH"; "" is that of the system. It fails when no
// such language is spoken. UI thread, before New.
func Speak(app fyne.App, code, dates string) error {
	system := lang.SystemLocale().LanguageString()
	if dates == "" {
		dates = system
	}
	if code == "" {
		code = app.Preferences().String(languageKey)
		if tr.Use(code, dates) != nil { // none was chosen, or by an app that speaks more
			code = tr.Match(system)
		}
	}
	if err := tr.Use(code, dates); err != nil {
		return err
	}
	return speakToolkit()
}

// toolkitKey is how the toolkit names a text of its own.
type toolkitKey string

// toolkitTexts are the toolkit's own texts that the window can show: menus of fields and the dialogs about files. It would say them
// in the language of the system.
var toolkitTexts = map[toolkitKey]tr.Text{
	"Advanced": "Advanced", "Cancel": "Cancel", "Confirm": "Confirm", "Copy": "Copy", "Create Folder": "Create folder", "Cut": "Cut",
	"Enter filename": "Enter a file name", "Error": "Error", "Favourites": "Favorites", "File": "File", "Folder": "Folder", "New Folder": "New folder",
	"No": "No", "OK": "OK", "Open": "Open", "Paste": "Paste", "Quit": "Quit", "Redo": "Redo", "Save": "Save", "Select all": "Select all",
	"Show Hidden Files": "Show hidden files", "Undo": "Undo", "Yes": "Yes", "file.name": "Name", "file.parent": "Folder above", "(Parent)": "(Folder above)",
}

// speakToolkit makes the toolkit speak the language in use: for the person's locale it gets our texts in place of its own.
func speakToolkit() error {
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

// languageMenu offers the languages; the choice counts from the next start on.
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
