package guard

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// IPv6 addresses with the same /64 prefix are one host (spec: api 11).
func TestHostKey(t *testing.T) {
	const host = "2001:db8:1:2:3:4:5:6"
	for _, same := range []string{"2001:db8:1:2::1", "2001:DB8:1:2:ffff::", "2001:db8:1:2:3:4:5:6%eth0"} {
		require.Equal(t, HostKey(host), HostKey(same), same)
	}
	keys := map[string]string{}
	for _, other := range []string{
		host, "2001:db8:1:3:3:4:5:6", "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.3", "not an address", "",
	} {
		key := HostKey(other)
		require.NotContains(t, keys, key, "%s and %s count as one", other, keys[key])
		keys[key] = other
	}
}
