package guard

import (
	"context"
	"crypto/rand"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

// memory is a database in memory with what a guard stores. Its other methods panic.
type memory struct {
	store.Store
	options       map[string]string
	failures      []store.Failure
	bans          []store.Ban
	audits        []store.Audit
	verifications map[string]store.Verification
	mails         [3]int // of a client, a host and an address
}

// Each store is a separate type, because their methods have the same names.
type (
	optionsIn struct {
		store.Options
		*memory
	}
	bansIn struct {
		store.Bans
		*memory
	}
	attemptsIn struct {
		store.Attempts
		*memory
	}
	auditsIn struct {
		store.Audits
		*memory
	}
	mailsIn struct {
		store.Mails
		*memory
	}
)

// tx returns the stores.
func (m *memory) tx() store.Tx {
	return store.Tx{
		Options:  optionsIn{nil, m},
		Bans:     bansIn{nil, m},
		Attempts: attemptsIn{nil, m},
		Audits:   auditsIn{nil, m},
		Mails:    mailsIn{nil, m},
	}
}

func (m *memory) Read(_ context.Context, fn func(store.Tx) error, _ ...store.Hint) error {
	return fn(m.tx())
}
func (m *memory) Write(_ context.Context, _ store.Lock, fn func(store.Tx) error, _ ...store.Hint) error {
	return fn(m.tx())
}

func (m optionsIn) All(context.Context) (map[string]string, error)     { return m.options, nil }
func (m bansIn) List(context.Context, time.Time) ([]store.Ban, error)  { return m.bans, nil }
func (m attemptsIn) Prune(context.Context, time.Time, time.Time) error { return nil }

func (m bansIn) Add(_ context.Context, b store.Ban) (int64, error) {
	m.bans = append(m.bans, b)
	return int64(len(m.bans)), nil
}

func (m auditsIn) Add(_ context.Context, a store.Audit) error {
	m.audits = append(m.audits, a)
	return nil
}

func (m attemptsIn) AddFailure(_ context.Context, f store.Failure) error {
	m.failures = append(m.failures, f)
	return nil
}

func (m attemptsIn) CountFailures(_ context.Context, f store.FailureFilter) (count int, latest time.Time, err error) {
	for _, x := range m.failures {
		if x.At.Before(f.Since) || f.Kind != "" && x.Kind != f.Kind || f.Host != "" && x.Host != f.Host ||
			f.Account != "" && x.Account != f.Account || f.LicenseID != 0 && x.LicenseID != f.LicenseID {
			continue
		}
		count++
		if x.At.After(latest) {
			latest = x.At
		}
	}
	return count, latest, nil
}

func (m mailsIn) Count(context.Context, time.Time, int64, string, string) (client, host, address int, err error) {
	return m.mails[0], m.mails[1], m.mails[2], nil
}

func (m attemptsIn) AddVerification(_ context.Context, v store.Verification) error {
	m.verifications[v.ID] = v
	return nil
}

func (m attemptsIn) TakeVerification(_ context.Context, id string) (store.Verification, error) {
	v, ok := m.verifications[id]
	delete(m.verifications, id)
	if !ok {
		return v, store.ErrNotFound
	}
	return v, nil
}

// fixture is a guard on a database in memory, and its clock.
type fixture struct {
	*Guard
	*memory
	time time.Time
}

func start() *fixture {
	f := &fixture{
		memory: &memory{verifications: map[string]store.Verification{}},
		time:   time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
	}
	logger := slog.New(slog.DiscardHandler)
	f.Guard = New(Config{
		Store:  f.memory,
		Shared: settings.NewShared(f.memory, settings.Default(), "", logger, func(map[string]string) {}),
		Logger: logger,
		Now:    func() time.Time { return f.time },
		Random: rand.Reader,
	})
	return f
}

// fail counts failures of an attempt.
func (f *fixture) fail(t *testing.T, a Attempt, kind store.FailureKind, times int) {
	t.Helper()
	for range times {
		refusal := api.NewProblem(api.ErrValidation, "wrong")
		require.ErrorIs(t, f.Fail(t.Context(), f.memory.tx(), a, kind, 9, refusal), error(refusal))
	}
}

// Check bans a host or an account after too many failures, until the ban period after the last one ends (spec: api 11).
func TestCheck(t *testing.T) {
	f, ctx := start(), t.Context()
	anna := NewAttempt("192.0.2.1", "anna")
	f.fail(t, anna, store.FailureSignIn, 9)
	require.NoError(t, f.Check(ctx, f.memory.tx(), anna))
	f.time = f.time.Add(14 * time.Minute)
	f.fail(t, NewAttempt("192.0.2.2", " ANNA "), store.FailureSignIn, 1)
	require.ErrorIs(t, f.Check(ctx, f.memory.tx(), anna), api.ErrHostBanned)
	require.NoError(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.1", "bruno")), "the host is not banned")
	f.time = f.time.Add(15*time.Minute - time.Second)
	require.ErrorIs(t, f.Check(ctx, f.memory.tx(), anna), api.ErrHostBanned, "counted from the last failure")
	f.time = f.time.Add(time.Second)
	require.NoError(t, f.Check(ctx, f.memory.tx(), anna))

	f = start()
	for range 3 {
		f.fail(t, NewAttempt("192.0.2.1", "somebody"), store.FailureSignIn, 10)
	}
	require.ErrorIs(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.1", "bruno")), api.ErrHostBanned)
	require.NoError(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.2", "")))
}

// Each failed serial number extends the wait of the account and of the host (spec: api 9).
func TestCheckSerial(t *testing.T) {
	f, ctx := start(), t.Context()
	anna := NewAttempt("192.0.2.1", "anna")
	for n := 1; n <= 3; n++ {
		refusal := api.NewProblem(api.ErrSerialInvalid, "wrong")
		require.ErrorIs(t, f.FailSerial(ctx, f.memory.tx(), anna, refusal), error(refusal))
		require.Equal(t, 5*n, refusal.RetryAfter)
		f.time = f.time.Add(time.Duration(5*n)*time.Second - time.Millisecond)
		for _, a := range []Attempt{anna, NewAttempt("192.0.2.1", "bruno"), NewAttempt("192.0.2.2", "anna")} {
			require.ErrorIs(t, f.CheckSerial(ctx, f.memory.tx(), a), api.ErrHostBanned, "%d", n)
		}
		require.NoError(t, f.CheckSerial(ctx, f.memory.tx(), NewAttempt("192.0.2.2", "bruno")))
		f.time = f.time.Add(time.Millisecond)
		require.NoError(t, f.CheckSerial(ctx, f.memory.tx(), anna))
	}
}

// A license has five wrong removal codes a day, whoever enters them (spec: api 11).
func TestRemovalCodes(t *testing.T) {
	f, ctx := start(), t.Context()
	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	wrong := api.NewProblem(api.ErrRemovalCodeInvalid, "wrong")
	other := api.NewProblem(api.ErrLicenseEnded, "ended")
	for range 5 {
		require.NoError(t, f.CheckRemovalCode(ctx, f.memory.tx(), Attempt{}, 9, midnight))
		require.ErrorIs(t, f.CountRemovalCode(ctx, f.memory.tx(), Attempt{}, 9, wrong), error(wrong))
		require.ErrorIs(t, f.CountRemovalCode(ctx, f.memory.tx(), Attempt{}, 9, other), error(other))
		require.NoError(t, f.CountRemovalCode(ctx, f.memory.tx(), Attempt{}, 9, nil))
	}
	require.ErrorIs(t, f.CheckRemovalCode(ctx, f.memory.tx(), Attempt{}, 9, midnight), api.ErrLimitReached)
	require.NoError(t, f.CheckRemovalCode(ctx, f.memory.tx(), Attempt{}, 10, midnight))
	require.NoError(t, f.CheckRemovalCode(ctx, f.memory.tx(), Attempt{}, 9, midnight.AddDate(0, 0, 1)))
}

// AllowRequest limits the rate of a host and bans a host that continues in spite of refusals on all servers (spec: api
// 11).
func TestAllowRequest(t *testing.T) {
	f, ctx := start(), t.Context()
	f.options = map[string]string{
		"requests-per-second": "2",
		"requests-burst":      "3",
		"flood-refusals":      "4",
		"flood-ban":           "10m",
	}
	f.shared.Refresh(ctx, f.time)
	allow := func(host string) error {
		if p := f.AllowRequest(ctx, host, f.time); p != nil {
			return p
		}
		return nil
	}
	for range 3 {
		require.NoError(t, allow("192.0.2.1"))
	}
	for range 3 {
		require.ErrorIs(t, allow("192.0.2.1"), api.ErrHostBanned)
	}
	require.NoError(t, allow("192.0.2.2"))
	f.time = f.time.Add(500 * time.Millisecond)
	require.NoError(t, allow("192.0.2.1"), "two a second")
	require.Empty(t, f.bans)
	require.Error(t, allow("192.0.2.1")) // the fourth refusal
	require.Len(t, f.bans, 1)
	require.Equal(t, f.time.Add(10*time.Minute), *f.bans[0].EndsAt)
	require.Equal(t, "ban.add", f.audits[0].Action)
	f.time = f.time.Add(10*time.Minute - time.Second)
	require.ErrorIs(t, allow("192.0.2.1"), api.ErrHostBanned)
	f.time = f.time.Add(time.Second)
	require.NoError(t, allow("192.0.2.1"))
}

// The number of limiters is bounded, and hosts are swept once a minute, even if no limiter has all its tokens.
func TestLimitersAreBounded(t *testing.T) {
	l := limiters{hosts: map[string]*limiter{}}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	slow := settings.RequestRate{PerSecond: 0.001, Burst: 2}
	for i := range maxHosts + 10 {
		p, _ := l.allow(strconv.Itoa(i), slow, now.Add(time.Duration(i)*time.Microsecond))
		require.Nil(t, p)
	}
	require.Len(t, l.hosts, maxHosts)
	require.Equal(t, now, l.swept)

	later := now.Add(2000 * time.Second) // every limiter has all its tokens
	p, _ := l.allow("0", slow, later)
	require.Nil(t, p)
	require.Len(t, l.hosts, 1)
}

// Bans of the vendor may be permanent (spec: api 11).
func TestCheckBans(t *testing.T) {
	f, ctx := start(), t.Context()
	soon := f.time.Add(time.Hour)
	f.bans = []store.Ban{
		{Kind: store.BanHost, Subject: "192.0.2.1", EndsAt: &soon},
		{Kind: store.BanAccount, Subject: AccountKey("anna")},
	}
	f.shared.Refresh(ctx, f.time)
	require.ErrorIs(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.1", "")), api.ErrHostBanned)
	require.ErrorIs(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.2", "Anna")), api.ErrHostBanned)
	require.NoError(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.2", "bruno")))
	require.NoError(t, f.CheckBans("", ""))
	f.time = soon
	require.NoError(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.1", "")))
	require.Error(t, f.Check(ctx, f.memory.tx(), NewAttempt("192.0.2.1", "anna")), "permanently")
}

// Mails have three limits within an hour (spec: api 12).
func TestCheckMails(t *testing.T) {
	most := settings.DefaultMailLimits
	for name, c := range map[string]struct {
		mails   [3]int
		allowed int // of the limit that was reached; 0: none was
	}{
		"the last one": {mails: [3]int{most.PerAccount - 1, most.PerHost - 1, most.PerRecipient - 1}},
		"recipient":    {mails: [3]int{0, 0, most.PerRecipient}, allowed: most.PerRecipient},
		"account":      {mails: [3]int{most.PerAccount, 0, 0}, allowed: most.PerAccount},
		"host":         {mails: [3]int{0, most.PerHost, 0}, allowed: most.PerHost},
	} {
		t.Run(name, func(t *testing.T) {
			f := start()
			f.mails = c.mails
			err := f.CheckMails(t.Context(), f.memory.tx(), 5, "192.0.2.1", []string{"a@b.example"})
			if c.allowed == 0 {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, api.ErrLimitReached)
			var refusal *api.Problem
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.allowed, refusal.Limit.Allowed)
			require.NoError(t, f.CheckMails(t.Context(), f.memory.tx(), 5, "192.0.2.1", nil))
		})
	}
}

// A number is valid for five minutes and one attempt (spec: api 10).
func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		answer   api.VerificationAnswer
		later    time.Duration
		good     bool
		failures int
	}{
		"right":        {api.VerificationAnswer{ID: "p", Number: "123456"}, 0, true, 0},
		"with spaces":  {api.VerificationAnswer{ID: "p", Number: " 123 456"}, 0, true, 0},
		"wrong":        {api.VerificationAnswer{ID: "p", Number: "123457"}, 0, false, 1},
		"just in time": {api.VerificationAnswer{ID: "p", Number: "123456"}, verificationLifetime - 1, true, 0},
		"too late":     {api.VerificationAnswer{ID: "p", Number: "123456"}, verificationLifetime, false, 1},
		"unknown":      {api.VerificationAnswer{ID: "q", Number: "123456"}, 0, false, 1},
		"missing":      {api.VerificationAnswer{}, 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f, ctx := start(), t.Context()
			f.verifications["p"] = store.Verification{
				ID:         "p",
				NumberHash: numberHash("p", "123456"),
				ExpiresAt:  f.time.Add(verificationLifetime),
			}
			f.time = f.time.Add(c.later)
			err := f.Verify(ctx, f.memory.tx(), Attempt{host: "h"}, c.answer)
			require.Equal(t, c.good, err == nil, "%v", err)
			require.Len(t, f.failures, c.failures)
			if c.good {
				require.ErrorIs(t, f.Verify(ctx, f.memory.tx(), Attempt{}, c.answer), api.ErrVerificationFailed,
					"it cannot be used twice")
			}
		})
	}
}

// A person gets a picture, the database a hash.
func TestNewVerification(t *testing.T) {
	f := start()
	v, err := f.NewVerification(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, "\x89PNG", string(v.Image[:4]))
	require.NotEmpty(t, v.Sound)
	require.Equal(t, f.time.Add(verificationLifetime), f.verifications[v.ID].ExpiresAt)
	require.Len(t, f.verifications[v.ID].NumberHash, 32)
	v, err = f.NewVerification(t.Context(), false)
	require.NoError(t, err)
	require.Empty(t, v.Sound)
}
