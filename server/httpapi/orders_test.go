package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/settings"
)

// A new order that leaves few serial numbers is logged, at most once an hour.
func TestFewSerialNumbers(t *testing.T) {
	w := servertest.NewWorld(t)
	warnings := func() int { return strings.Count(w.Log.String(), "few serial numbers are left") }
	w.Prepare("order 500")
	require.Zero(t, warnings(), w.Log.String())
	_, err := servertest.Vendor(w.Server).BlockSerials(t.Context(), w.Program.ID, []string{"1-41", "43-499", "503-999"},
		"")
	require.NoError(t, err)
	w.Prepare("order 501")
	require.Zero(t, warnings(), "they were counted less than an hour ago")
	w.Clock.Advance(time.Hour)
	w.Clients = servertest.NewSessions(w)
	w.Prepare("order 502")
	require.Equal(t, 1, warnings())
	require.Contains(t, w.Log.String(), "Lumen Studio 7 (program 1) has 0 of 999 serial numbers left")
}

// The list of programs contains the option. Anonymous clients need a verification number all the same (spec: api 10).
func TestOrderVerificationIsWaived(t *testing.T) {
	w := servertest.NewWorld(t)
	waived := func() []bool {
		status, body := w.Clients["anna"].Call("GET", "/programs", nil)
		require.Equal(t, 200, status)
		var list api.ProgramList
		require.NoError(t, json.Unmarshal(body, &list))
		var all []bool
		for _, p := range list.Programs {
			all = append(all, p.VerificationWaived)
		}
		return all
	}
	require.NotContains(t, waived(), true, "required by default")
	w.Prepare("waive")
	require.NotContains(t, waived(), false)

	c := servertest.Client{Server: w.Server, T: t}
	wrong := w.NewAccount(func(a *api.NewAccount) { a.Verification.Number = "x" })
	status, body := c.Keyed().Call("POST", "/accounts", wrong)
	w.RequireProblem(status, body, api.ErrVerificationFailed, "")
	status, body = c.Keyed().Call("POST", "/password-resets", map[string]any{"login": "anna"})
	w.RequireProblem(status, body, api.ErrValidation, "verification")

	err := servertest.Vendor(w.Server).SetOption(t.Context(), "order-verification", "no")
	require.ErrorContains(t, err, `"no" is neither "on" nor "off"`)
	require.NoError(t, servertest.Vendor(w.Server).SetOption(t.Context(), "order-verification", "on"))
	w.Clock.Advance(3 * time.Second)
	require.NotContains(t, waived(), true)
	require.Equal(t, "on", optionValue(t, w, "order-verification"))
}

func optionValue(t *testing.T, w *servertest.World, name string) string {
	t.Helper()
	current, err := servertest.Vendor(w.Server).Settings(t.Context())
	require.NoError(t, err)
	for _, s := range settings.All() {
		if s.Name == name {
			return s.Value(current)
		}
	}
	return ""
}

// The list of orders contains the refusal of a full order, and no refusal if there is a free seat.
func TestFullOrders(t *testing.T) {
	w := servertest.NewWorld(t)
	add := func() *api.Allowance {
		_, body := w.Clients["anna"].Call("GET", "/orders?limit=500", nil)
		var list api.OrderList
		require.NoError(t, json.Unmarshal(body, &list))
		for _, o := range list.Orders {
			if o.ID == sample.WithSerial {
				return o.Allowed.Add
			}
		}
		t.Fatal("the order is not listed")
		return nil
	}
	w.Prepare("total 5")
	w.Prepare("new A")
	require.Equal(t, &api.Allowance{OK: true}, add())
	w.Prepare("new B")
	require.Equal(t, &api.Allowance{Reason: api.ErrLicensesInUse}, add())
	w.Prepare("remove B")
	require.Equal(t, &api.Allowance{OK: true}, add())
}
