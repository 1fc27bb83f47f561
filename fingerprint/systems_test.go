package fingerprint

import (
	"context"
	"testing"

	"github.com/denisbrodbeck/machineid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/redact/redacttest"
)

func TestReadingIsRedacted(t *testing.T) {
	reading := read(t, desktop, true)
	reading.raw[0] = redacttest.Marker
	reading.disks = []string{redacttest.Marker}
	reading.adapters[0].address = redacttest.Marker
	redacttest.Hidden(t, reading)
	for _, l := range license.Locks() {
		if err := reading.Err(l); err != nil {
			require.NotContains(t, err.Error(), redacttest.Marker)
		}
	}
}

func TestReadCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := System().Read(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// All seven locks, Site code and Machine ID of this machine.
func BenchmarkCodes(b *testing.B) {
	key := license.Signature("LUMENST7").Key()
	reader := System()
	for b.Loop() {
		reading, err := reader.Read(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		key.Codes(1, reading.Block(key))
	}
}

// The machine ID alone, for comparison.
func BenchmarkMachineID(b *testing.B) {
	for b.Loop() {
		_, _ = machineid.ID()
	}
}
