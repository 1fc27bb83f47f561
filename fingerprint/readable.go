package fingerprint

import "github.com/acen-desktop/acen/license"

// readable reports whether a raw value is no placeholder (spec: codes, "Locks").
func readable(l license.Lock, raw string) bool {
	_, ok := license.Readable(l, raw)
	return ok
}
