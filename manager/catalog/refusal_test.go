package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
)

func TestReasonsForButtons(t *testing.T) {
	allowed := func(a *api.Allowance) api.Order {
		return api.Order{
			ProgramName:        "Lumen",
			RequiresActivation: true,
			LicensesTotal:      4,
			CanManage:          true,
			Allowed:            api.Allowed{Add: a},
		}
	}
	for name, c := range map[string]struct {
		order api.Order
		code  api.Code
		words string
	}{
		"allowed": {allowed(&api.Allowance{OK: true}), "", ""},
		"in use": {allowed(&api.Allowance{Reason: api.ErrLicensesInUse}), api.ErrLicensesInUse,
			"All 4 licenses are in use."},
		"read-only": {allowed(&api.Allowance{Reason: api.ErrOrderReadOnly}), api.ErrOrderReadOnly, "no changes"},
		"subscription": {allowed(&api.Allowance{Reason: api.ErrSubscriptionExpired}), api.ErrSubscriptionExpired,
			"subscription"},
		"a newer server's": {allowed(&api.Allowance{Reason: "STATUS_NEWER"}), "STATUS_NEWER", "does not allow"},
		"not offered":      {allowed(nil), api.ErrTaskDisabled, "does not offer"},
		"needs no activation": {api.Order{ProgramName: "Lumen Fonts"}, api.ErrTaskDisabled,
			"Lumen Fonts needs no activation"},
	} {
		err := NewLicenseRefusal(c.order)
		if c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, c.code, name)
		require.ErrorContains(t, err, c.words, name)
	}
	require.NoError(t, EmailRefusal(License{License: api.License{Status: api.StatusActive}}))
	require.ErrorIs(t, EmailRefusal(License{License: api.License{Status: api.StatusRemoved}}), api.ErrLicenseEnded)
}
