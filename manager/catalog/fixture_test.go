package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

const (
	signature   = license.Signature("LUMENST7")
	orderNumber = 1042
	tables      = `CREATE TABLE accounts (id INTEGER PRIMARY KEY, last_used INTEGER NOT NULL) STRICT;
CREATE TABLE cache (
  account INTEGER NOT NULL,
  name TEXT NOT NULL,
  content BLOB NOT NULL,
  fetched_at INTEGER NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE vault (
  kind TEXT NOT NULL,
  signature TEXT NOT NULL,
  site_code TEXT NOT NULL,
  machine_id TEXT NOT NULL,
  account INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  license_id INTEGER NOT NULL,
  program TEXT NOT NULL,
  note TEXT NOT NULL,
  purpose TEXT NOT NULL,
  content BLOB NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (kind, signature, site_code)
) STRICT, WITHOUT ROWID;
INSERT INTO accounts VALUES (1, 1), (2, 2)`
)

var errNoAnswer = &client.NetworkError{Kind: client.Connect, Err: errors.New("connection refused")}

// server is a server of tables without HTTP. It has one program and one order.
type server struct {
	rows  []api.License // of all statuses
	key   license.SigningKey
	code  license.ActivationKey
	now   time.Time
	err   error // the answer of every call, if not nil
	calls []string
	// before is called before the answer with licenses; nil does nothing.
	before func()
}

func (s *server) call(name string) error {
	s.calls = append(s.calls, name)
	return s.err
}

func (s *server) program() api.Program {
	return api.Program{
		ID:                   1,
		Name:                 "Lumen Studio 7",
		RequiresActivation:   true,
		ApplicationSignature: string(signature),
		PublicKey:            s.key.Public().String(),
		FlexibleLocking:      api.FlexibleLocking{Enabled: true, MaxHardwareChanges: 1, Changeable: []string{"NET_ID"}},
	}
}

func (s *server) order() api.Order {
	yes := &api.Allowance{OK: true}
	return api.Order{
		ID:                 orderNumber,
		ProgramID:          1,
		ProgramName:        "Lumen Studio 7",
		LicensesTotal:      4,
		RequiresActivation: true,
		CanManage:          true,
		Allowed: api.Allowed{
			Add:        yes,
			Reactivate: yes,
			Transfer:   yes,
			Remove:     yes,
		},
	}
}

func (s *server) Orders(context.Context) ([]api.Order, bool, error) {
	return []api.Order{s.order()}, true, s.call("orders")
}

func (s *server) Licenses(_ context.Context, _ int64, ended bool) (list []api.License, err error) {
	name := "licenses"
	if ended {
		name = "all licenses"
	}
	if s.before != nil {
		s.before()
	}
	for _, l := range s.rows {
		if ended || l.Status == api.StatusActive {
			list = append(list, l)
		}
	}
	return list, s.call(name)
}

func (s *server) Programs(context.Context) ([]api.Program, error) {
	return []api.Program{s.program()}, s.call("programs")
}

func (s *server) LicenseFile(_ context.Context, id int64) (name, content string, err error) {
	if err := s.call("file"); err != nil {
		return "", "", err
	}
	for _, l := range s.rows {
		if l.ID == id {
			return "x", s.file(l), nil
		}
	}
	return "", "", api.NewProblem(api.ErrNotFound, "No.")
}

// file returns the license file of a license.
func (s *server) file(l api.License) string {
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	if err != nil {
		panic(err)
	}
	activation, err := license.ParseActivationCode(l.ActivationCode)
	if err != nil {
		panic(err)
	}
	content, err := s.key.Sign(license.File{
		ID:             l.ID,
		Order:          l.OrderID,
		ProgramID:      1,
		Signature:      signature,
		ProgramName:    "Lumen Studio 7",
		Codes:          codes,
		ActivationCode: activation,
		Seed:           s.code.RemovalSeed(activation),
		Policy:         license.DefaultPolicy(),
		IssuedAt:       s.now,
		Note:           l.Note,
	})
	if err != nil {
		panic(err)
	}
	return content
}

// fileServer answers with another license file.
type fileServer struct {
	*server
	content string
}

func (s *fileServer) LicenseFile(context.Context, int64) (name, content string, err error) {
	return "x", s.content, nil
}

// fixture is the catalog of a PC with two accounts, of which the second one was used last. view is that of the first.
type fixture struct {
	*Catalog
	view    *View
	pc      *thispc.PC
	store   *Store
	folder  *installed.Store
	server  *server
	now     time.Time
	open    map[thispc.DepartureKey]api.Task
	openErr error
	failed  []error
	notices []string
	nextID  int64
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(tables)
	require.NoError(t, err)
	w := &fixture{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), nextID: 20219}
	w.server = &server{
		key:  license.SigningKeyFromSeed([32]byte{1}),
		code: license.NewActivationKey([32]byte{2}),
		now:  w.now,
	}
	now := func() time.Time { return w.now }
	notice := func(title, _ client.Text) { w.notices = append(w.notices, title.String()) }
	logger := slog.New(slog.DiscardHandler)
	w.folder = installed.Open(t.TempDir(), installed.Options{Rand: rand.Reader, Now: now})
	w.store = NewStore(db, w.folder)
	w.pc = thispc.New(thispc.Options{
		Installed:   w.folder,
		Fingerprint: fingerprinttest.PC("a"),
		Vault: vault.New(vault.Options{
			DB:      db,
			Keyring: keyringtest.Memory(),
			Timeout: time.Minute,
			Now:     now,
			Rand:    rand.Reader,
			Logger:  logger,
			Wrap:    storage.Wrap,
		}),
		Program: w.store.Program,
		Now:     now,
		Logger:  logger,
		Notice:  notice,
		Wrap:    storage.WrapInstalled,
	})
	w.Catalog = New(Options{
		Store:     w.store,
		PC:        w.pc,
		Installed: w.folder,
		OpenDepartures: func(context.Context, int64) (map[thispc.DepartureKey]api.Task, error) {
			return w.open, w.openErr
		},
		Failed: func(_ int64, err error) { w.failed = append(w.failed, err) },
		Notice: notice,
		Now:    now,
		Logger: logger,
	})
	w.view = w.View(1, w.server)
	return w
}

// cache stores the tables of the first account with licenses of its order.
func (w *fixture) cache(t *testing.T, licenses ...api.License) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, w.store.save(ctx, 1, programsName, []api.Program{w.server.program()}, w.now))
	require.NoError(t, w.store.save(ctx, 1, ordersName, Orders{Orders: []api.Order{w.server.order()}}, w.now))
	require.NoError(t, w.store.save(ctx, 1, licensesName(orderNumber), licenses, w.now))
}

// activate returns an active license for codes, which the server has.
func (w *fixture) activate(t *testing.T, codes license.Codes, note string) api.License {
	t.Helper()
	code, err := w.server.code.Activate(codes, license.Grant{Issue: uint16(w.nextID % (license.MaxIssue + 1))})
	require.NoError(t, err)
	yes := &api.Allowance{OK: true}
	l := api.License{
		ID:             w.nextID,
		OrderID:        orderNumber,
		SiteCode:       codes.Site.String(),
		MachineID:      codes.Machine.String(),
		ActivationCode: code.String(),
		Note:           note,
		ActivatedAt:    w.now,
		Status:         api.StatusActive,
		Allowed:        &api.LicenseAllowed{Reactivate: yes, Transfer: yes, Remove: yes},
	}
	w.nextID++
	w.server.rows = append(w.server.rows, l)
	return l
}

// codes returns the codes of this PC.
func (w *fixture) codes(t *testing.T) license.Codes {
	t.Helper()
	codes, err := w.pc.Codes(t.Context(), w.server.program())
	require.NoError(t, err)
	return codes
}

// block returns the locks of this PC.
func (w *fixture) block(t *testing.T) license.Block {
	t.Helper()
	reading, err := w.pc.Locks(t.Context())
	require.NoError(t, err)
	return reading.Block(signature.Key())
}
