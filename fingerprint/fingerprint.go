// Package fingerprint reads the seven locks of a PC (codes.md, "Locks") without elevation, so that the administrator and
// an ordinary user get the same codes.
//
//	lock      Linux                               Windows                        macOS
//	HD ID     UUID of the root file system        serial of the system volume    UUID of the system volume
//	BIOS ID   DMI vendor, version, date           SMBIOS table, type 0           boot ROM version
//	OS ID     machine-id                          MachineGuid                    platform UUID
//	NET ID    permanent address of an adapter     the same                       the same
//	CPU ID    /proc/cpuinfo                       registry                       sysctl
//	HD (HW)   serial of the root file system's    storage query                  serial of the internal disk
//	          disk, followed through LVM, LUKS
//	CD (HW)   model and serial of sr0             storage query                  model of the drive
//
// Raw values never leave the package but as lock values of nine bits.
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
	name    string
	address string // permanent address, 12 hex digits
	usb     bool
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

// Reader reads the locks of one PC.
type Reader struct{ sources sources }

// Reading is what a Reader read. It shows no raw value, however it is printed.
type Reading struct {
	raw      license.RawLocks // NET ID is empty: it is chosen from adapters
	adapters []adapter
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
	for _, read := range []struct {
		lock license.Lock
		from func() (string, error)
	}{
		{license.HDID, r.sources.hdID},
		{license.BIOSID, r.sources.biosID},
		{license.OSID, r.sources.osID},
		{license.CPUID, r.sources.cpuID},
		{license.HDHWID, r.sources.hdHardwareID},
		{license.CDHWID, r.sources.cdHardwareID},
	} {
		if err := ctx.Err(); err != nil {
			return Reading{}, err
		}
		value, err := read.from()
		if _, ok := license.Readable(read.lock, value); err == nil && !ok {
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
	adapters, err := r.sources.adapters()
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

// prefer orders adapters: globally administered addresses first, built-in ones before USB, then by name and address.
func prefer(a, b adapter) int {
	return cmp.Or(boolean(a.local(), b.local()), boolean(a.usb, b.usb), cmp.Compare(a.name, b.name), cmp.Compare(a.address, b.address))
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

// usable reports whether a normalised address can be an adapter's own: 48 bits, no group address, no placeholder.
func usable(address string) bool {
	_, ok := license.Readable(license.NETID, address)
	return ok && len(address) == 12 && strings.Trim(address, "0123456789ABCDEF") == "" &&
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

// Block computes the lock block of this PC with the adapter that comes first.
func (r Reading) Block(k license.Key) license.Block {
	raw := r.raw
	if len(r.adapters) > 0 {
		raw[license.NETID-1] = r.adapters[0].address
	}
	return k.Block(raw)
}

// BlockFor computes the lock block of this PC for comparing it with the blocks that a license is bound to: the adapter
// of the first of them that has one here is looked for among all physical adapters, so that their order means nothing
// (spec: codes, "Locks").
func (r Reading) BlockFor(k license.Key, bound ...license.Block) license.Block {
	first := r.Block(k)
	for _, b := range bound {
		if first.Value(license.NETID) == b.Value(license.NETID) {
			return first
		}
		for _, a := range r.adapters {
			if k.LockValue(license.NETID, a.address) == b.Value(license.NETID) {
				raw := r.raw
				raw[license.NETID-1] = a.address
				return k.Block(raw)
			}
		}
	}
	return first
}
