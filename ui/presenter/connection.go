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

// The time between attempts to reach the server doubles from minBackoff to maxBackoff.
const (
	minBackoff = 15 * time.Second
	maxBackoff = 5 * time.Minute
)

// ConnectionPeers is what Connection needs of the other presenters.
type ConnectionPeers interface {
	// ConnectionLost shows that the server was not reached.
	ConnectionLost()
	// WorkOffline loads what the tables need from the cache.
	WorkOffline()
	// SessionExpired shows the sign-in screen, because the session has ended.
	SessionExpired(err error)
	Refresh()
	NoNetwork()
}

// Connection is the presenter of the connection: its faults, retries and the connection doctor.
type Connection struct {
	shell    *Shell
	examiner doctor.Examiner
	peers    ConnectionPeers
	fault    dialogs.Message // of the latest attempt; zero if the server answered
	attempts int             // failures since the server last answered
	retryAt  time.Time
}

// NewConnection returns a presenter without a fault. UI thread.
func NewConnection(shell *Shell, examiner doctor.Examiner, peers ConnectionPeers) *Connection {
	return &Connection{shell: shell, examiner: examiner, peers: peers}
}

// Fault returns the fault of the latest attempt, or "".
func (c *Connection) Fault() string { return c.fault.What }

// Lost is called if the server was not reached. It schedules the next attempt.
func (c *Connection) Lost(err error) {
	c.fault = explain.Error(err)
	c.retryAt = c.shell.Now().Add(min(maxBackoff, minBackoff<<min(c.attempts, 10)))
	c.attempts++
	c.peers.ConnectionLost()
}

// Failed is called if a request for the tables failed. The tables remain. A canceled request is not a failure.
func (c *Connection) Failed(err error) {
	switch {
	case isSignedOut(err):
		c.peers.SessionExpired(err)
	case !errors.Is(err, context.Canceled):
		c.Lost(err)
		c.peers.WorkOffline()
	}
}

// Reached is called after the server answered.
func (c *Connection) Reached() { c.fault, c.attempts = dialogs.Message{}, 0 }

// ResetBackoff resets the backoff, such as after the PC has slept.
func (c *Connection) ResetBackoff() { c.attempts = 0 }

// Due reports whether it is time for the next attempt.
func (c *Connection) Due() bool { return c.fault.What != "" && !c.shell.Now().Before(c.retryAt) }

// Reset clears the fault and the backoff.
func (c *Connection) Reset() { c.fault, c.attempts, c.retryAt = dialogs.Message{}, 0, time.Time{} }

// Banner returns the banner about a fault of the server host, or false without a fault. age is the age of the tables,
// or "" if none are shown.
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

// Examine opens the connection doctor for a server; "" is that of the current account.
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
