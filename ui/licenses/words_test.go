package licenses

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// block packs lock values as codes.md, "Locks", does.
func block(values ...uint64) license.Block {
	var b uint64
	for _, v := range values {
		b = b<<9 | v
	}
	return license.Block(b)
}

func TestComparisonInPlainWords(t *testing.T) {
	then := block(1, 2, 3, 4, 5, 6, 0)
	strict := license.DefaultPolicy()
	strict.Enabled = false
	for _, c := range []struct {
		name   string
		now    license.Block
		policy license.Policy
		own    bool
		want   []string
	}{
		{"all same", then, license.DefaultPolicy(), true, []string{"6 locks same", "Not readable then and now: optical drive.", "Recognized."}},
		{"network card changed", block(1, 2, 3, 9, 5, 6, 0), license.DefaultPolicy(), true,
			[]string{"5 locks same · 1 changed (network card)", "Not readable then and now: optical drive.", "Still recognized: 1 hardware change is allowed."}},
		{"new system", block(9, 2, 9, 4, 5, 6, 0), license.DefaultPolicy(), true,
			[]string{"4 locks same · 2 changed (system volume, operating system)", "Not readable then and now: optical drive.", "Recognized."}},
		{"too many", block(1, 9, 3, 9, 5, 0, 0), license.DefaultPolicy(), true,
			[]string{"3 locks same · 2 changed (firmware, network card) · 1 unreadable (system disk)", "Not readable then and now: optical drive.", "Too many hardware locks are different."}},
		{"no change allowed", block(9, 2, 3, 4, 5, 6, 0), strict, true,
			[]string{"5 locks same · 1 changed (system volume)", "Not readable then and now: optical drive.", "This program allows no change of the PC."}},
		{"another PC", block(11, 12, 13, 14, 15, 16, 17), license.DefaultPolicy(), false,
			[]string{"This license belongs to another PC: 7 of 7 locks differ."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Sentences(license.Compare(then, c.now, c.policy), c.own) {
				got = append(got, s.Text)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestMerged(t *testing.T) {
	l := manager.License{License: api.License{SiteCode: "7183EC4D", MachineID: "83A9-3429-0090-B3F5"}}
	require.Equal(t, "7183-EC4D-83A9-3429-0090-B3F5", Merged(l))
	l.SiteCode = "?"
	require.Equal(t, "? 83A9-3429-0090-B3F5", Merged(l), "a code that cannot be read is shown as it came")
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
