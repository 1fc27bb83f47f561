package license

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The last base64 letter has unused bits. A text with these bits set decodes to the same signed bytes, but is refused
// as another text (spec: files "License file").
func TestLicenseFileEncoding(t *testing.T) {
	key := SigningKeyFromSeed([32]byte{1})
	signature := Signature("EQH524Y")
	codes := signature.Key().Codes(1, signature.Key().Block(RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"}))
	token, err := key.Sign(File{
		ID:          1,
		IssuedAt:    time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC),
		Order:       1,
		ProgramID:   1,
		ProgramName: "Notepad",
		Signature:   signature,
		Codes:       codes,
		Policy:      DefaultPolicy(),
	})
	require.NoError(t, err)
	_, err = key.Public().Verify(token)
	require.NoError(t, err)

	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, token[len(token)-1])
	other := token[:len(token)-1] + string(letters[last^1])
	foot, otherFoot := token[strings.LastIndex(token, ".")+1:], other[strings.LastIndex(other, ".")+1:]
	decoded, err := base64.RawURLEncoding.DecodeString(foot)
	require.NoError(t, err)
	again, err := base64.RawURLEncoding.DecodeString(otherFoot)
	require.NoError(t, err)
	require.Equal(t, decoded, again, "the texts differ in bits that encode nothing")
	_, err = key.Public().Verify(other)
	require.ErrorIs(t, err, ErrFileDamaged)
}
