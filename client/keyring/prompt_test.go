package keyring

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// While one call waits for a person, no other call starts.
func TestOnePromptAtATime(t *testing.T) {
	s := System("test").(*systemStore)
	started, release, outcome := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		outcome <- s.call(context.Background(), func() error { close(started); <-release; return nil })
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 64 { // select picks a ready case at random
		err := s.call(ctx, func() error { return nil })
		require.ErrorIs(t, err, ErrUnavailable)
		require.NotContains(t, err.Error(), "did not answer", "a second prompt was opened")
	}
	close(release)
	require.NoError(t, <-outcome)
	require.NoError(t, s.call(t.Context(), func() error { return nil }), "the next call has its turn")
}
