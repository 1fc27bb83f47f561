package fingerprint

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// The library and this package read the same machine ID of the real system.
func TestSystemMachineID(t *testing.T) {
	id, err := treeMachineID(os.DirFS("/"))()
	reading, readErr := System().Read(t.Context())
	require.NoError(t, readErr)
	if err != nil || !readable(license.OSID, id) {
		require.False(t, reading.Readable(license.OSID))
		return
	}
	require.Equal(t, license.Normalize(id), license.Normalize(reading.raw[license.OSID-1]))
}
