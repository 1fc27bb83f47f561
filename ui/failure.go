package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/presenter"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// NewStartErrorWindow returns a window with the reason why the app cannot start. UI thread.
func NewStartErrorWindow(app fyne.App, cause error) fyne.Window {
	return newMessageWindow(app, explain.Error(cause))
}

// NewOpenErrorWindow returns a window with the reason why a document of the start cannot be opened. UI thread.
func NewOpenErrorWindow(app fyne.App, cause error) fyne.Window {
	return newMessageWindow(app, presenter.OpenErrorMessage(cause))
}

// newMessageWindow returns a window with a message. Escape and Enter close it.
func newMessageWindow(app fyne.App, m dialogs.Message) fyne.Window {
	app.Settings().SetTheme(theme.New())
	w := app.NewWindow(title)
	closing := dialogs.NewButton(tr.T("Close"), nil, w.Close)
	closing.Importance = widget.HighImportance
	notice := container.NewVBox(dialogs.Notice(theme.Bad, m))
	content := layouts.Column(nil, notice, container.NewHBox(layout.NewSpacer(), closing))
	margins := layout.NewCustomPaddedLayout(theme.Margin, theme.Margin, theme.Margin, theme.Margin)
	w.SetContent(container.New(margins, content))
	w.Resize(fyne.NewSize(560, 220))
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyEscape, fyne.KeyReturn, fyne.KeyEnter:
			w.Close()
		}
	})
	return w
}
