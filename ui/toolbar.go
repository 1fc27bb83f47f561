package ui

import (
	"net/url"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// toolbar is the line at the top: account menu, search, refresh, and a new order where a program accepts serial numbers.
type toolbar struct {
	window  *Window
	account *dialogs.ContentButton
	search  *searchEntry
	reload  *dialogs.ContentButton
	order   *dialogs.ContentButton
	object  fyne.CanvasObject
}

func newToolbar(w *Window) *toolbar {
	t := &toolbar{window: w}
	t.account = dialogs.NewButton(tr.T("Not signed in"), fynetheme.MenuDropDownIcon(), t.openMenu)
	t.account.IconPlacement = widget.ButtonIconTrailingText
	t.search = newSearchEntry(w)
	t.reload = dialogs.NewButton(tr.T("Refresh"), fynetheme.ViewRefreshIcon(), w.refresh)
	search := container.New(layout.NewCustomPaddedLayout(0, 0, 4, 4), t.search)
	t.order = dialogs.NewButton(tr.T("New order…"), fynetheme.ContentAddIcon(), w.newOrder)
	t.order.Hide()
	bar := container.NewBorder(nil, nil, t.account, container.NewHBox(t.reload, t.order), search)
	padded := container.New(layout.NewCustomPaddedLayout(theme.Gap, theme.Gap, theme.Margin, theme.Margin), bar)
	t.object = theme.NewSurface(theme.ColorNameToolbar, container.NewVBox(padded, widget.NewSeparator()))
	return t
}

// refresh shows who is signed in.
func (t *toolbar) refresh() {
	a := t.window.state.account
	text := tr.T("Signing in…")
	if a.Server != "" {
		text = accountName(a)
	}
	if hidden := !t.window.state.canAddOrder; t.account.Text != text || t.order.Hidden != hidden {
		t.account.Text, t.order.Hidden = text, hidden
		t.object.Refresh()
	}
}

func (t *toolbar) openMenu() {
	below := fyne.CurrentApp().Driver().AbsolutePositionForObject(t.account).AddXY(0, t.account.Size().Height)
	widget.ShowPopUpMenuAtPosition(t.window.accountMenu(), t.window.window.Canvas(), below)
}

// host is what is shown of a server's address.
func host(server string) string {
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		return u.Host
	}
	return server
}

// shorten cuts a text to n characters, the last of which then is an ellipsis.
func shorten(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	return string(runes[:n-1]) + "…"
}

// searchEntry is the search field: Escape empties it, Down and Enter go to the orders. Shortcuts of the window work in it.
type searchEntry struct {
	widget.Entry
	window *Window
}

func newSearchEntry(w *Window) *searchEntry {
	e := &searchEntry{window: w}
	e.PlaceHolder = tr.T("Search orders and licenses")
	e.Icon = fynetheme.SearchIcon()
	e.Wrapping = fyne.TextWrapOff
	e.Scroll = fyne.ScrollNone
	e.ActionItem = newClear(func() { w.clearSearch() })
	e.OnChanged = func(text string) {
		e.ActionItem.(*clearButton).show(text != "")
		w.search(text)
	}
	e.OnSubmitted = func(string) { w.orders.Focus() }
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey is called by Fyne.
func (e *searchEntry) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyEscape:
		e.window.clearSearch()
	case fyne.KeyDown:
		e.window.orders.Focus()
	default:
		if !e.window.typedKey(key) {
			e.Entry.TypedKey(key)
		}
	}
}

// TypedShortcut is called by Fyne: the field keeps those of editing and passes the others on to the window.
func (e *searchEntry) TypedShortcut(s fyne.Shortcut) {
	if custom, ok := s.(*desktop.CustomShortcut); ok && e.window.owns(custom) {
		e.window.window.Canvas().(fyne.Shortcutable).TypedShortcut(s)
		return
	}
	e.Entry.TypedShortcut(s)
}

// clearButton is the cross in the search field.
type clearButton struct {
	dialogs.ContentButton
}

func newClear(do func()) *clearButton {
	b := &clearButton{}
	b.Icon, b.Importance, b.OnTapped = fynetheme.CancelIcon(), widget.LowImportance, do
	b.ExtendBaseWidget(b)
	b.Hide()
	return b
}

func (b *clearButton) show(on bool) {
	if on {
		b.Show()
	} else {
		b.Hide()
	}
}

func (w *Window) search(text string) {
	w.orders.SetFilter(text)
	w.licenses.SetFilter(text)
}

func (w *Window) clearSearch() {
	w.toolbar.search.SetText("")
}
