package manager

import (
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

// signedInOffline returns a manager with a known account, an unreachable server, and one cached order with licenses.
func signedInOffline(t *testing.T, licenses ...api.License) *Manager {
	t.Helper()
	m := open(t, t.TempDir())
	t.Cleanup(func() { _ = m.Close() })
	ctx := t.Context()
	_, err := m.db.ExecContext(ctx,
		`INSERT INTO accounts VALUES (1, 'https://licenses.invalid', 'Lumen', 1, 'anna', 'Anna', 0, 0, '')`)
	require.NoError(t, err)
	require.NoError(t, m.Recall(ctx))
	require.NoError(t, m.db.save(ctx, 1, programsName, []api.Program{lumen}, m.options.Now()))
	order := api.Order{
		ID:                 1042,
		ProgramID:          1,
		ProgramName:        "Lumen Studio 7, “Pro”; new",
		RequiresActivation: true,
	}
	require.NoError(t, m.db.save(ctx, 1, ordersName, Orders{Orders: []api.Order{order}}, m.options.Now()))
	require.NoError(t, m.db.save(ctx, 1, licensesName(1042), licenses, m.options.Now()))
	return m
}

func TestExpiring(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	at := func(id int64, days float64) api.License {
		end := noon.Add(time.Duration(days * float64(24*time.Hour)))
		return api.License{ID: id, OrderID: 1042, Status: api.StatusActive, ExpiresAt: &end}
	}
	ended := at(9, 3)
	ended.Status = api.StatusRemoved
	m := signedInOffline(t, at(1, 15.5), at(2, 14), at(3, 8), at(4, 7.9), at(5, 1.5), at(6, 0.1), at(7, -0.1),
		api.License{ID: 8, Status: api.StatusActive}, ended)
	list, err := m.Expiring(t.Context())
	require.NoError(t, err)
	got := map[int64][2]int{}
	var order []int64
	for _, e := range list {
		got[e.License.ID] = [2]int{e.Days, e.Step}
		order = append(order, e.License.ID)
	}
	require.Equal(t, map[int64][2]int{2: {14, 14}, 3: {8, 14}, 4: {7, 7}, 5: {1, 1}, 6: {0, 1}}, got)
	require.Equal(t, []int64{6, 5, 4, 3, 2}, order, "the soonest first")
	found, err := m.Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, Found{Expiring: list}, found, "the same in one look at everything")
}

func TestCalendar(t *testing.T) {
	end := time.Date(2026, 12, 5, 23, 59, 59, 0, time.UTC)
	m := signedInOffline(t)
	name, content := m.Calendar(api.Order{ID: 1042, ProgramName: "Lumen; Studio\r\nX: y"}, License{License: api.License{
		ID:        7,
		Note:      "Büro, Süd",
		ExpiresAt: &end,
	}}, nil)
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

	said := func(x Text) string { return "(" + x.String() + ")" }
	_, content = m.Calendar(api.Order{ID: 1042, ProgramName: "Lumen Studio"},
		License{License: api.License{ID: 7, ExpiresAt: &end}}, said)
	require.Contains(t, string(content), "SUMMARY:(License of Lumen Studio ends)", "in the words that the window gives")
	require.Contains(t, string(content), "DESCRIPTION:(Order 1042\\, license 7.)")
}
