package license

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The check letter detects every single wrong letter and every transposition of neighbors (spec: codes "Removal
// code", codes "Serial number").
func TestCheckLetter(t *testing.T) {
	for _, code := range []struct {
		kind  CodeKind
		shown string
	}{
		{KindRemovalCode, "9D2BK-DD62M-C"},
		{KindSerialNumber, "SM4G-2FQZ-XF-7EGC-WT2T"},
		{KindRemovalCode, "00000-00000-0"},
	} {
		letters := []byte(strings.ReplaceAll(code.shown, "-", ""))
		for i := range letters {
			for _, other := range []byte(crockford) {
				changed := append([]byte{}, letters...)
				changed[i] = other
				_, err := code.kind.Shown(string(changed))
				require.Equal(t, other == letters[i], err == nil, "%s", changed)
			}
			if i > 0 && letters[i] != letters[i-1] {
				swapped := append([]byte{}, letters...)
				swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
				_, err := code.kind.Shown(string(swapped))
				require.Error(t, err, "%s", swapped)
			}
		}
	}
}

// This holds for all codes: with α primitive and fewer than 31 letters, no single change and no transposition of
// neighbors preserves the sum.
func TestCheckLetterArithmetic(t *testing.T) {
	require.Equal(t, byte(1), gfMul(alpha[30], 2), "α has order 31")
	seen := map[byte]bool{}
	for _, a := range alpha {
		seen[a] = true
	}
	require.Len(t, seen, 31)
	for i := range serialLetters + 1 {
		here, next := alpha[i+1], alpha[i+2]
		for difference := byte(1); difference < 32; difference++ {
			require.NotZero(t, gfMul(here, difference))
			require.NotZero(t, gfMul(here, difference)^gfMul(next, difference), "swap at %d", i)
		}
	}
	require.NotEqual(t, byte(1), alpha[removalLetters], "a swap of the last letter and the check letter shows")
	require.NotEqual(t, byte(1), alpha[serialLetters])
}
