// Package session has a person's accounts at license servers and which of them is current. It signs the person in and
// out, and stores the tokens in the keyring.
package session

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/client/keyring"
)

// Account is a client's account at one server.
type Account struct {
	ID         int64
	Server     string // address
	ServerName string // name that the vendor chose
	Username   string
	// DisplayName is the name to greet the person with.
	DisplayName string
	// Remembered is true if the keyring has the session.
	Remembered bool
}

// secretName returns the name of the account's session in the keyring.
func (a Account) secretName() string { return fmt.Sprintf("session %s %s", a.Server, a.Username) }

// Session is an account with its client.
type Session struct {
	Account Account
	Client  *client.Client
}

// SignIn has the credentials for a sign-in.
type SignIn struct {
	Server, Username, Password string
	// Remember stores the session in the system's keyring.
	Remember bool
	// Once begins a temporary session for one command; a remembered session is not affected.
	Once bool
}

// Database is what Sessions need of a database; *sql.DB is one. The accounts are rows of the table accounts.
type Database interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Options configure Sessions. All but Transport and Pause are required.
type Options struct {
	DB      Database
	Keyring keyring.Store
	// Timeout limits how long to wait for the keyring.
	Timeout    time.Duration
	DeviceName string
	UserAgent  string
	Now        func() time.Time
	Logger     *slog.Logger
	// Transport and Pause are those of the client.
	Transport http.RoundTripper
	Pause     func(ctx context.Context, d time.Duration) error
	// Wrap is applied to every error of the database; it returns nil for nil.
	Wrap func(error) error
	// Notice shows a message to the person.
	Notice func(title, detail client.Text)
	// Switched is called after Resume or Switch made an account the current one, whose server may be unreachable, and
	// after a failed Switch made the former one current again.
	Switched func(account int64)
	// Restored is called when the server of an account was restored from a backup (spec: api 20).
	Restored func(account int64)
	// Forget deletes the stored data of an account, at its sign-out.
	Forget func(ctx context.Context, account int64) error
}

// Sessions are the accounts of a person. Their methods may be called from any goroutine.
type Sessions struct {
	options  Options
	resuming sync.Mutex // serializes resume

	mu      sync.Mutex
	current *active // nil if nobody is signed in
}

// active is a session that is or was the current one.
type active struct {
	Session
	temporary bool // signed in for this run only; the remembered session stays
}

// New returns Sessions. Nobody is signed in.
func New(o Options) *Sessions { return &Sessions{options: o} }

const columns = `id, server, server_name, username, display_name, remembered`

func scan(row interface{ Scan(...any) error }) (a Account, err error) {
	err = row.Scan(&a.ID, &a.Server, &a.ServerName, &a.Username, &a.DisplayName, &a.Remembered)
	return a, err
}

// Accounts lists the known accounts, most recently used first.
func (s *Sessions) Accounts(ctx context.Context) (list []Account, err error) {
	rows, err := s.options.DB.QueryContext(ctx, `SELECT `+columns+` FROM accounts ORDER BY last_used DESC`)
	if err != nil {
		return nil, s.options.Wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scan(rows)
		if err != nil {
			return nil, s.options.Wrap(err)
		}
		list = append(list, a)
	}
	return list, s.options.Wrap(rows.Err())
}

// Current returns the session of the current account; false if nobody is signed in.
func (s *Sessions) Current() (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		return Session{}, false
	}
	return s.current.Session, true
}

// SignIn begins a session. The warning, if any, is a keyring.ErrUnavailable: the session works but is not remembered.
func (s *Sessions) SignIn(ctx context.Context, in SignIn) (account Account, warning error, err error) {
	server, err := client.ParseServer(in.Server)
	if err != nil {
		return account, nil, err
	}
	t := &tokens{sessions: s}
	c, err := s.newClient(server, "", t)
	if err != nil {
		return account, nil, err
	}
	about, err := c.Server(ctx)
	if err != nil {
		return account, nil, err
	}
	begun, err := c.SignIn(ctx, api.SessionRequest{
		Username:   in.Username,
		Password:   in.Password,
		DeviceName: s.options.DeviceName,
	})
	if err != nil {
		return account, nil, err
	}
	account = Account{
		Server:      server,
		ServerName:  about.Name,
		Username:    begun.Client.Username,
		DisplayName: begun.Client.DisplayName,
		Remembered:  in.Remember,
	}
	if in.Remember {
		if warning = s.remember(ctx, account, c.Tokens().Refresh); warning != nil {
			account.Remembered = false
		}
	}
	if !account.Remembered && !in.Once {
		// An older session of this account must not return at the next start; without a keyring there is none.
		_ = s.forget(ctx, account)
	}
	if account.ID, err = s.save(ctx, account, begun.Client.ID, in.Once); err != nil {
		return account, warning, err
	}
	s.use(account, c, t, in.Once)
	return account, warning, nil
}

// save stores an account and returns its ID. For a temporary session it does not change whether the account is
// remembered, nor when it was last used.
func (s *Sessions) save(ctx context.Context, a Account, clientID int64, temporary bool) (id int64, err error) {
	err = s.options.DB.QueryRowContext(ctx,
		`INSERT INTO accounts (server, server_name, client_id, username, display_name, remembered, last_used)
 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (server, client_id) DO UPDATE SET
 server_name = excluded.server_name, username = excluded.username, display_name = excluded.display_name,
 remembered = CASE WHEN ? THEN remembered ELSE excluded.remembered END,
 last_used = CASE WHEN ? THEN last_used ELSE excluded.last_used END RETURNING id`,
		a.Server, a.ServerName, clientID, a.Username, a.DisplayName, a.Remembered,
		s.options.Now().UnixMicro(), temporary, temporary).Scan(&id)
	return id, s.options.Wrap(err)
}

// Recall makes the most recently used account the current one without tokens: its cached tables can be read, and no
// request is sent. It fails with client.ErrSignedOut if there is no account.
func (s *Sessions) Recall(ctx context.Context) error {
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return client.ErrSignedOut
	}
	t := &tokens{sessions: s}
	c, err := s.newClient(accounts[0].Server, "", t)
	if err == nil {
		s.use(accounts[0], c, t, false)
	}
	return err
}

// use makes an account the current one. It returns its session and the former one, which is nil if there was none.
func (s *Sessions) use(a Account, c *client.Client, t *tokens, temporary bool) (current, former *active) {
	t.bind(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	former = s.current
	s.current = &active{Session{a, c}, temporary}
	return s.current, former
}

// revert makes former the current session instead of current, and reports whether it did: not if another one became
// the current one meanwhile.
func (s *Sessions) revert(current, former *active) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != current {
		return false
	}
	s.current = former
	return true
}

// Anonymous returns a client for calls without a session. It fails with client.ErrAddress.
func (s *Sessions) Anonymous(server string) (*client.Client, error) {
	address, err := client.ParseServer(server)
	if err != nil {
		return nil, err
	}
	return s.newClient(address, "", &tokens{sessions: s})
}

// newClient returns a client with a refresh token, or "", which gives its new tokens and epochs to t.
func (s *Sessions) newClient(server, refresh string, t *tokens) (*client.Client, error) {
	return client.New(client.Options{
		Server:    server,
		Tokens:    client.Tokens{Refresh: refresh},
		OnTokens:  t.store,
		OnEpoch:   t.receiveEpoch,
		Transport: s.options.Transport,
		UserAgent: s.options.UserAgent,
		Now:       s.options.Now,
		Pause:     s.options.Pause,
	})
}

func (s *Sessions) remember(ctx context.Context, a Account, refresh string) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return s.options.Keyring.Set(ctx, a.secretName(), refresh)
}

func (s *Sessions) forget(ctx context.Context, a Account) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	return s.options.Keyring.Delete(ctx, a.secretName())
}

// Resume continues the last remembered session. It fails with client.ErrSignedOut if there is none. If the server
// cannot be reached or is busy, the account becomes the current one all the same, because its cached tables can be
// shown, and Resume returns the error.
func (s *Sessions) Resume(ctx context.Context) (Account, error) {
	a, err := scan(s.options.DB.QueryRowContext(ctx, `SELECT `+columns+` FROM accounts ORDER BY last_used DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, client.ErrSignedOut
	}
	if err != nil {
		return Account{}, s.options.Wrap(err)
	}
	_, err = s.resume(ctx, a)
	return a, err
}

// Switch makes another remembered account the current one, with the session from the keyring; the next start resumes
// it. The former account remains signed in. Switch fails like Resume; if it fails with client.ErrSignedOut, the current
// account stays.
func (s *Sessions) Switch(ctx context.Context, id int64) (Account, error) {
	a, err := scan(s.options.DB.QueryRowContext(ctx, `SELECT `+columns+` FROM accounts WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, client.ErrSignedOut
	}
	if err != nil {
		return Account{}, s.options.Wrap(err)
	}
	current, err := s.resume(ctx, a)
	if !current || ctx.Err() != nil {
		return a, err
	}
	if _, dbErr := s.options.DB.ExecContext(ctx, `UPDATE accounts SET last_used = ? WHERE id = ?`,
		s.options.Now().UnixMicro(), id); dbErr != nil {
		return a, s.options.Wrap(dbErr)
	}
	return a, err
}

// resume continues the remembered session of an account. It reports whether the account became the current one, as it
// does even with an error unless there is no session.
func (s *Sessions) resume(ctx context.Context, a Account) (bool, error) {
	if !a.Remembered {
		return false, client.ErrSignedOut
	}
	s.resuming.Lock()
	defer s.resuming.Unlock()
	if err := ctx.Err(); err != nil {
		return false, err // another account was chosen meanwhile
	}
	keyCtx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	refresh, err := s.options.Keyring.Get(keyCtx, a.secretName())
	if errors.Is(err, keyring.ErrNotFound) {
		return false, client.ErrSignedOut
	}
	if err != nil {
		s.options.Notice(client.Say("The session could not be taken from the keyring."),
			client.Say("%s. Sign in to go on.", err.Error()))
		return false, errors.Join(client.ErrSignedOut, err)
	}
	t := &tokens{sessions: s}
	c, err := s.newClient(a.Server, refresh, t)
	if err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	current, former := s.use(a, c, t, false)
	s.options.Switched(a.ID)
	err = c.Renew(ctx)
	if !errors.Is(err, client.ErrSignedOut) {
		return true, err
	}
	if s.revert(current, former) && former != nil {
		s.options.Switched(former.Account.ID)
	}
	return false, err
}

// SignOut ends the session on this PC, and on the server if it can be reached. It deletes the keyring entry and the
// stored data of the account. Open jobs remain for the next sign-in.
func (s *Sessions) SignOut(ctx context.Context) error {
	s.mu.Lock()
	former := s.current
	s.current = nil
	s.mu.Unlock()
	if former == nil {
		return nil
	}
	a, c := former.Account, former.Client
	if former.temporary { // the remembered session is another one
		return c.SignOut(ctx)
	}
	keyringErr := s.forget(ctx, a)
	if errors.Is(keyringErr, keyring.ErrUnavailable) && !a.Remembered {
		keyringErr = nil
	}
	_, dbErr := s.options.DB.ExecContext(ctx, `UPDATE accounts SET remembered = 0 WHERE id = ?`, a.ID)
	forgetErr := s.options.Forget(ctx, a.ID)
	if err := c.SignOut(ctx); err != nil {
		s.options.Logger.Info("server sign-out failed", "error", err)
	}
	return errors.Join(keyringErr, s.options.Wrap(dbErr), forgetErr)
}
