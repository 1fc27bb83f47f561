package vault

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/client/keyring/keyringtest"
	"github.com/acen-desktop/acen/license"
)

// table is the table vault of the app's data file.
const table = `CREATE TABLE vault (
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

const signature = license.Signature("LUMENST7")

// ring is a keyring that may be unavailable, or locked: then it can be written but not read.
type ring struct {
	keyring.Store
	gone, locked bool
	sets         int
}

var errRing = fmt.Errorf("%w: no service", keyring.ErrUnavailable)

func (r *ring) Get(ctx context.Context, name string) (string, error) {
	if r.gone || r.locked {
		return "", errRing
	}
	return r.Store.Get(ctx, name)
}

func (r *ring) Set(ctx context.Context, name, secret string) error {
	r.sets++
	if r.gone {
		return errRing
	}
	return r.Store.Set(ctx, name, secret)
}

// fixture is a data file with a keyring.
type fixture struct {
	db   *sql.DB
	ring *ring
	now  time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(table)
	require.NoError(t, err)
	return &fixture{db: db, ring: &ring{Store: keyringtest.Memory()}, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

// start opens the vault, as at a start of the app.
func (w *fixture) start() *Vault {
	return New(Options{
		DB:      w.db,
		Keyring: w.ring,
		Timeout: time.Minute,
		Now:     func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		Rand:    rand.Reader,
		Logger:  slog.New(slog.DiscardHandler),
		Wrap:    func(err error) error { return err },
	})
}

// item returns an item with the codes of a PC with a generation.
func item(generation uint16) Item {
	return Item{
		Signature: signature,
		Codes:     signature.Key().Codes(generation, 1),
		Account:   1,
		OrderID:   1042,
		LicenseID: 20219,
		Program:   "Lumen Studio 7",
		Note:      "Studio",
		Purpose:   "release",
	}
}

func TestSealAndOpen(t *testing.T) {
	w := newFixture(t)
	v := w.start()
	sealed, err := v.Seal(t.Context(), []byte("secret"))
	require.NoError(t, err)
	require.NotContains(t, string(sealed), "secret")
	require.True(t, v.Lasts())
	again, err := v.Seal(t.Context(), []byte("secret"))
	require.NoError(t, err)
	require.NotEqual(t, sealed, again)
	plain, err := w.start().Open(t.Context(), sealed)
	require.NoError(t, err)
	require.Equal(t, "secret", string(plain))
	require.Equal(t, 1, w.ring.sets)
	sealed[len(sealed)-1] ^= 1
	_, err = v.Open(t.Context(), sealed)
	require.ErrorIs(t, err, ErrLost)
}

// A secret whose key is in an unavailable keyring cannot be opened now; one whose key is lost never can.
func TestAnotherKey(t *testing.T) {
	w := newFixture(t)
	require.NoError(t, w.start().PutCode(t.Context(), Code{item(1), 12345}))
	want := func(v *Vault, err error) {
		t.Helper()
		content, dbErr := v.get(t.Context(), removalCode, signature, item(1).Codes.Site)
		require.NoError(t, dbErr)
		_, got := v.Open(t.Context(), content)
		require.ErrorIs(t, got, err)
		require.True(t, Sealed(got))
		list, got := v.Codes(t.Context())
		require.NoError(t, got)
		require.Equal(t, []Code{{item(1), 0}}, list, "it is listed without its code")
		_, ok := v.Code(t.Context(), signature, item(1).Codes.Site)
		require.False(t, ok)
	}
	w.ring.gone = true
	want(w.start(), ErrKeyMissing)
	require.ErrorIs(t, ErrKeyMissing, keyring.ErrUnavailable)
	w.ring.gone = false
	code, ok := w.start().Code(t.Context(), signature, item(1).Codes.Site)
	require.True(t, ok)
	require.Equal(t, license.RemovalCode(12345), code)
	require.NoError(t, w.ring.Delete(t.Context(), keyName))
	want(w.start(), ErrLost)
	require.NoError(t, w.ring.Store.Set(t.Context(), keyName, "no key"))
	want(w.start(), ErrLost)
}

// Without a keyring the vault works until the app ends, and stores no copies of license files.
func TestWithoutKeyring(t *testing.T) {
	w := newFixture(t)
	w.ring.gone = true
	v := w.start()
	require.NoError(t, v.PutCode(t.Context(), Code{item(1), 12345}))
	require.False(t, v.Lasts())
	code, ok := v.Code(t.Context(), signature, item(1).Codes.Site)
	require.True(t, ok)
	require.Equal(t, license.RemovalCode(12345), code)
	require.NoError(t, v.PutFile(t.Context(), item(1), "file"))
	_, ok = v.File(t.Context(), signature, item(1).Codes.Site)
	require.False(t, ok)
}

// The key in a keyring that cannot be read is not replaced.
func TestLockedKeyring(t *testing.T) {
	w := newFixture(t)
	_, err := w.start().Seal(t.Context(), []byte("secret"))
	require.NoError(t, err)
	key, err := w.ring.Get(t.Context(), keyName)
	require.NoError(t, err)
	w.ring.locked, w.ring.sets = true, 0
	v := w.start()
	_, err = v.Seal(t.Context(), []byte("secret"))
	require.NoError(t, err)
	require.False(t, v.Lasts())
	require.Zero(t, w.ring.sets, "nothing is written into it")
	w.ring.locked = false
	after, err := w.ring.Get(t.Context(), keyName)
	require.NoError(t, err)
	require.Equal(t, key, after)
}

// A caller that is canceled while the keyring prompts for a password does not store a key.
func TestCanceledKeyring(t *testing.T) {
	w := newFixture(t)
	w.ring.gone = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := w.start()
	_, err := v.Seal(ctx, []byte("secret"))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, v.PutFile(ctx, item(1), "file"), context.Canceled)
	w.ring.gone = false
	_, err = v.Seal(t.Context(), []byte("secret"))
	require.NoError(t, err)
	require.True(t, v.Lasts())
}

func TestOpenUnsealed(t *testing.T) {
	w := newFixture(t)
	v := w.start()
	_, err := v.Open(t.Context(), []byte("short"))
	require.ErrorIs(t, err, ErrLost)
	sealed, err := v.Seal(t.Context(), []byte("no removal code"))
	require.NoError(t, err)
	_, err = v.openCode(t.Context(), sealed)
	require.ErrorIs(t, err, ErrLost)
}

func TestCodes(t *testing.T) {
	w := newFixture(t)
	v := w.start()
	require.NoError(t, v.PutCode(t.Context(), Code{item(2), 2}))
	require.NoError(t, v.PutCode(t.Context(), Code{item(1), 1}))
	changed := item(2)
	changed.Purpose, changed.Note = "removal", "another note"
	require.NoError(t, v.PutCode(t.Context(), Code{changed, 3}))
	require.NoError(t, v.PutFile(t.Context(), item(3), "file"))
	want := item(2)
	want.Purpose = "removal"
	list, err := v.Codes(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Code{{want, 3}, {item(1), 1}}, list, "the oldest first")
	require.NoError(t, v.DeleteCode(t.Context(), signature, item(2).Codes.Site))
	list, err = v.Codes(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Code{{item(1), 1}}, list)
	_, ok := v.Code(t.Context(), signature, item(2).Codes.Site)
	require.False(t, ok)
	_, err = w.db.Exec(`UPDATE vault SET machine_id = 'damaged' WHERE kind = 'removal-code'`)
	require.NoError(t, err)
	list, err = v.Codes(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestFiles(t *testing.T) {
	w := newFixture(t)
	v := w.start()
	require.NoError(t, v.PutFile(t.Context(), item(1), "old"))
	require.NoError(t, v.PutFile(t.Context(), item(1), "new"))
	require.NoError(t, v.PutCode(t.Context(), Code{item(1), 1}))
	site := item(1).Codes.Site
	content, ok := w.start().File(t.Context(), signature, site)
	require.True(t, ok)
	require.Equal(t, "new", content)
	require.NoError(t, v.DeleteFile(t.Context(), signature, site))
	_, ok = v.File(t.Context(), signature, site)
	require.False(t, ok)
	_, ok = v.Code(t.Context(), signature, site)
	require.True(t, ok, "its removal code remains stored")
}

func TestErrorsOfTheDataFile(t *testing.T) {
	w := newFixture(t)
	v := w.start()
	errWrapped := errors.New("wrapped")
	v.options.Wrap = func(err error) error { return errors.Join(errWrapped, err) }
	require.NoError(t, w.db.Close())
	_, err := v.Codes(t.Context())
	require.ErrorIs(t, err, errWrapped)
	require.ErrorIs(t, v.PutCode(t.Context(), Code{item(1), 1}), errWrapped)
	require.ErrorIs(t, v.DeleteCode(t.Context(), signature, item(1).Codes.Site), errWrapped)
	_, ok := v.File(t.Context(), signature, item(1).Codes.Site)
	require.False(t, ok)
}
