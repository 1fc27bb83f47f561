package httpapi_test

import (
	"encoding/json"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/servertest"
)

// Lists have cursors, and an unchanged list is answered with 304 (spec: api "Lists").
func TestPagesAndETags(t *testing.T) {
	s := servertest.Start(t)
	c, _ := servertest.SignIn(t, s)
	seen := map[int64]bool{}
	for cursor := ""; ; {
		var page api.LicenseList
		_, body := c.Call("GET", "/orders/1020/licenses?limit=33&cursor="+cursor, nil)
		require.NoError(t, json.Unmarshal(body, &page))
		require.LessOrEqual(t, len(page.Licenses), 33)
		for _, l := range page.Licenses {
			require.False(t, seen[l.ID])
			seen[l.ID] = true
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Len(t, seen, 200)

	response := c.Raw("GET", "/orders", nil)
	_ = response.Body.Close()
	tag := response.Header.Get("ETag")
	require.NotEmpty(t, tag)
	response = c.With("If-None-Match", tag).Raw("GET", "/orders", nil)
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	require.NoError(t, err)
	require.Equal(t, 304, response.StatusCode)
	require.Empty(t, body)
	servertest.Activate(t, s, 1042, servertest.MadeUpCodes("LUMENST7", 5))
	response = c.With("If-None-Match", tag).Raw("GET", "/orders", nil)
	_ = response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
}
