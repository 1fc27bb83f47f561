package presenter

import (
	"testing"

	"github.com/stretchr/testify/require"

	screen "github.com/acen-desktop/acen/ui/screens/carry"
)

type carryPeers struct{ *stage }

func (p carryPeers) SignedIn() bool     { return false }
func (p carryPeers) Resuming() bool     { return true }
func (p carryPeers) Refresh()           { p.call("refresh") }
func (p carryPeers) GoTo(server string) { p.call("go to %s", server) }

// noCarrying is a license manager that is not asked.
type noCarrying struct{ screen.Backend }

func TestWhatTheProgramIsStartedWith(t *testing.T) {
	s := newStage(t)
	c := NewCarry(s.shell, noCarrying{}, carryPeers{s})
	c.Receive(nil)
	require.Nil(t, s.Dialogs.Visible(), "the window is raised, and that is all")
	c.Receive([]byte("acen:server?address=https%3A%2F%2Fkeys.example.net"))
	require.Equal(t, []string{"go to https://keys.example.net"}, s.calls)
	require.Nil(t, s.Dialogs.Visible())
	c.Receive([]byte("nothing that this app opens"))
	s.Sees("Open a request, an answer or a license file")
}

func TestWhatCarryingNeedsOfTheWindow(t *testing.T) {
	s := newStage(t)
	c := NewCarry(s.shell, noCarrying{}, carryPeers{s})
	yes, soon := c.SignedIn()
	require.False(t, yes)
	require.True(t, soon)
	c.Copy("request")
	require.Equal(t, "request", c.Paste())
	c.Carried()
	c.Taken()
	require.Equal(t, []string{"refresh", "refresh"}, s.calls)
}
