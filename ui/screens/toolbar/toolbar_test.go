package toolbar_test

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/toolbar"
)

// window is an Actions that records its calls; it uses F1 and Ctrl+R.
type window struct{ calls []string }

func (w *window) ask(what string) { w.calls = append(w.calls, what) }
func (w *window) AccountMenu() *fyne.Menu {
	w.ask("menu")
	return fyne.NewMenu("", fyne.NewMenuItem("Sign out", nil))
}
func (w *window) Refresh()           { w.ask("refresh") }
func (w *window) NewOrder()          { w.ask("new order") }
func (w *window) Search(text string) { w.ask("search " + text) }
func (w *window) FocusOrders()       { w.ask("orders") }

func (w *window) TypedKey(e *fyne.KeyEvent) bool {
	if e.Name == fyne.KeyF1 {
		w.ask("help")
	}
	return e.Name == fyne.KeyF1
}

func (w *window) TypedShortcut(s *desktop.CustomShortcut) bool {
	if s.KeyName == fyne.KeyR {
		w.ask("refresh")
	}
	return s.KeyName == fyne.KeyR
}

func newBar(t *testing.T) (*uitest.Stage, *toolbar.Bar, *window) {
	t.Helper()
	s, w := uitest.New(t), &window{}
	b := toolbar.New(s.Window.Canvas(), w)
	s.Window.SetContent(b.Object())
	return s, b, w
}

func TestShow(t *testing.T) {
	s, b, w := newBar(t)
	require.True(t, s.Shows("Not signed in"))
	b.Show("", false)
	require.True(t, s.Shows("Signing in…"))
	require.False(t, s.Shows("New order…"))
	b.Show("Anna Berg", true)
	s.Press("New order…")
	s.Press("Refresh")
	s.Press("Anna Berg")
	require.True(t, s.Shows("Sign out"))
	require.Equal(t, []string{"new order", "refresh", "menu"}, w.calls)
}

func TestSearchField(t *testing.T) {
	s, b, w := newBar(t)
	b.FocusSearch()
	s.Fill("Search orders", "ab")
	require.Equal(t, []string{"search a", "search ab"}, w.calls)
	w.calls = nil
	s.Key(fyne.KeyDown)
	s.Key(fyne.KeyReturn)
	s.Key(fyne.KeyF1)
	s.Window.Canvas().Focused().(fyne.Shortcutable).TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyR})
	require.Equal(t, []string{"orders", "orders", "help", "refresh"}, w.calls)
	w.calls = nil
	s.Key(fyne.KeyEscape)
	require.Equal(t, []string{"search "}, w.calls)
	b.ClearSearch()
	require.Len(t, w.calls, 1, "it is empty already")
}
