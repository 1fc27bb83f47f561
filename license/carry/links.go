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

// Scheme begins every link of the app.
const Scheme = "acen"

// MaxParts is the largest number of pictures of one document.
const MaxParts = 99

// maxLink bounds a link that is looked at, in bytes: the text of the largest QR code is not longer.
const maxLink = 4400

// maxServer bounds the address of a server, in bytes.
const maxServer = 200

// ErrLink is returned for a link that the app does not know.
var ErrLink = errors.New("this is not a link of the app, or it is damaged")

// ErrServer is returned for a link to a server whose address cannot be one.
var ErrServer = errors.New("the link names no address of a server that begins with https://")

// letters are those of a part's bytes: each may stand in a link, needs no escape in any mail or chat, and takes 5.5
// bits of a QR code in its alphanumeric mode.
var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// Part is a document, or a piece of one, that fits one picture. Its text is the text of the picture, and a link:
//
//	ACEN:ANSWER/H7QK2MZD/1/3/ME4DS…
//
// kind, series, number, count, and the piece behind a check sum over all of them. Capitals keep the QR code small;
// letter case has no meaning.
type Part struct {
	Kind Kind
	// Series is the same for all parts of one document, and another for every other document.
	Series string
	// Number counts from 1 to Count.
	Number, Count int
	chunk         string
}

// seriesLength gives 40 bits of the SHA-256 of the packed document.
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

// Link is something that the app takes from outside. Reading one does nothing, and nothing is done with it before a
// person has seen it.
type Link struct {
	// Part is set for a part of a document.
	Part *Part
	// Server is the address that a link "acen:server?address=" opens the sign-in with.
	Server string
}

// rest returns what stands behind the scheme. Browsers put two slashes there.
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

// ParseLink reads a link. It fails with ErrLink, ErrServer, ErrTooLarge or a *Fault.
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

// serverAddress takes an address only over TLS, or on this PC, and only in plain ASCII: no name can look like another
// one.
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
	damaged := &Fault{Kind: p.Kind, Problem: "one of its links or pictures is cut off or damaged"}
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

// The sizes of pictures: how many bytes the QR code of one holds.
const (
	// DefaultPicture gives codes of at most 97 modules a side, which a screen clipping and a telephone read well.
	DefaultPicture = 640
	// MinPicture and MaxPicture bound the size.
	MinPicture = 100
	MaxPicture = 2300
)

// Pictures returns the parts of a document, each for a picture of at most size bytes (0: DefaultPicture), all about
// equally long. It refuses what Read would refuse, and fails with ErrTooManyPictures.
func Pictures(doc Document, size int) ([]Part, error) {
	if size == 0 {
		size = DefaultPicture
	}
	size = min(max(size, MinPicture), MaxPicture)
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
