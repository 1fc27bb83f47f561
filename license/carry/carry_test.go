package carry

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

const (
	studio license.Signature = "LumenSt7"
	notes  license.Signature = "NOTEPAD1"
)

// receipt has the form of a receipt.
const receipt = "v4.public.eyJzaXRlIjoiMDA4NTc1MEMiLCJ0YXNrIjoicmVtb3ZlIn0-_w.eyJraWQiOiI0YzUzIn0"

var (
	madeAt     = time.Date(2026, 11, 25, 10, 4, 5, 0, time.UTC)
	signingKey = license.SigningKeyFromSeed([32]byte{1, 2, 3})
	update     = flag.Bool("update", false, "write the golden files anew")
)

func codesOf(s license.Signature, generation uint16) license.Codes {
	return s.Key().Codes(generation, license.Block(0x1234567890abc))
}

func licenseFor(t testing.TB, s license.Signature, program string, id int64, c license.Codes) string {
	t.Helper()
	key := license.NewActivationKey([32]byte{9})
	code, err := key.Activate(c, license.Grant{Features: 0x8003, Issue: uint16(id % (license.MaxIssue + 1))})
	require.NoError(t, err)
	token, err := signingKey.Sign(license.File{
		Issuer:         "Lumen licenses",
		ID:             id,
		IssuedAt:       madeAt,
		Expires:        madeAt.AddDate(1, 0, 0),
		ProgramID:      12,
		ProgramName:    program,
		Signature:      s,
		Order:          1003,
		Codes:          c,
		ActivationCode: code,
		Features:       0x8003,
		Policy:         license.DefaultPolicy(),
		Seed:           key.RemovalSeed(code),
		Note:           "Büro 2",
	})
	require.NoError(t, err)
	return token
}

func request() Request {
	return Request{
		ID:     "K7Q2MZXDAB",
		Device: "Labor-PC 3",
		MadeAt: madeAt,
		Items: []Item{
			{Task: TaskActivate, Signature: studio, Program: "Lumen Studio", Codes: codesOf(studio, 7), Note: "Büro 2"},
			{
				Task:        TaskRemove,
				Signature:   notes,
				Program:     "Notepad",
				Codes:       codesOf(notes, 8),
				RemovalCode: 0x2bcde12345678,
				License:     20219,
			},
			{
				Task:        TaskTransfer,
				Signature:   notes,
				Program:     "Notepad",
				Codes:       codesOf(notes, 9),
				Note:        "moved",
				RemovalCode: 77,
				License:     20220,
				From:        notes.Key().Codes(4000, 0xabcdef),
			},
		},
	}
}

func answer(t testing.TB) Answer {
	r := request()
	return Answer{
		Request: r.ID,
		MadeAt:  madeAt.Add(time.Hour),
		Server:  "Lumen licenses",
		Results: []Result{
			{
				Item:       1,
				Task:       TaskActivate,
				Signature:  studio,
				Program:    "Lumen Studio",
				Codes:      r.Items[0].Codes,
				Outcome:    OutcomeLicense,
				License:    licenseFor(t, studio, "Lumen Studio", 20231, r.Items[0].Codes),
				PublicKeys: []license.PublicKey{signingKey.Public()},
			},
			{
				Item:      2,
				Task:      TaskRemove,
				Signature: notes,
				Program:   "Notepad",
				Codes:     r.Items[1].Codes,
				Outcome:   OutcomeDone,
				Receipt:   receipt,
			},
			{
				Item:      3,
				Task:      TaskTransfer,
				Signature: notes,
				Program:   "Notepad",
				Codes:     r.Items[2].Codes,
				Outcome:   OutcomeRefused,
				Code:      "STATUS_REMOVAL_CODE_INVALID",
				Sentence:  "The removal code is not the one of this license.",
			},
		},
	}
}

// answerV1 returns answer in version 1: without a receipt.
func answerV1(t testing.TB) Answer {
	a := answer(t)
	a.Results[1].Receipt = ""
	return a
}

// many returns a request of n programs and its answer.
func many(t testing.TB, n int) (Request, Answer) {
	r := request()
	r.Items = nil
	a := Answer{Request: r.ID, MadeAt: madeAt, Server: "Lumen licenses"}
	for i := range n {
		c := codesOf(studio, uint16(i))
		r.Items = append(r.Items, Item{
			Task:      TaskActivate,
			Signature: studio,
			Program:   "Lumen Studio",
			Codes:     c,
		})
		a.Results = append(a.Results, Result{
			Item:       i + 1,
			Task:       TaskActivate,
			Signature:  studio,
			Program:    "Lumen Studio",
			Codes:      c,
			Outcome:    OutcomeLicense,
			License:    licenseFor(t, studio, "Lumen Studio", int64(i+1), c),
			PublicKeys: []license.PublicKey{signingKey.Public()},
		})
	}
	return r, a
}

func documents(t testing.TB) map[string]Document {
	r, a := many(t, 20)
	return map[string]Document{
		"request": request(), "answer": answer(t), "answer-1": answerV1(t),
		"license":       License(licenseFor(t, studio, "Lumen Studio", 20231, codesOf(studio, 7))),
		"many programs": r, "many licenses": a,
	}
}

func TestFiles(t *testing.T) {
	for name, doc := range documents(t) {
		t.Run(name, func(t *testing.T) {
			data, err := Encode(doc)
			require.NoError(t, err)
			read, err := Read(data)
			require.NoError(t, err)
			require.Equal(t, doc, read)
			read, err = Read(append([]byte("\ufeff \r\n"), data...))
			require.NoError(t, err, "editors put a mark and lines around it")
			require.Equal(t, doc, read)
			require.True(t, strings.HasSuffix(FileName(doc), Extension))
		})
	}
	require.Equal(t, "request-k7q2mzxdab.acen", FileName(request()))
	require.Equal(t, "answer-k7q2mzxdab.acen", FileName(answer(t)))
	require.Equal(t, "lumen-studio-20231.acen",
		FileName(License(licenseFor(t, studio, "Lumen Studio", 20231, codesOf(studio, 7)))))
}

// Old files and links remain readable (spec: files "Golden documents", files "Request", files "Answer", files "Links
// and QR codes", files "Printed text").
func TestGolden(t *testing.T) {
	for _, name := range []string{"request", "answer", "answer-1", "license"} {
		doc := documents(t)[name]
		data, err := Encode(doc)
		require.NoError(t, err)
		parts, err := Parts(doc, 200)
		require.NoError(t, err)
		var links []string
		for _, p := range parts {
			links = append(links, p.String())
		}
		texts := map[string]string{
			name + Extension: string(data), name + ".links": strings.Join(links, "\n") + "\n", name + ".txt": Text(doc),
			name + ".lines": lines(doc),
		}
		for file, text := range texts {
			path := filepath.Join("testdata", file)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
			}
			golden, err := os.ReadFile(path)
			require.NoError(t, err)
			switch filepath.Ext(file) {
			case ".links": // a later compressor may produce others
				read, err := Read(golden)
				require.NoError(t, err)
				require.Equal(t, doc, read)
			default:
				require.Equal(t, string(golden), text)
			}
		}
		read, err := Read(data)
		require.NoError(t, err)
		require.Equal(t, doc, read)
	}
}

func lines(doc Document) string {
	var b strings.Builder
	for _, l := range Describe(doc) {
		b.WriteString(strings.Repeat("  ", min(l.Item, 1)) + l.Heading() + ": " + l.Text() + "\n")
	}
	return b.String()
}

// Version 2 added receipts. A document without one is written in version 1 for older apps, and is readable with
// either version (spec: files "Document versions").
func TestVersions(t *testing.T) {
	for name, doc := range documents(t) {
		if doc.Kind() == KindLicense {
			continue
		}
		written, other := `"version": 1`, `"version": 2`
		if name == "answer" {
			written, other = other, written
		}
		file, err := Encode(doc)
		require.NoError(t, err)
		require.Contains(t, string(file), written, name)
		read, err := Read([]byte(strings.Replace(string(file), written, other, 1)))
		if name == "answer" {
			require.ErrorIs(t, err, ErrDamaged)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, doc, read)
	}
}

// An answer to another request is refused (spec: files "Answer").
func TestAnswersToAnotherRequest(t *testing.T) {
	r, a := request(), answer(t)
	require.NoError(t, a.CheckRequest(r))
	a.Results = a.Results[1:]
	require.NoError(t, a.CheckRequest(r), "open items may be answered later")
	other := request()
	other.ID = "AAAAAAAAAA"
	require.ErrorIs(t, a.CheckRequest(other), ErrOtherRequest)
	other = request()
	other.Items[1].Codes = codesOf(notes, 99)
	require.ErrorIs(t, a.CheckRequest(other), ErrOtherRequest)
	other = request()
	other.Items = other.Items[:1]
	require.ErrorIs(t, a.CheckRequest(other), ErrOtherRequest)
}

func TestNewID(t *testing.T) {
	id, err := NewID(bytes.NewReader([]byte("12345678")))
	require.NoError(t, err)
	require.True(t, isID(id), id)
	_, err = NewID(bytes.NewReader([]byte("123")))
	require.ErrorContains(t, err, "randomness")
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"  Labor \t PC\u202e\u200b 3 ": "Labor PC 3", "a\x00b": "ab", "\ufeff": "", "абвгд": "абв", "x y": "x y",
		"ab cd": "ab", "\xff\u3164q": "q",
	} {
		require.Equal(t, want, Clean(in, 3+7*strings.Count(in, "Labor")), in)
	}
}

// Every limit and contradiction of a document is refused (spec: files "Request", files "Answer").
func TestRefusals(t *testing.T) {
	requests := map[string]struct {
		change func(*Request)
		want   string
	}{
		"no programs":      {func(r *Request) { r.Items = nil }, "no programs"},
		"too many":         {func(r *Request) { r.Items = make([]Item, MaxItems+1) }, "more than 200"},
		"id":               {func(r *Request) { r.ID = "abc" }, "no id"},
		"date":             {func(r *Request) { r.MadeAt = time.Time{} }, "no date"},
		"bidi in the name": {func(r *Request) { r.Device = "PC\u202egnp" }, "PC's name holds an invisible character"},
		"control in a note": {func(r *Request) {
			r.Items[0].Note = "a\x07b"
		}, "program 1 of the request cannot be used: its note holds an invisible"},
		"line in a note":   {func(r *Request) { r.Items[0].Note = "a\nb" }, "invisible"},
		"filler in a name": {func(r *Request) { r.Items[0].Program = "a\u3164b" }, "invisible"},
		"not UTF-8":        {func(r *Request) { r.Items[0].Program = "a\xff" }, "not UTF-8"},
		"space":            {func(r *Request) { r.Items[0].Program = " a" }, "begins or ends with a space"},
		"long note":        {func(r *Request) { r.Items[0].Note = strings.Repeat("ü", MaxNote+1) }, "longer than 30"},
		"long device":      {func(r *Request) { r.Device = strings.Repeat("x", MaxName+1) }, "longer than 64"},
		"signature": {func(r *Request) {
			r.Items[1].Signature = "x"
		}, "program 2 of the request cannot be used: an application signature has"},
		"another program": {func(r *Request) {
			r.Items[1].Signature = "OTHER123"
		}, "do not belong together, or belong to another program"},
		"mistyped": {func(r *Request) { r.Items[1].Codes.Machine++ }, "do not belong together"},
		"task":     {func(r *Request) { r.Items[0].Task = "steal" }, "task is unknown"},
		"twice": {func(r *Request) {
			r.Items = append(r.Items, r.Items[0])
		}, "program 4 of the request cannot be used: it asks for the same"},
		"no removal code":    {func(r *Request) { r.Items[1].RemovalCode = 0 }, "removal code is missing"},
		"activate with code": {func(r *Request) { r.Items[0].RemovalCode = 5 }, "needs neither"},
		"remove with note":   {func(r *Request) { r.Items[1].Note = "x" }, "neither a note"},
		"same PC":            {func(r *Request) { r.Items[2].From = r.Items[2].Codes }, "same Site code"},
		"foreign PC":         {func(r *Request) { r.Items[2].From.Machine++ }, "do not belong together"},
		"removal code":       {func(r *Request) { r.Items[1].RemovalCode = 1 << 50 }, "removal code cannot be one"},
		"license id":         {func(r *Request) { r.Items[1].License = -1 }, "license id cannot be one"},
	}
	for name, test := range requests {
		t.Run(name, func(t *testing.T) {
			r := request()
			test.change(&r)
			_, err := Encode(r)
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, ErrDamaged)
			_, err = Parts(r, 0)
			require.ErrorContains(t, err, test.want)
		})
	}
	answers := map[string]struct {
		change func(*Answer)
		want   string
	}{
		"order":            {func(a *Answer) { a.Results[1].Item = 1 }, "not in the order"},
		"item 0":           {func(a *Answer) { a.Results[0].Item = 0 }, "not in the order"},
		"item 201":         {func(a *Answer) { a.Results[2].Item = 201 }, "not in the order"},
		"license missing":  {func(a *Answer) { a.Results[0].License = "" }, "its outcome and its license file contradict"},
		"license too many": {func(a *Answer) { a.Results[1].License = a.Results[0].License }, "contradict"},
		"license damaged": {func(a *Answer) {
			a.Results[0].License += "x"
		}, "this is not a license file, or it is damaged"},
		"license elsewhere": {func(a *Answer) {
			a.Results[0].Codes = codesOf(studio, 99)
		}, "for another program or another PC"},
		"wrong key": {func(a *Answer) {
			a.Results[0].PublicKeys[0] = license.PublicKey{1}
		}, "not signed with this program's key"},
		"too many keys": {func(a *Answer) {
			a.Results[0].PublicKeys = make([]license.PublicKey, MaxKeys+1)
		}, "more than 8 public keys"},
		"no reason":        {func(a *Answer) { a.Results[2].Sentence = "" }, "reason contradict"},
		"reason too many":  {func(a *Answer) { a.Results[1].Code = "STATUS_CONFLICT" }, "reason contradict"},
		"done":             {func(a *Answer) { a.Results[1].Task = TaskActivate }, "license file is missing"},
		"receipt, refused": {func(a *Answer) { a.Results[2].Receipt = receipt }, "its outcome and its receipt contradict"},
		"receipt, license": {func(a *Answer) { a.Results[0].Receipt = receipt }, "its outcome and its receipt contradict"},
		"receipt, local": {func(a *Answer) {
			a.Results[1].Receipt = "v4.local" + receipt[len("v4.public"):]
		}, "receipt cannot be one"},
		"receipt, empty": {func(a *Answer) { a.Results[1].Receipt = tokenHead }, "receipt cannot be one"},
		"receipt, lines": {func(a *Answer) { a.Results[1].Receipt = receipt + "\n" }, "receipt cannot be one"},
		"receipt, mark":  {func(a *Answer) { a.Results[1].Receipt = receipt + "\u202e" }, "receipt cannot be one"},
		"receipt, long": {func(a *Answer) {
			a.Results[1].Receipt = tokenHead + strings.Repeat("A", MaxReceipt)
		}, "receipt is longer than 2048"},
		"outcome": {func(a *Answer) { a.Results[1].Outcome = "perhaps" }, "outcome is unknown"},
		"server":  {func(a *Answer) { a.Server = "a\u200bb" }, "server's name holds"},
		"removal license": {func(a *Answer) {
			a.Results[0].Task = TaskRemove
		}, "a removal brings no license file"},
	}
	for name, test := range answers {
		t.Run(name, func(t *testing.T) {
			a := answer(t)
			test.change(&a)
			_, err := Encode(a)
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, ErrDamaged)
		})
	}
}

func TestHostileFiles(t *testing.T) {
	file := func(doc Document) string {
		data, err := Encode(doc)
		require.NoError(t, err)
		return string(data)
	}
	r, a, l := file(request()), file(answer(t)), file(documents(t)["license"])
	tests := map[string]struct {
		text string
		want error
		say  string
	}{
		"nothing":       {"", ErrUnknown, "neither a request"},
		"a letter":      {"Dear Sir", ErrUnknown, ""},
		"other JSON":    {`{"a":1}`, ErrUnknown, ""},
		"a list":        {`[1]`, ErrUnknown, ""},
		"another kind":  {strings.Replace(r, `"request"`, `"order"`, 1), ErrUnknown, ""},
		"too large":     {strings.Repeat(" ", MaxSize+1), ErrTooLarge, "too large"},
		"large license": {l + strings.Repeat("A", license.MaxFile), ErrTooLarge, ""},
		"newer":         {strings.Replace(r, `"version": 1`, `"version": 3, "x": 5`, 1), ErrNewer, "update the app"},
		"newer answer":  {strings.Replace(a, `"version": 2`, `"version": 3, "x": 5`, 1), ErrNewer, "update the app"},
		"too old": {strings.Replace(a, `"version": 2`, `"version": 1`, 1), ErrDamaged,
			"program 2 of the answer cannot be used: it has a receipt"},
		"receipt":          {strings.Replace(a, receipt, "v4.public.<b>", 1), ErrDamaged, "receipt cannot be one"},
		"version 0":        {strings.Replace(r, `"version": 1`, `"version": 0`, 1), ErrDamaged, "version"},
		"unknown field":    {strings.Replace(r, `"id"`, `"hidden": 1, "id"`, 1), ErrDamaged, "content cannot be read"},
		"something behind": {r + r, ErrUnknown, ""},
		"cut off":          {r[:len(r)-20], ErrUnknown, ""},
		"deep":             {`{"acen":"request","version":1,"items":` + strings.Repeat("[", 100000), ErrUnknown, ""},
		"wrong type":       {strings.Replace(r, `"items": [`, `"items": 5, "x": [`, 1), ErrDamaged, "content"},
		"other form": {strings.Replace(r, request().Items[0].Codes.Site.String(),
			strings.ToLower(request().Items[0].Codes.Site.String())+" ", 1), ErrDamaged, "not written as it is shown"},
		"short code": {strings.Replace(r, request().Items[0].Codes.Site.String(), "123", 1), license.ErrMalformed,
			"Site code is not complete"},
		"check letter": {strings.Replace(r, request().Items[1].RemovalCode.String(), "00000-00000-1", 1),
			license.ErrMalformed, "check letter"},
		"many items": {`{"acen":"request","version":1,"items":[` + strings.Repeat("{},", 5000) + `{}]}`, ErrTooLarge,
			"more than 200"},
		"many results": {`{"acen":"answer","version":1,"results":[` + strings.Repeat("{},", 5000) + `{}]}`, ErrTooLarge,
			"more than 200"},
		"key":          {strings.Replace(a, signingKey.Public().String(), "00", 1), license.ErrKey, "public key"},
		"license":      {l[:len(l)-10], license.ErrFileDamaged, ""},
		"license tail": {strings.TrimSpace(l) + "=", license.ErrFileDamaged, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			doc, err := Read([]byte(test.text))
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, test.say)
			require.Nil(t, doc)
		})
	}
	doc, err := Read([]byte(l[:100] + "\r\n " + l[100:]))
	require.NoError(t, err, "a mail program broke the lines")
	require.Equal(t, documents(t)["license"], doc)
}

func FuzzRead(f *testing.F) {
	for _, doc := range documents(f) {
		data, err := Encode(doc)
		require.NoError(f, err)
		f.Add(data)
		parts, err := Parts(doc, 0)
		require.NoError(f, err)
		f.Add([]byte(parts[0].String()))
	}
	f.Add([]byte(`{"acen":"request","version":3}`))
	file, err := Encode(answer(f))
	require.NoError(f, err)
	f.Add(bytes.Replace(file, []byte(`"version": 2`), []byte(`"version": 1`), 1))
	f.Add(bytes.Replace(file, []byte(receipt), []byte(tokenHead+strings.Repeat("-", MaxReceipt)), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Read(data)
		if err != nil {
			require.Nil(t, doc)
			require.NotEmpty(t, err.Error())
			return
		}
		again, err := Encode(doc)
		require.NoError(t, err, "a readable document is writable")
		read, err := Read(again)
		require.NoError(t, err)
		require.Equal(t, doc, read)
		require.NotEmpty(t, Describe(doc))
		require.NotEmpty(t, Text(doc))
		var fault *DocumentError
		require.False(t, errors.As(err, &fault))
	})
}
