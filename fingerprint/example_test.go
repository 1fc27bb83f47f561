package fingerprint_test

import (
	"context"
	"fmt"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
)

// A PC is recognized after its network card was replaced.
func Example() {
	ctx := context.Background()
	key := license.Signature("LUMENST7").Key()

	pc := fingerprinttest.PC("studio") // a program calls fingerprint.System
	before, err := pc.Read(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	codes := key.Codes(7, before.Block(key)) // the codes of the license

	bound, err := key.Open(codes)
	if err != nil {
		fmt.Println(err)
		return
	}
	pc = fingerprinttest.PC("studio", license.NETID)
	after, err := pc.Read(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := license.Compare(bound, after.BlockFor(key, bound), license.DefaultPolicy())
	fmt.Println(c.Accepted, c.State(license.NETID), c.State(license.HDHWID))
	// Output:
	// true changed same
}

// An unreadable lock is not an error: the codes omit it.
func ExampleReading_Err() {
	reading, err := fingerprinttest.PC("studio").Read(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	printProblems(reading)
	// Output:
	// CD_HW_ID: unreadable: there is no built-in optical drive
}

func printProblems(reading fingerprint.Reading) {
	for _, l := range license.Locks() {
		if err := reading.Err(l); err != nil {
			fmt.Printf("%v: %v\n", l, err)
		}
	}
}
