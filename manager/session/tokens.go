package session

import (
	"context"

	"github.com/acen-desktop/acen/client"
)

// tokens stores the refresh tokens of a remembered account in the keyring, each before the client uses it, and receives
// the epochs of its server.
type tokens struct {
	sessions *Sessions
	account  *Account
	epoch    string          // the latest new epoch; "" before the first answer
	epochs   map[string]bool // received epochs
}

// bind sets the account and stores an epoch that was received before.
func (t *tokens) bind(a Account) {
	t.sessions.mu.Lock()
	t.account = &a
	epoch := t.epoch
	t.sessions.mu.Unlock()
	if epoch != "" {
		t.sessions.updateEpoch(a, epoch)
	}
}

// store stores a refresh token in the keyring.
func (t *tokens) store(fresh client.Tokens) {
	t.sessions.mu.Lock()
	a := t.account
	t.sessions.mu.Unlock()
	if a == nil || !a.Remembered {
		return
	}
	if err := t.sessions.remember(context.Background(), *a, fresh.Refresh); err != nil {
		t.sessions.options.Notice(client.Say("The session could not be kept in the keyring."),
			client.Say("%s. You will be asked to sign in at the next start.", err.Error()))
	}
}

// receiveEpoch is called with the epoch of the server's data for every answer, from any goroutine. Each epoch counts
// once, because several servers of one database may answer with the old and the new one for a while.
func (t *tokens) receiveEpoch(epoch string) {
	t.sessions.mu.Lock()
	known, a := t.epochs[epoch], t.account
	if !known {
		if t.epochs == nil {
			t.epochs = map[string]bool{}
		}
		t.epochs[epoch], t.epoch = true, epoch
	}
	t.sessions.mu.Unlock()
	if !known && a != nil {
		t.sessions.updateEpoch(*a, epoch)
	}
}

// updateEpoch stores the epoch of an account's server. If it differs from the stored one, the server was restored from
// a backup and may have lost changes; updateEpoch then adds a notice and calls Restored (spec: api 20).
func (s *Sessions) updateEpoch(a Account, epoch string) {
	ctx := context.Background()
	var before string
	err := s.options.DB.QueryRowContext(ctx, `SELECT epoch FROM accounts WHERE id = ?`, a.ID).Scan(&before)
	if err == nil && before != epoch {
		_, err = s.options.DB.ExecContext(ctx, `UPDATE accounts SET epoch = ? WHERE id = ?`, epoch, a.ID)
	}
	if err != nil {
		s.options.Logger.Warn("the epoch of the server could not be stored", "error", err)
		return
	}
	if before == "" || before == epoch {
		return
	}
	s.options.Logger.Warn("the license server was restored from a backup", "account", a.ID)
	s.options.Notice(client.Say("The license server was restored from a backup."),
		client.Say("It may have forgotten what was done since then. This PC still knows, and offers to tell the server "+
			"again: look through your licenses."))
	s.options.Restored(a.ID)
}
