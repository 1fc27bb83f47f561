//go:build !unix

package faults

import "os"

// makePipe makes what is no file, where there are no pipes among files.
func makePipe(path string) error { return os.Mkdir(path, 0o700) }
