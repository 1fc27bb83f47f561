package license

import (
	"crypto/subtle"
	"errors"
	"fmt"
)

// ErrSerialInvalid is returned for a serial number that was not made for the program.
var ErrSerialInvalid = errors.New("the serial number does not belong to this program")

// ErrSerialID is returned for a serial id outside 1 to MaxSerialID.
var ErrSerialID = fmt.Errorf("a serial ID must be from 1 to %d", MaxSerialID)

const (
	serialLetters  = 17
	serialTagBits  = 45
	serialDataBits = 40 // bits of masked data: serial id and features

	// MaxSerialID is the largest serial id (24 bits).
	MaxSerialID = 1<<24 - 1
)

// SerialNumber is a serial number: 85 bits as 40 bits of masked data and a 45-bit tag.
type SerialNumber struct {
	data uint64
	tag  uint64
}

// String returns the shown form, 17 letters and a check letter: "SM4G-2FQZ-XF-7EGC-WT2T".
func (n SerialNumber) String() string {
	values := make([]byte, serialLetters)
	high, low := n.data>>(64-serialTagBits), n.data<<serialTagBits|n.tag
	for i := serialLetters - 1; i >= 0; i-- {
		values[i] = byte(low & 31)
		low = low>>5 | high<<59
		high >>= 5
	}
	l := withCheck(values)
	return l[:4] + "-" + l[4:8] + "-" + l[8:10] + "-" + l[10:14] + "-" + l[14:]
}

func serialFromValues(values []byte) SerialNumber {
	var high, low uint64
	for _, v := range values {
		high = high<<5 | low>>59
		low = low<<5 | uint64(v)
	}
	return SerialNumber{data: high<<(64-serialTagBits) | low>>serialTagBits, tag: low & (1<<serialTagBits - 1)}
}

// Serial returns the serial number of a serial id (1 to MaxSerialID) with features (16 bits). It fails with
// ErrSerialID.
func (q SerialSeed) Serial(programID, serialID uint32, features uint16) (SerialNumber, error) {
	if serialID == 0 || serialID > MaxSerialID {
		return SerialNumber{}, ErrSerialID
	}
	tag := q.tag(programID, serialID, features)
	return SerialNumber{data: (uint64(serialID)<<16 | uint64(features)) ^ q.mask(tag), tag: tag}, nil
}

// Open returns the serial id and the features of a serial number. It fails with ErrSerialInvalid if the number was
// not made for the program.
func (q SerialSeed) Open(programID uint32, n SerialNumber) (serialID uint32, features uint16, err error) {
	data := n.data ^ q.mask(n.tag)
	serialID, features = uint32(data>>16), uint16(data)
	genuine := subtle.ConstantTimeCompare(be64(n.tag), be64(q.tag(programID, serialID, features))) == 1
	if !genuine || serialID == 0 {
		return 0, 0, ErrSerialInvalid
	}
	return serialID, features, nil
}

func (q SerialSeed) tag(programID, serialID uint32, features uint16) uint64 {
	return top64(mac(q.key(), []byte{0x30}, be32(programID), be32(serialID), be16(features))) >> (64 - serialTagBits)
}

func (q SerialSeed) mask(tag uint64) uint64 {
	return top64(mac(q.key(), []byte{0x31}, be64(tag))) >> (64 - serialDataBits)
}
