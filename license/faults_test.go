package license

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestFaultsInText(t *testing.T) {
	for text, want := range map[string]map[CodeKind]int{
		"Site code 7183EC4D, Machine ID 83A9-34290-0090-B3F5": {KindMachineID: 2},
		"Site code: 7183EC4\nMID: 83A9-3429-0090-B3F5":        {KindSiteCode: 1},
		"Machine ID = 83A9-34X9-0090-B3F5 for my new PC":      {KindMachineID: 2},
		"> Machine ID: 83A9-3429-0090-B3F\n> thanks":          {KindMachineID: 4},
		// the check letter does not tell which
		"Removal code: 9D2BK-DD62M-D":                                         {KindRemovalCode: 0},
		"Activation code F3945D8C-B0D71FF-02A956E3-8D6DB947":                  {KindActivationCode: 2},
		"S/N SM4G-2FQZ-XFF-7EGC-WT2T":                                         {KindSerialNumber: 3},
		"Site code 7183EC4D\nMachine ID 83A9-3429-0090-B3F5":                  nil,
		"Site code 71 83 EC 4D, MID 83A9 - 3429 - O090 - B3F5":                nil,
		"The Machine ID is shown by the program. My Site code follows later.": nil,
		"Please tell me the serial number 12 of the PC":                       nil,
		"": nil,
	} {
		faults := Faults(text)
		require.Len(t, faults, len(want), text)
		for _, f := range faults {
			group, ok := want[f.Kind]
			require.True(t, ok, "%s: %v", text, f)
			require.Equal(t, group, f.Group, "%s: %v", text, f)
		}
	}
}

// A code that Find finds is not a fault, whatever surrounds it.
func FuzzFaults(f *testing.F) {
	for _, text := range []string{"Site code 7183EC4D, Machine ID 83A9-34290-0090-B3F5", "mid:::",
		"s/n\xff" + strings.Repeat("A1 ", 50), "Site codeMachine ID"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, fault := range Faults(text) {
			require.NotEmpty(t, fault.Error())
			require.True(t, utf8.ValidString(fault.Error()))
			require.ErrorIs(t, fault, ErrMalformed)
		}
	})
}
