package carry

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/thispc"
)

// installHere installs a license of the PC as if it came by mail.
func (w *fixture) installHere(t *testing.T) {
	t.Helper()
	_, unproven, err := w.InstallLicense(t.Context(), w.vendor.file(*w.vendor.activate(w.codes(t), "Studio")))
	require.NoError(t, err)
	require.False(t, unproven)
}

func (w *fixture) requests(t *testing.T) []carry.Request {
	t.Helper()
	list, err := w.Requests(t.Context())
	require.NoError(t, err)
	return list
}

func (w *fixture) kept(t *testing.T) []thispc.KeptCode {
	t.Helper()
	list, err := w.pc.KeptCodes(t.Context())
	require.NoError(t, err)
	return list
}

// A program that has run here is known with its file; one that has not is known by its unverified file.
func TestPrograms(t *testing.T) {
	w := newFixture(t, newVendor(), "old")
	list, err := w.Programs(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
	w.started(t)
	w.installHere(t)
	list, err = w.Programs(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "Lumen", list[0].Name)
	require.True(t, list[0].TypedCodes)
	require.Equal(t, "Studio", list[0].File.Note)
	require.Nil(t, list[0].Unproven)
}

// A license that leaves without a server stops its program and leaves a removal code, which a request can carry.
func TestLeave(t *testing.T) {
	w := newFixture(t, newVendor(), "old")
	w.started(t)
	_, err := w.Leave(t.Context(), signature)
	require.ErrorIs(t, err, catalog.ErrNotThisPC)
	w.installHere(t)
	codes := w.codes(t)
	kept, err := w.Leave(t.Context(), signature)
	require.NoError(t, err)
	require.Equal(t, codes, kept.Codes)
	list, err := w.Programs(t.Context())
	require.NoError(t, err)
	require.Nil(t, list[0].File)
	require.Equal(t, kept.Code, w.kept(t)[0].Code)
	r := w.request(t, RequestItem{Task: carry.TaskRemove, Kept: kept, Note: "not sent"})
	require.Equal(t, carry.Item{
		Task:        carry.TaskRemove,
		Signature:   signature,
		Program:     "Lumen",
		Codes:       codes,
		RemovalCode: kept.Code,
		License:     kept.LicenseID,
	}, r.Items[0])
}

// Requests are stored sealed, newest first, until they are deleted.
func TestRequests(t *testing.T) {
	v := newVendor()
	w := newFixture(t, v, "old")
	first := w.request(t, RequestItem{Task: carry.TaskActivate, Note: "first"})
	v.now = v.now.Add(time.Minute)
	second := w.request(t, RequestItem{Task: carry.TaskActivate, Program: "Lumen", Note: "second"})
	require.NotEqual(t, first.ID, second.ID)
	list := w.requests(t)
	require.Len(t, list, 2)
	require.Equal(t, []string{"second", "first"}, []string{list[0].Items[0].Note, list[1].Items[0].Note})
	require.Equal(t, "Lumen", list[0].Items[0].Program)
	require.Equal(t, w.codes(t), list[0].Items[0].Codes)
	var plain int
	require.NoError(t, w.db.QueryRow(`SELECT count(*) FROM requests WHERE content LIKE '%second%'`).Scan(&plain))
	require.Zero(t, plain)
	require.NoError(t, w.ForgetRequest(t.Context(), second.ID))
	require.Len(t, w.requests(t), 1)
}

// Reading an answer installs its license and closes its request; reading it again changes nothing.
func TestReadAnswer(t *testing.T) {
	v := newVendor()
	w := newFixture(t, v, "old")
	r := w.request(t, RequestItem{Task: carry.TaskActivate})
	result := carry.Result{
		Item:       1,
		Task:       carry.TaskActivate,
		Signature:  signature,
		Codes:      r.Items[0].Codes,
		Outcome:    carry.OutcomeLicense,
		License:    v.file(*v.activate(r.Items[0].Codes, "Studio")),
		PublicKeys: []license.PublicKey{v.key.Public()},
	}
	foreign := result
	foreign.License = v.file(*v.activate(signature.Key().Codes(1, 4711), ""))
	taken, err := w.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{foreign}})
	require.NoError(t, err)
	require.ErrorIs(t, taken[0].Err, ErrOtherPC)
	require.Len(t, w.requests(t), 1, "the request is not answered")
	for range 2 {
		taken, err = w.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{result}})
		require.NoError(t, err)
		require.NoError(t, taken[0].Err)
		require.Equal(t, "Studio", taken[0].License.Note)
		require.True(t, taken[0].Unproven, "the keys came with the answer")
		require.Empty(t, w.requests(t))
	}
	w.started(t)
	taken, err = w.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{result}})
	require.NoError(t, err)
	require.False(t, taken[0].Unproven, "the program has its key here")
	stranger := result
	key := license.SigningKeyFromSeed([32]byte{9})
	stranger.PublicKeys = []license.PublicKey{key.Public()}
	other := *v
	other.key = key
	stranger.License = other.file(v.rows[0])
	taken, err = w.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{stranger}})
	require.NoError(t, err)
	require.ErrorIs(t, taken[0].Err, license.ErrFileSignature, "keys of an answer do not replace the program's")
}

// A license whose Site code has left this PC, and one that is older than the installed one, are not installed.
func TestInstallLicense(t *testing.T) {
	v := newVendor()
	w := newFixture(t, v, "old")
	w.started(t)
	old := v.file(*v.activate(w.codes(t), "old"))
	v.now = v.now.Add(time.Hour)
	newer := v.file(*v.activate(w.codes(t), "newer"))
	for _, content := range []string{newer, old} {
		f, _, err := w.InstallLicense(t.Context(), content)
		require.NoError(t, err)
		require.Equal(t, "newer", f.Note)
	}
	_, err := w.Leave(t.Context(), signature)
	require.NoError(t, err)
	_, _, err = w.InstallLicense(t.Context(), newer)
	require.ErrorIs(t, err, ErrOtherPC)
	require.ErrorContains(t, err, "has left")
}

// A removal is settled by the receipt only.
func TestReceipt(t *testing.T) {
	w := newFixture(t, newVendor(), "old")
	w.started(t)
	w.installHere(t)
	kept, err := w.Leave(t.Context(), signature)
	require.NoError(t, err)
	r := w.request(t, RequestItem{Task: carry.TaskRemove, Kept: kept})
	result := carry.Result{
		Item:      1,
		Task:      carry.TaskRemove,
		Signature: signature,
		Codes:     kept.Codes,
		Outcome:   carry.OutcomeDone,
	}
	taken, err := w.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{result}})
	require.NoError(t, err)
	require.ErrorIs(t, taken[0].Err, ErrNoReceipt)
	require.Len(t, w.kept(t), 1)
	require.Len(t, w.requests(t), 1)
	result.Receipt = w.vendor.receipt(t, kept)
	taken, err = w.ReadAnswer(t.Context(), carry.Answer{Request: r.ID, Results: []carry.Result{result}})
	require.NoError(t, err)
	require.NoError(t, taken[0].Err)
	require.Empty(t, w.kept(t))
	require.Empty(t, w.requests(t))
}

// If the server refused the Site code of a request of this PC as spent, this PC takes a new one (spec: api 21).
func TestRefusedSiteCode(t *testing.T) {
	w := newFixture(t, newVendor(), "old")
	r := w.request(t, RequestItem{Task: carry.TaskActivate})
	result := carry.Result{
		Item:      1,
		Task:      carry.TaskActivate,
		Signature: signature,
		Codes:     r.Items[0].Codes,
		Outcome:   carry.OutcomeRefused,
		Code:      string(api.ErrSiteCodeSpent),
	}
	read := func(id string, change func(*carry.Result)) {
		t.Helper()
		one := result
		change(&one)
		taken, err := w.ReadAnswer(t.Context(), carry.Answer{Request: id, Results: []carry.Result{one}})
		require.NoError(t, err)
		require.NoError(t, taken[0].Err)
	}
	read("another request", func(*carry.Result) {})
	read(r.ID, func(one *carry.Result) { one.Item = 2 })
	require.Equal(t, r.Items[0].Codes, w.codes(t), "it was not asked")
	read(r.ID, func(*carry.Result) {})
	require.NotEqual(t, r.Items[0].Codes.Site, w.codes(t).Site)
}

// A code is stored for a program that has declared that it accepts typed codes.
func TestEnterCode(t *testing.T) {
	w := newFixture(t, newVendor(), "old")
	l := w.vendor.activate(w.codes(t), "")
	require.ErrorIs(t, w.EnterCode(t.Context(), signature, l.ActivationCode), ErrNoTypedCodes)
	w.started(t)
	require.NoError(t, w.EnterCode(t.Context(), signature, l.ActivationCode))
	malformed := new(license.CodeError)
	require.ErrorAs(t, w.EnterCode(t.Context(), signature, "x"), &malformed)
	state, err := w.folder.State(signature)
	require.NoError(t, err)
	require.NotNil(t, state.Typed)
	require.Equal(t, w.codes(t), state.Typed.Codes)
}
