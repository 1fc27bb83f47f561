package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
)

// The log contains the operations of requests, but no secret that is in the wrong place.
func TestLogOfRequests(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	c.Call("GET", fmt.Sprintf("/orders/%d/licenses?cursor=cursor-secret", sample.WithSerial), nil)
	c.Call("GET", "/licenses/F3945D8C-B0D71FFA-02A956E3-8D6DB947/file", nil)
	c.Call("GET", "/serials/SERIAL-SECRET", nil)
	c.Call("METHOD-SECRET", "/orders", nil)
	c.Call("GET", "/healthz", nil)
	log := s.Log.String()
	require.Contains(t, log,
		fmt.Sprintf(`"path":"/api/v1/orders/%d/licenses","status":422,"operation":"list-licenses"`, sample.WithSerial))
	require.Contains(t, log, `"path":"/api/v1/licenses/{id}/file","status":422,"operation":"license-file"`)
	require.Contains(t, log, `"path":"","status":404,"operation":"nowhere"`)
	require.Contains(t, log, `"code":"STATUS_VALIDATION_ERROR"`)
	for _, secret := range []string{"F3945D8C", "SECRET", "secret", "healthz"} {
		require.NotContains(t, log, secret)
	}
}
