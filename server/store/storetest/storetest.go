// Package storetest is a test suite for implementations of store.Store, which the tests of sqlite and postgres run.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// noon is the time of the tests. Stores have a precision of microseconds.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 123456000, time.UTC)

// Run runs the suite. open returns an empty store, which the cleanup of the test closes, and a function that closes and
// reopens it.
func Run(t *testing.T, open func(t *testing.T) (s store.Store, reopen func() store.Store)) {
	for name, test := range map[string]func(*testing.T, *fixture){
		"programs and clients":    testCatalog,
		"orders":                  testOrders,
		"licenses and seats":      testLicenses,
		"released licenses":       testReleases,
		"older licenses":          testOlderLicenses,
		"locked orders":           testLocks,
		"prefetch":                testPrefetch,
		"seats under concurrency": testSeats,
		"families":                testFamilies,
		"serial numbers":          testSerials,
		"blocked serial numbers":  testBlockedSerials,
		"history":                 testHistory,
		"attempts":                testAttempts,
		"sessions":                testSessions,
		"answers":                 testAnswers,
		"mail queue":              testMails,
		"audit":                   testAudit,
		"operation":               testOperation,
		"audit search":            testAuditSearch,
		"transactions":            testTransactions,
		"data survives a restart": testRestart,
		"ids after a restore":     testSkippedIDs,
		"ids while one restores":  testConcurrentSkips,
		"epoch":                   testEpoch,
	} {
		t.Run(name, func(t *testing.T) {
			s, reopen := open(t)
			f := &fixture{t: t, Store: s, reopen: reopen}
			f.fill()
			test(t, f)
		})
	}
}

// fixture is a store with one program, one client and one order with three seats.
type fixture struct {
	store.Store
	t                      *testing.T
	reopen                 func() store.Store
	program, client, order int64
}

// write runs fn in a transaction that must succeed.
func (f *fixture) write(fn func(ctx context.Context, tx store.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.try(fn))
}

func (f *fixture) try(fn func(ctx context.Context, tx store.Tx) error) error {
	ctx := f.t.Context()
	return f.Write(ctx, store.NoLock, func(tx store.Tx) error { return fn(ctx, tx) })
}

func (f *fixture) read(fn func(ctx context.Context, tx store.Tx) error) {
	f.t.Helper()
	ctx := f.t.Context()
	require.NoError(f.t, f.Read(ctx, func(tx store.Tx) error { return fn(ctx, tx) }))
}

func program() store.Program {
	return store.Program{
		Name:               "Lumen Studio 7",
		Signature:          "LUMENST7",
		RequiresActivation: true,
		AcceptsSerials:     true,
		Policy:             license.DefaultPolicy(),
		Features:           65535,
		LicenseDays:        30,
		PublicKey:          license.PublicKey{1, 2, 255},
		SealedActivation:   []byte{0, 1},
		SealedSerial:       []byte{2},
		SealedSigning:      []byte{3},
		CreatedAt:          noon,
	}
}

func (f *fixture) fill() {
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if f.program, err = tx.Programs.Add(ctx, program()); err != nil {
			return err
		}
		if f.client, err = tx.Clients.Add(ctx, store.Client{
			Username:  "Anna",
			FirstName: "Anna",
			LastName:  "Berg",
			Emails:    []string{"a@b.example"},
			Active:    true,
			CreatedAt: noon,
		}); err != nil {
			return err
		}
		f.order, err = tx.Orders.Add(ctx, store.Order{
			ClientID:      f.client,
			ProgramID:     f.program,
			OrderedAt:     noon,
			LicensesTotal: 3,
			Active:        true,
			Visible:       true,
			CanManage:     true,
			Policy:        license.DefaultPolicy(),
		})
		return err
	})
}

// license adds a license with a Site code.
func (f *fixture) license(ctx context.Context, tx store.Tx, site license.SiteCode) (store.License, error) {
	id, err := tx.Licenses.NextID(ctx)
	if err != nil {
		return store.License{}, err
	}
	l := store.License{
		ID:          id,
		OrderID:     f.order,
		ProgramID:   f.program,
		OriginalID:  id,
		Codes:       license.Codes{Site: site, Machine: license.MachineID(1<<63 | uint64(site))},
		Activation:  license.ActivationCode{1, 255},
		Note:        "Büro 🖥",
		Features:    7,
		Policy:      license.Policy{Enabled: true, MaxHardwareChanges: 2, Changeable: []license.Lock{license.NETID}},
		ActivatedAt: noon,
		Status:      api.StatusActive,
	}
	return l, tx.Licenses.Add(ctx, l)
}

func testCatalog(t *testing.T, f *fixture) {
	f.read(func(ctx context.Context, tx store.Tx) error {
		got, err := tx.Programs.Get(ctx, f.program)
		want := program()
		want.ID = f.program
		require.Empty(t, cmp.Diff(want, got))
		if err != nil {
			return err
		}
		_, err = tx.Programs.Get(ctx, 999)
		require.ErrorIs(t, err, store.ErrNotFound)
		c, err := tx.Clients.ByUsername(ctx, "ANNA")
		require.NoError(t, err, "user names are compared without case")
		require.Equal(t, "Anna Berg", c.DisplayName())
		require.Equal(t, []string{"a@b.example"}, c.Emails)
		_, err = tx.Clients.ByUsername(ctx, "nobody")
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	})
	err := f.try(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Clients.Add(ctx, store.Client{Username: "aNNA", CreatedAt: noon})
		return err
	})
	require.ErrorIs(t, err, store.ErrExists)
	err = f.try(func(ctx context.Context, tx store.Tx) error { return tx.Clients.Change(ctx, store.Client{ID: 999}) })
	require.ErrorIs(t, err, store.ErrNotFound)
}

func testOrders(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		for i := range 5 {
			o := store.Order{
				ClientID:      f.client,
				ProgramID:     f.program,
				OrderedAt:     noon,
				LicensesTotal: 1,
				Active:        i != 1,
				Visible:       i != 2,
			}
			if _, err := tx.Orders.Add(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		listed, err := tx.Orders.List(ctx, f.client, true, 0, 0)
		require.NoError(t, err)
		require.Len(t, listed, 4, "inactive and invisible orders are not listed")
		all, err := tx.Orders.List(ctx, 0, false, 0, 0)
		require.NoError(t, err)
		require.Len(t, all, 6)
		page, err := tx.Orders.List(ctx, f.client, true, listed[1].ID, 1)
		require.NoError(t, err)
		require.Len(t, page, 1)
		require.Equal(t, listed[2].ID, page[0].ID, "newest first, after the cursor")
		none, err := tx.Orders.List(ctx, f.client+1, true, 0, 0)
		require.NoError(t, err)
		require.Empty(t, none)
		return nil
	})
}

func testLicenses(t *testing.T, f *fixture) {
	var first store.License
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		first, err = f.license(ctx, tx, 0xFFFFFFFF)
		return err
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		got, err := tx.Licenses.Get(ctx, first.ID)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(first, got), "every field is stored")
		got, err = tx.Licenses.BySite(ctx, f.order, 0xFFFFFFFF)
		require.NoError(t, err)
		require.Equal(t, first.ID, got.ID)
		_, err = tx.Licenses.BySite(ctx, f.order+1, 0xFFFFFFFF)
		require.ErrorIs(t, err, store.ErrNotFound)
		o, err := tx.Orders.Get(ctx, f.order)
		require.NoError(t, err)
		require.Equal(t, 1, o.LicensesActive)
		return nil
	})
	err := f.try(func(ctx context.Context, tx store.Tx) error { _, err := f.license(ctx, tx, 0xFFFFFFFF); return err })
	require.ErrorIs(t, err, store.ErrExists, "one active license per Site code in a program")
	f.write(func(ctx context.Context, tx store.Tx) error {
		for site := range license.SiteCode(2) {
			if _, err := f.license(ctx, tx, site); err != nil {
				return err
			}
		}
		return nil
	})
	err = f.try(func(ctx context.Context, tx store.Tx) error { _, err := f.license(ctx, tx, 77); return err })
	require.ErrorIs(t, err, store.ErrNoSeat)
	err = f.try(func(ctx context.Context, tx store.Tx) error {
		o, err := tx.Orders.Lock(ctx, f.order)
		if err != nil {
			return err
		}
		o.LicensesTotal = 2
		return tx.Orders.Change(ctx, o)
	})
	require.ErrorIs(t, err, store.ErrNoSeat, "the total cannot be less than the active licenses")

	f.write(func(ctx context.Context, tx store.Tx) error {
		return tx.Licenses.End(ctx, first.ID, api.StatusRemoved, noon.Add(time.Hour))
	})
	err = f.try(func(ctx context.Context, tx store.Tx) error {
		return tx.Licenses.End(ctx, first.ID, api.StatusRemoved, noon)
	})
	require.ErrorIs(t, err, store.ErrNotFound, "a license cannot end twice, so its seat is not freed twice")
	f.read(func(ctx context.Context, tx store.Tx) error {
		spent, err := tx.Licenses.BySite(ctx, f.order, 0xFFFFFFFF)
		require.NoError(t, err)
		require.True(t, spent.SpendsSite())
		active, err := tx.Licenses.List(ctx, f.order, false, 0, 0)
		require.NoError(t, err)
		require.Len(t, active, 2)
		all, err := tx.Licenses.List(ctx, f.order, true, 0, 0)
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.Equal(t, noon.Add(time.Hour), *all[0].EndedAt)
		page, err := tx.Licenses.List(ctx, f.order, true, all[0].ID, 1)
		require.NoError(t, err)
		require.Equal(t, all[1].ID, page[0].ID)
		return nil
	})
	err = f.try(func(ctx context.Context, tx store.Tx) error { _, err := f.license(ctx, tx, 0xFFFFFFFF); return err })
	require.ErrorIs(t, err, store.ErrExists, "a spent Site code is never accepted")
	f.write(func(ctx context.Context, tx store.Tx) error { _, err := f.license(ctx, tx, 78); return err })
}

// spent reports whether a Site code is spent in the program of an order.
func spent(ctx context.Context, tx store.Tx, order int64, site license.SiteCode) (bool, error) {
	l, err := tx.Licenses.BySite(ctx, order, site)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return l.SpendsSite(), err
}

func testSeats(t *testing.T, f *fixture) {
	var group sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[bool]int{}
	for site := range license.SiteCode(20) {
		group.Go(func() {
			err := f.try(func(ctx context.Context, tx store.Tx) error { _, err := f.license(ctx, tx, site); return err })
			mu.Lock()
			defer mu.Unlock()
			outcomes[err == nil]++
			if err != nil && !errors.Is(err, store.ErrNoSeat) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.Equal(t, map[bool]int{true: 3, false: 17}, outcomes)
}

func testSessions(t *testing.T, f *fixture) {
	var id int64
	f.write(func(ctx context.Context, tx store.Tx) (err error) {
		if id, err = tx.Sessions.Add(ctx, store.Session{
			ClientID:        f.client,
			DeviceName:      "PC",
			AccessHash:      []byte{1},
			AccessExpiresAt: noon,
			CreatedAt:       noon,
		}); err != nil {
			return err
		}
		return tx.Sessions.AddRefreshToken(ctx, store.RefreshToken{Hash: []byte{2}, SessionID: id, ExpiresAt: noon})
	})
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.Sessions.UseRefreshToken(ctx, []byte{2}, noon) })
	err := f.try(func(ctx context.Context, tx store.Tx) error { return tx.Sessions.UseRefreshToken(ctx, []byte{2}, noon) })
	require.ErrorIs(t, err, store.ErrNotFound, "a refresh token cannot be used twice")
	f.write(func(ctx context.Context, tx store.Tx) error {
		return tx.Sessions.Renew(ctx, id, []byte{3}, noon.Add(time.Minute))
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		_, _, err := tx.Sessions.ByAccess(ctx, []byte{1})
		require.ErrorIs(t, err, store.ErrNotFound, "the old access token is invalid")
		s, c, err := tx.Sessions.ByAccess(ctx, []byte{3})
		require.NoError(t, err)
		require.Equal(t, id, s.ID)
		require.Equal(t, "Anna", c.Username)
		require.Equal(t, noon.Add(time.Minute), s.AccessExpiresAt)
		r, err := tx.Sessions.RefreshToken(ctx, []byte{2})
		require.NoError(t, err)
		require.Equal(t, noon, *r.UsedAt)
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.Sessions.End(ctx, id, noon), tx.Sessions.End(ctx, id, noon.Add(time.Hour)))
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		other, err := tx.Sessions.Add(ctx, store.Session{
			ClientID:        f.client,
			AccessHash:      []byte{9},
			AccessExpiresAt: noon,
			CreatedAt:       noon,
		})
		if err != nil {
			return err
		}
		if err := errors.Join(tx.Sessions.EndAll(ctx, f.client+1, 0, noon),
			tx.Sessions.Renew(ctx, other, []byte{8}, noon)); err != nil {
			return err // EndAll must not end another client's sessions
		}
		return tx.Sessions.EndAll(ctx, f.client, 0, noon)
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		s, _, err := tx.Sessions.ByAccess(ctx, []byte{8})
		require.NoError(t, err)
		require.Equal(t, noon, *s.EndedAt)
		return nil
	})
	err = f.try(func(ctx context.Context, tx store.Tx) error { return tx.Sessions.Renew(ctx, id, []byte{4}, noon) })
	require.ErrorIs(t, err, store.ErrNotFound, "an ended session cannot be renewed")
}

func testAnswers(t *testing.T, f *fixture) {
	a := store.Answer{ClientID: f.client, Key: "key", Request: []byte{1}, Status: 201, Body: []byte("{}"), CreatedAt: noon}
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.Answers.Add(ctx, a) })
	err := f.try(func(ctx context.Context, tx store.Tx) error { return tx.Answers.Add(ctx, a) })
	require.ErrorIs(t, err, store.ErrExists)
	f.write(func(ctx context.Context, tx store.Tx) error {
		other := a
		other.ClientID++
		return errors.Join(tx.Answers.Add(ctx, other), tx.Answers.Prune(ctx, noon))
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		got, err := tx.Answers.Get(ctx, f.client, "key")
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(a, got))
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.Answers.Prune(ctx, noon.Add(time.Second)) })
	f.read(func(ctx context.Context, tx store.Tx) error {
		_, err := tx.Answers.Get(ctx, f.client, "key")
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	})
}

func testMails(t *testing.T, f *fixture) {
	f.write(func(ctx context.Context, tx store.Tx) error {
		for i := range 2 {
			m := store.Mail{
				ClientID:       f.client,
				Host:           "127.0.0.1",
				MessageID:      fmt.Sprint(i),
				To:             []string{"A@b.example", "c@d.example"},
				Subject:        "s",
				Body:           "b",
				AttachmentName: "x.acen",
				Attachment:     []byte("x"),
				NextAt:         noon.Add(time.Duration(i) * time.Minute),
				CreatedAt:      noon,
			}
			if _, err := tx.Mails.Queue(ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	claim := func(at time.Time) (m store.Mail, err error) {
		err = f.try(func(ctx context.Context, tx store.Tx) (err error) {
			m, err = tx.Mails.Claim(ctx, at, at.Add(time.Hour))
			return err
		})
		return m, err
	}
	_, err := claim(noon.Add(-time.Second))
	require.ErrorIs(t, err, store.ErrNotFound, "nothing is due yet")
	first, err := claim(noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, "0", first.MessageID, "the mail that is due longest comes first")
	require.Equal(t, 1, first.Attempts)
	second, err := claim(noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, "1", second.MessageID)
	_, err = claim(noon.Add(2 * time.Minute))
	require.ErrorIs(t, err, store.ErrNotFound, "claimed mails are leased")
	again, err := claim(noon.Add(62 * time.Minute))
	require.NoError(t, err, "after the lease a mail is due again")
	require.Equal(t, 2, again.Attempts)
	f.write(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.Mails.End(ctx, first.ID, store.MailSent, "", noon),
			tx.Mails.Retry(ctx, second.ID, "busy", noon.Add(5*time.Hour)))
	})
	f.read(func(ctx context.Context, tx store.Tx) error {
		next, err := tx.Mails.NextAt(ctx)
		require.NoError(t, err)
		require.Equal(t, noon.Add(5*time.Hour), next.UTC())
		mails, err := tx.Mails.List(ctx, 0)
		require.NoError(t, err)
		require.Empty(t, mails[1].Attachment, "the license file is erased after the mail was sent")
		require.NotEmpty(t, mails[0].Attachment)
		byClient, byHost, byAddress, err := tx.Mails.Count(ctx, noon, f.client, "127.0.0.1", "a@B.example")
		require.NoError(t, err)
		require.Equal(t, [3]int{2, 2, 2}, [3]int{byClient, byHost, byAddress})
		byClient, byHost, byAddress, err = tx.Mails.Count(ctx, noon.Add(time.Second), f.client, "", "")
		require.NoError(t, err)
		require.Equal(t, [3]int{}, [3]int{byClient, byHost, byAddress})
		return nil
	})
}

func testAudit(t *testing.T, f *fixture) {
	line := store.Audit{
		At:       noon,
		Actor:    "client",
		ClientID: f.client,
		Host:     "127.0.0.1",
		Device:   "PC",
		Action:   "license.create",
		Object:   "order 1",
		Outcome:  "ok",
		Detail:   "d",
	}
	f.write(func(ctx context.Context, tx store.Tx) error { return tx.Audits.Add(ctx, line) })
	f.read(func(ctx context.Context, tx store.Tx) error {
		trail, err := tx.Audits.List(ctx, store.AuditFilter{Limit: 1})
		require.NoError(t, err)
		line.ID = trail[0].ID
		require.Empty(t, cmp.Diff(line, trail[0]))
		return nil
	})
}

func testTransactions(t *testing.T, f *fixture) {
	failure := errors.New("failure")
	err := f.try(func(ctx context.Context, tx store.Tx) error {
		_, err := f.license(ctx, tx, 5)
		return errors.Join(err, failure)
	})
	require.ErrorIs(t, err, failure)
	f.read(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.Licenses.List(ctx, f.order, true, 0, 0)
		require.NoError(t, err)
		require.Empty(t, list, "a failed transaction leaves nothing")
		return nil
	})
	err = f.Read(t.Context(), func(tx store.Tx) error { _, err := f.license(t.Context(), tx, 6); return err })
	require.Error(t, err, "a read-only transaction cannot write")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, f.Write(ctx, store.NoLock, func(store.Tx) error { return nil }))
}

func testRestart(t *testing.T, f *fixture) {
	var l store.License
	f.write(func(ctx context.Context, tx store.Tx) (err error) { l, err = f.license(ctx, tx, 9); return err })
	f.Store = f.reopen()
	f.read(func(ctx context.Context, tx store.Tx) error {
		got, err := tx.Licenses.Get(ctx, l.ID)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(l, got))
		return nil
	})
	f.write(func(ctx context.Context, tx store.Tx) error {
		next, err := f.license(ctx, tx, 10)
		require.Greater(t, next.ID, l.ID, "ids are not reused")
		return err
	})
}
