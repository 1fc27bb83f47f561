package license

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The fast parser of a code in its shown form agrees with the general one.
func TestPlainCodes(t *testing.T) {
	for kind, text := range map[CodeKind]string{
		KindSiteCode:       "7183EC4D",
		KindMachineID:      "83A9-3429-0090-B3F5",
		KindMerged:         "7183-EC4D-83A9-3429-0090-B3F5",
		KindActivationCode: "01020300-0000ABCD-00000000-00000009",
	} {
		code := make([]byte, shapes[kind].length()/2)
		require.True(t, kind.decodeShown(text, code), kind)
		require.Equal(t, strings.ReplaceAll(text, "-", ""), fmt.Sprintf("%X", code))
		typed := make([]byte, len(code))
		require.NoError(t, parseHex(kind, " "+strings.ToLower(text)+"\n", typed))
		require.Equal(t, typed, code)
		for _, other := range []string{"", strings.ToLower(text), text + "0", text[1:], "-" + text[1:],
			text[:len(text)-1] + "-", text[:len(text)-1] + "G", strings.Replace(text, text[:2], "é", 1)} {
			require.False(t, kind.decodeShown(other, make([]byte, len(code))), "%s %q", kind, other)
		}
	}
	require.False(t, KindRemovalCode.decodeShown("9D2BK-DD62M-C", make([]byte, 11)), "Crockford codes have check letters")
}
