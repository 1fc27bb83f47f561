package server_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/store"
)

func TestSerialStockWarnings(t *testing.T) {
	accepting := store.Program{ID: 3, Name: "Studio", AcceptsSerials: true}
	few := "Studio (program 3) has 9 of 100 serial numbers left that made no order."
	unmade := "Studio (program 3) has 99999 of 16777215 serial ids left to make serial numbers with."
	for _, c := range []struct {
		name  string
		stock server.SerialStock
		want  []string
	}{
		{"plenty", server.SerialStock{Program: accepting, Valid: 100, Used: 80, Blocked: 10, Unmade: 100_000}, nil},
		{
			"few are free",
			server.SerialStock{Program: accepting, Valid: 100, Used: 80, Blocked: 11, Unmade: 100_000},
			[]string{few},
		},
		{"few ids", server.SerialStock{Program: accepting, Valid: 100, Unmade: 99_999}, []string{unmade}},
		{"both", server.SerialStock{Program: accepting, Valid: 100, Used: 91, Unmade: 99_999}, []string{few, unmade}},
		{"none were made", server.SerialStock{Program: accepting, Unmade: license.MaxSerialID}, nil},
		{
			"no serial numbers are taken",
			server.SerialStock{Program: store.Program{ID: 3, Name: "Studio"}, Valid: 100, Used: 100},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.stock.Warnings()) })
	}
}

// An order that leaves few serial numbers is in the log, once an hour at most.
func TestFewSerialNumbersAreLogged(t *testing.T) {
	w := newWorld(t)
	warnings := func() int { return strings.Count(w.Log.String(), "few serial numbers are left") }
	w.prepare("order 500")
	require.Zero(t, warnings(), w.Log.String())
	_, err := vendor(w.Server).BlockSerials(t.Context(), w.program.ID, []string{"1-41", "43-499", "503-999"}, "")
	require.NoError(t, err)
	w.prepare("order 501")
	require.Zero(t, warnings(), "they were counted a moment ago")
	w.Clock.Advance(time.Hour)
	w.clients = newSessions(w)
	w.prepare("order 502")
	require.Equal(t, 1, warnings())
	require.Contains(t, w.Log.String(), "Lumen Studio 7 (program 1) has 0 of 999 serial numbers left")
}

// What the option says is in the list of programs; who is not signed in is asked all the same (spec: api 10).
func TestOrderVerificationIsWaived(t *testing.T) {
	w := newWorld(t)
	waived := func() []bool {
		status, body := w.clients["anna"].call("GET", "/programs", nil)
		require.Equal(t, 200, status)
		var list api.ProgramList
		require.NoError(t, json.Unmarshal(body, &list))
		var all []bool
		for _, p := range list.Programs {
			all = append(all, p.VerificationWaived)
		}
		return all
	}
	require.NotContains(t, waived(), true, "asked for, as a rule")
	w.prepare("waive")
	require.NotContains(t, waived(), false)

	c := client{Server: w.Server, t: t}
	wrong := w.newAccount(func(a *api.NewAccount) { a.Verification.Number = "x" })
	status, body := c.keyed().call("POST", "/accounts", wrong)
	w.status(status, body, api.ErrVerificationFailed, "")
	status, body = c.keyed().call("POST", "/password-resets", map[string]any{"login": "anna"})
	w.status(status, body, api.ErrValidation, "verification")

	err := vendor(w.Server).SetOption(t.Context(), "order-verification", "no")
	require.ErrorContains(t, err, `"no" is neither "on" nor "off"`)
	require.NoError(t, vendor(w.Server).SetOption(t.Context(), "order-verification", "on"))
	w.Clock.Advance(3 * time.Second)
	require.NotContains(t, waived(), true)
	require.Equal(t, "on", optionValue(t, w, "order-verification"))
}

func optionValue(t *testing.T, w *world, name string) string {
	t.Helper()
	settings, err := vendor(w.Server).Settings(t.Context())
	require.NoError(t, err)
	for _, s := range server.AllSettings() {
		if s.Name == name {
			return s.Value(settings)
		}
	}
	return ""
}
