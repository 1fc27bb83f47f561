package server

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
)

// Settings are what the vendor can change while servers run. They lie in the database, so that all servers on it agree.
type Settings struct {
	// AccountFailures and HostFailures within BanPeriod ban, until that period has passed since the last one (spec: api
	// 11).
	AccountFailures, HostFailures int
	BanPeriod                     time.Duration
	Mails                         MailLimits
	Requests                      RequestRate
	// FloodRefusals within a minute, of requests that were refused because they were too many, ban a host for FloodBan.
	FloodRefusals int
	FloodBan      time.Duration
	// OrderVerification asks people who are signed in for a verification number when they add an order (spec: api 10).
	OrderVerification bool
}

// DefaultSettings returns the limits of the specification (spec: api 11, api 12).
func DefaultSettings() Settings {
	return Settings{AccountFailures: 10, HostFailures: 30, BanPeriod: 15 * time.Minute, Mails: DefaultMailLimits, Requests: DefaultRequestRate,
		FloodRefusals: 600, FloodBan: 10 * time.Minute, OrderVerification: true}
}

// Setting is one of the settings by name.
type Setting struct {
	Name, What string
	get        func(*Settings) string
	set        func(*Settings, string) error
}

// Value is the setting as text.
func (o Setting) Value(s Settings) string { return o.get(&s) }

// Set reads the setting from text; the error is a sentence.
func (o Setting) Set(s *Settings, value string) error {
	if err := o.set(s, value); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}

func count(name, what string, least int, of func(*Settings) *int) Setting {
	return Setting{name, what, func(s *Settings) string { return strconv.Itoa(*of(s)) }, func(s *Settings, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > 1_000_000_000 {
			return fmt.Errorf("%q is no whole number from %d", value, least)
		}
		*of(s) = n
		return nil
	}}
}

func duration(name, what string, of func(*Settings) *time.Duration) Setting {
	return Setting{name, what, func(s *Settings) string { return of(s).String() }, func(s *Settings, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second || d > day {
			return fmt.Errorf("%q is no time such as 15m or 24h, from 1s to 24h", value)
		}
		*of(s) = d
		return nil
	}}
}

func toggle(name, what string, of func(*Settings) *bool) Setting {
	return Setting{
		Name: name,
		What: what,
		get: func(s *Settings) string {
			if *of(s) {
				return "on"
			}
			return "off"
		},
		set: func(s *Settings, value string) error {
			if value != "on" && value != "off" {
				return fmt.Errorf("%q is neither \"on\" nor \"off\"", value)
			}
			*of(s) = value == "on"
			return nil
		},
	}
}

// AllSettings lists the settings.
func AllSettings() []Setting {
	return []Setting{
		count("account-failures", "failed attempts for one account that ban it", 1, func(s *Settings) *int { return &s.AccountFailures }),
		count("host-failures", "failed attempts from one host that ban it", 1, func(s *Settings) *int { return &s.HostFailures }),
		duration("ban-period", "time in which failed attempts count, and for which a ban lasts after the last one", func(s *Settings) *time.Duration { return &s.BanPeriod }),
		count("mails-per-recipient", "mails to one address within an hour", 0, func(s *Settings) *int { return &s.Mails.PerRecipient }),
		count("mails-per-account", "mails for one account within an hour", 0, func(s *Settings) *int { return &s.Mails.PerAccount }),
		count("mails-per-host", "mails asked for from one host within an hour", 0, func(s *Settings) *int { return &s.Mails.PerHost }),
		{
			"requests-per-second", "requests of one host within a second, on average and for each server",
			func(s *Settings) string { return strconv.FormatFloat(s.Requests.PerSecond, 'f', -1, 64) },
			func(s *Settings, value string) error {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil || !(n >= 0.01 && n <= 1e9) {
					return fmt.Errorf("%q is no number from 0.01", value)
				}
				s.Requests.PerSecond = n
				return nil
			},
		},
		count("requests-burst", "requests of one host at once", 1, func(s *Settings) *int { return &s.Requests.Burst }),
		count("flood-refusals", "requests within a minute that were refused as too many and ban a host", 1, func(s *Settings) *int { return &s.FloodRefusals }),
		duration("flood-ban", "time for which a host is banned that goes on asking", func(s *Settings) *time.Duration { return &s.FloodBan }),
		toggle("order-verification",
			"whether a new order of a person who is signed in needs a verification number: on or off",
			func(s *Settings) *bool { return &s.OrderVerification }),
	}
}

// ReadSettings puts the options of a database over other settings. An option that cannot be read, such as one of a newer
// version, leaves what was there; err names all of them.
func ReadSettings(base Settings, options map[string]string) (s Settings, err error) {
	s = base
	var bad []string
	for _, o := range AllSettings() {
		if value, ok := options[o.Name]; ok && o.Set(&s, value) != nil {
			bad = append(bad, o.Name)
		}
	}
	if len(bad) > 0 {
		err = fmt.Errorf("options that cannot be read: %v", bad)
	}
	return s, err
}

// shared caches settings, bans and epoch of the database, which several servers may share. It is at most sharedAge old.
type shared struct {
	mu       sync.Mutex
	read     time.Time
	reading  bool
	settings Settings
	bans     map[banned]time.Time // when they end; zero: never
	epoch    string               // of the data (spec: api 20)
}

type banned struct {
	kind    store.BanKind
	subject string
}

const sharedAge = 2 * time.Second

// learn reloads settings, bans and epoch when they are older than sharedAge. One request does that while others use the
// cached values. If the database does not answer, the cached values stay.
func (s *Server) learn(ctx context.Context) {
	now := s.Now()
	k := &s.shared
	k.mu.Lock()
	if k.reading || now.Sub(k.read) < sharedAge && !k.read.IsZero() && !now.Before(k.read) {
		k.mu.Unlock()
		return
	}
	k.reading = true
	k.mu.Unlock()
	defer func() { // also after a panic, or nobody would read again
		k.mu.Lock()
		defer k.mu.Unlock()
		k.reading = false
	}()
	var options map[string]string
	var bans []store.Ban
	err := s.Store.Read(ctx, func(tx store.Tx) (err error) {
		if options, err = tx.Options(ctx); err != nil {
			return err
		}
		bans, err = tx.Bans(ctx, now)
		return err
	})
	s.Secrets.Follow(options[secrets.Option])
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		return // what the database says next counts
	}
	settings, err := ReadSettings(s.base, options)
	if err != nil && !maps.Equal(s.warned, options) {
		s.Logger.Warn("settings", "error", err)
		s.warned = options
	}
	k.read, k.settings, k.bans = now, settings, map[banned]time.Time{}
	if epoch := options[store.EpochOption]; epoch != "" {
		k.epoch = epoch
	}
	for _, b := range bans {
		key, ends := banned{b.Kind, b.Subject}, time.Time{}
		if b.EndsAt != nil {
			ends = *b.EndsAt
		}
		if known, ok := k.bans[key]; !ok || !known.IsZero() && (ends.IsZero() || ends.After(known)) {
			k.bans[key] = ends
		}
	}
	s.hosts.set(settings.Requests)
}

// current are the settings that count now.
func (s *Server) current() Settings {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	return s.shared.settings
}

// epoch returns the epoch of the data, at most sharedAge old.
func (s *Server) epoch() string {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	return s.shared.epoch
}

// refuseBanned refuses a host or an account that is banned; what is "" is not.
func (s *Server) refuseBanned(host, account string) error {
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	for _, who := range []banned{{store.BanHost, host}, {store.BanAccount, account}} {
		ends, ok := s.shared.bans[who]
		switch {
		case !ok || who.subject == "":
		case ends.IsZero():
			return s.wait(s.Now().Add(day), "The vendor has closed this server to this PC or this account. Ask the vendor.")
		case s.Now().Before(ends):
			return s.wait(ends, "There were too many requests or attempts from this PC or for this account.")
		}
	}
	return nil
}

// banFlood bans a host that goes on asking although it is refused, on all servers.
func (s *Server) banFlood(ctx context.Context, host string) {
	now := s.Now()
	ends := now.Add(s.current().FloodBan)
	err := s.Store.Write(ctx, func(tx store.Tx) error {
		bans, err := tx.Bans(ctx, now)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(bans, func(b store.Ban) bool { return b.Kind == store.BanHost && b.Subject == host }) {
			return nil // another server was quicker
		}
		if _, err := tx.AddBan(ctx, store.Ban{Kind: store.BanHost, Subject: host, Reason: "too many requests", MadeBy: "server", CreatedAt: now, EndsAt: &ends}); err != nil {
			return err
		}
		return tx.AddAudit(ctx, store.Audit{At: now, Actor: "server", Host: host, Action: "ban.add", Object: "host " + host, Outcome: api.OutcomeOK, Detail: "too many requests"})
	})
	if err != nil {
		s.Logger.Warn("a host could not be banned", "error", err)
		return
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	s.shared.bans[banned{store.BanHost, host}] = ends
}
