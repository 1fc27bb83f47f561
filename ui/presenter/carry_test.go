package presenter

import (
	"testing"

	"github.com/stretchr/testify/require"

	screen "github.com/acen-desktop/acen/ui/screens/carry"
)

type carryPeers struct{ *stage }

func (p carryPeers) SignedIn() bool         { return false }
func (p carryPeers) Resuming() bool         { return true }
func (p carryPeers) Refresh()               { p.call("refresh") }
func (p carryPeers) SignInTo(server string) { p.call("go to %s", server) }

// unusedBackend is a Backend whose methods must not be called.
type unusedBackend struct{ screen.Backend }

func TestReceive(t *testing.T) {
	s := newStage(t)
	c := NewCarry(s.shell, unusedBackend{}, carryPeers{s})
	c.Receive(nil)
	require.Nil(t, s.Dialogs.Visible(), "the window is raised, and that is all")
	c.Receive([]byte("acen:server?address=https%3A%2F%2Fkeys.example.net"))
	require.Equal(t, []string{"go to https://keys.example.net"}, s.calls)
	require.Nil(t, s.Dialogs.Visible())
	c.Receive([]byte("nothing that this app opens"))
	s.WaitFor("Open a request, an answer or a license file")
}

func TestCarryActions(t *testing.T) {
	s := newStage(t)
	c := NewCarry(s.shell, unusedBackend{}, carryPeers{s})
	yes, pending := c.SignedIn()
	require.False(t, yes)
	require.True(t, pending)
	c.Copy("request")
	require.Equal(t, "request", c.Paste())
	c.OrdersChanged()
	c.PCLicensesChanged()
	require.Equal(t, []string{"refresh", "refresh"}, s.calls)
}

func TestRefuse(t *testing.T) {
	s := newStage(t)
	NewCarry(s.shell, unusedBackend{}, carryPeers{s}).ShowOpenError(&ArgumentError{Path: "/tmp/none.acen", Err: errNoFile})
	require.True(t, s.Shows("/tmp/none.acen cannot be read."))
}
