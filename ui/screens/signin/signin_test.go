package signin

import (
	"context"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/assets"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// never is a server that does not answer.
type never struct{}

func (never) SignIn(ctx context.Context, _ manager.SignIn) (account manager.Account, warning, err error) {
	<-ctx.Done()
	return account, nil, ctx.Err()
}

// newScreen shows a screen in a window; opened gets what its links hand over.
func newScreen(t *testing.T, opened *[]string) (*Screen, fyne.Canvas) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.New())
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(860, 640))
	work := background.NewGroup(t.Context(), func(func()) {})
	t.Cleanup(func() {
		work.Close()
		work.Wait()
	})
	o := Options{
		Canvas: w.Canvas(), Icon: fyne.NewStaticResource("acen.svg", assets.Icon), Work: work, Sessions: never{}, Explain: explain.Error,
		Server: " licenses.lumen.example ", Username: "anna",
	}
	if opened != nil {
		o.OnForgotPassword = func(server string) { *opened = append(*opened, "forgot "+server) }
		o.OnNewAccount = func(server string) { *opened = append(*opened, "new "+server) }
	}
	s := New(o)
	w.SetContent(s.Object())
	return s, w.Canvas()
}

func links(c fyne.Canvas) (found []*dialogs.Hyperlink) {
	c.Unfocus()
	for range 20 {
		c.FocusNext()
		if l, ok := c.Focused().(*dialogs.Hyperlink); ok && (len(found) == 0 || found[0] != l) {
			found = append(found, l)
		} else if ok {
			break
		}
	}
	return found
}

func TestTheLinksHandOverTheServer(t *testing.T) {
	var opened []string
	s, c := newScreen(t, &opened)
	found := links(c)
	require.Len(t, found, 2)
	require.Equal(t, "Forgot password?", found[0].Text)
	require.Equal(t, "New account…", found[1].Text)
	c.Focus(found[0])
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		c.Focused().TypedKey(&fyne.KeyEvent{Name: key})
	}
	s.server.SetText("")
	found[1].OnTapped()
	require.Equal(t, []string{"forgot licenses.lumen.example", "forgot licenses.lumen.example", "forgot licenses.lumen.example", "new "}, opened)
}

func TestTheLinksRestWhileSigningIn(t *testing.T) {
	var opened []string
	s, c := newScreen(t, &opened)
	found := links(c)
	s.password.SetText("secret")
	s.signIn()
	found[0].OnTapped()
	require.Empty(t, opened)
	s.stop()
	found[0].OnTapped()
	require.Len(t, opened, 1)
}

func TestWithoutFunctionsThereAreNoLinks(t *testing.T) {
	_, c := newScreen(t, nil)
	require.Empty(t, links(c))
}
