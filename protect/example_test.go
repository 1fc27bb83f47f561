package protect_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/acen-desktop/acen/protect"
)

// The vendor embeds the signature and the public keys that "acen-server program show" prints.
var program = protect.Program{
	Name:       "Notepad",
	Signature:  "NOTEPAD1",
	PublicKeys: []string{"d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737"},
	Validation: protect.Validation{Server: "https://licenses.example.com", Grace: 30 * 24 * time.Hour},
}

// empty is a PC without a license.
var empty = protect.Options{Folder: os.DevNull, ExtraFolders: []string{}}

const featureExport = 0 // the first bit of the license's features

// A program checks its license when it starts, and decides itself what to do without one.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l := program.Open(ctx, empty) // a program passes protect.Options{}
	switch v := l.Verdict(); v.Kind {
	case protect.Valid:
		fmt.Println("export:", v.Has(featureExport))
		go l.Watch(ctx, func(v protect.Verdict) { fmt.Println(v.Text("en")) })
	default:
		fmt.Println(v.Text("en"))
	}
	// Output:
	// There is no license for Notepad on this PC. Activate this PC in the ACEN Desktop app, or give the program a license file.
}

// A program without a license asks for one in a dialog.
func ExampleLicense_Activate() {
	ctx := context.Background()
	l := program.Open(ctx, empty)
	_, err := l.Activate(ctx, "F3945D8C-B0D71FFA-02A956E3-8D6DB947")
	fmt.Println(err)
	// Output:
	// this is not a license file, and this program accepts no typed activation codes: get the license file with the ACEN Desktop app
}
