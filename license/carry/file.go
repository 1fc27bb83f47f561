package carry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
)

// The document versions.
const (
	versionBase     = 1
	versionReceipts = 2
)

// The documents in their form in a file. Codes have exactly their shown form.
type (
	headJSON struct {
		Kind    Kind `json:"acen"`
		Version int  `json:"version"`
	}
	codesJSON struct {
		Site    string `json:"site_code"`
		Machine string `json:"machine_id"`
	}
	itemJSON struct {
		Task      Task   `json:"task"`
		Signature string `json:"signature"`
		Program   string `json:"program,omitempty"`
		codesJSON
		Note        string     `json:"note,omitempty"`
		RemovalCode string     `json:"removal_code,omitempty"`
		License     int64      `json:"license,omitempty"`
		From        *codesJSON `json:"from,omitempty"`
	}
	requestJSON struct {
		headJSON
		ID     string     `json:"id"`
		Device string     `json:"device,omitempty"`
		MadeAt time.Time  `json:"made_at"`
		Items  []itemJSON `json:"items"`
	}
	resultJSON struct {
		Item      int    `json:"item"`
		Task      Task   `json:"task"`
		Signature string `json:"signature"`
		Program   string `json:"program,omitempty"`
		codesJSON
		Outcome    Outcome  `json:"outcome"`
		License    string   `json:"license,omitempty"`
		PublicKeys []string `json:"public_keys,omitempty"`
		Receipt    string   `json:"receipt,omitempty"`
		Code       string   `json:"code,omitempty"`
		Sentence   string   `json:"sentence,omitempty"`
	}
	answerJSON struct {
		headJSON
		Request string       `json:"request"`
		MadeAt  time.Time    `json:"made_at"`
		Server  string       `json:"server,omitempty"`
		Results []resultJSON `json:"results"`
	}
)

// Encode returns a document as the content of a file. It refuses what Read refuses.
func Encode(doc Document) ([]byte, error) {
	if err := doc.check(); err != nil {
		return nil, err
	}
	if l, ok := doc.(License); ok {
		return []byte(l + "\n"), nil
	}
	out, err := marshal(doc, "  ")
	if err != nil {
		return nil, err
	}
	if len(out) > MaxSize {
		return nil, ErrTooLarge
	}
	return out, nil
}

func marshal(doc Document, indent string) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(doc.wire()); err != nil {
		return nil, fmt.Errorf("the %s cannot be written: %w", doc.Kind(), err)
	}
	return out.Bytes(), nil
}

// FileName returns a file name for a document.
func FileName(doc Document) string {
	switch d := doc.(type) {
	case Request:
		return fmt.Sprintf("request-%s%s", strings.ToLower(d.ID), Extension)
	case Answer:
		return fmt.Sprintf("answer-%s%s", strings.ToLower(d.Request), Extension)
	case License:
		if f, err := d.File(); err == nil {
			return license.FileName(f.ProgramName, f.ID)
		}
	}
	return "license" + Extension
}

// Read recognizes and reads the content of a file or a pasted text: a request, an answer, a license file, or all
// links of one of them. It fails with ErrUnknown, ErrTooLarge, ErrNewer, a *DocumentError or an *IncompleteError.
func Read(data []byte) (Document, error) {
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(data), []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(data, []byte(tokenHead)):
		return readLicense(data)
	case bytes.HasPrefix(data, []byte("{")):
		return readJSON(data)
	case hasScheme(string(data)):
		return readLinks(string(data))
	}
	return nil, ErrUnknown
}

func readLicense(data []byte) (Document, error) {
	if len(data) > license.MaxFile {
		return nil, ErrTooLarge
	}
	l := License(strings.Join(strings.Fields(string(data)), "")) // mail programs wrap the line
	if err := l.check(); err != nil {
		return nil, err
	}
	return l, nil
}

// readHead returns kind and version of a JSON document.
func readHead(data []byte) (headJSON, error) {
	var head headJSON
	if json.Unmarshal(data, &head) != nil || head.Kind != KindRequest && head.Kind != KindAnswer {
		return head, ErrUnknown
	}
	if head.Version > Version {
		return head, ErrNewer
	}
	if head.Version < versionBase {
		return head, &DocumentError{Kind: head.Kind, Problem: "its version cannot be one"}
	}
	return head, nil
}

func readJSON(data []byte) (Document, error) {
	head, err := readHead(data)
	if err != nil {
		return nil, err
	}
	var doc Document
	if head.Kind == KindRequest {
		doc, err = readRequest(data)
	} else {
		doc, err = readAnswer(data)
	}
	if err == nil {
		err = doc.check()
	}
	if err != nil {
		return nil, err
	}
	return doc, nil
}

// strict decodes JSON and refuses unknown fields, because they could not be shown to a person.
func strict(kind Kind, data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
	}
	return &DocumentError{Kind: kind, Problem: "its content cannot be read", Err: err}
}

func wireCodes(c license.Codes) codesJSON { return codesJSON{c.Site.String(), c.Machine.String()} }

func (j codesJSON) codes(c *checker) license.Codes {
	codes, err := license.ParseCodes(j.Site, j.Machine)
	switch {
	case err != nil:
		c.fail(err, "%s", strings.TrimSuffix(err.Error(), "."))
	case wireCodes(codes) != j:
		c.fail(nil, "its Site code or Machine ID is not written as it is shown")
	}
	return codes
}

func (Request) head() headJSON { return headJSON{KindRequest, versionBase} }

func (r Request) wire() any {
	j := requestJSON{
		headJSON: r.head(),
		ID:       r.ID,
		Device:   r.Device,
		MadeAt:   r.MadeAt.UTC().Truncate(time.Second),
		Items:    []itemJSON{},
	}
	for _, i := range r.Items {
		item := itemJSON{
			Task:      i.Task,
			Signature: string(i.Signature),
			Program:   i.Program,
			codesJSON: wireCodes(i.Codes),
			Note:      i.Note,
			License:   i.License,
		}
		if i.RemovalCode != 0 {
			item.RemovalCode = i.RemovalCode.String()
		}
		if !i.From.IsZero() {
			from := wireCodes(i.From)
			item.From = &from
		}
		j.Items = append(j.Items, item)
	}
	return j
}

func readRequest(data []byte) (Request, error) {
	var j requestJSON
	if err := strict(KindRequest, data, &j); err != nil {
		return Request{}, err
	}
	c := &checker{kind: KindRequest}
	if len(j.Items) > MaxItems {
		c.fail(ErrTooLarge, "there are more than %d programs in it", MaxItems)
		return Request{}, c.fault
	}
	r := Request{ID: j.ID, Device: j.Device, MadeAt: j.MadeAt.UTC().Truncate(time.Second)}
	for n, i := range j.Items {
		c.item = n + 1
		item := Item{
			Task:      i.Task,
			Signature: license.Signature(i.Signature),
			Program:   i.Program,
			Codes:     i.codes(c),
			Note:      i.Note,
			License:   i.License,
		}
		if i.RemovalCode != "" {
			code, err := license.ParseRemovalCode(i.RemovalCode)
			switch {
			case err != nil:
				c.fail(err, "%s", strings.TrimSuffix(err.Error(), "."))
			case code.String() != i.RemovalCode:
				c.fail(nil, "its removal code is not written as it is shown")
			}
			item.RemovalCode = code
		}
		if i.From != nil {
			item.From = i.From.codes(c)
		}
		r.Items = append(r.Items, item)
	}
	return r, c.err()
}

func (a Answer) head() headJSON {
	if slices.ContainsFunc(a.Results, func(r Result) bool { return r.Receipt != "" }) {
		return headJSON{KindAnswer, versionReceipts}
	}
	return headJSON{KindAnswer, versionBase}
}

func (a Answer) wire() any {
	j := answerJSON{
		headJSON: a.head(),
		Request:  a.Request,
		MadeAt:   a.MadeAt.UTC().Truncate(time.Second),
		Server:   a.Server,
		Results:  []resultJSON{},
	}
	for _, r := range a.Results {
		result := resultJSON{
			Item:      r.Item,
			Task:      r.Task,
			Signature: string(r.Signature),
			Program:   r.Program,
			codesJSON: wireCodes(r.Codes),
			Outcome:   r.Outcome,
			License:   r.License,
			Receipt:   r.Receipt,
			Code:      r.Code,
			Sentence:  r.Sentence,
		}
		for _, key := range r.PublicKeys {
			result.PublicKeys = append(result.PublicKeys, key.String())
		}
		j.Results = append(j.Results, result)
	}
	return j
}

func readAnswer(data []byte) (Answer, error) {
	var j answerJSON
	if err := strict(KindAnswer, data, &j); err != nil {
		return Answer{}, err
	}
	c := &checker{kind: KindAnswer}
	if len(j.Results) > MaxItems {
		c.fail(ErrTooLarge, "there are more than %d results in it", MaxItems)
		return Answer{}, c.fault
	}
	a := Answer{Request: j.Request, MadeAt: j.MadeAt.UTC().Truncate(time.Second), Server: j.Server}
	for _, r := range j.Results {
		c.item = max(r.Item, 0)
		result := Result{
			Item:      r.Item,
			Task:      r.Task,
			Signature: license.Signature(r.Signature),
			Program:   r.Program,
			Codes:     r.codes(c),
			Outcome:   r.Outcome,
			License:   r.License,
			Receipt:   r.Receipt,
			Code:      r.Code,
			Sentence:  r.Sentence,
		}
		if r.Receipt != "" && j.Version < versionReceipts {
			c.fail(nil, "it has a receipt, which its version does not allow")
		}
		if len(r.PublicKeys) > MaxKeys {
			c.fail(ErrTooLarge, "it has more than %d public keys", MaxKeys)
			break
		}
		for _, text := range r.PublicKeys {
			key, err := license.ParsePublicKey(text)
			if err != nil || key.String() != text {
				c.fail(license.ErrKey, "its public key cannot be one")
			}
			result.PublicKeys = append(result.PublicKeys, key)
		}
		a.Results = append(a.Results, result)
	}
	return a, c.err()
}

func (l License) wire() any { return string(l) }
