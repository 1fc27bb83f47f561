package background_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/ui/kit/background"
)

func TestGateRunsWhatComesUntilItIsEnough(t *testing.T) {
	passed := make(thread, 16)
	g := background.NewGate(func(f func()) { passed <- f })
	var got []string
	say := func(text string) func() { return func() { got = append(got, text) } }
	g.Do(say("kept"))
	g.Do(func() {
		say("asks for more")()
		go g.Do(say("came while waiting"))
	})
	g.Run(func() bool { return len(got) == 3 }, nil)
	require.Equal(t, []string{"kept", "asks for more", "came while waiting"}, got)
	require.Empty(t, passed)

	g.Do(say("rest"))
	g.Open()
	g.Do(say("later"))
	require.Len(t, got, 3, "it is the UI thread's now")
	passed.next()
	passed.next()
	require.Equal(t, []string{"rest", "later"}, got[3:])
}

func TestGateWaitsNoLongerThanItMay(t *testing.T) {
	g := background.NewGate(func(f func()) { f() })
	late := make(chan time.Time, 1)
	ran := false
	g.Do(func() { ran = true; late <- time.Time{} })
	g.Run(func() bool { return false }, late)
	require.True(t, ran)
}

// What runs at once when it is handed on, as before the toolkit's loop begins, may hand on something itself.
func TestGateOpensForWhatRunsAtOnce(t *testing.T) {
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
