package license

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestForgivingReading(t *testing.T) {
	for _, text := range []string{
		"7183EC4D", "7183ec4d", " 7183 EC4D ", "“7183-EC4D”", "7183\u2011EC4D\r\n", "7\u200b183\u00a0EC4D", "７１８３ＥＣ４Ｄ", "'7183—ec4d'",
		"7\u00ad183EC4D\ufeff", "7I83EC4D", "7l83EC4D",
	} {
		site, err := ParseSiteCode(text)
		require.NoError(t, err, text)
		require.Equal(t, "7183EC4D", site.String(), text)
	}
	removal, err := ParseRemovalCode("9d2bk dd62m c")
	require.NoError(t, err)
	require.Equal(t, "9D2BK-DD62M-C", removal.String())
	_, err = ParseMachineID("83A9-3429-0O90-B3F5")
	require.NoError(t, err)
}

func TestFaultsNameTheGroup(t *testing.T) {
	for _, c := range []struct {
		kind  CodeKind
		text  string
		fault Fault
		group int
		want  string
	}{
		{KindSiteCode, "", FaultEmpty, 0, "missing"},
		{KindSiteCode, "  - ", FaultEmpty, 0, "missing"},
		{KindSiteCode, "7183EC", FaultTooShort, 1, "6 of 8"},
		{KindSiteCode, "7183EC4D0", FaultTooLong, 0, "not 8"},
		{KindMachineID, "83A9-3429-00X0-B3F5", FaultLetter, 3, "Group 3"},
		{KindMachineID, "83A9-3429-00", FaultTooShort, 3, "group 3 of 4"},
		{KindActivationCode, "F3945D8C-B0D71FFA-02A956E3-8D6DB94", FaultTooShort, 4, "group 4 of 4"},
		{KindActivationCode, "F3945D8C-Ü0D71FFA-02A956E3-8D6DB947", FaultLetter, 2, "Group 2"},
		{KindRemovalCode, "9D2BK-DD62M-D", FaultCheckLetter, 0, "check letter"},
		{KindRemovalCode, "9D2BK-DU62M-C", FaultLetter, 2, "Group 2"},
		{KindSerialNumber, "SM4G-2FQZ-XF-7EGC-WT2U", FaultLetter, 5, "Group 5"},
		{KindSerialNumber, strings.Repeat("1", 5000), FaultTooLong, 0, "too long"},
	} {
		_, err := c.kind.Shown(c.text)
		var fault *CodeError
		require.ErrorAs(t, err, &fault, c.text)
		require.ErrorIs(t, err, ErrMalformed)
		require.Equal(t, c.fault, fault.Fault, c.text)
		require.Equal(t, c.group, fault.Group, c.text)
		require.Contains(t, err.Error(), c.want)
	}
}

// The check letter catches every single wrong letter and every swap of neighbours.
func TestCheckLetter(t *testing.T) {
	for _, code := range []struct {
		kind  CodeKind
		shown string
	}{{KindRemovalCode, "9D2BK-DD62M-C"}, {KindSerialNumber, "SM4G-2FQZ-XF-7EGC-WT2T"}, {KindRemovalCode, "00000-00000-0"}} {
		letters := []byte(strings.ReplaceAll(code.shown, "-", ""))
		for i := range letters {
			for _, other := range []byte(crockford) {
				changed := append([]byte{}, letters...)
				changed[i] = other
				_, err := code.kind.Shown(string(changed))
				require.Equal(t, other == letters[i], err == nil, "%s", changed)
			}
			if i > 0 && letters[i] != letters[i-1] {
				swapped := append([]byte{}, letters...)
				swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
				_, err := code.kind.Shown(string(swapped))
				require.Error(t, err, "%s", swapped)
			}
		}
	}
}

func TestFind(t *testing.T) {
	text := `Dear vendor,
my Site code is 7183EC4D and the machine id 83A9-3429-0090-B3F5 (order 20261124, phone 0049-1234-5678).
[12:00:01] MID: 7183-EC4D-83A9-3429-0090-B3F5
Activation code: "F3945D8C-B0D71FFA-
02A956E3-8D6DB947"
removal 9D2BK-DD62M-C, serial SM4G-2FQZ-XF-7EGC-WT2T.
OCR: 83A9 - 3429 - 0090 - B3F5`
	var got []string
	for _, f := range Find(text) {
		got = append(got, f.Kind.String()+" "+f.Text)
	}
	require.Equal(t, []string{
		"Site code 7183EC4D",
		"Machine ID 83A9-3429-0090-B3F5",
		"Site code and Machine ID 7183-EC4D-83A9-3429-0090-B3F5",
		"activation code F3945D8C-B0D71FFA-02A956E3-8D6DB947",
		"removal code 9D2BK-DD62M-C",
		"serial number SM4G-2FQZ-XF-7EGC-WT2T",
		"Machine ID 83A9-3429-0090-B3F5",
	}, got)
	for _, ordinary := range []string{"", "The best deed of the decade was a facade.", "call 555-1234 on 2026-11-24", "deadbeef", "see https://example.com/a-b-c-d"} {
		require.Empty(t, Find(ordinary), ordinary)
	}
}

func TestFindLocatesCodes(t *testing.T) {
	text := "x „7183\u200bEC4D“ y"
	found := Find(text)
	require.Len(t, found, 1)
	require.Equal(t, "7183\u200bEC4D", text[found[0].Offset:found[0].Offset+found[0].Length])
}

func TestNormalize(t *testing.T) {
	for raw, want := range map[string]string{
		"a1b2-c3d4": "A1B2C3D4", "To be filled by O.E.M.": "", "Default string": "", "None": "", "0": "", "00-00-00": "", "ffff-ffff": "", "": "", "ÄÖÜ": "",
		" 7c3e 22 ": "7C3E22", "0001": "0001", "FF01": "FF01",
	} {
		require.Equal(t, want, Normalize(raw), raw)
	}
}

func TestCompare(t *testing.T) {
	key := Signature("EQH524Y").Key()
	full := RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"}
	with := func(changes map[Lock]string) Block {
		raw := full
		for l, v := range changes {
			raw[l-1] = v
		}
		return key.Block(raw)
	}
	then := with(nil)
	some := DefaultPolicy()
	fixed := DefaultPolicy()
	fixed.Changeable = []Lock{HDID, OSID, NETID}
	strict := Policy{Enabled: false, MaxHardwareChanges: 3, Changeable: Locks()}
	for name, c := range map[string]struct {
		then, now Block
		policy    Policy
		changes   int
		reasons   []Reason
	}{
		"same":                                 {then, then, some, 0, nil},
		"one hardware lock":                    {then, with(map[Lock]string{NETID: "other"}), some, 1, nil},
		"two hardware locks":                   {then, with(map[Lock]string{NETID: "other", CPUID: "other"}), some, 2, []Reason{ReasonTooManyChanges}},
		"software locks never count":           {then, with(map[Lock]string{HDID: "other", OSID: "other", NETID: "other"}), some, 1, nil},
		"unreadable counts":                    {then, with(map[Lock]string{NETID: "", CPUID: ""}), some, 2, []Reason{ReasonTooManyChanges}},
		"unreadable on both sides is same":     {with(map[Lock]string{CDHWID: ""}), with(map[Lock]string{CDHWID: "", NETID: "other"}), some, 1, nil},
		"not changeable":                       {then, with(map[Lock]string{CPUID: "other"}), fixed, 1, []Reason{ReasonNotChangeable}},
		"software lock that is not changeable": {then, with(map[Lock]string{HDID: "other"}), Policy{Enabled: true, MaxHardwareChanges: 1}, 0, []Reason{ReasonNotChangeable}},
		"disabled refuses any difference":      {then, with(map[Lock]string{HDID: "other"}), strict, 0, []Reason{ReasonAnyDifference}},
		"disabled accepts the same":            {then, then, strict, 0, nil},
		"too little to recognise": {
			with(map[Lock]string{BIOSID: "", NETID: "", HDHWID: "", CDHWID: ""}), with(map[Lock]string{BIOSID: "", NETID: "", HDHWID: "", CDHWID: ""}),
			some, 0, []Reason{ReasonTooFewReadable},
		},
	} {
		got := Compare(c.then, c.now, c.policy)
		require.Equal(t, c.reasons, got.Reasons, name)
		require.Equal(t, c.changes, got.HardwareChanges, name)
		require.Equal(t, c.reasons == nil, got.Accepted, name)
		back := Compare(c.now, c.then, c.policy)
		require.Equal(t, got.Accepted, back.Accepted, "%s: the verdict is the same in both directions", name)
	}
}

func testFile() (SigningKey, File) {
	key := SigningKeyFromSeed([32]byte{1, 2, 3})
	return key, File{
		Issuer: "Lumen", ID: 20871, IssuedAt: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Expires: time.Date(2027, 1, 1, 23, 59, 59, 0, time.UTC),
		ProgramID: 7, ProgramName: "Lumen Render Node", Signature: "LUMENRND", Order: 1037, Codes: Codes{0x7183EC4D, 0x83A934290090B3F5},
		ActivationCode: ActivationCode{1, 2, 3}, Features: 5, Policy: DefaultPolicy(), Seed: RemovalSeed{9, 9}, Note: "Büro \"Süd\" 🖥",
	}
}

func TestLicenseFile(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	got, err := key.Public().Verify("\ufeff " + token[:40] + "\r\n" + token[40:] + "\n")
	require.NoError(t, err)
	require.Equal(t, f, got)
	id, err := FileKeyID(token)
	require.NoError(t, err)
	require.Equal(t, key.Public().KeyID(), id)

	_, err = SigningKeyFromSeed([32]byte{4}).Public().Verify(token)
	require.ErrorIs(t, err, ErrFileSignature)
	for i := 20; i < len(token); i += 7 {
		changed := []byte(token)
		changed[i] ^= 1
		_, err := key.Public().Verify(string(changed))
		require.Error(t, err, "byte %d", i)
	}
	for _, damaged := range []string{"", "v4.public.", "v4.public.AAAA.e30", "v4.local.AAAA.e30", strings.Repeat("x", MaxFile+1), token + "x", token[:len(token)-1]} {
		_, err := key.Public().Verify(damaged)
		require.Error(t, err)
	}
	require.Equal(t, "lumen-render-node-20871.acen", FileName("Lumen Render Node", 20871))
	require.Equal(t, "license-1.acen", FileName("../..", 1))
	require.Equal(t, "日本語-2.acen", FileName("日本語", 2))
}

func TestActivationEdges(t *testing.T) {
	a := NewActivationKey([32]byte{7})
	codes := Codes{1, 2}
	day := time.Date(2027, 3, 1, 15, 0, 0, 0, time.UTC)
	code, err := a.Activate(codes, Grant{Expires: day})
	require.NoError(t, err)
	g, err := a.Check(codes, code)
	require.NoError(t, err)
	require.False(t, g.Expired(time.Date(2027, 3, 1, 23, 59, 59, 999, time.UTC)), "valid through the end of the day")
	require.True(t, g.Expired(time.Date(2027, 3, 2, 0, 0, 0, 0, time.UTC)))
	require.False(t, Grant{}.Expired(day), "never ends")
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

func TestSecretsDoNotShow(t *testing.T) {
	const marker = "SECRETMARKER"
	var b [32]byte
	copy(b[:], marker)
	var seed RemovalSeed
	copy(seed[:], marker)
	for _, v := range []any{NewActivationKey(b), NewSerialSeed(b), SigningKeyFromSeed(b), seed, RawLocks{marker}, struct{ K ActivationKey }{NewActivationKey(b)}} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %x %s %q %d", v, v, v, v, v, v), log.String(), errors.Join(fmt.Errorf("%v", v)).Error()} {
			require.NotContains(t, text, marker)
			require.NotContains(t, text, "5345435245544d41524b4552")
			require.NotContains(t, text, "83 69 67 82")
			require.NotContains(t, text, "U0VDUkVU")
		}
	}
}

func TestSignature(t *testing.T) {
	for _, good := range []string{"EQH524", "16MTS56ZC4", "lumen-7!"} {
		_, err := ParseSignature(good)
		require.NoError(t, err)
	}
	for _, bad := range []string{"", "SHORT", "ELEVENCHARS", "WITH BLANK", "ÜMLAUT", "tab\tabc"} {
		_, err := ParseSignature(bad)
		require.ErrorIs(t, err, ErrSignature)
	}
}

func FuzzParsers(f *testing.F) {
	for _, seed := range []string{"", "7183EC4D", "83A9-3429-0090-B3F5", "9D2BK-DD62M-C", "SM4G-2FQZ-XF-7EGC-WT2T", "F3945D8C-B0D71FFA-02A956E3-8D6DB947", "\xff\xfe", "７"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for kind := range shapes {
			shown, err := kind.Shown(text)
			if err != nil {
				if !errors.Is(err, ErrMalformed) || err.Error() == "" {
					t.Fatalf("%v: %v", kind, err)
				}
				continue
			}
			again, err := kind.Shown(shown)
			if err != nil || again != shown {
				t.Fatalf("%q is shown as %q, which reads as %q, %v", text, shown, again, err)
			}
		}
	})
}

func FuzzFind(f *testing.F) {
	f.Add("7183-EC4D-83A9-3429-0090-B3F5 and 9D2BK-DD62M-C")
	f.Add(strings.Repeat("AAAA-", 40))
	f.Fuzz(func(t *testing.T, text string) {
		end := 0
		for _, found := range Find(text) {
			if found.Offset < end || found.Length <= 0 || found.Offset+found.Length > len(text) {
				t.Fatalf("%q: %+v", text, found)
			}
			end = found.Offset + found.Length
			if _, err := found.Kind.Shown(found.Text); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzLicenseFile(f *testing.F) {
	key, file := testFile()
	token, err := key.Sign(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("v4.public..")
	public := key.Public()
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = FileKeyID(text)
		if _, err := public.Verify(text); err == nil && strings.Join(strings.Fields(strings.ReplaceAll(text, "\ufeff", "")), "") != token {
			t.Fatal("another file than the signed one was accepted")
		}
		_, _ = fileFromClaims([]byte(text))
	})
}

func BenchmarkCodes(b *testing.B) {
	key := Signature("EQH524Y").Key()
	raw := RawLocks{"volume", "bios", "os", "net", "cpu", "disk", "cd"}
	for b.Loop() {
		key.Codes(1816, key.Block(raw))
	}
}

func BenchmarkVerifyFile(b *testing.B) {
	key, f := testFile()
	token, err := key.Sign(f)
	if err != nil {
		b.Fatal(err)
	}
	public := key.Public()
	for b.Loop() {
		if _, err := public.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindHostile(b *testing.B) {
	text := strings.Repeat("AAAA-", maxSearched/5)
	for b.Loop() {
		Find(text)
	}
}
