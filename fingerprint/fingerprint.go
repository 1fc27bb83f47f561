// Package fingerprint reads the seven locks of a PC (spec: codes "Locks") without elevation, so that administrators and
// ordinary users get the same codes. Packages manager and protect use it. It stores nothing, and leaves comparison to
// package license.
//
//	lock      Linux                               Windows                        macOS
//	HD ID     UUID of the system's file system    serial of the system volume    UUID of the system volume
//	BIOS ID   DMI firmware vendor, board's        SMBIOS table, the same         firmware and board
//	          vendor and product
//	OS ID     machine-id                          MachineGuid                    platform UUID
//	NET ID    permanent address of an adapter     the same                       the same
//	CPU ID    /proc/cpuinfo                       registry                       sysctl
//	HD (HW)   serial of a disk of the system's    storage query                  serial of the internal disk
//	          file system, through all layers
//	CD (HW)   model and serial of a built-in      storage query                  model of the drive
//	          drive
//
// Raw values leave the package only as lock values of 5 to 14 bits.
package fingerprint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/redact"
)

// ErrUnreadable is matched by the reason why a lock cannot be read.
var ErrUnreadable = errors.New("unreadable")

// Reason is the reason why a lock cannot be read, in a few words.
type Reason string

// UnreadableError is the reason why a lock cannot be read. It wraps ErrUnreadable.
type UnreadableError struct{ Reason Reason }

// Error returns the reason in a few words.
func (e *UnreadableError) Error() string { return fmt.Sprintf("%s: %s", ErrUnreadable, e.Reason) }

// Unwrap returns ErrUnreadable.
func (e *UnreadableError) Unwrap() error { return ErrUnreadable }

func unreadable(why Reason) error { return &UnreadableError{why} }

// adapter is a physical network adapter.
type adapter struct {
	name     string
	address  string // permanent address, 12 hex digits
	external bool   // outside of the case: on USB, behind Thunderbolt, in a dock
}

// local reports whether an address is locally administered.
func (a adapter) local() bool { return strings.ContainsRune("2367ABEF", rune(a.address[1])) }

// sources are the raw values of a platform. An error is the reason why one is missing, without raw values.
type sources interface {
	hdID() (string, error)
	biosID() (string, error)
	osID() (string, error)
	cpuID() (string, error)
	// disks returns the serial numbers of all disks of the system drive. HD ID (HW) is the first.
	disks() ([]string, error)
	cdHardwareID() (string, error)
	// adapters lists physical adapters with a permanent address, in no particular order.
	adapters() ([]adapter, error)
}

// snapshotter is implemented by sources that cache what several locks need.
type snapshotter interface {
	// snapshot returns a source with an empty cache, for one reading.
	snapshot() sources
}

// Reader reads the locks of one PC.
type Reader struct{ sources sources }

// Reading is the result of a Reader. No format shows its raw values.
type Reading struct {
	redact.Hidden
	raw      license.RawLocks // NET ID is empty: it is chosen from adapters
	adapters []adapter
	disks    []string // serial numbers of all disks of the system drive; the first is HD ID (HW)
	problems [license.LockCount]error
}

// Read reads all locks. An unreadable lock is not an error; Read fails only with the error of the context.
func (r *Reader) Read(ctx context.Context) (Reading, error) {
	var reading Reading
	source := r.sources
	if s, ok := source.(snapshotter); ok {
		source = s.snapshot()
	}
	for _, read := range []struct {
		lock license.Lock
		from func() (string, error)
	}{
		{license.HDID, source.hdID},
		{license.BIOSID, source.biosID},
		{license.OSID, source.osID},
		{license.CPUID, source.cpuID},
		{license.HDHWID, func() (string, error) {
			disks, err := disksOf(source)
			if err != nil || len(disks) == 0 {
				return "", err
			}
			reading.disks = disks
			return disks[0], nil
		}},
		{license.CDHWID, source.cdHardwareID},
	} {
		if err := ctx.Err(); err != nil {
			return Reading{}, err
		}
		value, err := read.from()
		if err == nil && !readable(read.lock, value) {
			err = unreadable("the system gives only a placeholder")
		}
		if err != nil {
			reading.problems[read.lock-1] = err
			continue
		}
		reading.raw[read.lock-1] = value
	}
	if err := ctx.Err(); err != nil {
		return Reading{}, err
	}
	adapters, err := source.adapters()
	adapters = slices.DeleteFunc(adapters, func(a adapter) bool { return !usable(a.address) })
	if err == nil && len(adapters) == 0 {
		err = unreadable("there is no physical network adapter")
	}
	if err != nil && len(adapters) == 0 {
		reading.problems[license.NETID-1] = err
	}
	slices.SortFunc(adapters, prefer)
	reading.adapters = adapters
	return reading, nil
}

// disksOf returns the serial numbers of the disks of the system drive without placeholders.
func disksOf(source sources) ([]string, error) {
	disks, err := source.disks()
	return slices.DeleteFunc(disks, func(serial string) bool { return !readable(license.HDHWID, serial) }), err
}

// readable reports whether a raw value can identify a PC: it is not empty, too short or a placeholder (spec: codes
// "Unreadable values").
func readable(l license.Lock, raw string) bool {
	_, ok := license.Readable(l, raw)
	return ok
}

// prefer compares adapters: globally administered addresses first, built-in adapters before external ones, then by
// name and address.
func prefer(a, b adapter) int {
	return cmp.Or(boolean(a.local(), b.local()), boolean(a.external, b.external), cmp.Compare(a.name, b.name),
		cmp.Compare(a.address, b.address))
}

func boolean(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// usable reports whether a normalized address can be an adapter's own: 48 bits, not a group address or placeholder.
func usable(address string) bool {
	return len(address) == 12 && strings.Trim(address, "0123456789ABCDEF") == "" && readable(license.NETID, address) &&
		!strings.ContainsRune("13579BDF", rune(address[1]))
}

// hexAddress returns the 12 hex digits of an address, or "".
func hexAddress(text string) string {
	address := license.Normalize(text)
	if !usable(address) {
		return ""
	}
	return address
}

// Readable reports whether a lock could be read.
func (r Reading) Readable(l license.Lock) bool { return r.Err(l) == nil }

// Err returns the reason why a lock cannot be read; nil if it can.
func (r Reading) Err(l license.Lock) error {
	if l < license.HDID || l > license.CDHWID {
		return unreadable("there is no such lock")
	}
	return r.problems[l-1]
}

// Block returns the lock block of this PC with the first adapter and the first disk.
func (r Reading) Block(k license.Key) license.Block { return r.BlockFor(k) }

// BlockFor returns the lock block of this PC for a comparison with the blocks that a license is bound to. Of the
// physical adapters, and of the disks of the system drive, it uses the one that the first of these blocks contains;
// if a block contains none it tries the next. The order of adapters and disks therefore does not matter (spec: codes
// "Disks", codes "Network adapters").
func (r Reading) BlockFor(k license.Key, bound ...license.Block) license.Block {
	raw := r.raw
	addresses := make([]string, len(r.adapters))
	for i, a := range r.adapters {
		addresses[i] = a.address
	}
	raw[license.NETID-1] = choose(k, license.NETID, addresses, bound)
	raw[license.HDHWID-1] = choose(k, license.HDHWID, r.disks, bound)
	return k.Block(raw)
}

// choose returns the raw value that the first matching block contains, or else the first value.
func choose(k license.Key, l license.Lock, values []string, bound []license.Block) string {
	if len(values) == 0 {
		return ""
	}
	for _, b := range bound {
		for _, value := range values {
			if len(values) == 1 || k.LockValue(l, value) == b.Value(l) {
				return value
			}
		}
	}
	return values[0]
}

// joinReadable joins the readable parts of a BIOS ID. It checks each part, because joined placeholders may resemble a
// value, such as "NA" twice.
func joinReadable(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return !readable(license.BIOSID, part) })
	return strings.Join(parts, " ")
}
