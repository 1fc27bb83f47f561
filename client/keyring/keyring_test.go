package keyring

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	system "github.com/zalando/go-keyring"
	"go.uber.org/goleak"
)

func TestTooLong(t *testing.T) {
	system.MockInit()
	require.ErrorIs(t, System("test").Set(t.Context(), "a", strings.Repeat("x", maxSecret+1)), ErrUnavailable)
}

// A keyring that waits for its password blocks neither the app nor another prompt.
func TestBlockedKeyring(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := &systemStore{service: "test", busy: make(chan struct{}, 1)}
	release := make(chan struct{})
	started := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan error)
	go func() {
		outcome <- s.call(ctx, func() error { close(started); <-release; return nil })
	}()
	<-started
	cancel()
	require.ErrorIs(t, <-outcome, ErrUnavailable)
	err := s.call(ctx, func() error { t.Error("a second prompt was opened"); return nil })
	require.ErrorIs(t, err, ErrUnavailable)
	close(release)
	require.NoError(t, s.call(t.Context(), func() error { return nil }), "it works after the prompt was answered")
}

func TestExplain(t *testing.T) {
	for text, want := range map[string]string{
		"dial unix /run/user/0/bus: connect: no such file":  "no D-Bus",
		"The name org.freedesktop.secrets was not provided": "no Secret Service",
		"failed to unlock correct collection '/x'":          "locked",
		"something else": "something else",
	} {
		err := explain(errors.New(text))
		require.ErrorIs(t, err, ErrUnavailable)
		require.Contains(t, err.Error(), want)
	}
	require.ErrorContains(t, explain(&exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound}), "no D-Bus")
	require.ErrorIs(t, explain(system.ErrNotFound), ErrNotFound)
	require.NoError(t, explain(nil))
}
