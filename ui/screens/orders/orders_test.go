package orders

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/theme"
)

func order(change func(*api.Order)) api.Order {
	o := api.Order{
		ID:                 1042,
		ProgramName:        "Lumen Studio 7",
		LicensesTotal:      5,
		LicensesActivated:  3,
		RequiresActivation: true,
		CanManage:          true,
		Subscription:       api.Subscription{State: api.SubscriptionNone},
	}
	change(&o)
	return o
}

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		text   string
		tone   theme.Tone
		used   string
		change func(*api.Order)
	}{
		{"2 left", theme.Muted, "3 / 5", func(*api.Order) {}},
		{"all in use", theme.Warning, "5 / 5", func(o *api.Order) { o.LicensesActivated = 5 }},
		{"all in use", theme.Warning, "7 / 5", func(o *api.Order) { o.LicensesActivated = 7 }},
		{"subscription ended", theme.Bad, "3 / 5", func(o *api.Order) { o.Subscription.State = api.SubscriptionExpired }},
		{"2 left", theme.Muted, "3 / 5", func(o *api.Order) { o.Subscription.State = api.SubscriptionValid }},
		{"read-only", theme.Neutral, "3 / 5", func(o *api.Order) { o.CanManage = false }},
		{"needs no activation", theme.Muted, "–", func(o *api.Order) { o.RequiresActivation = false }},
	} {
		o := order(c.change)
		require.Equal(t, c.text, Status(o).Text)
		require.Equal(t, c.tone, Status(o).Tone, c.text)
		require.Equal(t, c.used, usedText(o))
	}
}

func TestFirst(t *testing.T) {
	_, ok := First(nil)
	require.False(t, ok)
	fonts := order(func(o *api.Order) { o.ID, o.RequiresActivation = 2000, false })
	one, ok := First([]api.Order{fonts})
	require.True(t, ok)
	require.EqualValues(t, 2000, one.ID)
	one, _ = First([]api.Order{order(func(o *api.Order) { o.ID = 1003 }), fonts, order(func(*api.Order) {})})
	require.EqualValues(t, 1042, one.ID)
}
