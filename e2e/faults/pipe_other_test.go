//go:build !unix

package faults

import "os"

// makePipe creates a folder, on systems without named pipes.
func makePipe(path string) error { return os.Mkdir(path, 0o700) }
