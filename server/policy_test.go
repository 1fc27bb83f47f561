package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/servertest"
)

// A license keeps its policy over several reactivations, even if the vendor makes the order's policy stricter (spec:
// api 3).
func TestPolicyOfALicenseCarriesOver(t *testing.T) {
	w := servertest.NewWorld(t)
	for _, step := range []string{"new A", "policy 0", "reactivate A A@9"} {
		w.Prepare(step)
	}
	status, body := w.Do("reactivate A@9 A@10+NET")
	require.Equal(t, 201, status, string(body))
}
