package catalog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

func TestExpiring(t *testing.T) {
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	at := func(id int64, days float64) api.License {
		end := noon.Add(time.Duration(days * float64(24*time.Hour)))
		return api.License{ID: id, OrderID: 1042, Status: api.StatusActive, ExpiresAt: &end}
	}
	ended := at(9, 3)
	ended.Status = api.StatusRemoved
	w := newFixture(t)
	w.cache(t, at(1, 15.5), at(2, 14), at(3, 8), at(4, 7.9), at(5, 1.5), at(6, 0.1), at(7, -0.1),
		api.License{ID: 8, Status: api.StatusActive}, ended)
	list, err := w.view.Expiring(t.Context())
	require.NoError(t, err)
	got := map[int64][2]int{}
	var order []int64
	for _, e := range list {
		got[e.License.ID] = [2]int{e.Days, e.Step}
		order = append(order, e.License.ID)
	}
	require.Equal(t, map[int64][2]int{2: {14, 14}, 3: {8, 14}, 4: {7, 7}, 5: {1, 1}, 6: {0, 1}}, got)
	require.Equal(t, []int64{6, 5, 4, 3, 2}, order, "the soonest first")
	found, err := w.view.Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, Found{Expiring: list}, found, "the same in one look at everything")
}
