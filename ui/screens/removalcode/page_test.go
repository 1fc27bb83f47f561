package removalcode

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
)

func TestTextAndPage(t *testing.T) {
	codes, err := license.ParseCodes("7183EC4D", "83A9-3429-0090-B3F5")
	require.NoError(t, err)
	removal, err := license.ParseRemovalCode("9D2BK-DD62M-C")
	require.NoError(t, err)
	c := Code{
		Program: "Lumen <Studio>",
		Note:    `Büro "Süd" & Co`,
		Codes:   codes,
		Code:    removal,
	}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

	require.Equal(t, "removal-code-7183EC4D.txt", c.fileName())
	text := c.Text(now)
	for _, line := range []string{"Program:       Lumen <Studio>", `Note:          Büro "Süd" & Co`,
		"Site code:     7183EC4D", "Removal code:  9D2BK-DD62M-C", "24 November 2026"} {
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

// The QR code contains the removal code and nothing else, also while the text is masked.
func TestQRCodeOnScreen(t *testing.T) {
	test.NewTempApp(t)
	work := background.NewGroup(context.Background(), func(func()) {})
	t.Cleanup(func() { work.Close(); work.Wait() })
	b := NewBox(Options{Work: work}, Code{Code: 77}, true, nil)
	t.Cleanup(b.Close)
	w := test.NewTempWindow(t, b.Object())
	w.Resize(fyne.NewSize(560, 320))
	test.Tap(b.qr)
	require.Equal(t, hideQR.String(), b.qr.Text)
	texts, err := carry.ReadPicture(t.Context(), w.Canvas().Capture())
	require.NoError(t, err)
	require.Equal(t, []string{license.RemovalCode(77).String()}, texts)
	test.Tap(b.qr)
	require.Equal(t, showQR.String(), b.qr.Text)
	_, err = carry.ReadPicture(t.Context(), w.Canvas().Capture())
	require.ErrorIs(t, err, carry.ErrNoCode)
}
