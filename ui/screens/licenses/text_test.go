package licenses

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/words"
)

// block packs lock values in the order of license.Locks (spec: codes "Lock values").
func block(values ...uint64) license.Block {
	var b uint64
	for i, l := range license.Locks() {
		b = b<<l.Bits() | values[i]
	}
	return license.Block(b)
}

func TestSentences(t *testing.T) {
	then := block(1, 2, 3, 4, 5, 6, 0)
	strict := license.DefaultPolicy()
	strict.Enabled = false
	const drive = "Not compared, because not readable before or now: optical drive."
	for _, c := range []struct {
		name      string
		then, now license.Block
		policy    license.Policy
		own       bool
		want      []string
	}{
		{"all same", then, then, license.DefaultPolicy(), true, []string{"6 locks same", drive, "Recognized."}},
		{"network card changed", then, block(1, 2, 3, 9, 5, 6, 0), license.DefaultPolicy(), true,
			[]string{"5 locks same · 1 changed (network card)", drive, "Still recognized: 1 hardware change is allowed."}},
		{"new system", then, block(9, 2, 9, 4, 5, 6, 0), license.DefaultPolicy(), true,
			[]string{"4 locks same · 2 changed (system volume, operating system)", drive, "Recognized."}},
		{"optical drive new", then, block(1, 2, 3, 4, 5, 6, 7), license.DefaultPolicy(), true,
			[]string{"6 locks same", drive, "Recognized."}},
		{"optical drive gone", block(1, 2, 3, 4, 5, 6, 7), then, license.DefaultPolicy(), true,
			[]string{"6 locks same", drive, "Recognized."}},
		{"optical drive changed", block(1, 2, 3, 4, 5, 6, 7), block(1, 2, 3, 4, 5, 6, 8), license.DefaultPolicy(), true,
			[]string{"6 locks same · 1 changed (optical drive)", "Still recognized: 1 hardware change is allowed."}},
		{"firmware gone, disk new", block(1, 2, 3, 4, 5, 0, 0), block(1, 0, 3, 4, 5, 6, 0), license.DefaultPolicy(), true,
			[]string{
				"4 locks same · 1 no longer readable (firmware)",
				"Not compared, because not readable before or now: system disk, optical drive.",
				"Still recognized: 1 hardware change is allowed.",
			}},
		{"too many", then, block(1, 9, 3, 9, 5, 0, 0), license.DefaultPolicy(), true,
			[]string{
				"3 locks same · 2 changed (firmware, network card) · 1 no longer readable (system disk)", drive,
				"Too many hardware locks are different.", words.Refusal(license.ReasonAnotherPC),
			}},
		{"no change allowed", then, block(9, 2, 3, 4, 5, 6, 0), strict, true,
			[]string{"5 locks same · 1 changed (system volume)", drive, "This program allows no change of the PC."}},
		{"another PC", then, block(11, 12, 13, 14, 15, 16, 17), license.DefaultPolicy(), false,
			[]string{"This license belongs to another PC: 6 of 6 locks differ."}},
		{"another PC of the same model", block(1, 2, 3, 4, 5, 0, 7), block(9, 2, 9, 9, 5, 6, 0), license.DefaultPolicy(),
			false,
			[]string{"This license belongs to another PC: 3 of 5 locks differ."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range DescribeComparison(license.Compare(c.then, c.now, c.policy), c.own) {
				got = append(got, s.Text)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestMerged(t *testing.T) {
	l := manager.License{License: api.License{SiteCode: "7183EC4D", MachineID: "83A9-3429-0090-B3F5"}}
	require.Equal(t, "7183-EC4D-83A9-3429-0090-B3F5", MergedCode(l))
	l.SiteCode = "?"
	require.Equal(t, "? 83A9-3429-0090-B3F5", MergedCode(l), "a code that cannot be read is shown as it came")
}

func TestBreakAfter(t *testing.T) {
	require.Equal(t, "F3945D8C-B0D71FFA-\n02A956E3-8D6DB947", breakAfter("F3945D8C-B0D71FFA-02A956E3-8D6DB947", 18))
	require.Equal(t, "short", breakAfter("short", 18))
}

func TestSearchText(t *testing.T) {
	l := manager.License{License: api.License{Note: "Büro", SiteCode: "7183EC4D", Status: api.StatusActive}, ThisPC: true}
	require.Contains(t, SearchText(l), "Büro")
	require.Contains(t, SearchText(l), "This PC")
}
