//go:build !windows

package installed

// sharing does something with a file; here, one that is replaced while it is read stays readable.
func sharing(do func() error) error { return do() }
