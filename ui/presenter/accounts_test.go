package presenter

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// accountsBackend returns one program, after release is closed.
type accountsBackend struct {
	AccountsBackend
	err     error
	release chan struct{}
}

func (b *accountsBackend) SerialPrograms(ctx context.Context) ([]api.Program, error) {
	select {
	case <-b.release:
	case <-ctx.Done():
	}
	return []api.Program{{ID: 1, Name: "Lumen Studio 7", VerificationWaived: true}}, b.err
}

// accountsPeers records its calls.
type accountsPeers struct{ *stage }

func (p accountsPeers) AddOrder(o api.Order)               { p.call("order %d", o.ID) }
func (p accountsPeers) Registered(server, username string) { p.call("registered %s", username) }

func TestNewOrderLoadsProgramsOnce(t *testing.T) {
	s := newStage(t)
	b := &accountsBackend{release: make(chan struct{})}
	a := NewAccounts(s.shell, b, accountsPeers{s})
	a.NewOrder()
	require.True(t, s.Shows("Loading the programs…"))
	a.NewOrder() // a second press
	close(b.release)
	s.WaitFor("New order")
	require.False(t, s.Shows("Loading the programs…"))
	s.Dialogs.Visible().Close()
	require.Nil(t, s.Dialogs.Visible(), "one dialog")

	b.err = unreachable
	a.NewOrder()
	s.WaitFor("There is no connection to the license server.")
}
