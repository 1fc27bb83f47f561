package license

import (
	"encoding/binary"
	"errors"
)

// MaxGeneration is the largest generation of a Site code (12 bits).
const MaxGeneration = 1<<12 - 1

// ErrMismatch is returned for a Site code and a Machine ID that do not belong together or belong to another program.
var ErrMismatch = errors.New("the Site code and the Machine ID do not belong together, or belong to another program")

// ErrOlderCodes is returned for a Site code and a Machine ID that belong together in the scheme acen/v1, of which
// nothing else is decoded. It wraps ErrMismatch.
var ErrOlderCodes error = olderCodes{}

type olderCodes struct{}

func (olderCodes) Error() string {
	return "the Site code and the Machine ID were made by an older trial version"
}

func (olderCodes) Unwrap() error { return ErrMismatch }

// SiteCode is 32 bits: 12 bits of generation, then 20 check bits.
type SiteCode uint32

// String returns the shown form, eight hex digits: "7183EC4D".
func (s SiteCode) String() string { return hexGroups(be32(uint32(s)), 8) }

// Generation returns the generation (12 bits) in the Site code.
func (s SiteCode) Generation() uint16 { return uint16(s >> 20) }

// MachineID is the masked lock block, 64 bits.
type MachineID uint64

// String returns the shown form, four groups of four hex digits: "83A9-3429-0090-B3F5".
func (m MachineID) String() string { return hexGroups(be64(uint64(m)), 4) }

// Codes are the Site code and the Machine ID of one PC for one program.
type Codes struct {
	Site    SiteCode
	Machine MachineID
}

// Merged returns the merged form, six groups of four hex digits, Site code first.
func (c Codes) Merged() string {
	return hexGroups(c.bytes(), 4)
}

// IsZero reports whether no codes are set.
func (c Codes) IsZero() bool { return c == Codes{} }

// codesFrom decodes the result of bytes.
func codesFrom(b [12]byte) Codes {
	return Codes{SiteCode(binary.BigEndian.Uint32(b[:])), MachineID(binary.BigEndian.Uint64(b[4:]))}
}

func (c Codes) bytes() []byte { return append(be32(uint32(c.Site)), be64(uint64(c.Machine))...) }

// Codes computes Site code and Machine ID of a lock block for a generation (0 to MaxGeneration).
func (k Key) Codes(generation uint16, b Block) Codes {
	keyed := newKeyed(k.bytes[:])
	site := keyed.site(generation&MaxGeneration, b)
	return Codes{Site: site, Machine: MachineID(uint64(b) ^ keyed.mask(site))}
}

// Open returns the lock block of the codes. It fails with ErrMismatch if the Site code does not belong to the Machine
// ID (spec: codes "Site code and Machine ID"), and with ErrOlderCodes if they are of acen/v1.
func (k Key) Open(c Codes) (Block, error) {
	if b, ok := k.open(c); ok {
		return b, nil
	}
	if _, ok := k.signature.key(olderSalt).open(c); ok {
		return 0, ErrOlderCodes
	}
	return 0, ErrMismatch
}

func (k Key) open(c Codes) (b Block, ok bool) {
	keyed := newKeyed(k.bytes[:])
	b = Block(uint64(c.Machine) ^ keyed.mask(c.Site))
	return b, b>>63 == 0 && keyed.site(c.Site.Generation(), b) == c.Site
}

func (k *keyed) site(generation uint16, b Block) SiteCode {
	sum := k.mac([]byte{0x02}, be16(generation), be64(uint64(b)))
	return SiteCode(uint32(generation)<<20 | uint32(top64(sum)>>44))
}

func (k *keyed) mask(s SiteCode) uint64 {
	return top64(k.mac([]byte{0x03}, be32(uint32(s))))
}

// hexGroups returns hex digits with a dash after every size of them. It allocates only the string, because lists of
// licenses contain many codes.
func hexGroups(b []byte, size int) string {
	const digits = "0123456789ABCDEF"
	var text [48]byte // the longest code has 35 characters
	out := text[:0]
	for i := range 2 * len(b) {
		if i > 0 && i%size == 0 {
			out = append(out, '-')
		}
		out = append(out, digits[b[i/2]>>(4-i%2*4)&0xf])
	}
	return string(out)
}
