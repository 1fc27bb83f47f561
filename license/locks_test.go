package license

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Normalization keeps only ASCII letters and digits (spec: codes "Unreadable values").
func TestNormalize(t *testing.T) {
	for raw, want := range map[string]string{
		"a1b2-c3d4": "A1B2C3D4", " 7c3e 22 ": "7C3E22", "0001": "0001", "": "", "ÄÖÜ": "", "None": "NONE", "N/A": "NA",
	} {
		require.Equal(t, want, Normalize(raw), raw)
	}
}

// Every rule for placeholders (spec: codes "Unreadable values").
func TestReadable(t *testing.T) {
	for raw, want := range map[string]bool{
		"a1b2-c3d4": true, "To be filled by O.E.M.": false, "Default string": false, "None": false, "": false, "ÄÖÜ": false,
		" 7c3e 22 ": true, "Not Specified": false, "System Serial Number": false, "unknown": false, "None1": false,
		"TO BE FILLED BY O.E.M": false,
		// one repeated character
		"0": false, "00-00-00": false, "ffff-ffff": false, "FF:FF:FF:FF:FF:FF": false, "SN1111": false, "ABCD1111": false,
		"ABCDE1111": true, "SN1112": true, "1SN1111": true, "0xAAAA": false,
		// sequences of digits
		"1234567": false, "123456": true, "7654321": false, "8901234": false, "3210987": false, "9ABCDEF": false,
		"ABCDEF0": true,
		"FEDCBA9": false, "0FEDCBA": true, "9A01234": true, "ABCD1234567": false, "ABCDE1234567": true, "12345678X": true,
		"0x1234567": false, "1234568": true, "2234567": true,
		// zeros
		"10000001": false, "1000001": true, "ABCD00000001": false, "ABCDE00000001": false, "ABCDEF00000001": true,
		"Z00000AB": false,
		"Z0000ABC": true, "naa.5000000000000000": false,
	} {
		normalized, ok := Readable(HDHWID, raw)
		require.Equal(t, want, ok, "%q", raw)
		require.Equal(t, want, normalized != "", "%q", raw)
	}
	for _, raw := range []string{"0", "AA", "0x0"} { // for locks that may be short
		_, ok := Readable(CPUID, raw)
		require.Equal(t, raw == "0x0", ok, raw)
	}
	for _, l := range Locks() {
		_, ok := Readable(l, "12b")
		require.Equal(t, l != HDID && l != NETID && l != HDHWID, ok, "three characters for %v", l)
		_, ok = Readable(l, "12b4")
		require.True(t, ok, "four characters for %v", l)
	}
}

func BenchmarkCodes(b *testing.B) {
	key := Signature("EQH524Y").Key()
	raw := RawLocks{"volume", "bios", "os", "network", "cpu", "disk", "cd"}
	for b.Loop() {
		key.Codes(1816, key.Block(raw))
	}
}

func TestLocks(t *testing.T) {
	require.Len(t, Locks(), LockCount)
	software := 0
	for i, l := range Locks() {
		require.Equal(t, Lock(i+1), l)
		parsed, err := ParseLock(l.String())
		require.NoError(t, err)
		require.Equal(t, l, parsed)
		if l.Kind() == Software {
			software++
		}
	}
	require.Equal(t, 2, software)
	for _, bad := range []string{"", "hd_id", "HD_ID ", "lock 1"} {
		_, err := ParseLock(bad)
		require.Error(t, err)
	}
	require.Zero(t, Block(1<<63-1).Value(0))
	require.Zero(t, Block(1<<63-1).Value(8))
	require.Zero(t, Signature("EQH524Y").Key().LockValue(8, "value"))
}

// The codes of any raw values and generation open to their block.
func FuzzCodes(f *testing.F) {
	f.Add("EQH524Y", "volume", "serial", uint16(0))
	f.Add("16MTS56ZC4", "", "None", uint16(MaxGeneration))
	f.Fuzz(func(t *testing.T, signature, a, b string, generation uint16) {
		key := Signature(signature).Key()
		block := key.Block(RawLocks{a, b, a + b, "", b, a, b})
		if block>>63 != 0 || block.Value(NETID) != 0 {
			t.Fatalf("block %x", uint64(block))
		}
		for _, l := range Locks() {
			if _, ok := Readable(l, RawLocks{a, b, a + b, "", b, a, b}[l-1]); (block.Value(l) != 0) != ok {
				t.Fatalf("%v: %d", l, block.Value(l))
			}
		}
		codes := key.Codes(generation, block)
		opened, err := key.Open(codes)
		if err != nil || opened != block || codes.Site.Generation() != generation&MaxGeneration {
			t.Fatalf("%v opens to %x, %v", codes, uint64(opened), err)
		}
		if Normalize(Normalize(a)) != Normalize(a) {
			t.Fatalf("%q is not normalized for good", a)
		}
	})
}

// Mistyped codes and codes of another program are refused (spec: codes "Site code and Machine ID").
func TestWrongCodesDoNotOpen(t *testing.T) {
	key := Signature("EQH524Y").Key()
	codes := key.Codes(1816, key.Block(RawLocks{"volume", "bios", "os", "network", "cpu", "disk", "cd"}))
	for _, text := range []string{codes.Merged()} {
		for i := range len(text) {
			if text[i] == '-' {
				continue
			}
			for _, digit := range "0123456789ABCDEF" {
				mistyped := text[:i] + string(digit) + text[i+1:]
				if mistyped == text {
					continue
				}
				wrong, err := ParseMerged(mistyped)
				require.NoError(t, err)
				_, err = key.Open(wrong)
				require.ErrorIs(t, err, ErrMismatch, mistyped)
			}
		}
	}
	_, err := Signature("OTHERPRG").Key().Open(codes)
	require.ErrorIs(t, err, ErrMismatch)
	require.True(t, strings.HasSuffix(codes.Merged(), codes.Machine.String()))
}

// The first bit of a block is zero: codes with another first bit are refused, although they belong together (spec:
// codes "Lock values", codes "Site code and Machine ID").
func TestFirstBitOfBlock(t *testing.T) {
	key := Signature("EQH524Y").Key()
	block := key.Block(RawLocks{"volume", "bios", "os", "network", "cpu", "disk", "cd"})
	opened, err := key.Open(key.Codes(7, block))
	require.NoError(t, err)
	require.Equal(t, block, opened)
	_, err = key.Open(key.Codes(7, block|1<<63))
	require.ErrorIs(t, err, ErrMismatch)
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"", "HD_ID", "EQH524Y",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := ParseLock(text); err == nil && l.String() != text {
			t.Fatalf("%q is lock %v", text, l)
		}
		if s, err := ParseSignature(text); err == nil && (string(s) != text || len(text) < 6 || len(text) > 10) {
			t.Fatalf("%q is signature %q", text, s)
		}
		if p, err := ParsePublicKey(text); err == nil && p.String() != strings.ToLower(text) {
			t.Fatalf("%q is public key %v", text, p)
		}
	})
}

// Codes of acen/v1 are recognized as such: nine bits for each lock, under another key.
func TestOlderCodes(t *testing.T) {
	signature := Signature("LUMENST7")
	older := signature.key(olderSalt)
	var block Block
	for range LockCount {
		block = block<<9 | 0x155
	}
	codes := older.Codes(7, block)
	_, err := signature.Key().Open(codes)
	require.ErrorIs(t, err, ErrOlderCodes)
	require.ErrorIs(t, err, ErrMismatch)
	codes.Machine ^= 1
	_, err = signature.Key().Open(codes)
	require.ErrorIs(t, err, ErrMismatch)
	require.NotErrorIs(t, err, ErrOlderCodes)
	_, err = Signature("OTHERPRG").Key().Open(older.Codes(7, block))
	require.NotErrorIs(t, err, ErrOlderCodes)
}
