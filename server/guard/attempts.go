package guard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

const (
	// removalCodesPerDay limits the wrong removal codes of a license in a calendar day.
	removalCodesPerDay = 5
	// serialWait is the additional wait after each failed serial number (spec: api 9).
	serialWait = 5 * time.Second
	// attemptRetention is the time after which failures are deleted. No rule counts older ones.
	attemptRetention = 48 * time.Hour
)

// Attempt is an attempt with a secret that can be guessed: the keys of its host and account. account is "" if there is
// none.
type Attempt struct{ host, account string }

// NewAttempt returns an attempt of a host for a user name; "" = none.
func NewAttempt(host, username string) Attempt {
	a := Attempt{host: HostKey(host)}
	if username != "" {
		a.account = AccountKey(username)
	}
	return a
}

// AccountKey returns the key under which failures and bans of an account are counted. It is a hash, because the user
// name may not exist, or may be a password typed into the wrong field.
func AccountKey(username string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(username))))
	return hex.EncodeToString(sum[:16])
}

// HostKey returns the key under which failures, bans and requests of a host are counted. IPv6 addresses are grouped by
// /64, because one customer usually owns the whole prefix.
func HostKey(host string) string {
	address, err := netip.ParseAddr(host)
	if err != nil || !address.Is6() || address.Is4In6() {
		return host
	}
	prefix, err := address.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return prefix.String()
}

// Check refuses an attempt if the host or the account is banned, or had too many failures within the ban period before
// its latest one, until that period has passed since (spec: api 11).
func (g *Guard) Check(ctx context.Context, tx store.Tx, a Attempt) error {
	if err := g.CheckBans(a.host, a.account); err != nil {
		return err
	}
	current := g.shared.Current()
	banPeriod := current.BanPeriod
	for _, who := range []struct {
		filter store.FailureFilter
		most   int
	}{
		{store.FailureFilter{Host: a.host}, current.HostFailures},
		{store.FailureFilter{Account: a.account}, current.AccountFailures},
	} {
		if who.filter.Host == "" && who.filter.Account == "" {
			continue
		}
		who.filter.Since = g.now().Add(-banPeriod)
		_, latest, err := tx.Attempts.CountFailures(ctx, who.filter)
		if err != nil {
			return err
		}
		if latest.IsZero() {
			continue
		}
		// Counted from now, the ban would end as soon as the first of the failures is older than the ban period.
		who.filter.Since = latest.Add(-banPeriod)
		count, _, err := tx.Attempts.CountFailures(ctx, who.filter)
		if err != nil {
			return err
		}
		if until := latest.Add(banPeriod); count >= who.most && g.now().Before(until) {
			return g.refuseUntil(until, "Too many failed attempts from this PC or for this account.")
		}
	}
	return nil
}

// CheckSerial is like Check, and also refuses attempts during the wait after failed serial numbers (spec: api 9).
func (g *Guard) CheckSerial(ctx context.Context, tx store.Tx, a Attempt) error {
	if err := g.Check(ctx, tx, a); err != nil {
		return err
	}
	failures, latest, err := g.failedSerials(ctx, tx, a)
	if err != nil {
		return err
	}
	if until := latest.Add(time.Duration(failures) * serialWait); failures > 0 && g.now().Before(until) {
		return g.refuseUntil(until, "After each serial number that is not accepted, the wait becomes a little longer.")
	}
	return nil
}

// failedSerials returns the number of failures for which the next attempt must wait, which is the larger one of the
// account's and the host's, and the time of the latest one.
func (g *Guard) failedSerials(ctx context.Context, tx store.Tx, a Attempt) (most int, latest time.Time, err error) {
	since := g.now().Add(-g.shared.Current().BanPeriod)
	for _, filter := range []store.FailureFilter{{Host: a.host}, {Account: a.account}} {
		if filter.Host == "" && filter.Account == "" {
			continue
		}
		filter.Since, filter.Kind = since, store.FailureSerial
		count, last, err := tx.Attempts.CountFailures(ctx, filter)
		if err != nil {
			return 0, latest, err
		}
		most = max(most, count)
		if last.After(latest) {
			latest = last
		}
	}
	return most, latest, nil
}

// Count counts a failure. license is 0 unless the failure is about a license.
func (g *Guard) Count(ctx context.Context, tx store.Tx, a Attempt, kind store.FailureKind, license int64) error {
	return tx.Attempts.AddFailure(ctx, store.Failure{
		At:        g.now(),
		Kind:      kind,
		Host:      a.host,
		Account:   a.account,
		LicenseID: license,
	})
}

// Fail counts a failure, deletes old attempts, and returns refusal.
func (g *Guard) Fail(
	ctx context.Context, tx store.Tx, a Attempt, kind store.FailureKind, license int64, refusal *api.Problem,
) error {
	if err := g.Count(ctx, tx, a, kind, license); err != nil {
		return err
	}
	now := g.now()
	if err := tx.Attempts.Prune(ctx, now, now.Add(-attemptRetention)); err != nil {
		return err
	}
	return refusal
}

// FailSerial counts a failed serial number and returns refusal with the wait before the next attempt.
func (g *Guard) FailSerial(ctx context.Context, tx store.Tx, a Attempt, refusal *api.Problem) error {
	earlier, _, err := g.failedSerials(ctx, tx, a)
	if err != nil {
		return err
	}
	refusal.RetryAfter = int((time.Duration(earlier+1) * serialWait).Seconds())
	return g.Fail(ctx, tx, a, store.FailureSerial, 0, refusal)
}

// CheckRemovalCode is like Check, and also refuses attempts for a license with too many wrong removal codes since
// today, the beginning of the day (spec: api 11).
func (g *Guard) CheckRemovalCode(ctx context.Context, tx store.Tx, a Attempt, license int64, today time.Time) error {
	if err := g.Check(ctx, tx, a); err != nil {
		return err
	}
	used, _, err := tx.Attempts.CountFailures(ctx, store.FailureFilter{
		Since:     today,
		Kind:      store.FailureRemovalCode,
		LicenseID: license,
	})
	if err != nil || used < removalCodesPerDay {
		return err
	}
	p := api.NewProblem(api.ErrLimitReached,
		fmt.Sprintf("%d wrong removal codes were entered for this license today.", used))
	p.Limit = &api.LimitReached{
		Task:     "removal-code",
		Period:   "day",
		Allowed:  removalCodesPerDay,
		Used:     used,
		ResetsAt: today.AddDate(0, 0, 1).UTC(),
	}
	return p
}

// CountRemovalCode returns err, the result of a task on a license, and counts a failure if it refuses a removal code.
func (g *Guard) CountRemovalCode(ctx context.Context, tx store.Tx, a Attempt, license int64, err error) error {
	var refusal *api.Problem
	if errors.As(err, &refusal) && refusal.Code == api.ErrRemovalCodeInvalid {
		return g.Fail(ctx, tx, a, store.FailureRemovalCode, license, refusal)
	}
	return err
}
