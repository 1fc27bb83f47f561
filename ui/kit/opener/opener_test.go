package opener

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fake returns an opener whose start returns done and err, the channel that ends startTimeout, and the addresses that
// were started.
func fake(done <-chan error, err error) (*Opener, chan time.Time, *[]string) {
	var started []string
	timeout := make(chan time.Time, 1)
	return &Opener{
		goos:  "linux",
		start: func(address string) (<-chan error, error) { started = append(started, address); return done, err },
		after: func(time.Duration) <-chan time.Time { return timeout },
	}, timeout, &started
}

func TestOpenReportsTheOutcome(t *testing.T) {
	for name, want := range map[string]error{"opened": nil, "no program": ErrNoHandler} {
		t.Run(name, func(t *testing.T) {
			done := make(chan error, 1)
			done <- want
			o, _, started := fake(done, nil)
			require.ErrorIs(t, o.Open(t.Context(), "mailto:a@b.example?subject=x&body=y"), want)
			require.Equal(t, []string{"mailto:a@b.example?subject=x&body=y"}, *started)
		})
	}
}

func TestOpenSucceedsAfterTheTimeout(t *testing.T) {
	o, timeout, _ := fake(make(chan error), nil)
	timeout <- time.Time{}
	require.NoError(t, o.Open(t.Context(), "mailto:?subject=&body="))
}

func TestOpenEndsWithItsContext(t *testing.T) {
	o, _, _ := fake(make(chan error), nil)
	ctx, cancel := context.WithCancel(t.Context())
	o.after = func(time.Duration) <-chan time.Time { cancel(); return nil }
	require.ErrorIs(t, o.Open(ctx, "mailto:?subject=&body="), context.Canceled)
	o, _, started := fake(nil, nil)
	require.ErrorIs(t, o.Open(ctx, "mailto:?subject=&body="), context.Canceled)
	require.Empty(t, *started)
}

func TestOpenReportsAMissingHelper(t *testing.T) {
	o, _, _ := fake(nil, ErrNoOpener)
	require.ErrorIs(t, o.Open(t.Context(), "mailto:a@b.example"), ErrNoOpener)
}

func TestOpenRejectsOtherSchemes(t *testing.T) {
	for _, address := range []string{
		"", "file:///etc/passwd", "javascript:alert(1)", "/bin/sh", "mailto", "ht tp://x", "smb://host/share", ":::",
	} {
		o, _, started := fake(nil, errors.New("must not start"))
		require.ErrorIs(t, o.Open(t.Context(), address), ErrAddress, address)
		require.Empty(t, *started)
	}
}

func TestExitStatusOfXDGOpen(t *testing.T) {
	require.NoError(t, exitError(0))
	require.ErrorIs(t, exitError(3), ErrNoHandler)
	for _, status := range []int{1, 2, 4, 127} {
		require.ErrorContains(t, exitError(status), "could not be started")
	}
}

func TestMaxMailto(t *testing.T) {
	require.Equal(t, maxMailtoWindows, MaxMailto("windows"))
	require.Equal(t, maxMailto, MaxMailto("darwin"))
	require.Equal(t, maxMailto, (&Opener{goos: "linux"}).MaxMailto())
	require.Positive(t, System().MaxMailto())
}
