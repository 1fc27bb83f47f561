package fingerprinttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

func TestPC(t *testing.T) {
	key := license.Signature("NOTEPAD1").Key()
	reading, err := PC("a").Read(t.Context())
	require.NoError(t, err)
	for _, l := range license.Locks() {
		require.Equal(t, l != license.CDHWID, reading.Readable(l), l)
	}
	again, err := PC("a").Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, reading.Block(key), again.Block(key))
	for _, changed := range license.Locks()[:6] {
		other, err := PC("a", changed).Read(t.Context())
		require.NoError(t, err)
		for _, l := range license.Locks() {
			require.Equal(t, l != changed, other.Block(key).Value(l) == reading.Block(key).Value(l), "%s of a PC whose %s changed", l, changed)
		}
	}
	stranger, err := PC("b").Read(t.Context())
	require.NoError(t, err)
	require.False(t, license.Compare(reading.Block(key), stranger.Block(key), license.DefaultPolicy()).Accepted)
}
