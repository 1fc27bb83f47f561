package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/servertest"
)

// The issue time of a license file is the time of the download: a program uses the newer file (spec: files "License
// file").
func TestLicenseFileIsIssuedNow(t *testing.T) {
	w := servertest.NewWorld(t)
	w.Prepare("new A")
	for range 2 {
		w.Clock.Advance(time.Minute)
		response := w.Clients["anna"].Raw("GET", fmt.Sprintf("/licenses/%d/file", w.Licenses["A"]), nil)
		f, err := w.Program.PublicKey.Verify(servertest.ReadBody(t, response))
		require.NoError(t, err)
		require.Equal(t, w.Clock.Now(), f.IssuedAt)
	}
}
