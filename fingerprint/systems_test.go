package fingerprint

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/denisbrodbeck/machineid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

func TestReadingHidesItself(t *testing.T) {
	reading := read(t, desktop, true)
	reading.raw[0] = "SECRETMARKER"
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "reading", reading)
	encoded, err := json.Marshal(reading)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", reading, reading, reading, reading), log.String(), string(encoded)} {
		require.NotContains(t, text, "SECRETMARKER")
		require.NotContains(t, text, "F48E38")
	}
	for _, l := range license.Locks() {
		if err := reading.Problem(l); err != nil {
			require.NotContains(t, err.Error(), "SECRETMARKER")
		}
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
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

// The machine id alone, for comparison.
func BenchmarkMachineID(b *testing.B) {
	for b.Loop() {
		_, _ = machineid.ID()
	}
}
