// Package installedtest provides a disk for tests that loses its power at a chosen step. Tests of package
// installed and of its users run tasks on it, and check what is left.
package installedtest

import (
	"errors"

	"github.com/acen-desktop/acen/license/installed"
)

// ErrPower is what every change ends with once the power is gone.
var ErrPower = errors.New("the power is gone")

// Dying is the system's disk until the power goes: the change number Left fails, half done when it is a write, and
// every one after it. That is what a power cut leaves.
type Dying struct{ Left int }

var system = installed.Open("", installed.Options{}).Disk()

// Write writes half a file as the last thing.
func (d *Dying) Write(path string, content []byte) error {
	if d.Left--; d.Left == 0 {
		_ = system.Write(path, content[:len(content)/2])
	}
	if d.Left <= 0 {
		return ErrPower
	}
	return system.Write(path, content)
}

// Rename renames a file, or does not.
func (d *Dying) Rename(from, to string) error {
	if d.Left--; d.Left <= 0 {
		return ErrPower
	}
	return system.Rename(from, to)
}

// Remove erases a file, or does not.
func (d *Dying) Remove(path string) error {
	if d.Left--; d.Left <= 0 {
		return ErrPower
	}
	return system.Remove(path)
}
