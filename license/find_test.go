package license

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
	for _, ordinary := range []string{"", "The best deed of the decade was a facade.", "call 555-1234 on 2026-11-24",
		"deadbeef", "see https://example.com/a-b-c-d"} {
		require.Empty(t, Find(ordinary), ordinary)
	}
}

func TestFindLocatesCodes(t *testing.T) {
	text := "x „7183\u200bEC4D“ y"
	found := Find(text)
	require.Len(t, found, 1)
	require.Equal(t, "7183\u200bEC4D", text[found[0].Offset:found[0].Offset+found[0].Length])
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

func BenchmarkFindHostile(b *testing.B) {
	for name, piece := range map[string]string{
		"groups": "AAAA-", "letters": "A ", "dashed letters": "A A A A-", "one word": "A", "codes": "7183EC4D ",
		"dashes": "-", "labels": "site ",
		"wrong check letters": "9D2BK-DD62M-D ",
	} {
		text := strings.Repeat(piece, maxSearched/len(piece))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Find(text)
			}
		})
	}
}

func TestFindInTexts(t *testing.T) {
	const (
		machine    = "Machine ID 83A9-3429-0090-B3F5"
		activation = "activation code F3945D8C-B0D71FFA-02A956E3-8D6DB947"
		merged     = "Site code and Machine ID 7183-EC4D-83A9-3429-0090-B3F5"
	)
	for text, want := range map[string][]string{
		// Positions of codes.
		"7183EC4D - please activate":                           {"Site code 7183EC4D"},
		"7183EC4D-please":                                      {"Site code 7183EC4D"},
		"site_code=7183ec4d mid=83a9-3429-0090-b3f5":           {"Site code 7183EC4D", machine},
		`{"site_code":"7183EC4D","mid":"83A934290090B3F5"}`:    {"Site code 7183EC4D", machine},
		"SITE-7183EC4D":                                        {"Site code 7183EC4D"},
		"LumenRender-7183EC4D.acenreq":                         {"Site code 7183EC4D"},
		"- 7183EC4D\n- 8183EC4D":                               {"Site code 7183EC4D", "Site code 8183EC4D"},
		"Site code\tMachine ID\n7183EC4D\t83A9-3429-0090-B3F5": {"Site code 7183EC4D", machine},
		"<td>7183EC4D</td><td>83A9-3429-0090-B3F5</td>":        {"Site code 7183EC4D", machine},
		"7183EC4D-83A9-3429-0090-B3F5":                         {merged},
		"7183EC4D - 83A9-3429-0090-B3F5":                       {"Site code 7183EC4D", machine},
		"(7183EC4D83A934290090B3F5)":                           {merged},
		"7183ec4d83a934290090b3f5":                             {merged},
		"> F3945D8C-B0D71FFA-\r\n> 02A956E3-8D6DB947":          {activation},
		"F3945D8C-B0D7=\r\n1FFA-02A956E3-8D6DB947":             {activation},
		"F3945D8C–B0D71FFA–02A956E3–8D6DB947":                  {activation},
		"F3945D8CB0D71FFA02A956E38D6DB947":                     {activation},
		"sm4g-2fqz-xf-7egc-wt2t":                               {"serial number SM4G-2FQZ-XF-7EGC-WT2T"},
		"SM4G2FQZXF7EGCWT2T":                                   {"serial number SM4G-2FQZ-XF-7EGC-WT2T"},
		"9D2BKDD62MC":                                          {"removal code 9D2BK-DD62M-C"},
		"Removal code: 9D2BK DD62M C":                          {"removal code 9D2BK-DD62M-C"},
		"Site code: 20261124, order 20261125":                  {"Site code 20261124"},
		"Site code: 7183 EC4D":                                 {"Site code 7183EC4D"},
		"Site code 7183-EC4D, and 83A9-3429-0090-B3F5":         {"Site code 7183EC4D", machine},
		"Site code FACADEED":                                   {"Site code FACADEED"},
		"my code 71835432":                                     {"Site code 71835432"},
		"order 30871234: 7183EC4D":                             {"Site code 7183EC4D"},
		// Text recognition.
		"83A9 - 3429 - 0090 - B3F5":   {machine},
		"83A9 3429 0090 B3F5":         {machine},
		"83A9-34 29-0090-B3F5":        {machine},
		"83 A9-34 29-00 90-B3 F5":     {machine},
		"83A9-3429-OO9O-B3F5":         {machine},
		"８３Ａ９-3429-0090-B3F5":         {machine},
		"83A9\u200b-3429-0090-B3F5":   {machine},
		"83A9-\u00ad3429-0090-B3F5 .": {machine},
		// Texts that are not certainly codes.
		"7183-EC4D-83A9-3429-0090-B3F5-1111":            nil,
		"1111-83A9-3429-0090-B3F5-7183-EC4D":            nil,
		"8f7e6d5c-4b3a-2918-0706-f5e4d3c2b1a0":          nil,
		"SM4G-2FQZ-XF-7EGC-WT2V":                        nil,
		"9D2BK-DD62M-D":                                 nil,
		"2021 2022 2023 2024":                           nil,
		"card 4111111111111111, or 4111 1111 1111 1111": nil,
		"7183EC4D\n\n\n":                                {"Site code 7183EC4D"},
		"7183EC4D\n8183EC4D\n9183EC4D\nA183EC4D": {"Site code 7183EC4D", "Site code 8183EC4D", "Site code 9183EC4D",
			"Site code A183EC4D"},
		"83A9\n3429\n0090\nB3F5":   nil,
		"on 24112026 and 20261124": nil,
		"Ü7183EC4D 7183EC4Dß":      nil,
		"WORLD PEACE 4":            nil,
		"sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08": nil,
	} {
		var got []string
		for _, f := range Find(text) {
			require.Equal(t, f.Kind == KindMerged, !f.Codes.IsZero(), text)
			got = append(got, f.Kind.String()+" "+f.Text)
		}
		require.Equal(t, want, got, text)
	}
}

// Find returns all codes of a mail. The Site code of one PC in 43 is a number, and of one in 2,500 all letters; its
// label identifies it then (spec: codes "Reading what people type").
func TestFindReturnsEveryCode(t *testing.T) {
	key := Signature("EQH524Y").Key()
	activation, serials := NewActivationKey([32]byte{1}), NewSerialSeed([32]byte{2})
	for i := range 2000 {
		codes := key.Codes(uint16(i*7), key.Block(RawLocks{"v", "b", strings.Repeat("1", i%50+1), "n", "c", "d", ""}))
		code, err := activation.Activate(codes, Grant{Issue: uint16(i)})
		require.NoError(t, err)
		removal := activation.RemovalSeed(code).RemovalCode(codes)
		serial, err := serials.Serial(7, uint32(i+1), 0)
		require.NoError(t, err)
		text := "Site code: " + codes.Site.String() + "\nMachine ID: " + codes.Machine.String() + "\nBoth: " +
			codes.Merged() + "\n\nActivation code: " + code.String() +
			"\nRemoval code: " + removal.String() + "\nSerial number: " + serial.String() + "\nKind regards"
		want := []string{codes.Site.String(), codes.Machine.String(), codes.Merged(), code.String(), removal.String(),
			serial.String()}
		var got []string
		for _, f := range Find(text) {
			got = append(got, f.Text)
		}
		require.Equal(t, want, got, text)
	}
}

func TestFindLocatesCodesBehindDamagedText(t *testing.T) {
	text := strings.Repeat("\xff\xfe ", maxSearched/6) + "7183EC4D " + strings.Repeat("-", maxSearched)
	found := Find(text)
	require.Len(t, found, 1)
	require.Equal(t, "7183EC4D", text[found[0].Offset:found[0].Offset+found[0].Length])
}

// A code that is cut off by the length limit is not mistaken for a shorter one.
func TestFindDoesNotCutCodes(t *testing.T) {
	const merged = "7183-EC4D-83A9-3429-0090-B3F5"
	for cut := range len(merged) {
		require.Empty(t, Find(strings.Repeat(" ", maxSearched-cut)+merged), "%d", cut)
	}
}

func FuzzFindGarbage(f *testing.F) {
	f.Add([]byte{0, 1, 2, 200})
	f.Fuzz(func(t *testing.T, picks []byte) {
		pieces := []string{"7183EC4D", "83A9", "-", " ", "\n", "\r\n> ", "=\n", "Site code ", "9D2BK", "C", "\u00ad", "–",
			"_", ":", "A", "0", "\xff", "ß"}
		var b strings.Builder
		for _, p := range picks {
			b.WriteString(pieces[int(p)%len(pieces)])
		}
		text, end := b.String(), 0
		for _, found := range Find(text) {
			if found.Offset < end || found.Offset+found.Length > len(text) {
				t.Fatalf("%q: %+v", text, found)
			}
			end = found.Offset + found.Length
			shown, err := found.Kind.Shown(strings.NewReplacer(">", "", "=\n", "").Replace(text[found.Offset:end]))
			if err != nil || shown != found.Text {
				t.Fatalf("%q: %+v is read as %q, %v", text, found, shown, err)
			}
		}
	})
}

// Find ignores the base64 of tokens, which resembles codes.
func TestFindIgnoresTokens(t *testing.T) {
	token := "v4.public.eyJ-7183EC4D-83A9-3429-0090-B3F5-SM4G-2FQZ-XF-7EGC-WT2T-A.e30"
	wrapped := "v4.public." + strings.Repeat("eyJh", 10) + "\r\n> 7183EC4D-" + strings.Repeat("eyJh", 10) + "\nabc"
	for _, text := range []string{token, "  " + token + "\n", wrapped} {
		require.Empty(t, Find(text), text)
	}
	text := "License file: " + token + "\nSite code 7183EC4D, Machine ID 83A9-3429-0090-B3F5"
	found := Find(text)
	require.Len(t, found, 2)
	require.Equal(t, KindSiteCode, found[0].Kind)
	require.Equal(t, KindMachineID, found[1].Kind)
	require.Equal(t, "7183EC4D", text[found[0].Offset:][:found[0].Length], "offsets are those of the text")
}
