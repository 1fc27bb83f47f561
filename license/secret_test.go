package license

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSecretsDoNotShow covers every way in which a secret may be printed (spec: codes "Keys of a program").
func TestSecretsDoNotShow(t *testing.T) {
	const marker = "SECRETMARKER"
	var b [32]byte
	copy(b[:], marker)
	var seed RemovalSeed
	copy(seed[:], marker)
	for _, v := range []any{
		NewActivationKey(b), NewSerialSeed(b), SigningKeyFromSeed(b), seed, RawLocks{marker}, struct{ K ActivationKey }{NewActivationKey(b)},
		struct{ k ActivationKey }{NewActivationKey(b)}, &struct{ k *SigningKey }{new(SigningKeyFromSeed(b))}, []SerialSeed{NewSerialSeed(b)},
		map[string]SigningKey{"k": SigningKeyFromSeed(b)}, File{Seed: seed},
	} {
		encoded, err := json.Marshal(v)
		require.NoError(t, err)
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %x %s %q %d", v, v, v, v, v, v), log.String(), string(encoded), errors.Join(fmt.Errorf("%v", v)).Error()} {
			require.NotContains(t, text, marker)
			require.NotContains(t, text, "5345435245544d41524b4552")
			require.NotContains(t, text, "83 69 67 82")
			require.NotContains(t, text, "U0VDUkVU")
		}
	}
}

func TestSignature(t *testing.T) {
	for _, good := range []string{"EQH524", "16MTS56ZC4", "lumen-7!"} {
		_, err := ParseSignature(good)
		require.NoError(t, err)
	}
	for _, bad := range []string{"", "SHORT", "ELEVENCHARS", "WITH BLANK", "ÜMLAUT", "tab\tabc"} {
		_, err := ParseSignature(bad)
		require.ErrorIs(t, err, ErrSignature)
	}
}
