package admin_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

// newSerials returns a shop with ten serial numbers with features 7 (ids 1 to 10) and two with those of the program (11
// and 12). Ids 2 and 3 have made an order; 3 and 4 are blocked.
func newSerials(t *testing.T) (s shop, numbers []license.SerialNumber) {
	t.Helper()
	s = newShop(t)
	first, _, err := s.MakeSerials(t.Context(), s.program.ID, 10, 7, func(int) {})
	require.NoError(t, err)
	second, stock, err := s.MakeSerials(t.Context(), s.program.ID, 2, 0, func(int) {})
	require.NoError(t, err)
	require.Equal(t, []int{12, license.MaxSerialID - 12}, []int{stock.Free(), stock.Unmade})
	require.NoError(t, s.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		for _, id := range []uint32{2, 3} {
			order := store.Order{
				ClientID:       s.client.ID,
				ProgramID:      s.program.ID,
				OrderedAt:      now,
				SerialID:       id,
				SerialFeatures: 7,
			}
			if _, err := tx.Orders.Add(t.Context(), order); err != nil {
				return err
			}
		}
		return nil
	}))
	n, err := s.BlockSerials(t.Context(), s.program.ID, []string{"3-4"}, "leaked")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	return s, append(first, second...)
}

func ids(list []admin.Serial) (ids []uint32) {
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSerialsAreListed(t *testing.T) {
	s, numbers := newSerials(t)
	list, stock, err := s.Serials(t.Context(), s.program.ID, admin.SerialFilter{})
	require.NoError(t, err)
	require.Len(t, list, 12)
	for i, serial := range list {
		require.Equal(t, numbers[i], serial.Number, "the numbers that were made")
		require.True(t, serial.Known)
	}
	require.Equal(t, []int{12, 2, 1, 9}, []int{stock.Valid, stock.Used, stock.Blocked, stock.Free()})
	require.Equal(t, []uint16{7, 0}, []uint16{list[9].Features, list[10].Features})
	require.NotNil(t, list[1].Order)
	require.Equal(t, s.client.ID, list[1].Order.ClientID)
	require.Equal(t, "leaked", list[2].Blocked.Reason, "a used serial ID can be blocked")

	for _, c := range []struct {
		name   string
		filter admin.SerialFilter
		want   []uint32
	}{
		{"free", admin.SerialFilter{State: admin.SerialFree}, []uint32{1, 5, 6, 7, 8, 9, 10, 11, 12}},
		{"used", admin.SerialFilter{State: admin.SerialUsed}, []uint32{2, 3}},
		{"blocked", admin.SerialFilter{State: admin.SerialBlocked}, []uint32{4}},
		{"the first ones", admin.SerialFilter{Limit: 2}, []uint32{1, 2}},
		{"the next ones", admin.SerialFilter{State: admin.SerialFree, After: 5, Limit: 2}, []uint32{6, 7}},
		{"after the last one", admin.SerialFilter{After: 12}, nil},
		{"after all numbers", admin.SerialFilter{After: math.MaxUint32}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, _, err := s.Serials(t.Context(), s.program.ID, c.filter)
			require.NoError(t, err)
			require.Equal(t, c.want, ids(list))
		})
	}
}

// Serials lists more ids than it reads at a time.
func TestManySerialsAreListed(t *testing.T) {
	s := newShop(t)
	_, _, err := s.MakeSerials(t.Context(), s.program.ID, 20_001, 0, func(int) {})
	require.NoError(t, err)
	_, err = s.BlockSerials(t.Context(), s.program.ID, []string{"1", "10000", "10001", "20001"}, "")
	require.NoError(t, err)
	list, _, err := s.Serials(t.Context(), s.program.ID, admin.SerialFilter{State: admin.SerialBlocked})
	require.NoError(t, err)
	require.Equal(t, []uint32{1, 10_000, 10_001, 20_001}, ids(list))
}

func TestSerialsAreFound(t *testing.T) {
	s, numbers := newSerials(t)
	p := newProgram()
	p.Name, p.Signature = "Other", "OTHER123"
	other, err := s.AddProgram(t.Context(), p)
	require.NoError(t, err)
	foreign, _, err := s.MakeSerials(t.Context(), other.ID, 2, 0, func(int) {})
	require.NoError(t, err)

	find := func(text string) []admin.Serial {
		list, err := s.FindSerials(t.Context(), text)
		require.NoError(t, err, text)
		return list
	}
	used := find(strings.ToLower(strings.ReplaceAll(numbers[1].String(), "-", " ")))
	require.Len(t, used, 1)
	require.Equal(t, s.program.ID, used[0].Program.ID)
	require.EqualValues(t, 2, used[0].ID)
	require.Equal(t, admin.SerialUsed, used[0].State)
	require.EqualValues(t, 7, used[0].Features)
	require.NotNil(t, used[0].Order)
	require.Equal(t, admin.SerialBlocked, find(numbers[3].String())[0].State)
	require.Equal(t, other.ID, find(foreign[0].String())[0].Program.ID)
	require.Len(t, find("2"), 2, "two programs have the id")
	require.Len(t, find("12"), 1)

	_, err = s.ChangeProgram(t.Context(), s.program.ID, func(p *store.Program) error { p.LastSerial = 11; return nil })
	require.NoError(t, err)
	require.Equal(t, admin.SerialInvalid, find(numbers[11].String())[0].State, "the id is outside the valid ones")
	_, err = s.FindSerials(t.Context(), "12")
	require.ErrorContains(t, err, "no program has the serial ID 12")
}

// FindSerials returns the number that it was given, even if its features differ from those of the batch.
func TestSerialOfOtherFeaturesIsFound(t *testing.T) {
	s, numbers := newSerials(t)
	program, err := s.Program(t.Context(), s.program.ID)
	require.NoError(t, err)
	seed, err := s.Secrets.SerialSeed(program)
	require.NoError(t, err)
	number, err := seed.Serial(uint32(program.ID), 5, 99)
	require.NoError(t, err)
	list, err := s.FindSerials(t.Context(), number.String())
	require.NoError(t, err)
	require.Equal(t, []any{number, uint16(99)}, []any{list[0].Number, list[0].Features})
	require.NotEqual(t, numbers[4], number)
}

func TestSerialsArePrintedAgain(t *testing.T) {
	s, numbers := newSerials(t)
	list, err := s.PrintSerials(t.Context(), s.program.ID, []string{"9-12", numbers[1].String()}, 99)
	require.NoError(t, err)
	var printed []license.SerialNumber
	for _, serial := range list {
		require.True(t, serial.Known)
		printed = append(printed, serial.Number)
	}
	require.Equal(t, append(numbers[8:12:12], numbers[1]), printed)

	_, err = s.ChangeProgram(t.Context(), s.program.ID, func(p *store.Program) error { p.LastSerial = 13; return nil })
	require.NoError(t, err)
	list, err = s.PrintSerials(t.Context(), s.program.ID, []string{"13"}, 99)
	require.NoError(t, err)
	require.False(t, list[0].Known, "another program made the number")
	require.EqualValues(t, 99, list[0].Features)
}

func TestSerialsThatCannotBeBlocked(t *testing.T) {
	s, numbers := newSerials(t)
	before := s.trail(t)
	for _, c := range []struct{ text, reason, message string }{
		{"13", "", "serial ID 13: the valid ones of program 1 are 1 to 12"},
		{"0", "", "a serial ID must be from 1 to 16777215"},
		{"99999999999", "", "a serial ID must be from 1 to 16777215"},
		{"1-", "", "is not a serial ID"},
		{"-1", "", "is not a serial ID"},
		{"", "", "is not a serial ID"},
		{"123456789012345678", "", "is not a serial ID, a range such as 100-199 or a serial number: "},
		{"1", "two\nlines", "a reason is one line"},
		{"1", strings.Repeat("x", 201), "a reason is one line"},
		{strings.Replace(numbers[0].String(), "-", "U", 1), "", "is not a serial ID"},
	} {
		n, err := s.BlockSerials(t.Context(), s.program.ID, []string{c.text}, c.reason)
		require.ErrorContains(t, err, c.message, c.text)
		require.Zero(t, n)
	}
	require.Equal(t, before, s.trail(t), "a refusal changes nothing")
	n, err := s.BlockSerials(t.Context(), s.program.ID, []string{"12", "13"}, "")
	require.Error(t, err)
	require.Zero(t, n)
	list, _, err := s.Serials(t.Context(), s.program.ID, admin.SerialFilter{State: admin.SerialBlocked})
	require.NoError(t, err)
	require.Equal(t, []uint32{4}, ids(list), "no id is blocked if one is refused")
}

func TestBlockingIsInTheTrail(t *testing.T) {
	s, numbers := newSerials(t)
	require.Equal(t, "serial.block | program 1 | ok | serial ids 3-4: leaked", s.trail(t)[0])
	n, err := s.UnblockSerials(t.Context(), s.program.ID, []string{numbers[3].String(), "1"})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "serial.unblock | program 1 | ok | serial ids 4, 1", s.trail(t)[0],
		"the trail contains no serial number")
}

// MakeSerials refuses ids whose numbers were made: their numbers with other features would become valid.
func TestSerialIDsAreMadeOnce(t *testing.T) {
	s, _ := newSerials(t)
	_, err := s.ChangeProgram(t.Context(), s.program.ID, func(p *store.Program) error { p.LastSerial = 5; return nil })
	require.NoError(t, err)
	_, _, err = s.MakeSerials(t.Context(), s.program.ID, 1, 0, func(int) {})
	require.ErrorContains(t, err, "serial IDs above 5 were made before: set --last-serial to 12 again")
	for _, count := range []int{0, -1, admin.MaxSerials + 1} {
		_, _, err = s.MakeSerials(t.Context(), s.program.ID, count, 0, func(int) {})
		require.ErrorContains(t, err, "the number of serial numbers must be from 1 to 100000")
	}
	_, err = s.ChangeProgram(t.Context(), s.program.ID, func(p *store.Program) error {
		p.LastSerial = license.MaxSerialID + 1
		return nil
	})
	require.ErrorContains(t, err, "the last serial ID cannot exceed 16777215")
}
