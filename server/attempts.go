package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

const (
	// removalCodesPerDay is how many wrong removal codes a license takes in a calendar day.
	removalCodesPerDay = 5
	// serialWait is how much longer every failed serial number makes the next attempt wait (spec: api 9).
	serialWait = 5 * time.Second
)

// attempt is who tries something that could be guessed: the host and what stands for the account. The account may be a name
// that nobody has, even a password typed into the wrong field, so only its hash is kept.
type attempt struct{ host, account string }

func attemptBy(ctx context.Context, username string) attempt {
	a := attempt{host: HostKey(requestOf(ctx).host)}
	if username != "" {
		a.account = AccountKey(username)
	}
	return a
}

// AccountKey stands for a user name among failures and bans: the name itself is not kept.
func AccountKey(username string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(username))))
	return hex.EncodeToString(sum[:16])
}

// HostKey stands for a host: whoever has one IPv6 address has the 2^64 beside it.
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

// guard refuses an attempt while the host or the account is banned (spec: api 11).
func (s *Server) guard(ctx context.Context, tx store.Tx, a attempt) error {
	if err := s.refuseBanned(a.host, a.account); err != nil {
		return err
	}
	settings := s.current()
	banPeriod := settings.BanPeriod
	for _, who := range []struct {
		filter store.FailureFilter
		most   int
	}{
		{store.FailureFilter{Host: a.host}, settings.HostFailures},
		{store.FailureFilter{Account: a.account}, settings.AccountFailures},
	} {
		if who.filter.Host == "" && who.filter.Account == "" {
			continue
		}
		who.filter.Since = s.Now().Add(-banPeriod)
		_, latest, err := tx.Failures(ctx, who.filter)
		if err != nil {
			return err
		}
		if latest.IsZero() {
			continue
		}
		who.filter.Since = latest.Add(-banPeriod)
		count, _, err := tx.Failures(ctx, who.filter)
		if err != nil {
			return err
		}
		if until := latest.Add(banPeriod); count >= who.most && s.Now().Before(until) {
			return s.wait(until, "There were too many failed attempts from this PC or for this account.")
		}
	}
	return nil
}

// guardSerial is guard, and the wait after failed serial numbers (spec: api 9).
func (s *Server) guardSerial(ctx context.Context, tx store.Tx, a attempt) error {
	if err := s.guard(ctx, tx, a); err != nil {
		return err
	}
	failures, latest, err := s.failedSerials(ctx, tx, a)
	if err != nil {
		return err
	}
	if until := latest.Add(time.Duration(failures) * serialWait); failures > 0 && s.Now().Before(until) {
		return s.wait(until, "After a serial number that was not accepted the server waits a little longer each time.")
	}
	return nil
}

// failedSerials counts the failures that the next attempt has to wait for: those of the account or of the host, whichever
// are more.
func (s *Server) failedSerials(ctx context.Context, tx store.Tx, a attempt) (most int, latest time.Time, err error) {
	since := s.Now().Add(-s.current().BanPeriod)
	for _, filter := range []store.FailureFilter{{Host: a.host}, {Account: a.account}} {
		if filter.Host == "" && filter.Account == "" {
			continue
		}
		filter.Since, filter.Kind = since, store.FailureSerial
		count, last, err := tx.Failures(ctx, filter)
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

func (s *Server) wait(until time.Time, why string) *api.Problem {
	p := api.NewProblem(api.ErrHostBanned, why)
	p.RetryAfter = max(1, int(math.Ceil(until.Sub(s.Now()).Seconds())))
	return p
}

// fail counts a failure and returns the refusal.
func (s *Server) fail(ctx context.Context, tx store.Tx, a attempt, kind store.FailureKind, license int64, refusal *api.Problem) error {
	now := s.Now()
	if err := tx.AddFailure(ctx, store.Failure{At: now, Kind: kind, Host: a.host, Account: a.account, LicenseID: license}); err != nil {
		return err
	}
	if err := tx.PruneAttempts(ctx, now, now.Add(-2*day)); err != nil {
		return err
	}
	return refusal
}

// guardRemovalCode refuses an attempt with a removal code while the host or the account is banned, or when the license had too
// many wrong ones today.
func (s *Server) guardRemovalCode(ctx context.Context, tx store.Tx, license int64) error {
	if err := s.guard(ctx, tx, attemptBy(ctx, callerOf(ctx).client.Username)); err != nil {
		return err
	}
	today, _ := s.rules.periods()
	used, _, err := tx.Failures(ctx, store.FailureFilter{Since: today, Kind: store.FailureRemovalCode, LicenseID: license})
	if err != nil || used < removalCodesPerDay {
		return err
	}
	p := api.NewProblem(api.ErrLimitReached, fmt.Sprintf("%d wrong removal codes were entered for this license today.", used))
	p.Limit = &api.LimitReached{Task: "removal-code", Period: "day", Allowed: removalCodesPerDay, Used: used, ResetsAt: today.AddDate(0, 0, 1).UTC()}
	return p
}

// countRemovalCode counts a wrong removal code; it passes the error of the task on.
func (s *Server) countRemovalCode(ctx context.Context, tx store.Tx, license int64, err error) error {
	var refusal *api.Problem
	if errors.As(err, &refusal) && refusal.Code == api.ErrRemovalCodeInvalid {
		return s.fail(ctx, tx, attemptBy(ctx, callerOf(ctx).client.Username), store.FailureRemovalCode, license, refusal)
	}
	return err
}
