package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/servertest"
)

// Two servers have the same order numbers and the same program numbers. What was begun in one account ends there, whoever is
// switched to meanwhile, and each account finds its own tables again.
func TestSwitchingInMidTask(t *testing.T) {
	first, second := servertest.Start(t), servertest.Start(t)
	p := newPC(t, first)
	p.signIn(t, second)
	there, _ := p.Current()
	p.signIn(t, first)
	here, _ := p.Current()
	pc, err := p.ThisPC(t.Context(), studioProgram(t, p))
	require.NoError(t, err)
	before, beforeThere := activeLicenses(t, first, studioOrder), activeLicenses(t, second, studioOrder)

	// The switch comes when the call is on its way.
	switched := false
	p.network.set(func(r *http.Request) bool {
		if changing(r) && !switched {
			switched = true
			_, err := p.Switch(t.Context(), there.ID)
			require.NoError(t, err)
		}
		return false
	}, nil)
	var events []manager.Event
	defer p.Subscribe(func(e manager.Event) { events = append(events, e) })()
	l, err := p.NewLicense(t.Context(), manager.NewLicense{OrderID: studioOrder, Codes: pc.Codes, Note: "Studio", ThisPC: true})
	require.NoError(t, err)
	require.True(t, switched)
	require.True(t, l.ThisPC)
	require.Equal(t, before+1, activeLicenses(t, first, studioOrder))
	require.Equal(t, beforeThere, activeLicenses(t, second, studioOrder), "the other server heard of nothing")
	current, _ := p.Current()
	require.Equal(t, there.ID, current.ID)
	for _, e := range events {
		if e.Kind != manager.AccountChanged {
			require.Equal(t, here.ID, e.Account)
		}
	}
	_, known, err := p.CachedOrders(t.Context())
	require.NoError(t, err)
	require.False(t, known, "the first account's tables are not the second's")
}

// What waits in another account is told, and sent when that is the current one again, to its own server.
func TestTasksWaitInTheirAccount(t *testing.T) {
	first, second := servertest.Start(t), servertest.Start(t)
	p := newPC(t, first)
	p.signIn(t, second)
	there, _ := p.Current()
	p.signIn(t, first)
	here, _ := p.Current()
	pc, err := p.ThisPC(t.Context(), studioProgram(t, p))
	require.NoError(t, err)
	p.network.set(changing, nil)
	_, err = p.NewLicense(t.Context(), manager.NewLicense{OrderID: studioOrder, Codes: pc.Codes, ThisPC: true})
	require.ErrorIs(t, err, manager.ErrUnreachable)
	p.network.set(nil, nil)
	waiting, err := p.WaitingElsewhere(t.Context())
	require.NoError(t, err)
	require.Empty(t, waiting)

	_, err = p.Switch(t.Context(), there.ID)
	require.NoError(t, err)
	waiting, err = p.WaitingElsewhere(t.Context())
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, here.ID, waiting[0].Account.ID)
	require.Equal(t, 1, waiting[0].Jobs)
	done, err := p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Empty(t, done)

	before := activeLicenses(t, first, studioOrder)
	_, err = p.Switch(t.Context(), here.ID)
	require.NoError(t, err)
	done, err = p.ResumeJobs(t.Context())
	require.NoError(t, err)
	require.Len(t, done, 1)
	require.Equal(t, before+1, activeLicenses(t, first, studioOrder))
}
