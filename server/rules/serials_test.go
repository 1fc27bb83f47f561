package rules

import (
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// Redeem accepts unused serial numbers of the program in its range (spec: api 9).
func TestRedeem(t *testing.T) {
	for name, c := range map[string]struct {
		id      uint32
		program int64
		foreign bool // made with the seed of another program
		state   func(*memory)
		code    api.Code
	}{
		"good":            {id: 100},
		"out of range":    {id: 101, code: api.ErrSerialInvalid},
		"below the range": {id: 9, state: func(m *memory) { m.program.FirstSerial = 10 }, code: api.ErrSerialInvalid},
		"no range": {
			id:    1,
			state: func(m *memory) { m.program.FirstSerial, m.program.LastSerial = 0, 0 },
			code:  api.ErrSerialInvalid,
		},
		"unknown":          {id: 7, foreign: true, code: api.ErrSerialInvalid},
		"blocked":          {id: 7, state: func(m *memory) { m.blocked = []uint32{7} }, code: api.ErrSerialInvalid},
		"used":             {id: 7, state: func(m *memory) { m.used = []uint32{7} }, code: api.ErrSerialInUse},
		"another one used": {id: 7, state: func(m *memory) { m.used, m.blocked = []uint32{8}, []uint32{6} }},
		"takes none":       {id: 7, state: func(m *memory) { m.program.AcceptsSerials = false }, code: api.ErrTaskDisabled},
		"no such program":  {id: 7, program: 99, code: api.ErrTaskDisabled},
	} {
		t.Run(name, func(t *testing.T) {
			r, m := start(t)
			if c.state != nil {
				c.state(m)
			}
			seed, err := r.Secrets.SerialSeed(m.program)
			require.NoError(t, err)
			if c.foreign {
				var b [32]byte
				_, err := rand.Read(b[:])
				require.NoError(t, err)
				seed = license.NewSerialSeed(b)
			}
			number, err := seed.Serial(uint32(m.program.ID), c.id, 5)
			require.NoError(t, err)
			id := m.program.ID
			if c.program != 0 {
				id = c.program
			}
			o, _, err := r.Redeem(t.Context(), m.tx(), id, number)
			requireCode(t, c.code, err)
			if c.code == "" {
				require.Equal(t, c.id, o.SerialID)
				require.Equal(t, uint16(5), o.Features, "features of the serial number")
				require.Equal(t, m.program.OrderLicenses, o.LicensesTotal)
			}
		})
	}
}

// The dates of a new order follow from its program (spec: api 2).
func TestDefaultOrder(t *testing.T) {
	r, m := start(t)
	o := r.DefaultOrder(m.program, 5)
	require.Nil(t, o.LicensesExpireAt)
	require.False(t, o.HasSubscription)
	m.program.LicenseDays, m.program.SubscriptionDays = 30, 365
	o = r.DefaultOrder(m.program, 5)
	require.Equal(t, now.AddDate(0, 0, 30), *o.LicensesExpireAt)
	require.Equal(t, now.AddDate(0, 0, 365), *o.SubscriptionExpiresAt)
	require.Equal(t, api.SubscriptionValid, r.Subscription(o))
}

// Warnings reports few free serial numbers and few unmade serial ids.
func TestSerialStockWarnings(t *testing.T) {
	accepting := store.Program{ID: 3, Name: "Studio", AcceptsSerials: true}
	few := "Studio (program 3) has 9 of 100 serial numbers left without an order."
	unmade := "Studio (program 3) has 99999 of 16777215 serial IDs left for new serial numbers."
	for _, c := range []struct {
		name  string
		stock SerialStock
		want  []string
	}{
		{"plenty", SerialStock{Program: accepting, Valid: 100, Used: 80, Blocked: 10, Unmade: 100_000}, nil},
		{
			"few are free",
			SerialStock{Program: accepting, Valid: 100, Used: 80, Blocked: 11, Unmade: 100_000},
			[]string{few},
		},
		{"few ids", SerialStock{Program: accepting, Valid: 100, Unmade: 99_999}, []string{unmade}},
		{"both", SerialStock{Program: accepting, Valid: 100, Used: 91, Unmade: 99_999}, []string{few, unmade}},
		{"none were made", SerialStock{Program: accepting, Unmade: license.MaxSerialID}, nil},
		{
			"no serial numbers are taken",
			SerialStock{Program: store.Program{ID: 3, Name: "Studio"}, Valid: 100, Used: 100},
			nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.stock.Warnings()) })
	}
}
