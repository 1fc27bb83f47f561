package manager

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/client/keyring"
)

// keyringTime bounds how long the system's keyring is waited for; a prompt may need a person.
const keyringTime = 20 * time.Second

// Account is a client's account at one server.
type Account struct {
	ID         int64
	Server     string // address
	ServerName string // name that the vendor gave it
	Username   string
	// DisplayName greets the person.
	DisplayName string
	// Remembered tells that the keyring holds the session.
	Remembered bool
}

// secretName is the keyring's name for the account's session.
func (a Account) secretName() string { return fmt.Sprintf("session %s %s", a.Server, a.Username) }

const accountColumns = `id, server, server_name, username, display_name, remembered`

func scanAccount(row interface{ Scan(...any) error }) (a Account, err error) {
	err = row.Scan(&a.ID, &a.Server, &a.ServerName, &a.Username, &a.DisplayName, &a.Remembered)
	return a, err
}

// Accounts lists the known accounts, last used first.
func (m *Manager) Accounts(ctx context.Context) (list []Account, err error) {
	rows, err := m.db.QueryContext(ctx, `SELECT `+accountColumns+` FROM accounts ORDER BY last_used DESC`)
	if err != nil {
		return nil, storageError(err)
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scanAccount(rows)
		if err != nil {
			return nil, storageError(err)
		}
		list = append(list, a)
	}
	return list, storageError(rows.Err())
}

// Current returns who is signed in.
func (m *Manager) Current() (Account, bool) {
	s, err := m.acting()
	if err != nil {
		return Account{}, false
	}
	return s.account, true
}

// SignIn is what somebody signs in with.
type SignIn struct {
	Server, Username, Password string
	// Remember keeps the session in the system's keyring.
	Remember bool
	// Once begins a session besides a remembered one, which stays as it is: for one command.
	Once bool
}

// SignIn begins a session. The warning, if any, is an ErrKeyringUnavailable: the session works but is not remembered.
func (m *Manager) SignIn(ctx context.Context, s SignIn) (account Account, warning error, err error) {
	server, err := client.ParseServer(s.Server)
	if err != nil {
		return account, nil, err
	}
	holder := &tokenHolder{manager: m}
	c, err := m.newClient(server, client.Tokens{}, holder)
	if err != nil {
		return account, nil, err
	}
	about, err := c.Server(ctx)
	if err != nil {
		return account, nil, err
	}
	session, err := c.SignIn(ctx, api.SessionRequest{Username: s.Username, Password: s.Password, DeviceName: m.options.DeviceName})
	if err != nil {
		return account, nil, err
	}
	account = Account{Server: server, ServerName: about.Name, Username: session.Client.Username, DisplayName: session.Client.DisplayName, Remembered: s.Remember}
	if s.Remember {
		if warning = m.remember(ctx, account, c.Tokens().Refresh); warning != nil {
			account.Remembered = false
		}
	}
	if !account.Remembered && !s.Once {
		// An older session of this account must not come back at the next start; without a keyring there is none.
		_ = m.forget(ctx, account)
	}
	err = m.db.QueryRowContext(ctx, `INSERT INTO accounts (server, server_name, client_id, username, display_name, remembered, last_used)
 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (server, client_id) DO UPDATE SET server_name = excluded.server_name, username = excluded.username,
 display_name = excluded.display_name, remembered = CASE WHEN ? THEN remembered ELSE excluded.remembered END,
 last_used = CASE WHEN ? THEN last_used ELSE excluded.last_used END RETURNING id`,
		server, about.Name, session.Client.ID, account.Username, account.DisplayName, account.Remembered, m.options.Now().UnixMicro(), s.Once, s.Once).Scan(&account.ID)
	if err != nil {
		return account, warning, storageError(err)
	}
	m.use(account, c, holder)
	m.mu.Lock()
	m.once = s.Once
	m.mu.Unlock()
	return account, warning, nil
}

// Recall makes the last used account the current one without a session: its last known tables can be read, and nothing is
// asked of the server. It fails with ErrSignedOut when there is none.
func (m *Manager) Recall(ctx context.Context) error {
	accounts, err := m.Accounts(ctx)
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return ErrSignedOut
	}
	holder := &tokenHolder{manager: m}
	c, err := m.newClient(accounts[0].Server, client.Tokens{}, holder)
	if err == nil {
		m.use(accounts[0], c, holder)
	}
	return err
}

// use makes an account the current one.
func (m *Manager) use(a Account, c *client.Client, holder *tokenHolder) {
	holder.use(a)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.account, m.client, m.once = &a, c, false
	clear(m.programs)
}

func (m *Manager) newClient(server string, t client.Tokens, holder *tokenHolder) (*client.Client, error) {
	return client.New(client.Options{Server: server, Tokens: t, OnTokens: holder.keep, OnEpoch: holder.sawEpoch, Transport: m.options.HTTPTransport,
		UserAgent: "ACEN-Desktop/" + m.options.Version, Now: m.options.Now, Pause: m.options.Pause})
}

func (m *Manager) remember(ctx context.Context, a Account, refresh string) error {
	ctx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	return m.options.Keyring.Set(ctx, a.secretName(), refresh)
}

func (m *Manager) forget(ctx context.Context, a Account) error {
	ctx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	return m.options.Keyring.Delete(ctx, a.secretName())
}

// Resume continues the last remembered session. It fails with ErrSignedOut when there is none. When the server cannot be
// reached it returns the account together with the network error: the last known tables can be shown.
func (m *Manager) Resume(ctx context.Context) (Account, error) {
	a, err := scanAccount(m.db.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts ORDER BY last_used DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrSignedOut
	}
	if err != nil {
		return Account{}, storageError(err)
	}
	return m.resume(ctx, a)
}

// Switch makes another remembered account the current one, with the session that the keyring holds, and the one that the next
// start resumes. The account that was current stays signed in. It fails like Resume; the current account then stays.
func (m *Manager) Switch(ctx context.Context, id int64) (Account, error) {
	a, err := scanAccount(m.db.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrSignedOut
	}
	if err != nil {
		return Account{}, storageError(err)
	}
	if a, err = m.resume(ctx, a); err != nil && !errors.Is(err, ErrUnreachable) {
		return a, err
	}
	if _, dbErr := m.db.change(ctx, `UPDATE accounts SET last_used = ? WHERE id = ?`, m.options.Now().UnixMicro(), id); dbErr != nil {
		return a, dbErr
	}
	return a, err
}

// resume continues the remembered session of an account and makes it the current one.
func (m *Manager) resume(ctx context.Context, a Account) (Account, error) {
	if !a.Remembered {
		return a, ErrSignedOut
	}
	m.switchMu.Lock()
	defer m.switchMu.Unlock()
	if err := ctx.Err(); err != nil {
		return a, err // another account was chosen meanwhile
	}
	keyCtx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	refresh, err := m.options.Keyring.Get(keyCtx, a.secretName())
	if errors.Is(err, keyring.ErrNotFound) {
		return a, ErrSignedOut
	}
	if err != nil {
		m.addNotice(Say("The session could not be taken from the keyring."), Say("%s. Sign in to go on.", err.Error()))
		return a, errors.Join(ErrSignedOut, err)
	}
	holder := &tokenHolder{manager: m}
	c, err := m.newClient(a.Server, client.Tokens{Refresh: refresh}, holder)
	if err != nil {
		return a, err
	}
	if err := ctx.Err(); err != nil {
		return a, err
	}
	before, beforeClient := m.current()
	m.use(a, c, holder)
	m.publish(Event{Kind: AccountChanged, Account: a.ID})
	if err := c.Renew(ctx); err != nil {
		if errors.Is(err, ErrSignedOut) {
			m.restore(before, beforeClient)
		}
		return a, err
	}
	return a, nil
}

func (m *Manager) current() (*Account, *client.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.account, m.client
}

// restore makes an earlier account the current one again; nil means none.
func (m *Manager) restore(a *Account, c *client.Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.account, m.client = a, c
	clear(m.programs)
}

func (m *Manager) drop() { m.restore(nil, nil) }

// SignOut ends the session here at once, and on the server if it can be reached. The keyring and the last known tables
// of the account are forgotten; open jobs stay for the next sign-in.
func (m *Manager) SignOut(ctx context.Context) error {
	s, err := m.acting()
	if err != nil {
		return nil
	}
	a, c := s.account, s.client
	m.mu.Lock()
	once := m.once
	m.mu.Unlock()
	m.drop()
	if once { // what is remembered of the account belongs to another session
		return c.SignOut(ctx)
	}
	keyringErr := m.forget(ctx, a)
	if errors.Is(keyringErr, keyring.ErrUnavailable) && !a.Remembered {
		keyringErr = nil
	}
	_, dbErr := m.db.change(ctx, `UPDATE accounts SET remembered = 0 WHERE id = ?`, a.ID)
	_, cacheErr := m.db.change(ctx, `DELETE FROM cache WHERE account = ?`, a.ID)
	if err := c.SignOut(ctx); err != nil {
		m.options.Logger.Info("the server was not told of the sign-out", "error", err)
	}
	return errors.Join(keyringErr, dbErr, cacheErr)
}

// tokenHolder writes new refresh tokens of a remembered account to the keyring before they are used.
type tokenHolder struct {
	manager *Manager
	account *Account
	epoch   string          // the one that was received last for the first time; "" before the first answer
	epochs  map[string]bool // all that were received
}

// use assigns the holder to an account and stores the epoch that was received before.
func (h *tokenHolder) use(a Account) {
	h.manager.mu.Lock()
	h.account = &a
	epoch := h.epoch
	h.manager.mu.Unlock()
	if epoch != "" {
		h.manager.noteEpoch(a, epoch)
	}
}

// sawEpoch receives the epoch of the server's data with every answer. It may be called from any goroutine. Each epoch counts
// once, because several servers of one database may answer with the old and the new one for a while.
func (h *tokenHolder) sawEpoch(epoch string) {
	h.manager.mu.Lock()
	known, a := h.epochs[epoch], h.account
	if !known {
		if h.epochs == nil {
			h.epochs = map[string]bool{}
		}
		h.epochs[epoch], h.epoch = true, epoch
	}
	h.manager.mu.Unlock()
	if !known && a != nil {
		h.manager.noteEpoch(*a, epoch)
	}
}

// noteEpoch stores the epoch of an account's server. If it differs from the stored one, the server was restored from a
// backup and may have lost changes; noteEpoch then adds a notice and publishes ServerRestored (spec: api 20).
func (m *Manager) noteEpoch(a Account, epoch string) {
	ctx := context.Background()
	var before string
	err := m.db.QueryRowContext(ctx, `SELECT epoch FROM accounts WHERE id = ?`, a.ID).Scan(&before)
	if err == nil && before != epoch {
		_, err = m.db.change(ctx, `UPDATE accounts SET epoch = ? WHERE id = ?`, epoch, a.ID)
	}
	if err != nil {
		m.options.Logger.Warn("the epoch of the server could not be stored", "error", err)
		return
	}
	if before == "" || before == epoch {
		return
	}
	m.options.Logger.Warn("the license server was restored from a backup", "account", a.ID)
	m.addNotice(Say("The license server was restored from a backup."), Say("It may have forgotten what was done since then. This PC still knows, and offers to tell the server again: look through your licenses."))
	m.publish(Event{Kind: ServerRestored, Account: a.ID})
}

func (h *tokenHolder) keep(t client.Tokens) {
	h.manager.mu.Lock()
	a := h.account
	h.manager.mu.Unlock()
	if a == nil || !a.Remembered {
		return
	}
	if err := h.manager.remember(context.Background(), *a, t.Refresh); err != nil {
		h.manager.addNotice(Say("The session could not be kept in the keyring."), Say("%s. You will be asked to sign in at the next start.", err.Error()))
	}
}
