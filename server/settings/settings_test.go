package settings

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/store"
)

// Every setting can be written and read, and an invalid value changes nothing.
func TestRead(t *testing.T) {
	for _, s := range All() {
		value := "7"
		switch {
		case strings.HasSuffix(s.Name, "-period") || strings.HasSuffix(s.Name, "-ban"):
			value = "7m0s"
		case s.Name == "order-verification":
			value = "off"
		}
		require.NotEqual(t, value, s.Value(Default()))
		changed, err := Read(Default(), map[string]string{s.Name: value, "unknown": "x"})
		require.NoError(t, err)
		require.Equal(t, value, s.Value(changed))
		for _, other := range All() {
			require.Equal(t, other.Name != s.Name, other.Value(Default()) == other.Value(changed), other.Name)
		}
		changed, err = Read(Default(), map[string]string{s.Name: "nonsense"})
		require.ErrorContains(t, err, s.Name)
		require.Equal(t, Default(), changed)
	}
	for name, values := range map[string][]string{
		"account-failures":    {"0", "-1", "1.5", "1000000001"},
		"mails-per-host":      {"-1"},
		"ban-period":          {"0s", "999ms", "24h0m1s", "15"},
		"requests-per-second": {"0", "NaN", "1e10"},
	} {
		for _, value := range values {
			_, err := Read(Default(), map[string]string{name: value})
			require.Error(t, err, "%s %s", name, value)
		}
	}
}

// database is a store that returns options and bans, or an error.
type database struct {
	store.Store
	options map[string]string
	bans    []store.Ban
	err     error
	reads   int
}

// Each store is a separate type, because their methods have the same names.
type (
	optionsIn struct {
		store.Options
		*database
	}
	bansIn struct {
		store.Bans
		*database
	}
)

// tx returns the stores.
func (d *database) tx() store.Tx {
	return store.Tx{
		Options: optionsIn{nil, d},
		Bans:    bansIn{nil, d},
	}
}

func (d *database) Read(_ context.Context, fn func(store.Tx) error, _ ...store.Hint) error {
	d.reads++
	if d.err != nil {
		return d.err
	}
	return fn(d.tx())
}

func (d optionsIn) All(context.Context) (map[string]string, error)    { return d.options, nil }
func (d bansIn) List(context.Context, time.Time) ([]store.Ban, error) { return d.bans, nil }

// Cached values have a limited age, and the longer one of two bans counts.
func TestShared(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	soon, later := now.Add(time.Hour), now.Add(2*time.Hour)
	d := &database{
		options: map[string]string{"host-failures": "3", store.EpochOption: "second"},
		bans: []store.Ban{
			{Kind: store.BanHost, Subject: "a", EndsAt: &later}, {Kind: store.BanHost, Subject: "a", EndsAt: &soon},
			{Kind: store.BanHost, Subject: "b", EndsAt: &soon}, {Kind: store.BanHost, Subject: "b"},
			{Kind: store.BanHost, Subject: "c"}, {Kind: store.BanHost, Subject: "c", EndsAt: &soon},
		},
	}
	var refreshed []map[string]string
	s := NewShared(d, Default(), "first", slog.New(slog.DiscardHandler), func(options map[string]string) {
		refreshed = append(refreshed, options)
	})
	require.Equal(t, Default(), s.Current())
	require.Equal(t, "first", s.Epoch())

	s.Refresh(t.Context(), now)
	require.Equal(t, 3, s.Current().HostFailures)
	require.Equal(t, "second", s.Epoch())
	for subject, want := range map[string]time.Time{"a": later, "b": {}, "c": {}} {
		ends, ok := s.Banned(store.BanHost, subject)
		require.True(t, ok)
		require.Equal(t, want, ends, subject)
	}
	_, ok := s.Banned(store.BanAccount, "a")
	require.False(t, ok)
	s.AddBan(store.BanAccount, "a", soon)
	ends, _ := s.Banned(store.BanAccount, "a")
	require.Equal(t, soon, ends)

	d.options = nil
	s.Refresh(t.Context(), now.Add(maxAge-1))
	require.Equal(t, 1, d.reads, "the cached values are recent")
	d.err = store.ErrUnavailable
	s.Refresh(t.Context(), now.Add(maxAge))
	require.Equal(t, 3, s.Current().HostFailures, "the database did not answer")
	d.err = nil
	s.Refresh(t.Context(), now.Add(maxAge))
	require.Equal(t, Default(), s.Current())
	require.Equal(t, "second", s.Epoch(), "a missing epoch does not change it")
	s.Refresh(t.Context(), now)
	require.Equal(t, 4, d.reads, "a clock that was set back")
	require.Len(t, refreshed, 4)
	require.Nil(t, refreshed[1])
}
