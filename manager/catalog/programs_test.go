package catalog

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/thispc"
)

func activation(t *testing.T, l api.License) license.ActivationCode {
	t.Helper()
	code, err := license.ParseActivationCode(l.ActivationCode)
	require.NoError(t, err)
	return code
}

// A program is fetched once for a server, read from the cache without one, and never taken from another server.
func TestProgram(t *testing.T) {
	w := newFixture(t)
	ctx := t.Context()
	for range 2 {
		p, err := w.view.Program(ctx, 1)
		require.NoError(t, err)
		require.Equal(t, "Lumen Studio 7", p.Name)
	}
	require.Equal(t, []string{"programs"}, w.server.calls)
	_, err := w.view.Program(ctx, 9)
	require.ErrorIs(t, err, api.ErrNotFound)

	other := &server{err: errNoAnswer}
	_, err = w.View(2, other).Program(ctx, 1)
	require.ErrorIs(t, err, client.ErrUnreachable, "the other account has no cached programs")
	again := &server{err: errNoAnswer}
	p, err := w.View(1, again).Program(ctx, 1)
	require.NoError(t, err, "cached")
	require.Equal(t, "Lumen Studio 7", p.Name)
	require.Equal(t, []string{"programs"}, again.calls)
	again.calls = nil
	_, err = w.View(1, again).FromCache().Program(ctx, 1)
	require.NoError(t, err)
	require.Empty(t, again.calls)
}

func TestProgramOfOrder(t *testing.T) {
	w := newFixture(t)
	w.cache(t)
	p, err := w.view.ProgramOfOrder(t.Context(), orderNumber)
	require.NoError(t, err)
	require.Equal(t, int64(1), p.ID)
	_, err = w.view.ProgramOfOrder(t.Context(), 9)
	require.ErrorIs(t, err, api.ErrNotFound)
}

// A license file is verified, and has to be that of the license.
func TestLicenseFile(t *testing.T) {
	w := newFixture(t)
	l := w.activate(t, signature.Key().Codes(1, 4711), "Studio")
	f, content, err := w.view.LicenseFile(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, l.ID, f.ID)
	require.Equal(t, "Lumen Studio 7", f.ProgramName)
	require.Equal(t, w.server.file(l), content)

	other := &fileServer{server: w.server, content: w.server.file(w.activate(t, signature.Key().Codes(2, 4711), ""))}
	_, _, err = w.View(1, other).LicenseFile(t.Context(), l.ID)
	require.ErrorIs(t, err, license.ErrFileDamaged, "the file of another license")
	foreign := *w.server
	foreign.key = license.SigningKeyFromSeed([32]byte{9})
	other.content = foreign.file(l)
	_, _, err = w.View(1, other).LicenseFile(t.Context(), l.ID)
	require.ErrorIs(t, err, license.ErrFileSignature)
}

// A receipt with an unknown key makes the view fetch the keys once.
func TestCheckReceipt(t *testing.T) {
	w := newFixture(t)
	w.cache(t)
	codes := signature.Key().Codes(1, 4711)
	l := w.activate(t, codes, "")
	leaves := thispc.NewDeparture(w.server.program(), l, codes, 0)
	w.server.key = license.SigningKeyFromSeed([32]byte{7}) // the vendor changed it
	token, err := w.server.key.SignReceipt(license.Receipt{
		LicenseID: l.ID,
		Site:      codes.Site,
		Task:      license.ReceiptRelease,
		IssuedAt:  w.now,
		Epoch:     "AAAAAAAAAAAAAAAAAAAAAA",
	})
	require.NoError(t, err)
	require.ErrorIs(t, w.CheckReceipt(t.Context(), nil, leaves, token), thispc.ErrReceipt, "nobody is signed in")
	require.NoError(t, w.CheckReceipt(t.Context(), w.view, leaves, token))
	require.ErrorIs(t, w.CheckReceipt(t.Context(), w.view, leaves, "x"), thispc.ErrReceipt)
	require.Equal(t, []string{"programs"}, w.server.calls)
}

// Compare compares with the codes of a license, and needs the program's codes.
func TestCompare(t *testing.T) {
	w := newFixture(t)
	l := License{License: w.activate(t, w.codes(t), "")}
	w.cache(t, l.License)
	comparison, err := w.view.Compare(t.Context(), l, w.codes(t))
	require.NoError(t, err)
	require.True(t, comparison.Accepted)
	_, err = w.view.Compare(t.Context(), l, license.Signature("OTHERPR1").Key().Codes(1, 4711))
	require.ErrorIs(t, err, license.ErrMismatch)
}
