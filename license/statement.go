package license

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
)

// statement is the verified claims of a receipt or of a validation answer: the server's statement about one license.
type statement struct {
	kind   tokenKind
	claims map[string]any
	err    error // of the first invalid claim
}

// statement verifies a token and returns its claims. The encoding is canonical: statement refuses white space,
// padding and other spellings of the base64 text and the footer. It checks no time.
func (kind tokenKind) statement(text string, key func(id string) (PublicKey, bool)) (*statement, error) {
	if len(text) > kind.max {
		return nil, kind.tooLarge()
	}
	if hasInvisible(text) {
		return nil, kind.damaged
	}
	t, err := open(text)
	if err != nil || string(t.footer) != `{"kid":"`+t.keyID+`"}` {
		return nil, kind.damaged
	}
	if _, err := kind.verify(t, key); err != nil {
		return nil, err
	}
	s := &statement{kind: kind}
	if json.Unmarshal(t.claims, &s.claims) != nil {
		return nil, kind.damaged
	}
	return s, nil
}

// text returns a claim that is a text. If the claim is missing or of another type it sets s.err.
func (s *statement) text(name string) string {
	text, isText := s.claims[name].(string)
	if !isText {
		s.refuse(name)
	}
	return text
}

// optionalText returns a claim that is a text but not an empty one, or "" if it is missing.
func (s *statement) optionalText(name string) string {
	if _, given := s.claims[name]; !given {
		return ""
	}
	text := s.text(name)
	if text == "" {
		s.refuse(name)
	}
	return text
}

// uint16 returns a claim that is a whole number of 16 bits.
func (s *statement) uint16(name string) uint16 {
	number, isNumber := s.claims[name].(float64)
	if !isNumber || number < 0 || number > math.MaxUint16 || number != math.Trunc(number) {
		s.refuse(name)
		return 0
	}
	return uint16(number)
}

func (s *statement) refuse(name string) {
	if s.err == nil {
		s.err = s.kind.unreadable("claim " + name)
	}
}

var errClaim = errors.New("this is not the canonical form of the claim")

// parseID parses a license id as it is shown, without a sign or leading zeros.
func parseID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != text {
		return 0, errClaim
	}
	return id, nil
}

// parseMoment parses a time in whole seconds, UTC, as it is shown.
func parseMoment(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() || at.UTC().Format(time.RFC3339) != text {
		return time.Time{}, errClaim
	}
	return at.UTC(), nil
}

// parseSite parses a Site code as it is shown.
func parseSite(text string) (SiteCode, error) {
	var site [4]byte
	if !KindSiteCode.decodeShown(text, site[:]) {
		return 0, errClaim
	}
	return SiteCode(binary.BigEndian.Uint32(site[:])), nil
}

// decodeBytes decodes the unpadded base64url of size bytes. It compares the length because package base64 skips line
// breaks.
func decodeBytes(text string, size int) (b []byte, ok bool) {
	b, err := strict.DecodeString(text)
	return b, err == nil && len(b) == size && len(text) == strict.EncodedLen(size)
}
