package manager

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// If another account becomes current while a task is sent, the outcome belongs to the first account.
func TestSwitchWhileATaskIsSent(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	first := p.session(t)
	_, err := p.Licenses(t.Context(), lumenOrder)
	require.NoError(t, err)
	var id int64
	require.NoError(t, p.db.QueryRowContext(t.Context(), `INSERT INTO accounts
 (server, server_name, client_id, username, display_name, remembered, last_used)
 VALUES ('https://other.example.com', '', 2, 'ben', 'Ben', 0, 9000000000000000) RETURNING id`).Scan(&id))
	var events []Event
	defer p.Subscribe(func(e Event) { events = append(events, e) })()
	pc, err := p.ThisPC(t.Context(), 1)
	require.NoError(t, err)
	f.set(func() {
		f.before = func(r *http.Request) *http.Response {
			if r.Method == http.MethodPost {
				require.NoError(t, p.Recall(t.Context()))
			}
			return nil
		}
	})

	l, err := p.NewLicense(t.Context(), NewLicense{OrderID: lumenOrder, Codes: pc.Codes, ThisPC: true})
	require.NoError(t, err)
	require.True(t, l.ThisPC && l.Installed)
	current, _ := p.Current()
	require.Equal(t, id, current.ID)
	for _, e := range events {
		require.Equal(t, first.account.ID, e.Account, e.Kind)
	}
	rows, ok, err := first.view.CachedLicenses(t.Context(), lumenOrder)
	require.NoError(t, err)
	require.True(t, ok)
	require.Len(t, rows.Licenses, 1)
	_, ok, err = p.CachedLicenses(t.Context(), lumenOrder)
	require.NoError(t, err)
	require.False(t, ok)
	require.Empty(t, p.jobs(t))
}
