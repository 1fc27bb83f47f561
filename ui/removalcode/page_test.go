package removalcode

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

func TestTextAndPage(t *testing.T) {
	codes, err := license.ParseCodes("7183EC4D", "83A9-3429-0090-B3F5")
	require.NoError(t, err)
	removal, err := license.ParseRemovalCode("9D2BK-DD62M-C")
	require.NoError(t, err)
	c := Code{Program: "Lumen <Studio>", Note: `Büro "Süd" & Co`, Codes: codes, Code: removal}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

	require.Equal(t, "removal-code-7183EC4D.txt", c.fileName())
	text := c.Text(now)
	for _, line := range []string{"Program:       Lumen <Studio>", `Note:          Büro "Süd" & Co`, "Site code:     7183EC4D", "Removal code:  9D2BK-DD62M-C", "24 November 2026"} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, Code{Codes: codes, Code: removal}.Text(now), "Note")

	page, err := c.Page(now)
	require.NoError(t, err)
	html := string(page)
	require.Contains(t, html, "9D2BK-DD62M-C")
	require.Contains(t, html, "Lumen &lt;Studio&gt;")
	require.NotContains(t, html, "<Studio>", "what a vendor or a person wrote is text, nothing else")
	require.Contains(t, html, `src="data:image/png;base64,iVBOR`)
	require.NotContains(t, strings.ToLower(html), "http", "the page asks nobody for anything")
	require.Equal(t, "•••••-•••••-•", mask(removal))
}
