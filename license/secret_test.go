package license

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/redact/redacttest"
)

// Every type of the package that contains a secret hides it (spec: codes "Keys of a program").
func TestSecretsAreHidden(t *testing.T) {
	var b [32]byte
	copy(b[:], redacttest.Marker)
	seed := NewRemovalSeed([16]byte(append([]byte(redacttest.Marker), "1234"...)))
	redacttest.HiddenEverywhere(t, NewActivationKey(b))
	redacttest.HiddenEverywhere(t, NewSerialSeed(b))
	redacttest.HiddenEverywhere(t, SigningKeyFromSeed(b))
	redacttest.HiddenEverywhere(t, seed)
	redacttest.Hidden(t, RawLocks{redacttest.Marker, "", redacttest.Marker})
	redacttest.HiddenEverywhere(t, File{Seed: seed})
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
