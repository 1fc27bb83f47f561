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
	// Temporary begins a temporary session for one command; a remembered session is not affected.
	Temporary bool
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
	// Switched is called after another account became the current one; its server may be unreachable.
	Switched func(account int64)
	// Restored is called when the server of an account was restored from a backup (spec: api 20).
	Restored func(account int64)
	// Forget deletes the stored data of an account, at its sign-out.
	Forget func(ctx context.Context, account int64) error
}

// Sessions are the accounts of a person. Their methods may be called from any goroutine.
type Sessions struct {
	options   Options
	switching sync.Mutex // serializes changes of the current account

	mu        sync.Mutex
	current   *Session // nil if nobody is signed in
	temporary bool     // signed in for this run only; the remembered session stays
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
	return *s.current, true
}

// SignIn begins a session. The warning, if any, is a keyring.ErrUnavailable: the session works but is not remembered.
func (s *Sessions) SignIn(ctx context.Context, in SignIn) (account Account, warning error, err error) {
	server, err := client.ParseServer(in.Server)
	if err != nil {
		return account, nil, err
	}
	tokens := &tokens{sessions: s}
	c, err := s.newClient(server, client.Tokens{}, tokens)
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
	if !account.Remembered && !in.Temporary {
		// An older session of this account must not return at the next start; without a keyring there is none.
		_ = s.forget(ctx, account)
	}
	err = s.options.DB.QueryRowContext(ctx,
		`INSERT INTO accounts (server, server_name, client_id, username, display_name, remembered, last_used)
 VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (server, client_id) DO UPDATE SET
 server_name = excluded.server_name, username = excluded.username, display_name = excluded.display_name,
 remembered = CASE WHEN ? THEN remembered ELSE excluded.remembered END,
 last_used = CASE WHEN ? THEN last_used ELSE excluded.last_used END RETURNING id`,
		server, about.Name, begun.Client.ID, account.Username, account.DisplayName, account.Remembered,
		s.options.Now().UnixMicro(), in.Temporary, in.Temporary).Scan(&account.ID)
	if err != nil {
		return account, warning, s.options.Wrap(err)
	}
	s.use(account, c, tokens, in.Temporary)
	return account, warning, nil
}

// UseCached makes the most recently used account the current one without tokens: its cached tables can be read, and no
// request is sent. It fails with client.ErrSignedOut if there is no account.
func (s *Sessions) UseCached(ctx context.Context) error {
	accounts, err := s.Accounts(ctx)
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return client.ErrSignedOut
	}
	tokens := &tokens{sessions: s}
	c, err := s.newClient(accounts[0].Server, client.Tokens{}, tokens)
	if err == nil {
		s.use(accounts[0], c, tokens, false)
	}
	return err
}

// use makes an account the current one.
func (s *Sessions) use(a Account, c *client.Client, tokens *tokens, temporary bool) {
	tokens.use(a)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.temporary = &Session{a, c}, temporary
}

// Anonymous returns a client for calls without a session. It fails with client.ErrAddress.
func (s *Sessions) Anonymous(server string) (*client.Client, error) {
	address, err := client.ParseServer(server)
	if err != nil {
		return nil, err
	}
	return s.newClient(address, client.Tokens{}, &tokens{sessions: s})
}

func (s *Sessions) newClient(server string, t client.Tokens, tokens *tokens) (*client.Client, error) {
	return client.New(client.Options{
		Server:    server,
		Tokens:    t,
		OnTokens:  tokens.store,
		OnEpoch:   tokens.receiveEpoch,
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
// cannot be reached it returns the account with the network error; the cached tables can be shown.
func (s *Sessions) Resume(ctx context.Context) (Account, error) {
	a, err := scan(s.options.DB.QueryRowContext(ctx, `SELECT `+columns+` FROM accounts ORDER BY last_used DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, client.ErrSignedOut
	}
	if err != nil {
		return Account{}, s.options.Wrap(err)
	}
	return s.resume(ctx, a)
}

// Switch makes another remembered account the current one, with the session from the keyring; the next start resumes
// it. The former account remains signed in. Switch fails like Resume, and then the current account does not change.
func (s *Sessions) Switch(ctx context.Context, id int64) (Account, error) {
	a, err := scan(s.options.DB.QueryRowContext(ctx, `SELECT `+columns+` FROM accounts WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, client.ErrSignedOut
	}
	if err != nil {
		return Account{}, s.options.Wrap(err)
	}
	if a, err = s.resume(ctx, a); err != nil && !errors.Is(err, client.ErrUnreachable) {
		return a, err
	}
	if _, dbErr := s.options.DB.ExecContext(ctx, `UPDATE accounts SET last_used = ? WHERE id = ?`,
		s.options.Now().UnixMicro(), id); dbErr != nil {
		return a, s.options.Wrap(dbErr)
	}
	return a, err
}

// resume continues the remembered session of an account and makes it the current one.
func (s *Sessions) resume(ctx context.Context, a Account) (Account, error) {
	if !a.Remembered {
		return a, client.ErrSignedOut
	}
	s.switching.Lock()
	defer s.switching.Unlock()
	if err := ctx.Err(); err != nil {
		return a, err // another account was chosen meanwhile
	}
	keyCtx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	refresh, err := s.options.Keyring.Get(keyCtx, a.secretName())
	if errors.Is(err, keyring.ErrNotFound) {
		return a, client.ErrSignedOut
	}
	if err != nil {
		s.options.Notice(client.Textf("The session could not be taken from the keyring."),
			client.Textf("%s. Sign in to go on.", err.Error()))
		return a, errors.Join(client.ErrSignedOut, err)
	}
	tokens := &tokens{sessions: s}
	c, err := s.newClient(a.Server, client.Tokens{Refresh: refresh}, tokens)
	if err != nil {
		return a, err
	}
	if err := ctx.Err(); err != nil {
		return a, err
	}
	s.mu.Lock()
	before := s.current
	s.mu.Unlock()
	s.use(a, c, tokens, false)
	s.options.Switched(a.ID)
	if err := c.Renew(ctx); err != nil {
		if errors.Is(err, client.ErrSignedOut) {
			s.restore(before)
		}
		return a, err
	}
	return a, nil
}

// restore makes an earlier session the current one again; nil means none.
func (s *Sessions) restore(before *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = before
}

// SignOut ends the session on this PC, and on the server if it can be reached. It deletes the keyring entry and the
// stored data of the account. Open jobs remain for the next sign-in.
func (s *Sessions) SignOut(ctx context.Context) error {
	s.mu.Lock()
	current, temporary := s.current, s.temporary
	s.mu.Unlock()
	if current == nil {
		return nil
	}
	a, c := current.Account, current.Client
	s.restore(nil)
	if temporary { // the remembered session is another one
		return c.SignOut(ctx)
	}
	keyringErr := s.forget(ctx, a)
	if errors.Is(keyringErr, keyring.ErrUnavailable) && !a.Remembered {
		keyringErr = nil
	}
	_, dbErr := s.options.DB.ExecContext(ctx, `UPDATE accounts SET remembered = 0 WHERE id = ?`, a.ID)
	forgetErr := s.options.Forget(ctx, a.ID)
	if err := c.SignOut(ctx); err != nil {
		s.options.Logger.Info("the server was not told of the sign-out", "error", err)
	}
	return errors.Join(keyringErr, s.options.Wrap(dbErr), forgetErr)
}
