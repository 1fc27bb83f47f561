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

// blockingServer is an Authenticator whose server does not answer.
type blockingServer struct{}

func (blockingServer) SignIn(ctx context.Context, _ manager.SignIn) (account manager.Account, warning, err error) {
	<-ctx.Done()
	return account, nil, ctx.Err()
}

// links is an Actions that records its calls.
type links struct{ opened *[]string }

func (l links) ForgotPassword(server string) { *l.opened = append(*l.opened, "forgot "+server) }
func (l links) NewAccount(server string)     { *l.opened = append(*l.opened, "new "+server) }
func (l links) NoNetwork()                   { *l.opened = append(*l.opened, "no network") }
func (l links) ShowJobs()                    { *l.opened = append(*l.opened, "jobs") }
func (l links) Examine(server string)        { *l.opened = append(*l.opened, "examine "+server) }
func (l links) ShowAccount(a manager.Account, _ error) {
	*l.opened = append(*l.opened, "enter "+a.Username)
}

// newScreen shows a screen in a window; opened collects the calls of its links.
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
	s := New(Options{
		Canvas:   w.Canvas(),
		Icon:     fyne.NewStaticResource("acen.svg", assets.Icon),
		Work:     work,
		Sessions: blockingServer{},
		Explain:  explain.Error,
		Server:   " licenses.lumen.example ",
		Username: "anna",
		Actions:  links{opened},
	})
	w.SetContent(s.Object())
	return s, w.Canvas()
}

func linksIn(c fyne.Canvas) (found []*dialogs.Hyperlink) {
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

func TestLinks(t *testing.T) {
	var opened []string
	s, c := newScreen(t, &opened)
	found := linksIn(c)
	require.Len(t, found, 3)
	require.Equal(t, "Forgot password?", found[0].Text)
	require.Equal(t, "New account…", found[1].Text)
	require.Equal(t, "This PC has no network…", found[2].Text)
	c.Focus(found[0])
	for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		c.Focused().TypedKey(&fyne.KeyEvent{Name: key})
	}
	s.server.SetText("")
	found[1].OnTapped()
	found[2].OnTapped()
	forgot := "forgot licenses.lumen.example"
	require.Equal(t, []string{forgot, forgot, forgot, "new ", "no network"}, opened)
}

func TestLinksDuringSignIn(t *testing.T) {
	var opened []string
	s, c := newScreen(t, &opened)
	found := linksIn(c)
	s.password.SetText("secret")
	s.signIn()
	found[0].OnTapped()
	require.Empty(t, opened)
	s.stop()
	found[0].OnTapped()
	require.Len(t, opened, 1)
}
