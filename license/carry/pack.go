package carry

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// packing is the first byte of a packed document. The rest is compressed with DEFLATE: the JSON of the document, and
// for each license file in it the two base64 parts of the token, decoded, each after its length. Tokens are not in
// the JSON because base64 prevents compression of claims that licenses have in common.
const packing = 1

// tokenHead is the beginning of a license file.
const tokenHead = "v4.public."

// split splits and decodes a token: claims with signature, and footer.
func (l License) split() (payload, footer []byte, ok bool) {
	rest, ok := strings.CutPrefix(string(l), tokenHead)
	if !ok {
		return nil, nil, false
	}
	first, second, ok := strings.Cut(rest, ".")
	if !ok {
		return nil, nil, false
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return nil, nil, false
	}
	footer, err = base64.RawURLEncoding.Strict().DecodeString(second)
	return payload, footer, err == nil
}

func join(payload, footer []byte) License {
	return License(tokenHead + base64.RawURLEncoding.EncodeToString(payload) + "." +
		base64.RawURLEncoding.EncodeToString(footer))
}

// pack returns the packed form of a valid document.
func pack(doc Document) ([]byte, error) {
	var tokens []License
	var body []byte
	var err error
	switch d := doc.(type) {
	case License:
		tokens = []License{d}
	case Answer:
		bare := d
		bare.Results = append([]Result{}, d.Results...)
		for i := range bare.Results {
			if r := &bare.Results[i]; r.Outcome == OutcomeLicense {
				tokens = append(tokens, License(r.License))
				r.License = ""
			}
		}
		body, err = marshal(bare, "")
	default:
		body, err = marshal(doc, "")
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteByte(packing)
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	section := func(b []byte) {
		_, _ = w.Write(binary.AppendUvarint(nil, uint64(len(b)))) // a bytes.Buffer does not fail
		_, _ = w.Write(b)
	}
	section(body)
	for _, token := range tokens {
		payload, footer, ok := token.split()
		if !ok {
			return nil, &DocumentError{Kind: doc.Kind(), Problem: "a license file in it is damaged"}
		}
		section(payload)
		section(footer)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("the %s cannot be written: %w", doc.Kind(), err)
	}
	return out.Bytes(), nil
}

// unpack reads a packed document of a kind.
func unpack(kind Kind, packed []byte) (Document, error) {
	damaged := &DocumentError{Kind: kind, Problem: "its pictures or links hold something else"}
	switch {
	case len(packed) == 0:
		return nil, damaged
	case packed[0] > packing:
		return nil, ErrNewer
	case packed[0] != packing:
		return nil, damaged
	}
	reader := flate.NewReader(bytes.NewReader(packed[1:]))
	plain, err := io.ReadAll(io.LimitReader(reader, MaxSize+1))
	if err != nil {
		return nil, damaged
	}
	if len(plain) > MaxSize {
		return nil, ErrTooLarge
	}
	section := func() ([]byte, bool) {
		size, n := binary.Uvarint(plain)
		if n <= 0 || size > uint64(len(plain)-n) {
			return nil, false
		}
		b := plain[n : n+int(size)]
		plain = plain[n+int(size):]
		return b, true
	}
	token := func() (License, bool) {
		payload, ok1 := section()
		footer, ok2 := section()
		return join(payload, footer), ok1 && ok2
	}
	body, ok := section()
	if !ok {
		return nil, damaged
	}
	var doc Document
	switch kind {
	case KindLicense:
		l, ok := token()
		if !ok || len(body) > 0 {
			return nil, damaged
		}
		if doc, err = readLicense([]byte(l)); err != nil {
			return nil, err
		}
	case KindRequest:
		if doc, err = readJSON(body); err != nil {
			return nil, err
		}
	case KindAnswer:
		a, err := readAnswerWith(body, token)
		if err != nil {
			return nil, err
		}
		doc = a
	}
	if len(plain) > 0 || doc == nil || doc.Kind() != kind {
		return nil, damaged
	}
	return doc, nil
}

// readAnswerWith reads an answer whose license files follow it.
func readAnswerWith(body []byte, token func() (License, bool)) (Document, error) {
	head, err := readHead(body)
	if err != nil {
		return nil, err
	}
	damaged := &DocumentError{Kind: KindAnswer, Problem: "its pictures or links hold something else"}
	if head.Kind != KindAnswer {
		return nil, damaged
	}
	a, err := readAnswer(body)
	if err != nil {
		return nil, err
	}
	for i := range a.Results {
		r := &a.Results[i]
		if r.Outcome != OutcomeLicense {
			continue
		}
		l, ok := token()
		if !ok || r.License != "" {
			return nil, damaged
		}
		r.License = string(l)
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}
