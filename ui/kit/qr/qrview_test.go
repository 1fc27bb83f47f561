package qr

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
)

func newView(t *testing.T, after func(time.Duration) <-chan time.Time, texts ...string) (*View, chan func()) {
	t.Helper()
	test.NewTempApp(t)
	queue := make(chan func(), 100)
	work := background.NewGroup(context.Background(), func(f func()) { queue <- f })
	t.Cleanup(func() { work.Close(); work.Wait() })
	v, err := New(Options{Work: work, After: after}, texts...)
	require.NoError(t, err)
	t.Cleanup(v.Close)
	return v, queue
}

// read decodes the visible picture.
func read(t *testing.T, v *View) string {
	t.Helper()
	w := test.NewTempWindow(t, v.Object())
	w.Resize(w.Content().MinSize())
	texts, err := carry.ReadPicture(t.Context(), w.Canvas().Capture())
	require.NoError(t, err)
	require.Len(t, texts, 1)
	return texts[0]
}

func TestOnePicture(t *testing.T) {
	v, _ := newView(t, nil, "9D2BK-DD62M-C")
	require.Equal(t, "9D2BK-DD62M-C", read(t, v))
	require.Nil(t, v.autoAdvance, "no controls for one picture")
}

func TestLargestPictureIsReadable(t *testing.T) {
	text := strings.Repeat("ACEN:REQUEST/", 70)
	v, _ := newView(t, nil, text)
	require.Equal(t, text, read(t, v))
}

func TestAutoAdvance(t *testing.T) {
	tick := make(chan time.Time)
	v, queue := newView(t, func(d time.Duration) <-chan time.Time {
		require.Equal(t, interval, d)
		return tick
	}, "ONE", "TWO", "THREE")
	require.Equal(t, "1 of 3", v.position.Text)
	for _, count := range []string{"2 of 3", "3 of 3", "1 of 3"} {
		tick <- time.Time{}
		(<-queue)()
		require.Equal(t, count, v.position.Text)
	}
	v.step(-1)
	require.Equal(t, "3 of 3", v.position.Text)
	require.Equal(t, "THREE", read(t, v))
	require.False(t, v.autoAdvance.Checked, "a manual step stops the automatic change")
	require.False(t, v.slot.Busy())
}

func TestTextTooLong(t *testing.T) {
	test.NewTempApp(t)
	_, err := New(Options{Work: background.NewGroup(context.Background(), func(func()) {})}, strings.Repeat("ü", 4000))
	require.ErrorIs(t, err, carry.ErrTextTooLong)
}
