package background_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/ui/kit/background"
)

// thread is a UI thread that runs its next function when the test calls next.
type thread chan func()

func (t thread) next() { (<-t)() }

func newGroup(t *testing.T) (*background.Group, thread) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	ui := make(thread, 16)
	g := background.NewGroup(t.Context(), func(f func()) { ui <- f })
	t.Cleanup(func() {
		g.Close()
		g.Wait()
		goleak.VerifyNone(t, before)
	})
	return g, ui
}

func TestResultOnTheUIThread(t *testing.T) {
	g, ui := newGroup(t)
	s := g.NewSlot()
	got := 0
	background.Run(s, func(context.Context) (int, error) { return 7, nil }, func(n int, err error) {
		require.NoError(t, err)
		require.False(t, s.Busy())
		got = n
	})
	require.True(t, s.Busy())
	ui.next()
	require.Equal(t, 7, got)
}

func TestLateResultIsDropped(t *testing.T) {
	g, ui := newGroup(t)
	s := g.NewSlot()
	release := make(chan struct{})
	var got []string
	done := func(text string, _ error) { got = append(got, text) }
	background.Run(s, func(context.Context) (string, error) { <-release; return "old", nil }, done)
	background.Run(s, func(context.Context) (string, error) { return "new", nil }, done)
	ui.next()
	close(release)
	ui.next()
	require.Equal(t, []string{"new"}, got)
}

func TestResultQueuedBeforeANewRunIsDropped(t *testing.T) {
	g, ui := newGroup(t)
	s := g.NewSlot()
	var got []string
	done := func(text string, _ error) { got = append(got, text) }
	background.Run(s, func(context.Context) (string, error) { return "old", nil }, done)
	late := <-ui
	background.Run(s, func(context.Context) (string, error) { return "new", nil }, done)
	late()
	ui.next()
	require.Equal(t, []string{"new"}, got)
}

func TestCancelEndsTheWorkAndDropsItsResult(t *testing.T) {
	g, ui := newGroup(t)
	s := g.NewSlot()
	background.Run(s, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, func(int, error) {
		t.Error("a canceled result came back")
	})
	s.Cancel()
	require.False(t, s.Busy())
	ui.next()
}

func TestInterruptDeliversTheResult(t *testing.T) {
	g, ui := newGroup(t)
	s := g.NewSlot()
	var got error
	work := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
	background.Run(s, work, func(_ int, err error) { got = err })
	s.Interrupt()
	require.True(t, s.Busy())
	ui.next()
	require.ErrorIs(t, got, context.Canceled)
	s.Interrupt()
}

func TestClosedGroupStartsAndDeliversNothing(t *testing.T) {
	g, ui := newGroup(t)
	s := g.NewSlot()
	fail := func(int, error) { t.Error("a result came back after Close") }
	background.Run(s, func(context.Context) (int, error) { return 1, errors.New("x") }, fail)
	g.Close()
	ui.next()
	background.Run(s, func(context.Context) (int, error) { t.Error("started after Close"); return 1, nil }, fail)
	g.Wait()
	require.Empty(t, ui)
}

func TestWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := make(chan struct{})
	require.NoError(t, background.Wait(ctx, nil))
	cancel()
	require.ErrorIs(t, background.Wait(ctx, c), context.Canceled)
	close(c)
	require.NoError(t, background.Wait(t.Context(), c))
}
