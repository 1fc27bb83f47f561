package license_test

import (
	"fmt"

	"github.com/acen-desktop/acen/license"
)

// A PC got a new network card, and its optical drive was taken out. Another PC of the same model is not accepted.
func ExampleCompare() {
	key := license.Signature("LUMENST7").Key()
	then := license.RawLocks{"5C1F-22A0", "Acme B450", "d41d8c", "00:1B:44:11:3A:B7", "Zen 3", "S4EWNX0R", "HL-DT-ST"}
	now := then
	now[license.NETID-1], now[license.CDHWID-1] = "3C:52:82:4F:A0:1C", ""
	twin := license.RawLocks{"77B0-91E4", "Acme B450", "a87ff6", "00:1B:44:11:3A:C9", "Zen 3", "S4EWNX9K", "HL-DT-ST"}
	for _, pc := range []license.RawLocks{now, twin} {
		c := license.Compare(key.Block(then), key.Block(pc), license.DefaultPolicy())
		fmt.Println(c.Accepted, c.State(license.NETID), c.State(license.CDHWID))
		for _, r := range c.Reasons {
			fmt.Println(r.Name())
		}
	}
	// Output:
	// true changed gone
	// false changed same
	// too_many_changes
	// another_pc
}

// The codes of a PC carry its block of locks for one program.
func ExampleKey_Open() {
	key := license.Signature("LUMENST7").Key()
	raw := license.RawLocks{"5C1F-22A0", "Acme B450", "d41d8c", "00:1B:44:11:3A:B7", "Zen 3", "S4EWNX0R", "None"}
	codes := key.Codes(7, key.Block(raw))
	fmt.Println(codes.Site, codes.Machine)

	block, err := key.Open(codes)
	fmt.Println(block == key.Block(raw), block.Value(license.CDHWID), err)
	_, err = license.Signature("OTHERPRG").Key().Open(codes)
	fmt.Println(err)
	// Output:
	// 0077CE14 45F5-CFF3-5BDD-954A
	// true 0 <nil>
	// the Site code and the Machine ID do not belong together, or belong to another program
}
