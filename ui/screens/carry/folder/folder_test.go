package folder

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
)

const studio license.Signature = "LUMENST7"

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func request(id string) carry.Request {
	return carry.Request{
		ID:     id,
		Device: "Cutting room",
		MadeAt: now,
		Items: []carry.Item{
			{
				Task:      carry.TaskActivate,
				Signature: studio,
				Program:   "Lumen Studio 7",
				Codes:     studio.Key().Codes(7, 1),
				Note:      "Cutting room",
			},
		},
	}
}

func answer(id, sentence string, at time.Time) carry.Answer {
	return carry.Answer{
		Request: id,
		MadeAt:  at,
		Server:  "Lumen",
		Results: []carry.Result{{
			Item:      1,
			Task:      carry.TaskActivate,
			Signature: studio,
			Program:   "Lumen Studio 7",
			Codes:     studio.Key().Codes(7, 1),
			Outcome:   carry.OutcomeRefused,
			Code:      string(api.ErrNotFound),
			Sentence:  sentence,
		}},
	}
}

func put(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
}

func encode(t *testing.T, doc carry.Document) []byte {
	t.Helper()
	content, err := carry.Encode(doc)
	require.NoError(t, err)
	return content
}

// qr returns the QR codes of a document as picture files.
func qr(t *testing.T, doc carry.Document, size int) (list [][]byte) {
	t.Helper()
	parts, err := carry.Parts(doc, size)
	require.NoError(t, err)
	for _, p := range parts {
		img, err := p.Picture(4)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, img))
		list = append(list, b.Bytes())
	}
	return list
}

func ignore(int, int) {}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.acen", encode(t, request("AAAAAAAAAA")))
	put(t, dir, "answer.ACEN", encode(t, answer("CCCCCCCCCC", "No.", now)))
	b := request("BBBBBBBBBB")
	list := qr(t, b, 200)
	require.Len(t, list, 2)
	put(t, dir, "b1.png", list[1])
	put(t, dir, "b2.png", list[0])
	put(t, dir, "half.png", qr(t, request("DDDDDDDDDD"), 200)[0])
	put(t, dir, "hostile.acen", []byte(`{"acen":"request","version":1,"id":"x"}`))
	put(t, dir, "large.acen", make([]byte, carry.MaxSize+1))
	put(t, dir, "readme.txt", []byte("hello"))
	put(t, dir, "._a.acen", []byte("what other systems leave"))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "deeper.acen"), 0o700))
	put(t, filepath.Join(dir, "deeper.acen"), "c.acen", encode(t, request("EEEEEEEEEE")))
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, encode(t, request("FFFFFFFFFF")), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "link.acen")))

	var heard []int
	c, err := Read(t.Context(), dir, func(n, count int) {
		require.Equal(t, 7, count)
		heard = append(heard, n)
	})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4, 5, 6, 7}, heard)
	require.Equal(t, dir, c.Dir)
	require.Zero(t, c.Unread)
	names := map[string]File{}
	for _, f := range c.Files {
		names[f.Name] = f
	}
	require.Len(t, names, 7)
	require.Equal(t, []carry.Document{request("AAAAAAAAAA")}, names["a.acen"].Docs)
	require.Equal(t, carry.KindAnswer, names["answer.ACEN"].Docs[0].Kind())
	require.Empty(t, names["b1.png"].Docs)
	require.NoError(t, names["b1.png"].Err)
	require.Equal(t, []carry.Document{b}, names["b2.png"].Docs)
	require.Len(t, c.Incomplete, 1)
	require.Equal(t, []int{2}, c.Incomplete[0].Missing)
	require.ErrorContains(t, names["hostile.acen"].Err, "id of a request")
	require.ErrorIs(t, names["large.acen"].Err, carry.ErrTooLarge)
}

func TestReadLimits(t *testing.T) {
	dir := t.TempDir()
	for i := range MaxFiles + 5 {
		put(t, dir, strings.Repeat("x", i%20)+string(rune('a'+i/20))+carry.Extension, nil)
	}
	c, err := Read(t.Context(), dir, ignore)
	require.NoError(t, err)
	require.Len(t, c.Files, MaxFiles)
	require.Equal(t, 5, c.Unread)
	require.ErrorIs(t, c.Files[0].Err, carry.ErrUnknown)

	_, err = Read(t.Context(), filepath.Join(dir, "missing"), ignore)
	require.ErrorIs(t, err, ErrFolder)
	require.ErrorContains(t, err, "the folder cannot be read: ")
	require.NotContains(t, err.Error(), dir)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Read(ctx, dir, ignore)
	require.ErrorIs(t, err, context.Canceled)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	look := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(content)
	}
	first := answer("AAAAAAAAAA", "No order.", now)
	put(t, dir, ".answer-aaaaaaaaaa.acen.new", []byte("half of it")) // left by a crash
	for _, step := range []struct {
		what   string
		answer carry.Answer
		want   Written
	}{
		{"the first one", first, Written{Name: "answer-aaaaaaaaaa.acen"}},
		{"carried once more, with the same results", answer("AAAAAAAAAA", "No order.", now.Add(time.Hour)),
			Written{Name: "answer-aaaaaaaaaa.acen", Unchanged: true}},
		{"with other results", answer("AAAAAAAAAA", "Gone.", now),
			Written{Name: "answer-aaaaaaaaaa-2.acen", Other: "answer-aaaaaaaaaa.acen"}},
		{"with those again", answer("AAAAAAAAAA", "Gone.", now.Add(time.Hour)),
			Written{Name: "answer-aaaaaaaaaa-2.acen", Unchanged: true}},
		{"with those of before", first, Written{Name: "answer-aaaaaaaaaa-3.acen", Other: "answer-aaaaaaaaaa-2.acen"}},
		{"to another request", answer("BBBBBBBBBB", "No order.", now), Written{Name: "answer-bbbbbbbbbb.acen"}},
	} {
		got, err := Write(dir, step.answer)
		require.NoError(t, err, step.what)
		require.Equal(t, step.want, got, step.what)
	}
	require.Equal(t, string(encode(t, first)), look("answer-aaaaaaaaaa.acen"), "what is there stays as it is")
	require.Contains(t, look("answer-aaaaaaaaaa-2.acen"), "Gone.")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
	}
}

func TestWriteOverwritesNothing(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	a := answer("AAAAAAAAAA", "No order.", now)
	put(t, dir, carry.FileName(a), []byte("a letter"))
	require.NoError(t, os.Symlink(filepath.Join(elsewhere, "target"), filepath.Join(dir, "answer-aaaaaaaaaa-2.acen")))
	w, err := Write(dir, a)
	require.NoError(t, err)
	require.Equal(t, "answer-aaaaaaaaaa-3.acen", w.Name)
	require.NoFileExists(t, filepath.Join(elsewhere, "target"))

	_, err = Write(filepath.Join(dir, "missing"), a)
	require.ErrorIs(t, err, ErrFolder)
	for n := 1; n <= maxCopies; n++ {
		name := nthName(carry.FileName(answer("BBBBBBBBBB", "", now)), n)
		put(t, dir, name, nil)
	}
	_, err = Write(dir, answer("BBBBBBBBBB", "No order.", now))
	require.ErrorIs(t, err, ErrCopies)
	_, err = Write(dir, carry.Answer{})
	require.ErrorContains(t, err, "answer cannot be used")
}

// A failed write leaves no file.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	name := carry.FileName(answer("AAAAAAAAAA", "", now))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "."+name+".new", "full"), 0o700))
	_, err := Write(dir, answer("AAAAAAAAAA", "No order.", now))
	require.Error(t, err)
	require.NoFileExists(t, filepath.Join(dir, name))
}

// A license file that was signed again does not make a different answer.
func TestWriteResignedLicense(t *testing.T) {
	dir := t.TempDir()
	codes := studio.Key().Codes(7, 1)
	activation := license.NewActivationKey([32]byte{9})
	code, err := activation.Activate(codes, license.Grant{Issue: 1})
	require.NoError(t, err)
	signed := func(seed byte, at time.Time, note string) carry.Answer {
		token, err := license.SigningKeyFromSeed([32]byte{seed}).Sign(license.File{
			Issuer:         "Lumen",
			ID:             20231,
			IssuedAt:       at,
			ProgramID:      1,
			ProgramName:    "Lumen Studio 7",
			Signature:      studio,
			Order:          1042,
			Codes:          codes,
			ActivationCode: code,
			Policy:         license.DefaultPolicy(),
			Seed:           activation.RemovalSeed(code),
			Note:           note,
		})
		require.NoError(t, err)
		a := answer("AAAAAAAAAA", "", at)
		a.Results[0] = carry.Result{
			Item:       1,
			Task:       carry.TaskActivate,
			Signature:  studio,
			Program:    "Lumen Studio 7",
			Codes:      codes,
			Outcome:    carry.OutcomeLicense,
			License:    token,
			PublicKeys: []license.PublicKey{license.SigningKeyFromSeed([32]byte{seed}).Public()},
		}
		return a
	}
	for _, step := range []struct {
		what   string
		answer carry.Answer
		want   string
		kept   bool
	}{
		{"the first one", signed(1, now, "Foyer"), "answer-aaaaaaaaaa.acen", false},
		{"signed later", signed(1, now.Add(time.Hour), "Foyer"), "answer-aaaaaaaaaa.acen", true},
		{"with another note", signed(1, now.Add(time.Hour), "Depot"), "answer-aaaaaaaaaa-2.acen", false},
		{"forged by somebody", signed(2, now, "Depot"), "answer-aaaaaaaaaa-3.acen", false},
		{"after the forged one", signed(1, now, "Depot"), "answer-aaaaaaaaaa-4.acen", false},
		{"once more", signed(1, now.Add(time.Minute), "Depot"), "answer-aaaaaaaaaa-4.acen", true},
	} {
		w, err := Write(dir, step.answer)
		require.NoError(t, err, step.what)
		require.Equal(t, step.want, w.Name, step.what)
		require.Equal(t, step.kept, w.Unchanged, step.what)
	}
}
