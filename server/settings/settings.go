// Package settings contains the settings of a server that the vendor can change while it runs, and a cache of those in
// the database.
package settings

import (
	"fmt"
	"strconv"
	"time"
)

// Settings are stored as options of the database, so that all servers on it have the same ones.
type Settings struct {
	// AccountFailures and HostFailures are the failures within BanPeriod that ban an account or a host, until BanPeriod
	// has passed since the last one (spec: api 11).
	AccountFailures, HostFailures int
	BanPeriod                     time.Duration
	Mails                         MailLimits
	Requests                      RequestRate
	// FloodRefusals is the number of refused requests within a minute that bans a host for FloodBan.
	FloodRefusals int
	FloodBan      time.Duration
	// OrderVerification requires a verification number for new orders of clients who are signed in (spec: api 10).
	OrderVerification bool
}

// Default returns the default settings (spec: api 11, api 12).
func Default() Settings {
	return Settings{
		AccountFailures:   10,
		HostFailures:      30,
		BanPeriod:         15 * time.Minute,
		Mails:             DefaultMailLimits,
		Requests:          DefaultRequestRate,
		FloodRefusals:     600,
		FloodBan:          10 * time.Minute,
		OrderVerification: true,
	}
}

// MailLimits limit the mails that are requested within an hour (spec: api 12).
type MailLimits struct{ PerRecipient, PerAccount, PerHost int }

// DefaultMailLimits are sufficient for people and prevent flooding of a mailbox.
var DefaultMailLimits = MailLimits{PerRecipient: 20, PerAccount: 60, PerHost: 120}

// RequestRate limits the requests of one host (spec: api 11).
type RequestRate struct {
	// PerSecond is the average rate, Burst the number of requests at once.
	PerSecond float64
	Burst     int
}

// DefaultRequestRate is sufficient for an office behind one address and prevents one host from occupying the server.
var DefaultRequestRate = RequestRate{PerSecond: 50, Burst: 300}

// Setting is a named setting.
type Setting struct {
	Name, Description string
	get               func(*Settings) string
	set               func(*Settings, string) error
}

// Value returns the setting as text.
func (o Setting) Value(s Settings) string { return o.get(&s) }

// Set parses the setting from text. Its error begins with the name of the setting.
func (o Setting) Set(s *Settings, value string) error {
	if err := o.set(s, value); err != nil {
		return fmt.Errorf("%s: %w", o.Name, err)
	}
	return nil
}

func count(name, what string, least int, of func(*Settings) *int) Setting {
	get := func(s *Settings) string { return strconv.Itoa(*of(s)) }
	return Setting{name, what, get, func(s *Settings, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > 1_000_000_000 {
			return fmt.Errorf("%q is not an integer from %d", value, least)
		}
		*of(s) = n
		return nil
	}}
}

func duration(name, what string, of func(*Settings) *time.Duration) Setting {
	get := func(s *Settings) string { return of(s).String() }
	return Setting{name, what, get, func(s *Settings, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second || d > 24*time.Hour {
			return fmt.Errorf("%q is not a duration from 1s to 24h, such as 15m", value)
		}
		*of(s) = d
		return nil
	}}
}

func toggle(name, what string, of func(*Settings) *bool) Setting {
	return Setting{
		Name:        name,
		Description: what,
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

// All lists the settings.
func All() []Setting {
	return []Setting{
		count("account-failures", "failed attempts for one account after which it is banned", 1,
			func(s *Settings) *int { return &s.AccountFailures }),
		count("host-failures", "failed attempts from one host after which it is banned", 1,
			func(s *Settings) *int { return &s.HostFailures }),
		duration("ban-period", "how long failed attempts count, and how long a ban lasts after the last one",
			func(s *Settings) *time.Duration { return &s.BanPeriod }),
		count("mails-per-recipient", "mails to one address within an hour", 0,
			func(s *Settings) *int { return &s.Mails.PerRecipient }),
		count("mails-per-account", "mails for one account within an hour", 0,
			func(s *Settings) *int { return &s.Mails.PerAccount }),
		count("mails-per-host", "mails requested from one host within an hour", 0,
			func(s *Settings) *int { return &s.Mails.PerHost }),
		{
			"requests-per-second", "requests of one host within a second, on average and for each server",
			func(s *Settings) string { return strconv.FormatFloat(s.Requests.PerSecond, 'f', -1, 64) },
			func(s *Settings, value string) error {
				n, err := strconv.ParseFloat(value, 64)
				if err != nil || !(n >= 0.01 && n <= 1e9) {
					return fmt.Errorf("%q is not a number from 0.01", value)
				}
				s.Requests.PerSecond = n
				return nil
			},
		},
		count("requests-burst", "requests of one host at once", 1, func(s *Settings) *int { return &s.Requests.Burst }),
		count("flood-refusals", "refused requests within a minute after which a host is banned", 1,
			func(s *Settings) *int { return &s.FloodRefusals }),
		duration("flood-ban", "how long a host that keeps sending refused requests is banned",
			func(s *Settings) *time.Duration { return &s.FloodBan }),
		toggle("order-verification",
			"whether a signed-in person needs a verification number for a new order: on or off",
			func(s *Settings) *bool { return &s.OrderVerification }),
	}
}

// Read returns base with the options of a database applied. It ignores options with invalid values, such as those of a
// newer version; err names all of them.
func Read(base Settings, options map[string]string) (s Settings, err error) {
	s = base
	var bad []string
	for _, o := range All() {
		if value, ok := options[o.Name]; ok && o.Set(&s, value) != nil {
			bad = append(bad, o.Name)
		}
	}
	if len(bad) > 0 {
		err = fmt.Errorf("invalid options: %v", bad)
	}
	return s, err
}
