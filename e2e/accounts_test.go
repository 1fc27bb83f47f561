package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/servertest"
)

// TestAccountSwitchDuringTask switches accounts while a call is being sent. The order and program IDs of both servers
// are the same. The task completes in the account that began it, and each account has its own tables.
func TestAccountSwitchDuringTask(t *testing.T) {
	first, second := servertest.Start(t), servertest.Start(t)
	p := newPC(t, first)
	p.signIn(t, second)
	secondAccount, _ := p.Current()
	p.signIn(t, first)
	firstAccount, _ := p.Current()
	pc, err := p.ThisPC(t.Context(), studioProgram(t, p))
	require.NoError(t, err)
	before, beforeSecond := activeLicenses(t, first, studioOrder), activeLicenses(t, second, studioOrder)

	// Switch while the call is being sent.
	switched := false
	p.network.set(func(r *http.Request) bool {
		if isChange(r) && !switched {
			switched = true
			_, err := p.Switch(t.Context(), secondAccount.ID)
			require.NoError(t, err)
		}
		return false
	}, nil)
	var events []manager.Event
	defer p.Subscribe(func(e manager.Event) { events = append(events, e) })()
	l, err := p.NewLicense(t.Context(), manager.NewLicense{
		OrderID: studioOrder,
		Codes:   pc.Codes,
		Note:    "Studio",
		ThisPC:  true,
	})
	require.NoError(t, err)
	require.True(t, switched)
	require.True(t, l.ThisPC)
	require.Equal(t, before+1, activeLicenses(t, first, studioOrder))
	require.Equal(t, beforeSecond, activeLicenses(t, second, studioOrder), "the other server got no call")
	current, _ := p.Current()
	require.Equal(t, secondAccount.ID, current.ID)
	for _, e := range events {
		if e.Kind != manager.AccountChanged {
			require.Equal(t, firstAccount.ID, e.Account)
		}
	}
	_, known, err := p.CachedOrders(t.Context())
	require.NoError(t, err)
	require.False(t, known, "the accounts have separate tables")
}

// TestTasksResumeInTheirAccount checks that pending jobs of another account are reported, and are sent to its server
// when it is the current account again.
func TestTasksResumeInTheirAccount(t *testing.T) {
	first, second := servertest.Start(t), servertest.Start(t)
	p := newPC(t, first)
	p.signIn(t, second)
	secondAccount, _ := p.Current()
	p.signIn(t, first)
	firstAccount, _ := p.Current()
	pc, err := p.ThisPC(t.Context(), studioProgram(t, p))
	require.NoError(t, err)
	p.network.set(isChange, nil)
	_, err = p.NewLicense(t.Context(), manager.NewLicense{OrderID: studioOrder, Codes: pc.Codes, ThisPC: true})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	p.network.set(nil, nil)
	waiting, err := p.OtherJobs(t.Context())
	require.NoError(t, err)
	require.Empty(t, waiting)

	_, err = p.Switch(t.Context(), secondAccount.ID)
	require.NoError(t, err)
	waiting, err = p.OtherJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, firstAccount.ID, waiting[0].Account.ID)
	require.Equal(t, 1, waiting[0].Jobs)
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Empty(t, done)

	before := activeLicenses(t, first, studioOrder)
	_, err = p.Switch(t.Context(), firstAccount.ID)
	require.NoError(t, err)
	done, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.Equal(t, before+1, activeLicenses(t, first, studioOrder))
}
