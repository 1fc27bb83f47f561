package carry

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Scheme is the scheme of the app's links.
const Scheme = "acen"

// MaxParts is the maximum number of pictures of one document.
const MaxParts = 99

// maxLink is the maximum length of a link in bytes, that of the largest QR code.
const maxLink = 4400

// maxServer is the maximum length of the address of a server in bytes.
const maxServer = 200

// ErrLink is returned for an unknown link.
var ErrLink = errors.New("this is not a link of the app, or it is damaged")

// ErrServer is returned for a link to a server with an invalid address.
var ErrServer = errors.New("the link names no address of a server that begins with https://")

// letters encodes the bytes of a part. Its letters need no escaping in a link, mail or chat, and take 5.5 bits each
// in the alphanumeric mode of a QR code.
var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// Part is a document, or a piece of one, that fits in one picture. Its text is the text of the picture, and a link:
//
//	ACEN:ANSWER/H7QK2MZD/1/3/ME4DS…
//
// It consists of kind, series, number and count, and the piece after a checksum of all of them. Upper case keeps the
// QR code small; letter case is not significant.
type Part struct {
	Kind Kind
	// Series identifies the document: it is the same for all its parts.
	Series string
	// Number is from 1 to Count.
	Number, Count int
	chunk         string
}

// seriesLength is for 40 bits of the SHA-256 of the packed document.
const seriesLength = 8

func seriesOf(packed []byte) string {
	sum := sha256.Sum256(packed)
	return letters.EncodeToString(sum[:5])
}

func (p Part) head() string {
	return strings.ToUpper(fmt.Sprintf("%s:%s/%s/%d/%d/", Scheme, p.Kind, p.Series, p.Number, p.Count))
}

// String returns the link.
func (p Part) String() string {
	head := p.head()
	sum := crc32.ChecksumIEEE([]byte(head + p.chunk))
	return head + letters.EncodeToString(append(binary.BigEndian.AppendUint32(nil, sum), p.chunk...))
}

// Link is a link from outside the app. Parsing it has no effect, and a person must see it before it has one.
type Link struct {
	// Part is set for a part of a document.
	Part *Part
	// Server is the address in a link "acen:server?address=", for the sign-in.
	Server string
}

// rest returns the text after the scheme. Browsers insert two slashes.
func rest(text string) (string, bool) {
	if len(text) <= len(Scheme) || !strings.EqualFold(text[:len(Scheme)+1], Scheme+":") {
		return "", false
	}
	return strings.TrimPrefix(text[len(Scheme)+1:], "//"), true
}

func hasScheme(text string) bool {
	_, ok := rest(text)
	return ok
}

// ParseLink parses a link. It fails with ErrLink, ErrServer, ErrTooLarge or a *DocumentError.
func ParseLink(text string) (Link, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxLink {
		return Link{}, ErrTooLarge
	}
	body, ok := rest(text)
	if !ok {
		return Link{}, ErrLink
	}
	what, query, asks := strings.Cut(body, "?")
	if asks && strings.EqualFold(strings.TrimSuffix(what, "/"), "server") {
		address, err := serverAddress(query)
		return Link{Server: address}, err
	}
	p, err := parsePart(body)
	if err != nil {
		return Link{}, err
	}
	return Link{Part: &p}, nil
}

// serverAddress accepts an address only with TLS or on this PC, and only in plain ASCII, so that no name can imitate
// another one.
func serverAddress(query string) (string, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", ErrServer
	}
	var address string
	for name, given := range values {
		if !strings.EqualFold(name, "address") || len(given) != 1 || len(values) != 1 {
			return "", ErrServer
		}
		address = given[0]
	}
	if len(address) > maxServer || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", ErrServer
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery ||
		strings.Contains(address, "#") {
		return "", ErrServer
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", ErrServer
		}
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return "", ErrServer
	}
	return address, nil
}

func parsePart(body string) (Part, error) {
	fields := strings.Split(strings.ToUpper(body), "/")
	if len(fields) != 5 {
		return Part{}, ErrLink
	}
	p := Part{Kind: Kind(strings.ToLower(fields[0])), Series: fields[1]}
	switch p.Kind {
	case KindRequest, KindAnswer, KindLicense:
	default:
		return Part{}, ErrLink
	}
	damaged := &DocumentError{Kind: p.Kind, Problem: "one of its links or pictures is cut off or damaged"}
	if raw, err := letters.DecodeString(p.Series); err != nil || len(p.Series) != seriesLength || len(raw) != 5 {
		return Part{}, damaged
	}
	var err error
	if p.Number, err = strconv.Atoi(fields[2]); err != nil || p.Number < 1 || p.Number > MaxParts {
		return Part{}, damaged
	}
	if p.Count, err = strconv.Atoi(fields[3]); err != nil || p.Count < p.Number || p.Count > MaxParts {
		return Part{}, damaged
	}
	raw, err := letters.DecodeString(fields[4])
	if err != nil || len(raw) <= crc32.Size {
		return Part{}, damaged
	}
	p.chunk = string(raw[crc32.Size:])
	if p.String() != strings.ToUpper(Scheme)+":"+strings.Join(fields, "/") {
		return Part{}, damaged
	}
	return p, nil
}

// Sizes of pictures: the bytes in a QR code.
const (
	// DefaultPartSize is for codes of at most 97 modules per side, which a screen clipping and a telephone read well.
	DefaultPartSize = 640
	// MinPartSize and MaxPartSize limit the size.
	MinPartSize = 100
	MaxPartSize = 2300
)

// Parts returns the parts of a document, all about equally long, each for a picture of at most size bytes (0:
// DefaultPartSize). It refuses what Read refuses, and fails with ErrTooManyPictures.
func Parts(doc Document, size int) ([]Part, error) {
	if size == 0 {
		size = DefaultPartSize
	}
	size = min(max(size, MinPartSize), MaxPartSize)
	if err := doc.check(); err != nil {
		return nil, err
	}
	packed, err := pack(doc)
	if err != nil {
		return nil, err
	}
	longest := Part{Kind: doc.Kind(), Series: seriesOf(packed), Number: MaxParts, Count: MaxParts}
	room := (8*size-modeBits)*2/11 - len(longest.head()) // letters
	room = room*5/8 - crc32.Size                         // bytes
	count := (len(packed) + room - 1) / room
	if count > MaxParts {
		return nil, ErrTooManyPictures
	}
	parts := make([]Part, count)
	for i := range parts {
		from, to := len(packed)*i/count, len(packed)*(i+1)/count
		parts[i] = Part{
			Kind:   doc.Kind(),
			Series: longest.Series,
			Number: i + 1,
			Count:  count,
			chunk:  string(packed[from:to]),
		}
	}
	return parts, nil
}

// modeBits are what a QR code spends on its mode and its length.
const modeBits = 4 + 13
