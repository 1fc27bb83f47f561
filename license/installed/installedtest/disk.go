// Package installedtest provides a disk that simulates a power cut at a chosen step, for tests of package installed
// and of its users.
package installedtest

import (
	"errors"

	"github.com/acen-desktop/acen/license/installed"
)

// ErrPower is the error of every change after the power cut.
var ErrPower = errors.New("the power is gone")

// FailingDisk is the system's disk until the power cut: the change number Left fails, a write half done, and so do all
// later changes.
type FailingDisk struct{ ChangesLeft int }

var system = installed.Open("", installed.Options{}).Disk()

// Write writes a file, or half of it at the power cut.
func (d *FailingDisk) Write(path string, content []byte) error {
	if d.ChangesLeft--; d.ChangesLeft == 0 {
		_ = system.Write(path, content[:len(content)/2])
	}
	if d.ChangesLeft <= 0 {
		return ErrPower
	}
	return system.Write(path, content)
}

// Rename renames a file, or fails.
func (d *FailingDisk) Rename(from, to string) error {
	if d.ChangesLeft--; d.ChangesLeft <= 0 {
		return ErrPower
	}
	return system.Rename(from, to)
}

// Remove erases a file, or fails.
func (d *FailingDisk) Remove(path string) error {
	if d.ChangesLeft--; d.ChangesLeft <= 0 {
		return ErrPower
	}
	return system.Remove(path)
}
