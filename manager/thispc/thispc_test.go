package thispc

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
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/vault"
)

const (
	signature = license.Signature("LUMENST7")
	table     = `CREATE TABLE vault (
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
) STRICT, WITHOUT ROWID`
)

var errDisk = errors.New("the disk is full")

// disk simulates a kill: after a number of changes every other change fails.
type disk struct {
	installed.Disk
	ends  bool
	steps int // changes until the kill
}

func (d *disk) step() error {
	if d.ends && d.steps == 0 {
		return errDisk
	}
	d.steps--
	return nil
}

func (d *disk) Write(path string, content []byte) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.Disk.Write(path, content)
}

func (d *disk) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.Disk.Rename(from, to)
}

func (d *disk) Remove(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	return d.Disk.Remove(path)
}

// fixture is a PC with one program, and its vendor.
type fixture struct {
	*PC
	db      *sql.DB
	ring    keyring.Store
	disk    *disk
	folder  *installed.Store
	key     license.SigningKey
	codeKey license.ActivationKey
	program api.Program
	now     time.Time
	notices []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(table)
	require.NoError(t, err)
	w := &fixture{
		db:      db,
		ring:    keyringtest.Memory(),
		key:     license.SigningKeyFromSeed([32]byte{1}),
		codeKey: license.NewActivationKey([32]byte{2}),
		now:     time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
	}
	w.program = api.Program{
		ID:                   1,
		Name:                 "Lumen Studio 7",
		RequiresActivation:   true,
		ApplicationSignature: string(signature),
		PublicKey:            w.key.Public().String(),
	}
	dir := t.TempDir()
	w.disk = &disk{Disk: installed.Open(dir, installed.Options{}).Disk()}
	w.folder = installed.Open(dir, installed.Options{
		Disk: w.disk,
		Rand: rand.Reader,
		Now:  func() time.Time { return w.now },
	})
	w.start()
	return w
}

// start starts the app, initially or after it was killed.
func (w *fixture) start() {
	now := func() time.Time { return w.now }
	logger := slog.New(slog.DiscardHandler)
	wrap := func(err error) error { return err }
	w.PC = New(Options{
		Installed:   w.folder,
		Fingerprint: fingerprinttest.PC("old"),
		Vault: vault.New(vault.Options{
			DB:      w.db,
			Keyring: w.ring,
			Timeout: time.Minute,
			Now:     now,
			Rand:    rand.Reader,
			Logger:  logger,
			Wrap:    wrap,
		}),
		Program: func(context.Context, license.Signature) (api.Program, error) { return w.program, nil },
		Now:     now,
		Logger:  logger,
		Notice:  func(title, _ client.Text) { w.notices = append(w.notices, title.String()) },
		Wrap:    wrap,
	})
}

// activate installs a license of an order and returns it with its departure.
func (w *fixture) activate(t *testing.T, id, order int64) (api.License, Departure) {
	t.Helper()
	codes, err := w.Codes(t.Context(), w.program)
	require.NoError(t, err)
	code, err := w.codeKey.Activate(codes, license.Grant{Issue: uint16(id)})
	require.NoError(t, err)
	seed := w.codeKey.RemovalSeed(code)
	l := api.License{
		ID:             id,
		OrderID:        order,
		SiteCode:       codes.Site.String(),
		MachineID:      codes.Machine.String(),
		ActivationCode: code.String(),
		Status:         api.StatusActive,
	}
	w.now = w.now.Add(time.Second)
	content, err := w.key.Sign(license.File{
		Issuer:         "Lumen Software",
		ID:             id,
		IssuedAt:       w.now,
		ProgramID:      1,
		ProgramName:    "Lumen Studio 7",
		Signature:      signature,
		Order:          order,
		Codes:          codes,
		ActivationCode: code,
		Seed:           seed,
	})
	require.NoError(t, err)
	require.NoError(t, w.Install(t.Context(), w.program, l, content))
	return l, NewDeparture(w.program, l, codes, seed.RemovalCode(codes))
}

// runs reports whether the program runs under a license.
func (w *fixture) runs(l api.License) bool {
	for _, f := range w.Files(w.program) {
		if f.IsOf(l) {
			return true
		}
	}
	return false
}

// code returns the removal code of a departure that this PC knows.
func (w *fixture) code(t *testing.T, d Departure) string {
	t.Helper()
	d.RemovalCode = ""
	code, err := w.RemovalCode(t.Context(), d)
	require.NoError(t, err)
	return code
}

// mark changes the departures in the state file.
func (w *fixture) mark(t *testing.T, change func(*installed.Spent)) {
	t.Helper()
	_, err := w.folder.Update(t.Context(), signature, func(s *installed.State) error {
		for i := range s.Spent {
			change(&s.Spent[i])
		}
		return nil
	})
	require.NoError(t, err)
}

func never(api.Program, license.SiteCode) bool { return false }

// The app is killed between any two steps of a departure. The removal code is never lost, the program runs until its
// Site code is spent, and the departure continues after the next start.
func TestLeave(t *testing.T) {
	steps := 0
	for ended := false; !ended; steps++ {
		w := newFixture(t)
		l, d := w.activate(t, 1, 10)
		w.disk.ends, w.disk.steps = true, steps
		ended = w.Leave(t.Context(), 1, d, api.TaskRelease) == nil && w.disk.steps > 0
		w.disk.ends = false
		w.start()
		require.Equal(t, d.RemovalCode, w.code(t, d), steps)
		require.NotEqual(t, w.runs(l), w.Left(w.program)(l), steps)
		w.left(t, l, d)
	}
	require.Greater(t, steps, 3)
}

// If the vault cannot be written, the code is in the license folder, and the departure continues later.
func TestLeaveWithoutVault(t *testing.T) {
	w := newFixture(t)
	l, d := w.activate(t, 1, 10)
	_, err := w.db.Exec(`ALTER TABLE vault RENAME TO away`)
	require.NoError(t, err)
	require.Error(t, w.Leave(t.Context(), 1, d, api.TaskRelease))
	require.False(t, w.runs(l))
	require.Equal(t, d.RemovalCode, w.code(t, d))
	_, err = w.db.Exec(`ALTER TABLE away RENAME TO vault`)
	require.NoError(t, err)
	w.left(t, l, d)
}

// left removes a license from this PC, twice because Leave is idempotent, and checks that it has left.
func (w *fixture) left(t *testing.T, l api.License, d Departure) {
	t.Helper()
	for range 2 {
		require.NoError(t, w.Leave(t.Context(), 1, d, api.TaskRelease))
	}
	require.False(t, w.runs(l))
	require.True(t, w.Left(w.program)(l))
	files, err := w.folder.Files(signature)
	require.NoError(t, err)
	require.Empty(t, files)
	require.Equal(t, d.RemovalCode, w.code(t, d))
	codes, err := w.Codes(t.Context(), w.program)
	require.NoError(t, err)
	require.NotEqual(t, d.SiteCode, codes.Site.String(), "the Site code is spent")
}

// A removal code survives the loss of either copy, in the license folder or in the vault.
func TestRemovalCode(t *testing.T) {
	for kind, other := range map[string]string{"removal-code": "license-file", "license-file": "removal-code"} {
		w := newFixture(t)
		_, d := w.activate(t, 1, 10)
		require.Equal(t, d.RemovalCode, w.code(t, d), "made from the license file here")
		require.NoError(t, w.Leave(t.Context(), 1, d, api.TaskRelease))
		w.mark(t, func(s *installed.Spent) { s.RemovalCode = 0 })
		_, err := w.db.Exec(`DELETE FROM vault WHERE kind = ?`, other)
		require.NoError(t, err)
		require.Equal(t, d.RemovalCode, w.code(t, d), "from the %s in the vault", kind)
		_, err = w.db.Exec(`DELETE FROM vault`)
		require.NoError(t, err)
		require.Empty(t, w.code(t, d))
		w.mark(t, func(s *installed.Spent) { s.RemovalCode, _ = license.ParseRemovalCode(d.RemovalCode) })
		require.Equal(t, d.RemovalCode, w.code(t, d), "from the license folder")
	}
}

// A license that the server took has no code here any more, and does not return.
func TestConfirm(t *testing.T) {
	w := newFixture(t)
	l, d := w.activate(t, 1, 10)
	require.NoError(t, w.Leave(t.Context(), 1, d, api.TaskRelease))
	w.disk.ends, w.disk.steps = true, 0
	require.ErrorIs(t, w.Confirm(t.Context(), d), errDisk)
	w.disk.ends = false
	require.Equal(t, d.RemovalCode, w.code(t, d), "until all is written")
	for range 2 {
		require.NoError(t, w.Confirm(t.Context(), d))
	}
	require.Empty(t, w.code(t, d))
	require.ErrorIs(t, w.Undo(t.Context(), d, never), ErrTooLate)
	require.False(t, w.runs(l))
}

// A license that the server did not take returns, with exceptions.
func TestUndo(t *testing.T) {
	for name, c := range map[string]struct {
		then  func(t *testing.T, w *fixture, d *Departure)
		anew  bool
		want  error
		runs  bool
		codes bool // the removal code is stored
	}{
		"it comes back": {runs: true, codes: true},
		"the data file is lost": {then: func(t *testing.T, w *fixture, _ *Departure) {
			_, err := w.db.Exec(`DELETE FROM vault`)
			require.NoError(t, err)
		}},
		"it had left earlier": {then: func(_ *testing.T, _ *fixture, d *Departure) { d.Earlier = true }, codes: true},
		"a newer license is here": {
			then:  func(t *testing.T, w *fixture, _ *Departure) { w.activate(t, 2, 10) },
			want:  ErrNewerLicense,
			codes: true,
		},
		"a newer one without its file": {anew: true, want: ErrNewerLicense, codes: true},
		"a license of another order": {
			then:  func(t *testing.T, w *fixture, _ *Departure) { w.activate(t, 2, 11) },
			want:  ErrNewerLicense,
			codes: true,
		},
		"the code was shown": {
			then:  func(t *testing.T, w *fixture, _ *Departure) { w.mark(t, func(s *installed.Spent) { s.Shown = true }) },
			want:  ErrCodeShown,
			codes: true,
		},
		"the server took it": {then: func(t *testing.T, w *fixture, _ *Departure) {
			w.mark(t, func(s *installed.Spent) { s.Settled, s.RemovalCode = true, 0 })
		}, want: ErrTooLate, codes: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newFixture(t)
			l, d := w.activate(t, 1, 10)
			require.NoError(t, w.Leave(t.Context(), 1, d, api.TaskRelease))
			if c.then != nil {
				c.then(t, w, &d)
			}
			err := w.Undo(t.Context(), d, func(api.Program, license.SiteCode) bool { return c.anew })
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.runs, w.runs(l))
			require.Equal(t, c.codes, w.code(t, d) == d.RemovalCode)
		})
	}
}

// Only a receipt for the license and its Site code, signed with a key of the program, is valid.
func TestCheckReceipt(t *testing.T) {
	w := newFixture(t)
	_, d := w.activate(t, 1, 10)
	codes, err := license.ParseCodes(d.SiteCode, d.MachineID)
	require.NoError(t, err)
	sign := func(key license.SigningKey, id int64, site license.SiteCode) string {
		token, err := key.SignReceipt(license.Receipt{
			LicenseID: id,
			Site:      site,
			Task:      license.ReceiptRelease,
			IssuedAt:  w.now,
			Epoch:     "AAAAAAAAAAAAAAAAAAAAAA",
		})
		require.NoError(t, err)
		return token
	}
	other := signature.Key().Codes(codes.Site.Generation()^1, 1).Site
	require.NoError(t, w.CheckReceipt(t.Context(), d, sign(w.key, 1, codes.Site)))
	for name, token := range map[string]string{
		"none":              "",
		"another license":   sign(w.key, 2, codes.Site),
		"another Site code": sign(w.key, 1, other),
	} {
		require.ErrorIs(t, w.CheckReceipt(t.Context(), d, token), ErrReceipt, name)
	}
	err = w.CheckReceipt(t.Context(), d, sign(license.SigningKeyFromSeed([32]byte{9}), 1, codes.Site))
	require.ErrorIs(t, err, ErrReceipt)
	require.ErrorIs(t, err, license.ErrReceiptKey)
	d.LicenseID = 0
	require.NoError(t, w.CheckReceipt(t.Context(), d, sign(w.key, 2, codes.Site)),
		"an older departure does not know its license")
}

func TestDistinct(t *testing.T) {
	for _, c := range []struct {
		readable []license.Lock
		want     bool
	}{
		{nil, false},
		{[]license.Lock{license.HDID, license.BIOSID, license.OSID, license.CPUID, license.CDHWID}, false},
		{[]license.Lock{license.NETID}, true},
		{[]license.Lock{license.HDHWID}, true},
	} {
		var info Info
		for _, l := range c.readable {
			info.Locks[l-1].Readable = true
		}
		require.Equal(t, c.want, info.Distinct(), c.readable)
	}
}
