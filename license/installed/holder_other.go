//go:build !linux

package installed

// holder returns "": this system does not report the holder of a lock.
func holder(string) string { return "" }
