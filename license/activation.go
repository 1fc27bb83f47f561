package license

import (
	"crypto/hmac"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// ErrActivationInvalid is returned for an activation code that was not made for these codes with this key.
var ErrActivationInvalid = errors.New("the activation code does not belong to this Site code and Machine ID")

const (
	codeVersion = 1
	tagBytes    = 10
	// MaxIssue is the largest issue number of an activation code (12 bits).
	MaxIssue = 1<<12 - 1
)

var dayZero = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Grant is the content of an activation code.
type Grant struct {
	// Features are 16 bits whose meaning the program defines.
	Features uint16
	// Expires is a moment of the last day (UTC) of validity; zero means that the code never ends.
	Expires time.Time
	// Issue is the license id modulo 4096.
	Issue uint16
}

// ValidThrough returns the last moment of the expiry day in UTC, or zero when the grant never ends.
func (g Grant) ValidThrough() time.Time {
	if g.Expires.IsZero() {
		return time.Time{}
	}
	y, m, d := g.Expires.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC).Add(-time.Nanosecond)
}

func (g Grant) days() (uint16, error) {
	if g.Expires.IsZero() {
		return 0, nil
	}
	y, m, d := g.Expires.UTC().Date()
	days := int64(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Sub(dayZero) / (24 * time.Hour))
	if days < 1 || days > 0xFFFF {
		return 0, fmt.Errorf("an activation code cannot end on %s: only from 2020-01-02 to 2199-06-06",
			g.Expires.UTC().Format(time.DateOnly))
	}
	return uint16(days), nil
}

// ActivationCode is the typed activation code, 16 bytes: 6 of masked payload, 10 of tag.
type ActivationCode [16]byte

// String returns the shown form, 35 characters: four groups of eight hex digits.
func (c ActivationCode) String() string { return hexGroups(c[:], 8) }

// Activate returns the activation code of a grant for one PC. It fails for an expiry day or an issue number that the
// code cannot contain.
func (a ActivationKey) Activate(c Codes, g Grant) (ActivationCode, error) {
	days, err := g.days()
	if err != nil {
		return ActivationCode{}, err
	}
	if g.Issue > MaxIssue {
		return ActivationCode{}, fmt.Errorf("issue number %d is larger than %d", g.Issue, MaxIssue)
	}
	payload := uint64(codeVersion)<<44 | uint64(g.Features)<<28 | uint64(days)<<12 | uint64(g.Issue)
	tag := a.tag(c, payload)
	masked := be64((payload ^ a.payloadMask(tag)) << 16)
	var code ActivationCode
	copy(code[:6], masked)
	copy(code[6:], tag)
	return code, nil
}

// Check returns the grant of an activation code for the PC with these codes. It fails with ErrActivationInvalid if
// the code was not made for them. It does not check expiry.
func (a ActivationKey) Check(c Codes, code ActivationCode) (Grant, error) {
	tag := code[6:]
	payload := binary.BigEndian.Uint64(append([]byte{0, 0}, code[:6]...)) ^ a.payloadMask(tag)
	if !hmac.Equal(tag, a.tag(c, payload)) || payload>>44 != codeVersion {
		return Grant{}, ErrActivationInvalid
	}
	g := Grant{Features: uint16(payload >> 28), Issue: uint16(payload) & MaxIssue}
	if days := uint16(payload >> 12); days != 0 {
		g.Expires = dayZero.AddDate(0, 0, int(days))
	}
	return g, nil
}

func (a ActivationKey) tag(c Codes, payload uint64) []byte {
	return mac(a.key(), []byte{0x10}, c.bytes(), be64(payload)[2:])[:tagBytes]
}

func (a ActivationKey) payloadMask(tag []byte) uint64 {
	return top64(mac(a.key(), []byte{0x11}, tag)) >> 16
}
