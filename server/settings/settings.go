// Package settings holds the limits of a server that the vendor can change while it runs, and caches those of the
// database.
package settings

import (
	"fmt"
	"strconv"
	"time"
)

// Settings can be changed by the vendor while servers run. They are options of the database, so that all servers on it
// agree.
type Settings struct {
	// AccountFailures and HostFailures within BanPeriod ban, until that period has passed since the last one (spec: api 11).
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

// Default returns the settings that apply unless the database says otherwise (spec: api 11, api 12).
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

// MailLimits limit the mails that may be asked for within an hour (spec: api 12).
type MailLimits struct{ PerRecipient, PerAccount, PerHost int }

// DefaultMailLimits let a person work and keep a robot from flooding a mailbox.
var DefaultMailLimits = MailLimits{PerRecipient: 20, PerAccount: 60, PerHost: 120}

// RequestRate limits the requests of one host (spec: api 11).
type RequestRate struct {
	// PerSecond is the average number of requests, Burst the number at once.
	PerSecond float64
	Burst     int
}

// DefaultRequestRate lets an office behind one address work and keeps one host from taking the server for itself.
var DefaultRequestRate = RequestRate{PerSecond: 50, Burst: 300}

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
	get := func(s *Settings) string { return strconv.Itoa(*of(s)) }
	return Setting{name, what, get, func(s *Settings, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > 1_000_000_000 {
			return fmt.Errorf("%q is no whole number from %d", value, least)
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

// All lists the settings.
func All() []Setting {
	return []Setting{
		count("account-failures", "failed attempts for one account that ban it", 1,
			func(s *Settings) *int { return &s.AccountFailures }),
		count("host-failures", "failed attempts from one host that ban it", 1,
			func(s *Settings) *int { return &s.HostFailures }),
		duration("ban-period", "time in which failed attempts count, and for which a ban lasts after the last one",
			func(s *Settings) *time.Duration { return &s.BanPeriod }),
		count("mails-per-recipient", "mails to one address within an hour", 0,
			func(s *Settings) *int { return &s.Mails.PerRecipient }),
		count("mails-per-account", "mails for one account within an hour", 0,
			func(s *Settings) *int { return &s.Mails.PerAccount }),
		count("mails-per-host", "mails asked for from one host within an hour", 0,
			func(s *Settings) *int { return &s.Mails.PerHost }),
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
		count("flood-refusals", "requests within a minute that were refused as too many and ban a host", 1,
			func(s *Settings) *int { return &s.FloodRefusals }),
		duration("flood-ban", "time for which a host is banned that goes on asking",
			func(s *Settings) *time.Duration { return &s.FloodBan }),
		toggle("order-verification",
			"whether a new order of a person who is signed in needs a verification number: on or off",
			func(s *Settings) *bool { return &s.OrderVerification }),
	}
}

// Read returns base, changed by the options of a database. An option that cannot be read, such as one of a newer
// version, changes nothing; err names all of them.
func Read(base Settings, options map[string]string) (s Settings, err error) {
	s = base
	var bad []string
	for _, o := range All() {
		if value, ok := options[o.Name]; ok && o.Set(&s, value) != nil {
			bad = append(bad, o.Name)
		}
	}
	if len(bad) > 0 {
		err = fmt.Errorf("options that cannot be read: %v", bad)
	}
	return s, err
}
