package privacy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBits(t *testing.T) {
	for want, c := range map[string]struct {
		value uint64
		n     int
	}{"000 000 000": {0, 9}, "111 111 111": {511, 9}, "100 000 101": {261, 9}, "000 001 100 100": {100, 12}} {
		require.Equal(t, want, Bits(c.value, c.n))
	}
}
