package license

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Lock is one of the seven properties a PC is recognised by, numbered as in codes.md, "Locks".
type Lock int

// The seven locks.
const (
	HDID   Lock = 1 + iota // volume serial or file-system UUID of the system drive
	BIOSID                 // firmware vendor, version and date
	OSID                   // the operating system's machine id
	NETID                  // MAC address of a physical adapter
	CPUID                  // processor vendor, family, model, stepping
	HDHWID                 // serial of the disk that holds the system drive
	CDHWID                 // model and serial of the first optical drive

	// LockCount is the number of locks.
	LockCount = 7
)

// Kind says whether a lock belongs to the hardware or to the software of a PC.
type Kind int

// The kinds of locks.
const (
	Software Kind = iota
	Hardware
)

// String returns "software" or "hardware".
func (k Kind) String() string {
	if k == Hardware {
		return "hardware"
	}
	return "software"
}

var lockNames = [LockCount]string{"HD_ID", "BIOS_ID", "OS_ID", "NET_ID", "CPU_ID", "HD_HW_ID", "CD_HW_ID"}

// Locks lists the seven locks in their order.
func Locks() []Lock {
	return []Lock{HDID, BIOSID, OSID, NETID, CPUID, HDHWID, CDHWID}
}

// String returns the name the lock has on the wire, such as "NET_ID".
func (l Lock) String() string {
	if !l.valid() {
		return fmt.Sprintf("lock %d", int(l))
	}
	return lockNames[l-1]
}

// Kind returns the lock's kind.
func (l Lock) Kind() Kind {
	if l == HDID || l == OSID {
		return Software
	}
	return Hardware
}

func (l Lock) valid() bool { return l >= HDID && l <= CDHWID }

// ParseLock returns the lock with a wire name such as "NET_ID".
func ParseLock(name string) (Lock, error) {
	for i, known := range lockNames {
		if name == known {
			return Lock(i + 1), nil
		}
	}
	return 0, fmt.Errorf("there is no lock named %q", name)
}

// placeholders are normalized values that vendors leave where a real one is missing.
var placeholders = map[string]bool{
	"TOBEFILLEDBYOEM": true, "TOBEFILLEDBYOEMS": true, "TOBEFILLEDINBYOEM": true, "TOBEFILLED": true, "OEM": true, "BYOEM": true,
	"DEFAULT": true, "DEFAULTSTRING": true, "NONE": true, "NA": true, "NULL": true, "NIL": true, "EMPTY": true, "BLANK": true,
	"UNKNOWN": true, "INVALID": true, "UNDEFINED": true, "UNINITIALIZED": true, "UNSPECIFIED": true, "NOTDEFINED": true,
	"NOTSPECIFIED": true, "NOTAPPLICABLE": true, "NOTAVAILABLE": true, "NOTPRESENT": true, "NOTPROVIDED": true, "NOTSET": true,
	"SYSTEMSERIALNUMBER": true, "BASEBOARDSERIALNUMBER": true, "BASESERIALNUMBER": true, "CHASSISSERIALNUMBER": true, "SERIALNUMBER": true,
	"SYSTEMMANUFACTURER": true, "SYSTEMPRODUCTNAME": true, "SYSTEMVERSION": true, "BIOSVERSION": true,
	"0123456789": true, "123456789": true, "1234567890": true,
}

// Normalize prepares a raw lock value: upper case, only 0-9 and A-Z kept. It returns "" for a value that
// is unreadable: nothing left, a vendor's placeholder, nothing but zeros or nothing but F (codes.md, "Locks").
// Letters outside ASCII are dropped, not transliterated, so that every platform gets the same value.
func Normalize(raw string) string {
	var room [64]byte // for most values
	kept := room[:0]
	for i := range len(raw) {
		c := raw[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			kept = append(kept, c)
		}
	}
	value := string(kept)
	if placeholders[value] || strings.Trim(value, "0") == "" || strings.Trim(value, "F") == "" {
		return ""
	}
	return value
}

// RawLocks are the raw values of the locks, the value of lock n at index n-1. They identify a PC and
// never leave it: printing, logging or encoding them shows nothing. Package fmt can hide them only where it may call
// methods, so keep them out of unexported fields of types that are printed.
type RawLocks [LockCount]string

// String hides the values.
func (RawLocks) String() string { return redacted }

// GoString hides the values.
func (RawLocks) GoString() string { return redacted }

// Format hides the values from every verb of package fmt.
func (RawLocks) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the values from structured logs.
func (RawLocks) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the values from encoders.
func (RawLocks) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Block is the 64-bit lock block P: one zero bit, then the seven 9-bit lock values.
type Block uint64

const lockBits = 9

func newBlock(values [LockCount]uint16) Block {
	var b Block
	for _, v := range values {
		b = b<<lockBits | Block(v)
	}
	return b
}

// Value returns the 9-bit value of a lock; 0 means unreadable.
func (b Block) Value(l Lock) uint16 {
	if !l.valid() {
		return 0
	}
	return uint16(b>>(lockBits*(LockCount-int(l)))) & (1<<lockBits - 1)
}
