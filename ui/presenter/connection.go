package presenter

import (
	"context"
	"errors"
	"time"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// The time between two attempts to reach the server doubles from retryFirst to retryLast.
const (
	retryFirst = 15 * time.Second
	retryLast  = 5 * time.Minute
)

// ConnectionPeers is what the connection needs of the other presenters.
type ConnectionPeers interface {
	// ConnectionLost shows that the server was not reached.
	ConnectionLost()
	// WorkOffline goes on with what the tables need without the server.
	WorkOffline()
	// Expired asks to sign in again.
	Expired(err error)
	Refresh()
	NoNetwork()
}

// Connection presents whether the server answers, and the connection doctor.
type Connection struct {
	shell    *Shell
	examiner doctor.Examiner
	peers    ConnectionPeers
	fault    dialogs.Message // of the latest attempt; zero when the server answered
	attempts int             // failed since the server last answered
	retryAt  time.Time
}

// NewConnection returns a connection that has not failed. UI thread.
func NewConnection(shell *Shell, examiner doctor.Examiner, peers ConnectionPeers) *Connection {
	return &Connection{shell: shell, examiner: examiner, peers: peers}
}

// Fault says what was wrong at the latest attempt, or "".
func (c *Connection) Fault() string { return c.fault.What }

// Lost tells that the server was not reached, and schedules the next attempt.
func (c *Connection) Lost(err error) {
	c.fault = explain.Error(err)
	c.retryAt = c.shell.Now().Add(min(retryLast, retryFirst<<min(c.attempts, 10)))
	c.attempts++
	c.peers.ConnectionLost()
}

// Failed tells that a request for what is shown failed; that stays. A canceled request is no failure.
func (c *Connection) Failed(err error) {
	switch {
	case isSignedOut(err):
		c.peers.Expired(err)
	case !errors.Is(err, context.Canceled):
		c.Lost(err)
		c.peers.WorkOffline()
	}
}

// Reached tells that the server answered.
func (c *Connection) Reached() { c.fault, c.attempts = dialogs.Message{}, 0 }

// RetrySoon makes the next failure be retried after the shortest time, such as after the PC has slept.
func (c *Connection) RetrySoon() { c.attempts = 0 }

// Due reports whether it is time for the next attempt.
func (c *Connection) Due() bool { return c.fault.What != "" && !c.shell.Now().Before(c.retryAt) }

// Leave forgets the server of an account that is left.
func (c *Connection) Leave() { c.fault, c.attempts, c.retryAt = dialogs.Message{}, 0, time.Time{} }

// Banner tells that the server with this host name does not answer; age is that of the tables, "" when none are shown. It
// reports false when the server answered.
func (c *Connection) Banner(host, age string) (Banner, bool) {
	m := c.fault
	if m.What == "" {
		return Banner{}, false
	}
	if age != "" {
		m.What = tr.T("No connection to %s; showing what was known %s.", host, age)
	}
	return Banner{Tone: theme.Warning, Message: m, Actions: []dialogs.Action{
		{Label: tr.T("Try again"), Do: c.peers.Refresh},
		{Label: tr.T("Find the cause…"), Do: func() { c.Examine("") }},
	}}, true
}

// Examine opens the connection doctor for a server; "" means that of the current account.
func (c *Connection) Examine(server string) {
	doctor.Open(doctor.Options{
		Dialogs:     c.shell.Dialogs,
		Work:        c.shell.Work,
		Examiner:    c.examiner,
		Copy:        c.shell.Copy,
		Explain:     explain.Error,
		Now:         c.shell.Now,
		Save:        func(name, text string, done func(error)) { c.shell.Files.Save(name, text, ".txt", done) },
		OnNoNetwork: c.peers.NoNetwork,
	}, server)
}
