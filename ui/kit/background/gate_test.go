package background_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/background"
)

func TestGateRunsQueuedFunctionsUntilDone(t *testing.T) {
	passed := make(thread, 16)
	g := background.NewGate(func(f func()) { passed <- f })
	var got []string
	record := func(text string) func() { return func() { got = append(got, text) } }
	g.Do(record("queued"))
	g.Do(func() {
		record("queues another")()
		go g.Do(record("queued during Run"))
	})
	g.Run(func() bool { return len(got) == 3 }, nil)
	require.Equal(t, []string{"queued", "queues another", "queued during Run"}, got)
	require.Empty(t, passed)

	g.Do(record("rest"))
	g.Open()
	g.Do(record("later"))
	require.Len(t, got, 3, "passed to the UI thread")
	passed.next()
	passed.next()
	require.Equal(t, []string{"rest", "later"}, got[3:])
}

func TestGateRunEndsWithTheTimeout(t *testing.T) {
	g := background.NewGate(func(f func()) { f() })
	timeout := make(chan time.Time, 1)
	ran := false
	g.Do(func() { ran = true; timeout <- time.Time{} })
	g.Run(func() bool { return false }, timeout)
	require.True(t, ran)
}

// Before Fyne's event loop starts, functions run synchronously. They may call Do themselves.
func TestGateOpenWithSynchronousUIThread(t *testing.T) {
	g := background.NewGate(func(f func()) { f() })
	var got []int
	g.Do(func() {
		got = append(got, 1)
		g.Do(func() { got = append(got, 2) })
	})
	g.Open()
	g.Do(func() { got = append(got, 3) })
	require.Equal(t, []int{1, 2, 3}, got)
}
