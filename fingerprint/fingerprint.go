// Package fingerprint reads the seven locks of a PC (spec: codes "Locks") without elevation, so that the administrator
// and an ordinary user get the same codes. Packages manager and protect use it. It compares nothing and stores nothing;
// package license does the first.
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
	"log/slog"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// ErrUnreadable is found in the reason why a lock cannot be read.
var ErrUnreadable = errors.New("unreadable")

// Why says in a few plain words why a lock cannot be read.
type Why string

// UnreadableError tells that a lock cannot be read; it is an ErrUnreadable.
type UnreadableError struct{ Why Why }

// Error says it in a few plain words.
func (e *UnreadableError) Error() string { return fmt.Sprintf("%s: %s", ErrUnreadable, e.Why) }

// Unwrap returns ErrUnreadable.
func (e *UnreadableError) Unwrap() error { return ErrUnreadable }

func unreadable(why Why) error { return &UnreadableError{why} }

// adapter is a physical network adapter.
type adapter struct {
	name     string
	address  string // permanent address, 12 hex digits
	external bool   // outside of the case: on USB, behind Thunderbolt, in a dock
}

// local reports a locally administered address.
func (a adapter) local() bool { return strings.ContainsRune("2367ABEF", rune(a.address[1])) }

// sources are where a platform finds the raw values. An error says why one is missing, without raw values.
type sources interface {
	hdID() (string, error)
	biosID() (string, error)
	osID() (string, error)
	cpuID() (string, error)
	hdHardwareID() (string, error)
	cdHardwareID() (string, error)
	// adapters lists physical adapters with a permanent address, in no order.
	adapters() ([]adapter, error)
}

// diskLister is implemented by sources whose system drive may span several disks.
type diskLister interface {
	// disks returns the serials of all disks of the system drive, that of hdHardwareID first.
	disks() ([]string, error)
}

// snapshotter is implemented by sources that cache what several locks need.
type snapshotter interface {
	// snapshot returns a source with an empty cache, for one reading.
	snapshot() sources
}

// Reader reads the locks of one PC.
type Reader struct{ sources sources }

// Reading is what a Reader read. It shows no raw value, however it is printed.
type Reading struct {
	raw      license.RawLocks // NET ID is empty: it is chosen from adapters
	adapters []adapter
	disks    []string // serials of all disks of the system drive; the first is HD ID (HW)
	problems [license.LockCount]error
}

// String hides the values.
func (Reading) String() string { return "[redacted]" }

// Format hides the values from every verb of package fmt.
func (Reading) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// LogValue hides the values from structured logs.
func (Reading) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText hides the values from encoders.
func (Reading) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Read reads all locks. A lock that cannot be read is no error; the error is the context's.
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

// disksOf returns the serials of the disks of the system drive without placeholders.
func disksOf(source sources) ([]string, error) {
	var disks []string
	var err error
	if lister, ok := source.(diskLister); ok {
		disks, err = lister.disks()
	} else {
		var serial string
		serial, err = source.hdHardwareID()
		disks = []string{serial}
	}
	return slices.DeleteFunc(disks, func(serial string) bool { return !readable(license.HDHWID, serial) }), err
}

// readable reports whether a raw value can identify a PC: it is not empty, too short or a placeholder (spec: codes
// "Unreadable values").
func readable(l license.Lock, raw string) bool {
	_, ok := license.Readable(l, raw)
	return ok
}

// prefer orders adapters: globally administered addresses first, built-in ones before those outside, then by name and
// address.
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

// usable reports whether a normalized address can be an adapter's own: 48 bits, no group address, no placeholder.
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
func (r Reading) Readable(l license.Lock) bool { return r.Problem(l) == nil }

// Problem says why a lock cannot be read; nil when it can.
func (r Reading) Problem(l license.Lock) error {
	if l < license.HDID || l > license.CDHWID {
		return unreadable("there is no such lock")
	}
	return r.problems[l-1]
}

// Block computes the lock block of this PC with the adapter and the disk that come first.
func (r Reading) Block(k license.Key) license.Block { return r.BlockFor(k) }

// BlockFor computes the lock block of this PC for a comparison with the blocks that a license is bound to. Of the
// physical adapters, and of the disks of the system drive, it uses the one that the first of these blocks contains; if
// a block contains none it tries the next. The order of adapters and disks therefore does not matter (spec: codes
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

// choose returns the raw value of a lock that the first possible one of the blocks contains, or else the first value.
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

// joinReadable joins the parts of a BIOS ID that are readable. It checks each of them, because placeholders may look
// like a value when they are joined, as "NA" twice does.
func joinReadable(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(part string) bool { return !readable(license.BIOSID, part) })
	return strings.Join(parts, " ")
}
