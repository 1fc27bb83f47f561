package settings

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/acen-desktop/acen/server/store"
)

// Shared caches what all servers of a database share: settings, bans and epoch, for at most maxAge. Any goroutine.
type Shared struct {
	store     store.Store
	base      Settings
	logger    *slog.Logger
	refreshed func(options map[string]string)

	mu         sync.Mutex
	read       time.Time
	refreshing bool
	settings   Settings
	bans       map[ban]time.Time // end; zero = permanent
	epoch      string            // of the data (spec: api 20)
	warned     map[string]string // invalid options that were logged
}

type ban struct {
	kind    store.BanKind
	subject string
}

// maxAge limits the age of the cached values.
const maxAge = 2 * time.Second

// NewShared returns a cache for data with an epoch. base are the settings before the first Refresh and for options that
// the database does not set. refreshed is called after each refresh with the options of the database, or nil if it
// could not be read.
func NewShared(
	s store.Store, base Settings, epoch string, logger *slog.Logger, refreshed func(options map[string]string),
) *Shared {
	return &Shared{
		store:     s,
		base:      base,
		logger:    logger,
		refreshed: refreshed,
		settings:  base,
		bans:      map[ban]time.Time{},
		epoch:     epoch,
	}
}

// Refresh reads settings, bans and epoch if the cached ones are older than maxAge. Other goroutines use the cached
// values meanwhile. If the database cannot be read, the cached values are kept.
func (s *Shared) Refresh(ctx context.Context, now time.Time) {
	s.mu.Lock()
	if s.refreshing || now.Sub(s.read) < maxAge && !s.read.IsZero() && !now.Before(s.read) {
		s.mu.Unlock()
		return
	}
	s.refreshing = true
	s.mu.Unlock()
	defer func() { // also after a panic, or no other call would refresh
		s.mu.Lock()
		defer s.mu.Unlock()
		s.refreshing = false
	}()
	var options map[string]string
	var bans []store.Ban
	err := s.store.Read(ctx, func(tx store.Tx) (err error) {
		if options, err = tx.Options.All(ctx); err != nil {
			return err
		}
		bans, err = tx.Bans.List(ctx, now)
		return err
	})
	s.refreshed(options)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		return // the next call retries
	}
	settings, err := Read(s.base, options)
	if err != nil && !maps.Equal(s.warned, options) {
		s.logger.Warn("settings", "error", err)
		s.warned = options
	}
	s.read, s.settings, s.bans = now, settings, map[ban]time.Time{}
	if epoch := options[store.EpochOption]; epoch != "" {
		s.epoch = epoch
	}
	for _, b := range bans {
		key, ends := ban{b.Kind, b.Subject}, time.Time{}
		if b.EndsAt != nil {
			ends = *b.EndsAt
		}
		if known, ok := s.bans[key]; !ok || !known.IsZero() && (ends.IsZero() || ends.After(known)) {
			s.bans[key] = ends
		}
	}
}

// Current returns the settings.
func (s *Shared) Current() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings
}

// Epoch returns the epoch of the data (spec: api 20).
func (s *Shared) Epoch() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.epoch
}

// Banned returns the end of a ban, which may have passed; zero means permanent. ok is false if there is none.
func (s *Shared) Banned(kind store.BanKind, subject string) (ends time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ends, ok = s.bans[ban{kind, subject}]
	return ends, ok
}

// AddBan adds a ban that was just stored, so that it is in force before the next refresh.
func (s *Shared) AddBan(kind store.BanKind, subject string, ends time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bans[ban{kind, subject}] = ends
}
