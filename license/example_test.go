package license_test

import (
	"fmt"
	"time"

	"github.com/acen-desktop/acen/license"
)

// A server signs a license file, and a program verifies it with the public key that is built in.
func Example() {
	key := license.SigningKeyFromSeed([32]byte{1}) // NewSigningKey in a server
	codes, err := license.ParseCodes("0077CE14", "45F5-CFF3-5BDD-954A")
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := key.Sign(license.File{
		Issuer:      "Lumen",
		ID:          20219,
		IssuedAt:    time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC),
		ProgramID:   1,
		ProgramName: "Lumen Studio 7",
		Signature:   "LUMENST7",
		Order:       1042,
		Codes:       codes,
		Features:    3,
		Policy:      license.DefaultPolicy(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	file, err := key.Public().Verify(token)
	fmt.Println(file.ProgramName, file.ID, file.Codes.Site, err)
	_, err = license.SigningKeyFromSeed([32]byte{2}).Public().Verify(token)
	fmt.Println(err)
	// Output:
	// Lumen Studio 7 20219 0077CE14 <nil>
	// the license file was not signed with this program's key
}

// A mail contains the codes of a PC in its text.
func ExampleFind() {
	mail := "Hi, please activate my new PC. It shows Site code 0077CE14 and Machine ID 45F5-CFF3-5BDD-954A. Thanks!"
	for _, found := range license.Find(mail) {
		fmt.Println(found.Kind, found.Text)
	}
	// Output:
	// Site code 0077CE14
	// Machine ID 45F5-CFF3-5BDD-954A
}

// A typed activation code is made and checked with the same key; the removal code proves later that the license left.
func ExampleActivationKey() {
	key := license.NewActivationKey([32]byte{1})
	codes, err := license.ParseCodes("0077CE14", "45F5-CFF3-5BDD-954A")
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := key.Activate(codes, license.Grant{Features: 3, Issue: 20219 % 4096})
	if err != nil {
		fmt.Println(err)
		return
	}
	grant, err := key.Check(codes, code)
	fmt.Println(code, grant.Features, err)

	seed := key.RemovalSeed(code)
	removal := seed.RemovalCode(codes)
	fmt.Println(removal, seed.Verify(codes, removal))
	// Output:
	// 82D2D0CC-78F435D8-FA3DADAA-94DC5874 3 <nil>
	// RCMWT-9ZVDX-9 true
}

// A PC has a new network card, and its optical drive was removed. Another PC of the same model is not accepted.
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

// The codes of a PC contain its block of locks for one program.
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
