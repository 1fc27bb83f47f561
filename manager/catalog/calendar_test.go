package catalog

import (
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

func TestCalendar(t *testing.T) {
	end := time.Date(2026, 12, 5, 23, 59, 59, 0, time.UTC)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	name, content := Calendar(api.Order{ID: 1042, ProgramName: "Lumen; Studio\r\nX: y"}, License{License: api.License{
		ID:        7,
		Note:      "Büro, Süd",
		ExpiresAt: &end,
	}}, now, nil)
	require.Equal(t, "license-7.ics", name)
	c, err := ics.ParseCalendar(strings.NewReader(string(content)))
	require.NoError(t, err)
	require.Len(t, c.Events(), 1)
	start, err := c.Events()[0].GetAllDayStartAt()
	require.NoError(t, err)
	require.Equal(t, "2026-12-05", start.Format(time.DateOnly))
	require.Len(t, c.Events()[0].Alarms(), 3)
	require.NotContains(t, string(content), "\r\nX: y", "a name does not become a line of its own")
	require.Contains(t, string(content), "Büro")

	said := func(x client.Text) string { return "(" + x.String() + ")" }
	_, content = Calendar(api.Order{ID: 1042, ProgramName: "Lumen Studio"},
		License{License: api.License{ID: 7, ExpiresAt: &end}}, now, said)
	require.Contains(t, string(content), "SUMMARY:(License of Lumen Studio ends)", "in the words that the window gives")
	require.Contains(t, string(content), "DESCRIPTION:(Order 1042\\, license 7.)")
}
