package license

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A number with a valid tag and serial id 0, which Serial never returns, is refused (spec: codes "Serial number").
func TestSerialNumberZero(t *testing.T) {
	q := NewSerialSeed([32]byte{9})
	tag := q.tag(1, 0, 5)
	_, _, err := q.Open(1, SerialNumber{data: 5 ^ q.mask(tag), tag: tag})
	require.ErrorIs(t, err, ErrSerialInvalid)
}
