package presenter

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// accountsBackend knows the programs that accept serial numbers.
type accountsBackend struct {
	AccountsBackend
	err  error
	held chan struct{}
}

func (b *accountsBackend) SerialPrograms(ctx context.Context) ([]api.Program, error) {
	select {
	case <-b.held:
	case <-ctx.Done():
	}
	return []api.Program{{ID: 1, Name: "Lumen Studio 7", VerificationWaived: true}}, b.err
}

// accountsPeers record what the dialogs about accounts bring.
type accountsPeers struct{ *stage }

func (p accountsPeers) AddOrder(o api.Order)               { p.call("order %d", o.ID) }
func (p accountsPeers) Registered(server, username string) { p.call("registered %s", username) }

func TestNewOrderAsksForTheProgramsOnce(t *testing.T) {
	s := newStage(t)
	b := &accountsBackend{held: make(chan struct{})}
	a := NewAccounts(s.shell, b, accountsPeers{s})
	a.NewOrder()
	require.True(t, s.Shows("Asking for the programs…"))
	a.NewOrder() // a second press
	close(b.held)
	s.Sees("New order")
	require.False(t, s.Shows("Asking for the programs…"))
	s.Dialogs.Visible().Close()
	require.Nil(t, s.Dialogs.Visible(), "one dialog")

	b.err = unreachable
	a.NewOrder()
	s.Sees("There is no connection to the license server.")
}
