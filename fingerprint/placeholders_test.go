package fingerprint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// Read rejects placeholders of any source, even if the source accepts them (spec: codes "Unreadable values").
func TestPlaceholdersOfAllSources(t *testing.T) {
	for serial, readable := range map[uint32]bool{0x7c3e2238: true, 0xffffffff: false, 0: false} {
		reading, err := (&Reader{windowsSource{windowsPC{serial: serial}}}).Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, readable, reading.Readable(license.HDID), "%08X", serial)
		if !readable {
			require.ErrorIs(t, reading.Err(license.HDID), ErrUnreadable)
		}
	}
}

// listed is a source with a list of disks.
type listed struct {
	windowsSource
	serials []string
}

func (l listed) disks() ([]string, error) { return l.serials, nil }

// Disks without a real serial number among others.
func TestPlaceholderDisks(t *testing.T) {
	for _, c := range []struct{ serials, want []string }{
		{[]string{"11111111", "5YD1XK7G", "None", "S3Z9NB0K123456X"}, []string{"5YD1XK7G", "S3Z9NB0K123456X"}},
		{[]string{"11111111"}, nil},
		{nil, nil},
	} {
		reading, err := (&Reader{listed{windowsSource{windowsPC{}}, c.serials}}).Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.want, reading.disks)
		require.Equal(t, c.want != nil, reading.Readable(license.HDHWID))
	}
}

func TestStorageDescriptorOutOfRange(t *testing.T) {
	whole := storage(busSATA, "ACME", "Disk 1", "S3Z9NB0K123456X")
	require.Equal(t, storageDevice{busSATA, "ACME Disk 1", "S3Z9NB0K123456X"}, parseStorageDescriptor(whole))
	for _, field := range []int{descriptorVendor, descriptorProduct, descriptorSerial} {
		for _, offset := range [][4]byte{{byte(len(whole))}, {255, 255, 255, 127}, {255, 255, 255, 255}, {4}} {
			damaged := append([]byte{}, whole...)
			copy(damaged[field:], offset[:])
			require.NotEqual(t, parseStorageDescriptor(whole), parseStorageDescriptor(damaged), "%d %v", field, offset)
		}
	}
}
