package license

import (
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/redact"
)

// Lock is one of the seven properties by which a PC is recognized, numbered as in the specification (spec: codes
// "Locks").
type Lock int

// The seven locks.
const (
	HDID   Lock = 1 + iota // volume serial or file-system UUID of the system drive
	BIOSID                 // firmware vendor, and vendor and product of the board
	OSID                   // the operating system's machine id
	NETID                  // MAC address of a physical adapter
	CPUID                  // processor vendor, family, model, stepping
	HDHWID                 // serial of the disk that holds the system drive
	CDHWID                 // model and serial of the first built-in optical drive

	// LockCount is the number of locks.
	LockCount = 7
)

// LockKind is whether a lock belongs to the hardware or to the software of a PC.
type LockKind int

// The kinds of locks.
const (
	Software LockKind = iota
	Hardware
)

// String returns "software" or "hardware".
func (k LockKind) String() string {
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

// String returns the name of the lock on the wire, such as "NET_ID".
func (l Lock) String() string {
	if !l.valid() {
		return fmt.Sprintf("lock %d", int(l))
	}
	return lockNames[l-1]
}

// Kind returns the lock's kind.
func (l Lock) Kind() LockKind {
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

// Normalize returns the normal form of a raw lock value: ASCII letters in upper case, and nothing but 0-9 and A-Z
// (spec: codes "Unreadable values"). Letters outside ASCII are dropped, not transliterated, so that every platform
// gets the same value. Normalize does not check the value: see Readable.
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
	return string(kept)
}

// Readable returns the normal form of a raw lock value, and whether it can identify a PC. It returns "" and
// false for a value that is empty, a placeholder, or too short for its lock (spec: codes "Unreadable values").
func Readable(l Lock, raw string) (normalized string, ok bool) {
	normalized = Normalize(raw)
	const shortest = 4 // characters of a volume serial, an address or a disk's serial
	short := len(normalized) < shortest && (l == HDID || l == NETID || l == HDHWID)
	if normalized == "" || short || patterned(normalized) || placeholder(l, normalized) {
		return "", false
	}
	return normalized, true
}

// patterned reports whether a normalized value is made up: one repeated character, or, after an optional "0X" and up to
// four letters, four or more equal characters, a sequence that counts, or zeros.
func patterned(value string) bool {
	if repeated(value) {
		return true
	}
	value = strings.TrimPrefix(value, "0X")
	const prefix = 4 // letters before a made-up number, such as "BSN1234567"
	for range prefix + 1 {
		if len(value) >= 4 && repeated(value) || counted(value) || zeros(value) {
			return true
		}
		if value == "" || value[0] < 'A' {
			return false
		}
		value = value[1:]
	}
	return false
}

// repeated reports whether all characters of a value are equal. An empty value has none.
func repeated(value string) bool {
	return value != "" && strings.Trim(value, value[:1]) == ""
}

// counted reports whether a value consists of seven or more digits that count up or down by one. Decimal digits wrap
// between 9 and 0; hexadecimal ones do not wrap.
func counted(value string) bool {
	const shortest = 7
	if len(value) < shortest {
		return false
	}
	return counts(value, 10, 1) || counts(value, 10, 9) || counts(value, 0, 1) || counts(value, 0, -1)
}

// counts reports whether each digit is the one before plus step, modulo wrap. With a wrap of 0 the digits are
// hexadecimal and do not wrap.
func counts(value string, wrap, step int) bool {
	before := -1
	for i := range len(value) {
		digit := int(value[i] - '0')
		if digit > 9 {
			digit = int(value[i]-'A') + 10
		}
		if digit > 15 || wrap != 0 && digit >= wrap {
			return false
		}
		if i > 0 {
			next := before + step
			if wrap != 0 {
				next %= wrap
			}
			if digit != next {
				return false
			}
		}
		before = digit
	}
	return true
}

// zeros reports whether a value has eight or more characters, and all but the first and the last two are 0.
func zeros(value string) bool {
	const shortest = 8
	return len(value) >= shortest && strings.Trim(value[1:len(value)-2], "0") == ""
}

// RawLocks are the raw values of the locks, the value of lock n at index n-1. They identify a PC and must not leave
// it: printing, logging and encoding redact them. Package fmt can redact them only where it may call methods, so do
// not put them in unexported fields of types that are printed.
type RawLocks [LockCount]string

// Format hides the values from every verb of package fmt.
func (RawLocks) Format(f fmt.State, verb rune) { redact.Hidden{}.Format(f, verb) }

// MarshalText hides the values from encoders and structured logs.
func (RawLocks) MarshalText() ([]byte, error) { return redact.Hidden{}.MarshalText() }

// lockBits are the sizes of the lock values in bits. Network card and disk identify one PC, processor and firmware only
// a model (spec: codes "Lock values").
var lockBits = [LockCount]uint{8, 5, 9, 14, 5, 14, 8}

// Bits returns the size of the lock's value in bits, or 0 if there is no such lock.
func (l Lock) Bits() int {
	if !l.valid() {
		return 0
	}
	return int(lockBits[l-1])
}

// Block is the 64-bit lock block P: one zero bit, then the seven lock values with their bits.
type Block uint64

func newBlock(values [LockCount]uint16) Block {
	var b Block
	for i, v := range values {
		b = b<<lockBits[i] | Block(v)
	}
	return b
}

// Value returns the value of a lock, which has Lock.Bits bits; 0 means unreadable.
func (b Block) Value(l Lock) uint16 {
	if !l.valid() {
		return 0
	}
	shift := uint(0)
	for _, bits := range lockBits[l:] {
		shift += bits
	}
	return uint16(b >> shift & (1<<lockBits[l-1] - 1))
}
