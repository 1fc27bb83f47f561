package fingerprint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// A license bound to the larger serial number of a mirror finds its disk (spec: codes "Disks").
func TestBoundDiskOfMirror(t *testing.T) {
	first := windowsDisk{descriptor: storage(busSATA, "", "HDD", "WD-9A21")}
	second := windowsDisk{descriptor: storage(busSATA, "", "HDD", "ZA1B2C3D")}
	key := license.Signature("NOTEPAD1").Key()
	alone, err := (&Reader{windowsSource{windowsPC{disks: []windowsDisk{second}}}}).Read(t.Context())
	require.NoError(t, err)
	both, err := (&Reader{windowsSource{windowsPC{disks: []windowsDisk{first, second}}}}).Read(t.Context())
	require.NoError(t, err)
	bound := alone.Block(key)
	require.NotEqual(t, bound.Value(license.HDHWID), both.Block(key).Value(license.HDHWID))
	require.Equal(t, bound.Value(license.HDHWID), both.BlockFor(key, bound).Value(license.HDHWID))
}
