package license

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The last moment of a code, grants that a code cannot hold, and modified codes (spec: codes "Activation code").
func TestActivationEdges(t *testing.T) {
	a := NewActivationKey([32]byte{7})
	codes := Codes{1, 2}
	day := time.Date(2027, 3, 1, 15, 0, 0, 0, time.UTC)
	code, err := a.Activate(codes, Grant{Expires: day})
	require.NoError(t, err)
	g, err := a.Check(codes, code)
	require.NoError(t, err)
	require.Equal(t, time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC).Add(-time.Nanosecond), g.ValidThrough())
	require.Zero(t, Grant{}.ValidThrough(), "never ends")
	_, err = a.Activate(codes, Grant{Expires: time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.Error(t, err)
	_, err = a.Activate(codes, Grant{Issue: MaxIssue + 1})
	require.Error(t, err)
	_, err = a.Check(Codes{1, 3}, code)
	require.ErrorIs(t, err, ErrActivationInvalid)
	for i := range code {
		changed := code
		changed[i] ^= 0x10
		_, err := a.Check(codes, changed)
		require.ErrorIs(t, err, ErrActivationInvalid)
	}
}

// The first and the last day that a code can hold. A day is a day in UTC (spec: codes "Activation code").
func TestExpiryDays(t *testing.T) {
	a, codes := NewActivationKey([32]byte{7}), Codes{1, 2}
	for _, day := range []time.Time{dayZero.AddDate(0, 0, 1), dayZero.AddDate(0, 0, 65535),
		time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)} {
		code, err := a.Activate(codes, Grant{Features: 65535, Expires: day.Add(86399 * time.Second), Issue: MaxIssue})
		require.NoError(t, err, day)
		g, err := a.Check(codes, code)
		require.NoError(t, err)
		require.Equal(t, Grant{Features: 65535, Expires: day, Issue: MaxIssue}, g)
	}
	for _, day := range []time.Time{dayZero, dayZero.Add(-time.Second), dayZero.AddDate(0, 0, 65536),
		time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err := a.Activate(codes, Grant{Expires: day})
		require.ErrorContains(t, err, "cannot end on", day)
	}
	// The day is that in UTC, whatever the location of the argument.
	east := time.Date(2027, 3, 1, 1, 0, 0, 0, time.FixedZone("", 10*3600))
	require.Equal(t, time.Date(2027, 2, 28, 23, 59, 59, 999999999, time.UTC), Grant{Expires: east}.ValidThrough())
	require.True(t, Grant{}.ValidThrough().IsZero())
}

// A forged code is accepted only by guessing 80 bits; shorter, zero and other versions are refused (spec: codes
// "Activation code").
func TestForgedActivationCodes(t *testing.T) {
	a, codes := NewActivationKey([32]byte{7}), Codes{1, 2}
	for _, forged := range []ActivationCode{{},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
		_, err := a.Check(codes, forged)
		require.ErrorIs(t, err, ErrActivationInvalid)
	}
	payload := uint64(2) << 44
	tag := a.tag(codes, payload)
	var future ActivationCode
	copy(future[:6], be64((payload^a.payloadMask(tag))<<16))
	copy(future[6:], tag)
	_, err := a.Check(codes, future)
	require.ErrorIs(t, err, ErrActivationInvalid, "a genuine code of version 2")

	good, err := a.Activate(codes, Grant{Features: 5})
	require.NoError(t, err)
	for bit := range 8 * len(good) {
		forged := good
		forged[bit/8] ^= 1 << (bit % 8)
		_, err := a.Check(codes, forged)
		require.ErrorIs(t, err, ErrActivationInvalid, "bit %d", bit)
	}
}

// Every other code, pair and seed is refused (spec: codes "Removal code").
func TestRemovalCodes(t *testing.T) {
	a, codes := NewActivationKey([32]byte{7}), Codes{1, 2}
	code, err := a.Activate(codes, Grant{})
	require.NoError(t, err)
	seed := a.RemovalSeed(code)
	removal := seed.RemovalCode(codes)
	require.Less(t, uint64(removal), uint64(1)<<50)
	require.True(t, seed.Verify(codes, removal))
	require.False(t, seed.Verify(codes, removal|1<<50), "only 50 bits are a code")
	require.False(t, seed.Verify(Codes{1, 3}, removal))
	require.False(t, RemovalSeed{}.Verify(codes, removal))
	for bit := range 50 {
		require.False(t, seed.Verify(codes, removal^1<<bit))
	}
}

// The limits of serial ids, and numbers of another program (spec: codes "Serial number").
func TestSerialNumbers(t *testing.T) {
	q := NewSerialSeed([32]byte{9})
	_, err := q.Serial(1, 0, 0)
	require.ErrorIs(t, err, ErrSerialID)
	_, _, err = q.Open(1, SerialNumber{})
	require.ErrorIs(t, err, ErrSerialInvalid)
	_, err = q.Serial(1, MaxSerialID+1, 0)
	require.ErrorIs(t, err, ErrSerialID)
	for _, id := range []uint32{1, 2, 32768, 65535, 65536, MaxSerialID} {
		for _, program := range []uint32{0, 1, 1<<32 - 1} {
			n, err := q.Serial(program, id, ^uint16(id))
			require.NoError(t, err)
			typed, err := ParseSerialNumber(n.String())
			require.NoError(t, err)
			require.Equal(t, n, typed)
			gotID, features, err := q.Open(program, typed)
			require.NoError(t, err)
			require.Equal(t, []uint32{id, uint32(^uint16(id))}, []uint32{gotID, uint32(features)})
			_, _, err = q.Open(program+1, typed)
			require.ErrorIs(t, err, ErrSerialInvalid)
			_, _, err = NewSerialSeed([32]byte{8}).Open(program, typed)
			require.ErrorIs(t, err, ErrSerialInvalid)
			for bit := range serialTagBits {
				_, _, err = q.Open(program, SerialNumber{data: n.data, tag: n.tag ^ 1<<bit})
				require.ErrorIs(t, err, ErrSerialInvalid)
			}
		}
	}
}

func BenchmarkActivate(b *testing.B) {
	a, codes := NewActivationKey([32]byte{7}), Codes{1, 2}
	for b.Loop() {
		if _, err := a.Activate(codes, Grant{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	a, codes := NewActivationKey([32]byte{7}), Codes{1, 2}
	code, err := a.Activate(codes, Grant{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := a.Check(codes, code); err != nil {
			b.Fatal(err)
		}
	}
}
