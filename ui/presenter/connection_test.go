package presenter

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

type connectionPeers struct{ *stage }

func (p connectionPeers) ConnectionLost()          { p.call("lost") }
func (p connectionPeers) WorkOffline()             { p.call("offline") }
func (p connectionPeers) SessionExpired(err error) { p.call("expired") }
func (p connectionPeers) Refresh()                 { p.call("refresh") }
func (p connectionPeers) NoNetwork()               { p.call("no network") }

func TestRetryBackoff(t *testing.T) {
	s := newStage(t)
	c := NewConnection(s.shell, nil, connectionPeers{s})
	require.False(t, c.Due(), "nothing has failed")
	for i, wait := range []int{15, 30, 60, 120, 240, 300, 300, 300} {
		c.Lost(unreachable)
		s.now = s.now.Add(time.Duration(wait)*time.Second - 1)
		require.False(t, c.Due(), "failure %d", i+1)
		s.now = s.now.Add(1)
		require.True(t, c.Due(), "failure %d", i+1)
	}
	c.ResetBackoff()
	c.Lost(unreachable)
	s.now = s.now.Add(15 * time.Second)
	require.True(t, c.Due(), "after sleep")
	c.Reached()
	require.False(t, c.Due())
	require.Empty(t, c.Fault())
}

func TestFailed(t *testing.T) {
	for _, test := range []struct {
		err  error
		want []string
	}{
		{manager.ErrSignedOut, []string{"expired"}},
		{api.ErrCredentialsMissing, []string{"expired"}},
		{context.Canceled, nil},
		{unreachable, []string{"lost", "offline"}},
		{errors.New("broken"), []string{"lost", "offline"}},
	} {
		s := newStage(t)
		NewConnection(s.shell, nil, connectionPeers{s}).Failed(test.err)
		require.Equal(t, test.want, s.calls, test.err)
	}
}

func TestConnectionBanner(t *testing.T) {
	s := newStage(t)
	c := NewConnection(s.shell, nil, connectionPeers{s})
	_, shown := c.Banner("licenses.lumen.example", "3 hours ago")
	require.False(t, shown)
	c.Lost(unreachable)
	b, _ := c.Banner("licenses.lumen.example", "3 hours ago")
	require.Equal(t, "No connection to licenses.lumen.example; showing what was known 3 hours ago.", b.Message.What)
	b, _ = c.Banner("licenses.lumen.example", "")
	require.Equal(t, "There is no connection to the license server.", b.Message.What)
	b.Actions[0].Do()
	require.True(t, s.called("refresh"))
}
