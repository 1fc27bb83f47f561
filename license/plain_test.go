package license

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The short way of reading a code in its shown form says what the long way says.
func TestPlainCodes(t *testing.T) {
	for kind, text := range map[CodeKind]string{
		KindSiteCode: "7183EC4D", KindMachineID: "83A9-3429-0090-B3F5", KindMerged: "7183-EC4D-83A9-3429-0090-B3F5", KindActivationCode: "01020300-0000ABCD-00000000-00000009",
	} {
		plain, ok := shapes[kind].plain(text)
		require.True(t, ok, kind)
		require.Equal(t, strings.ReplaceAll(text, "-", ""), plain)
		typed, err := letters(kind, " "+strings.ToLower(text)+"\n")
		require.NoError(t, err)
		require.Equal(t, typed, plain)
		for _, other := range []string{"", strings.ToLower(text), text + "0", text[1:], "-" + text[1:], text[:len(text)-1] + "-", text[:len(text)-1] + "G", strings.Replace(text, text[:2], "é", 1)} {
			_, ok := shapes[kind].plain(other)
			require.False(t, ok, "%s %q", kind, other)
		}
	}
	_, ok := shapes[KindRemovalCode].plain("9D2BK-DD62M-C")
	require.False(t, ok, "Crockford codes have check letters")
}
