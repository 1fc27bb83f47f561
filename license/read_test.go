package license

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Parsers accept spaces, dashes, quotes and letters that resemble digits (spec: codes "Reading what people type").
func TestReadFaultTolerance(t *testing.T) {
	for _, text := range []string{
		"7183EC4D", "7183ec4d", " 7183 EC4D ", "“7183-EC4D”", "7183\u2011EC4D\r\n", "7\u200b183\u00a0EC4D", "７１８３ＥＣ４Ｄ",
		"'7183—ec4d'",
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

// Errors name the wrong group of a code (spec: codes "Reading what people type").
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
		{KindSiteCode, "7183EC4D0", FaultTooLong, 1, "9 characters, not 8"},
		{KindMachineID, "83A9-3429-00X0-B3F5", FaultLetter, 3, "Group 3"},
		{KindMachineID, "83A9-3429-00", FaultTooShort, 3, "group 3 of 4 is too short (2 of 4"},
		{KindMachineID, "83A9-3429-", FaultTooShort, 3, "group 3 of 4 is missing"},
		{KindMachineID, "83A9-342-0090-B3F5", FaultTooShort, 2, "group 2 of 4 is too short (3 of 4"},
		{KindMachineID, "83A9 342 0090 B3F5", FaultTooShort, 2, "group 2 of 4"},
		{KindMachineID, "83 A9-342-00 90-B3F5", FaultTooShort, 2, "group 2 of 4"},
		{KindMachineID, "83A9-34290090-B3F", FaultTooShort, 4, "group 4 of 4"},
		{KindMachineID, "83A9-3429-00900-B3F5", FaultTooLong, 3,
			"Group 3 of the Machine ID is too long: it has 5 characters, not 4"},
		{KindMachineID, "83A9-3429-0090-B3F5-1", FaultTooLong, 0, "17 characters, not 16"},
		{KindMachineID, "83A934290090B3F", FaultTooShort, 0, "15 of 16"},
		{KindMachineID, "83A93429X090B3F5", FaultLetter, 3, "Group 3"},
		{KindMachineID, "83A9-34-X090-B3F5", FaultLetter, 3, "Group 3"},
		{KindMachineID, "83A9-3429-0090-B3F\u00e9", FaultLetter, 4, "Group 4"},
		{KindMachineID, "83A9-3429-0090-B3F\xff", FaultLetter, 4, "Group 4"},
		{KindMerged, "7183EC4D-83A9-3429-0090-B3F", FaultTooShort, 6, "group 6 of 6"},
		{KindActivationCode, "F3945D8C-B0D71FF-02A956E3-8D6DB947", FaultTooShort, 2, "group 2 of 4"},
		{KindRemovalCode, "9D2BK-DD62M", FaultTooShort, 3, "group 3 of 3 is missing"},
		{KindRemovalCode, "9D2B-DD62M-C", FaultTooShort, 1, "group 1 of 3"},
		{KindSerialNumber, "SM4G-2FQZ-XF-7EGC-WT2V", FaultCheckLetter, 0, "check letter"},
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

func FuzzParsers(f *testing.F) {
	for _, seed := range []string{"", "7183EC4D", "83A9-3429-0090-B3F5", "9D2BK-DD62M-C", "SM4G-2FQZ-XF-7EGC-WT2T",
		"F3945D8C-B0D71FFA-02A956E3-8D6DB947", "\xff\xfe", "７"} {
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

// Every parser accepts the shown form of its kind after common distortions (spec: codes "Reading what people type").
func TestParsersAreFaultTolerant(t *testing.T) {
	shown := map[CodeKind]string{
		KindSiteCode: "7183EC4D", KindMachineID: "83A9-3429-0090-B3F5", KindMerged: "7183-EC4D-83A9-3429-0090-B3F5",
		KindActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
		KindRemovalCode:    "9D2BK-DD62M-C",
		KindSerialNumber:   "SM4G-2FQZ-XF-7EGC-WT2T",
	}
	require.Len(t, shown, len(shapes))
	mangles := map[string]func(string) string{
		"lower case":         strings.ToLower,
		"no dashes":          func(s string) string { return strings.ReplaceAll(s, "-", "") },
		"spaces":             func(s string) string { return strings.ReplaceAll(s, "-", " ") },
		"no-break spaces":    func(s string) string { return "\u00a0" + strings.ReplaceAll(s, "-", "\u202f") },
		"line breaks":        func(s string) string { return strings.ReplaceAll(s, "-", "-\r\n\t") },
		"typographic quotes": func(s string) string { return "„" + s + "“ «" + "»" },
		"byte order mark":    func(s string) string { return "\ufeff" + s },
		"every character apart": func(s string) string {
			return strings.Join(strings.Split(s, ""), "\u200b\u00ad ")
		},
		"O for 0, l for 1": func(s string) string { return strings.NewReplacer("0", "o", "1", "l").Replace(s) },
		"O for 0, I for 1": func(s string) string { return strings.NewReplacer("0", "O", "1", "I").Replace(s) },
		"full width": func(s string) string {
			return strings.Map(func(r rune) rune { return r + 0xff01 - '!' }, s)
		},
	}
	for _, r := range "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u00ad\u058a\u1806\ufe58\ufe63\uff0d\u2e3a\u301c" {
		mangles["dash "+string(r)] = func(s string) string { return strings.ReplaceAll(s, "-", string(r)) }
	}
	for kind, want := range shown {
		for name, mangle := range mangles {
			got, err := kind.Shown(mangle(want))
			require.NoError(t, err, "%v: %s", kind, name)
			require.Equal(t, want, got, "%v: %s", kind, name)
		}
	}
	_, err := ParseMachineID("83A9-3429-0090-B3FE\u0301")
	require.ErrorIs(t, err, ErrMalformed, "an accented letter is not its base letter")
}

func TestCodesOfTwoFields(t *testing.T) {
	merged, err := ParseMerged("7183-EC4D-83A9-3429-0090-B3F5")
	require.NoError(t, err)
	apart, err := ParseCodes("7183EC4D", "83A9-3429-0090-B3F5")
	require.NoError(t, err)
	require.Equal(t, merged, apart)
	var fault *CodeError
	_, err = ParseCodes("7183EC4", "83A9")
	require.ErrorAs(t, err, &fault)
	require.Equal(t, KindSiteCode, fault.Kind)
	_, err = ParseCodes("7183EC4D", "83A9")
	require.ErrorAs(t, err, &fault)
	require.Equal(t, KindMachineID, fault.Kind)
	_, err = CodeKind(99).Shown("7183EC4D")
	require.ErrorIs(t, err, ErrMalformed)
	require.NotEmpty(t, err.Error())
}
