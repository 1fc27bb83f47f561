// Package toolbar implements the toolbar of the window: account menu, search, refresh, and new order if a program
// accepts serial numbers.
package toolbar

import (
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

// Actions is what the toolbar needs of the window. Its methods are called on the UI thread.
type Actions interface {
	// AccountMenu returns the menu of the account button.
	AccountMenu() *fyne.Menu
	Refresh()
	NewOrder()
	Search(text string)
	// FocusOrders gives the table of orders the focus.
	FocusOrders()
	// TypedKey handles a key that was typed in the search field and reports whether the window uses it.
	TypedKey(*fyne.KeyEvent) bool
	// TypedShortcut handles a shortcut and reports whether the window uses it.
	TypedShortcut(*desktop.CustomShortcut) bool
}

// Bar is the toolbar. Its methods run on the UI thread.
type Bar struct {
	canvas  fyne.Canvas
	actions Actions
	account *dialogs.ContentButton
	search  *searchEntry
	order   *dialogs.ContentButton
	object  fyne.CanvasObject
}

// New returns the toolbar of a window with this canvas. UI thread.
func New(canvas fyne.Canvas, actions Actions) *Bar {
	b := &Bar{canvas: canvas, actions: actions}
	b.account = dialogs.NewButton(tr.T("Not signed in"), fynetheme.MenuDropDownIcon(), b.OpenMenu)
	b.account.IconPlacement = widget.ButtonIconTrailingText
	b.search = newSearchEntry(actions)
	reload := dialogs.NewButton(tr.T("Refresh"), fynetheme.ViewRefreshIcon(), actions.Refresh)
	search := container.New(layout.NewCustomPaddedLayout(0, 0, 4, 4), b.search)
	b.order = dialogs.NewButton(tr.T("New order…"), fynetheme.ContentAddIcon(), actions.NewOrder)
	b.order.Hide()
	line := container.NewBorder(nil, nil, b.account, container.NewHBox(reload, b.order), search)
	padded := container.New(layout.NewCustomPaddedLayout(theme.Gap, theme.Gap, theme.Margin, theme.Margin), line)
	b.object = theme.NewSurface(theme.ColorNameToolbar, container.NewVBox(padded, widget.NewSeparator()))
	return b
}

// Object returns the content for the window.
func (b *Bar) Object() fyne.CanvasObject { return b.object }

// Show shows the name of the account, or "Signing in…" if name is "", and the button for a new order if canAddOrder.
func (b *Bar) Show(name string, canAddOrder bool) {
	if name == "" {
		name = tr.T("Signing in…")
	}
	if b.account.Text != name || b.order.Hidden == canAddOrder {
		b.account.Text, b.order.Hidden = name, !canAddOrder
		b.object.Refresh()
	}
}

// OpenMenu opens the menu of the account.
func (b *Bar) OpenMenu() {
	below := fyne.CurrentApp().Driver().AbsolutePositionForObject(b.account).AddXY(0, b.account.Size().Height)
	widget.ShowPopUpMenuAtPosition(b.actions.AccountMenu(), b.canvas, below)
}

// FocusSearch gives the search field the focus and selects its text.
func (b *Bar) FocusSearch() {
	b.canvas.Focus(b.search)
	b.search.TypedShortcut(&fyne.ShortcutSelectAll{})
}

// ClearSearch clears the search field.
func (b *Bar) ClearSearch() { b.search.SetText("") }

// searchEntry is the search field. Escape clears it, Down and Enter focus the orders; other keys go to the window
// first.
type searchEntry struct {
	widget.Entry
	actions Actions
}

func newSearchEntry(actions Actions) *searchEntry {
	e := &searchEntry{actions: actions}
	e.PlaceHolder = tr.T("Search orders and licenses")
	e.Icon = fynetheme.SearchIcon()
	e.Wrapping = fyne.TextWrapOff
	e.Scroll = fyne.ScrollNone
	clear := newClearButton(func() { e.SetText("") })
	e.ActionItem = clear
	e.OnChanged = func(text string) {
		clear.show(text != "")
		actions.Search(text)
	}
	e.OnSubmitted = func(string) { actions.FocusOrders() }
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey implements fyne.Focusable.
func (e *searchEntry) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyEscape:
		e.SetText("")
	case fyne.KeyDown:
		e.actions.FocusOrders()
	default:
		if !e.actions.TypedKey(key) {
			e.Entry.TypedKey(key)
		}
	}
}

// TypedShortcut implements fyne.Shortcutable. The window's shortcuts come before those of editing.
func (e *searchEntry) TypedShortcut(s fyne.Shortcut) {
	if custom, ok := s.(*desktop.CustomShortcut); ok && e.actions.TypedShortcut(custom) {
		return
	}
	e.Entry.TypedShortcut(s)
}

// clearButton is the button in the search field that clears it.
type clearButton struct {
	dialogs.ContentButton
}

func newClearButton(do func()) *clearButton {
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
