package sqlstore

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// column is a column type of this package.
type column interface {
	sql.Scanner
	driver.Valuer
}

func requireStored(t *testing.T, c driver.Valuer, want driver.Value) {
	t.Helper()
	stored, err := c.Value()
	require.NoError(t, err)
	require.Equal(t, want, stored)
}

// Times are stored as microseconds in UTC. The zero time and nil are NULL.
func TestTimeColumns(t *testing.T) {
	zone := time.FixedZone("", 3600)
	moment := time.Date(2026, 11, 24, 12, 0, 0, 123456789, zone)
	requireStored(t, at(moment), int64(1795518000123456))
	requireStored(t, at(time.Time{}), nil)
	requireStored(t, atOptional(nil), nil)
	requireStored(t, atOptional(&moment), int64(1795518000123456))
	stored := moment.Truncate(time.Microsecond).UTC()
	for v, want := range map[any]*time.Time{nil: nil, int64(1795518000123456): &stored} {
		var i instant
		require.NoError(t, i.Scan(v))
		to := &moment
		require.NoError(t, optionalTime{&to}.Scan(v))
		require.Equal(t, want, to)
		if want == nil {
			require.True(t, time.Time(i).IsZero())
			continue
		}
		require.Equal(t, *want, time.Time(i))
	}
	for _, v := range []any{"2026-11-24", 1.5, true, moment} {
		to := &moment
		require.Error(t, new(instant).Scan(v))
		require.Error(t, optionalTime{&to}.Scan(v))
	}
}

// Integers that do not fit their type are an error, not another number.
func TestIntegerColumns(t *testing.T) {
	for _, row := range []struct {
		v  any
		ok bool
	}{
		{int64(0), true}, {int64(math.MaxUint16), true}, {int64(math.MaxUint16 + 1), false}, {int64(-1), false},
		{"7", false}, {nil, false}, {7.0, false},
	} {
		var n uint16
		require.Equal(t, row.ok, integer[uint16]{&n}.Scan(row.v) == nil, "%v", row.v)
		if row.ok {
			require.EqualValues(t, row.v, n)
		}
	}
	for v, older := range map[any]bool{int64(1): true, int64(2): false, int64(3): false} {
		is := !older
		require.NoError(t, schemeColumn{&is}.Scan(v))
		require.Equal(t, older, is)
	}
	var is bool
	for _, v := range []any{int64(0), int64(-1), "1", nil} {
		require.Error(t, schemeColumn{&is}.Scan(v), "%v", v)
	}
}

// Codes and keys survive the way to the database and back. What is not stored by this package is an error.
func TestTextColumns(t *testing.T) {
	machine := license.MachineID(math.MaxUint64)
	activation, err := license.ParseActivationCode("F3945D8C-B0D71FFA-02A956E3-8D6DB947")
	require.NoError(t, err)
	key := license.PublicKey{1, 2, 255}
	keys := []license.PublicKey{{1}, {2}}
	policy := license.Policy{Enabled: true, MaxHardwareChanges: 2, Changeable: []license.Lock{license.HDID}}
	older := true
	var noKeys []license.PublicKey
	keysText := fmt.Sprintf(`["%s","%s"]`, keys[0], keys[1])
	for name, row := range map[string]struct {
		from, to column
		stored   driver.Value
	}{
		"machine":    {machineColumn{&machine}, machineColumn{new(license.MachineID)}, "FFFFFFFFFFFFFFFF"},
		"activation": {activationColumn{&activation}, activationColumn{new(license.ActivationCode)}, activation.String()},
		"key":        {publicKeyColumn{&key}, publicKeyColumn{new(license.PublicKey)}, key.String()},
		"keys":       {formerKeys{&keys}, formerKeys{&[]license.PublicKey{{3}}}, keysText},
		"no keys":    {formerKeys{&noKeys}, formerKeys{&[]license.PublicKey{{3}}}, `[]`},
		"scheme":     {schemeColumn{&older}, schemeColumn{new(bool)}, int64(1)},
		"document":   {document{&map[string]int{"a": 1}}, document{&map[string]int{}}, `{"a":1}`},
		"policy":     {policyColumn{&policy}, policyColumn{new(license.Policy)}, policyText(license.HDID)},
		"no policy":  {policyColumn{new(license.Policy)}, policyColumn{new(license.Policy)}, emptyPolicy},
	} {
		requireStored(t, row.from, row.stored)
		require.NoError(t, row.to.Scan(row.stored), name)
		require.Equal(t, row.from, row.to, name)
		for _, v := range []any{nil, 1.5, []byte("x"), "no value", `["no value"]`} {
			require.Error(t, row.to.Scan(v), "%s: %v", name, v)
		}
	}
	require.Error(t, policyColumn{&policy}.Scan(`{"changeable": ["NO_LOCK"]}`))
}

const emptyPolicy = `{"enabled":false,"max_hardware_changes":0,"changeable":[]}`

func policyText(l license.Lock) string {
	return `{"enabled":true,"max_hardware_changes":2,"changeable":["` + l.String() + `"]}`
}

// Policies are cached by their text up to a limit, and no row shares the memory of another.
func TestPolicyCache(t *testing.T) {
	text := policyText(license.NETID)
	var first, second license.Policy
	require.NoError(t, policyColumn{&first}.Scan(text))
	first.Changeable[0] = license.OSID
	require.NoError(t, policyColumn{&second}.Scan(text))
	require.Equal(t, []license.Lock{license.NETID}, second.Changeable)

	m := policyCache{byText: map[string]license.Policy{}}
	for n := range maxPolicies + 1 {
		m.put(fmt.Sprint(n), license.Policy{MaxHardwareChanges: n})
	}
	p, ok := m.get(fmt.Sprint(maxPolicies - 1))
	require.True(t, ok)
	require.Equal(t, maxPolicies-1, p.MaxHardwareChanges)
	_, ok = m.get(fmt.Sprint(maxPolicies))
	require.False(t, ok)
}
