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

// NewFailure makes a window that tells why the app cannot start, for somebody who started it without a terminal. UI thread.
func NewFailure(app fyne.App, cause error) fyne.Window { return newTelling(app, explain.Error(cause)) }

// NewRefusal makes a window that tells why what the app was started with cannot be opened. UI thread.
func NewRefusal(app fyne.App, cause error) fyne.Window {
	return newTelling(app, presenter.ReadFault(cause))
}

func newTelling(app fyne.App, m dialogs.Message) fyne.Window {
	app.Settings().SetTheme(theme.New())
	w := app.NewWindow(title)
	closing := dialogs.NewButton(tr.T("Close"), nil, w.Close)
	closing.Importance = widget.HighImportance
	content := layouts.New(nil, container.NewVBox(dialogs.Notice(theme.Bad, m)), container.NewHBox(layout.NewSpacer(), closing))
	w.SetContent(container.New(layout.NewCustomPaddedLayout(theme.Margin, theme.Margin, theme.Margin, theme.Margin), content))
	w.Resize(fyne.NewSize(560, 220))
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		switch e.Name {
		case fyne.KeyEscape, fyne.KeyReturn, fyne.KeyEnter:
			w.Close()
		}
	})
	return w
}
