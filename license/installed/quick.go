package installed

import (
	"math"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/quickjson"
)

// What the store writes is read in the quick way. These functions answer false for what is left to encoding/json.

var (
	stateNames = []string{
		"version", "signature", "program", "generation", "used_generations", "spent", "typed", "former_typed",
		"given_codes", "clock",
	}
	programNames = []string{"name", "public_keys", "typed_codes"}
	spentNames   = []string{"site_code", "machine_id", "license_id", "removal_code", "settled", "shown", "at"}
	typedNames   = []string{"site_code", "machine_id", "activation_code"}
	clockNames   = []string{"latest", "issued"}
	contactNames = []string{"license_id", "site", "at", "ended"}
)

func quickState(content string) (f stateFile, ok bool) {
	r := quickjson.Read(content)
	r.Object(stateNames, func(i int) {
		switch stateNames[i] {
		case "version":
			f.Version = int(r.Int(math.MinInt32, math.MaxInt32))
		case "signature":
			f.Signature = r.String()
		case "program":
			f.Program.Program = quickProgram(&r)
		case "generation":
			g := uint16(r.Int(0, math.MaxUint16))
			f.Generation = &g
		case "used_generations":
			f.Used = []uint16{}
			r.Array(func() { f.Used = append(f.Used, uint16(r.Int(0, math.MaxUint16))) })
		case "spent":
			f.Spent = []spentFile{}
			r.Array(func() { f.Spent = append(f.Spent, quickSpent(&r)) })
		case "typed":
			f.Typed = quickTyped(&r)
		case "former_typed":
			f.Former = []typedFile{}
			r.Array(func() { f.Former = append(f.Former, *quickTyped(&r)) })
		case "given_codes":
			f.Given = []string{}
			r.Array(func() { f.Given = append(f.Given, r.String()) })
		case "clock":
			f.Clock.Clock = quickClock(&r)
		}
	})
	return f, r.Done()
}

func quickProgram(r *quickjson.Reader) (p Program) {
	r.Object(programNames, func(i int) {
		switch programNames[i] {
		case "name":
			p.Name = r.String()
		case "public_keys":
			p.PublicKeys = []string{}
			r.Array(func() { p.PublicKeys = append(p.PublicKeys, r.String()) })
		case "typed_codes":
			p.TypedCodes = r.Bool()
		}
	})
	return p
}

func quickSpent(r *quickjson.Reader) (one spentFile) {
	r.Object(spentNames, func(i int) {
		switch spentNames[i] {
		case "site_code":
			one.SiteCode = r.String()
		case "machine_id":
			one.MachineID = r.String()
		case "license_id":
			one.LicenseID = r.Int(math.MinInt64, math.MaxInt64)
		case "removal_code":
			one.RemovalCode = r.String()
		case "settled":
			one.Settled = r.Bool()
		case "shown":
			one.Shown = r.Bool()
		case "at":
			one.At = r.Time()
		}
	})
	return one
}

func quickTyped(r *quickjson.Reader) *typedFile {
	var f typedFile
	r.Object(typedNames, func(i int) {
		switch typedNames[i] {
		case "site_code":
			f.SiteCode = r.String()
		case "machine_id":
			f.MachineID = r.String()
		case "activation_code":
			f.ActivationCode = r.String()
		}
	})
	return &f
}

func quickClock(r *quickjson.Reader) (c Clock) {
	r.Object(clockNames, func(i int) {
		switch clockNames[i] {
		case "latest":
			c.Latest = r.Time()
		case "issued":
			c.Issued = r.Time()
		}
	})
	return c
}

func quickContacts(content string) (list []Contact, ok bool) {
	list = []Contact{}
	r := quickjson.Read(content)
	r.Array(func() {
		var c Contact
		r.Object(contactNames, func(i int) {
			switch contactNames[i] {
			case "license_id":
				c.LicenseID = r.Int(math.MinInt64, math.MaxInt64)
			case "site":
				c.Site = license.SiteCode(r.Int(0, math.MaxUint32))
			case "at":
				c.At = r.Time()
			case "ended":
				c.Ended = r.String()
			}
		})
		list = append(list, c)
	})
	return list, r.Done()
}
