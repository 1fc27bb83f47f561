package fingerprinttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

func TestPC(t *testing.T) {
	for _, signature := range []license.Signature{"NOTEPAD1", "LUMENST7"} {
		for _, name := range []string{"a", "b", "studio"} {
			testPC(t, name, signature.Key())
		}
	}
}

func testPC(t *testing.T, name string, key license.Key) {
	reading, err := PC(name).Read(t.Context())
	require.NoError(t, err)
	for _, l := range license.Locks() {
		require.Equal(t, l != license.CDHWID, reading.Readable(l), l)
	}
	again, err := PC(name).Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, reading.Block(key), again.Block(key))
	for _, changed := range license.Locks()[:6] {
		other, err := PC(name, changed).Read(t.Context())
		require.NoError(t, err)
		for _, l := range license.Locks() {
			same := other.Block(key).Value(l) == reading.Block(key).Value(l)
			require.Equal(t, l != changed, same, "%s of PC %s whose %s changed", l, name, changed)
		}
	}
	stranger, err := PC("stranger").Read(t.Context())
	require.NoError(t, err)
	require.False(t, license.Compare(reading.Block(key), stranger.Block(key), license.DefaultPolicy()).Accepted)
}
