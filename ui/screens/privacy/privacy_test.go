package privacy

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFormatBits(t *testing.T) {
	for want, c := range map[string]struct {
		value uint64
		n     int
	}{
		"1":                  {1, 1},
		"00 000":             {0, 5},
		"11 111":             {31, 5},
		"00 001 010":         {10, 8},
		"100 000 101":        {261, 9},
		"000 001 100 100":    {100, 12},
		"10 000 000 000 100": {1<<13 | 4, 14},
	} {
		require.Equal(t, want, formatBits(c.value, c.n))
	}
}
