package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// The log contains the id of a path, however large a restored server has made it (spec: api 20).
func TestLogOfLargeIDs(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	c.Call("GET", fmt.Sprintf("/orders/%d/history", int64(store.MaxID)), nil)
	require.Contains(t, s.Log.String(), fmt.Sprintf(`"path":"/api/v1/orders/%d/history"`, int64(store.MaxID)))
}
