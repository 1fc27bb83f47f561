//go:build !linux

package installed

import "errors"

// Direct returns false: on this system it is unknown which folders are local.
func (v *View) Direct() (*View, bool) { return nil, false }

// Close returns true.
func (v *View) Close() (complete bool) { return true }

// directFolder is not used on this system.
type directFolder struct{}

func (*directFolder) readFile(string, int64) (string, error) { return "", errors.ErrUnsupported }

func (*directFolder) readNames(func([]string) bool) error { return errors.ErrUnsupported }
