package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// active returns the active license, or a zero one.
func (m *memory) active() store.License {
	for _, l := range m.licenses {
		if l.Status == api.StatusActive {
			return l
		}
	}
	return store.License{}
}

// activate returns rules and a license of PC A.
func activate(t *testing.T) (Rules, *memory, store.License) {
	t.Helper()
	r, m := start(t)
	l, _, err := r.NewLicense(t.Context(), m.tx(), m.order, m.program, pair(m.codes("A", 1, 0)))
	require.NoError(t, err)
	return r, m, l
}

func reactivation(c license.Codes) api.Reactivation {
	return api.Reactivation{SiteCode: c.Site.String(), MachineID: c.Machine.String()}
}

// Reactivate accepts the PC of the license only (spec: api 3).
func TestReactivate(t *testing.T) {
	for name, c := range map[string]struct {
		pc         string
		generation uint16
		changed    int
		state      func(*memory)
		code       api.Code
		same       bool // succeeds without a change
	}{
		"another generation": {pc: "A", generation: 2},
		"the same codes":     {pc: "A", generation: 1, same: true},
		"the same codes, released": {
			pc:         "A",
			generation: 1,
			state:      func(m *memory) { m.licenses[0].ReleasedAt = &now },
			code:       api.ErrSiteCodeSpent,
		},
		"one lock changed": {
			pc:         "A",
			generation: 2,
			changed:    1,
			state:      func(m *memory) { m.licenses[0].Policy.MaxHardwareChanges = 1 },
		},
		"one too many": {
			pc:         "A",
			generation: 2,
			changed:    2,
			state:      func(m *memory) { m.licenses[0].Policy.MaxHardwareChanges = 1 },
			code:       api.ErrFlexibleLicensing,
		},
		"another PC": {pc: "B", generation: 1, code: api.ErrFlexibleLicensing},
		"ended": {
			pc:         "A",
			generation: 2,
			state:      func(m *memory) { m.licenses[0].Status = api.StatusRemoved },
			code:       api.ErrLicenseEnded,
		},
		"read-only": {
			pc:         "A",
			generation: 2,
			state:      func(m *memory) { m.order.CanManage = false },
			code:       api.ErrOrderReadOnly,
		},
		"after its end": {
			pc:         "A",
			generation: 2,
			state:      func(m *memory) { end := now.AddDate(0, 0, -1); m.licenses[0].ExpiresAt = &end },
			code:       api.ErrTaskDisabled,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, m, _ := activate(t)
			m.licenses[0].Note = "Studio PC"
			m.order.Policy.Enabled = false
			if c.state != nil {
				c.state(m)
			}
			l := m.licenses[0]
			request := reactivation(m.codes(c.pc, c.generation, c.changed))
			next, made, err := r.Reactivate(t.Context(), m.tx(), l, m.order, m.program, request)
			requireCode(t, c.code, err)
			require.Equal(t, c.code == "" && !c.same, made)
			if made {
				require.Equal(t, api.StatusReactivated, m.licenses[0].Status)
				require.Equal(t, l.OriginalID, next.OriginalID)
				require.Equal(t, l.Policy, next.Policy, "the license keeps its policy when the order's changes")
				require.Equal(t, "Studio PC", next.Note)
			} else {
				require.Len(t, m.licenses, 1)
			}
		})
	}
}

// A PC is compared with the first license on it, so that a lock that changed back is the same. A transfer starts over
// (spec: codes "Comparing locks").
func TestOrigin(t *testing.T) {
	r, m, l := activate(t)
	l.Policy.MaxHardwareChanges = 1
	m.licenses[0] = l
	for generation, changed := range []int{1, 0, 1, 0} {
		request := reactivation(m.codes("A", uint16(generation+2), changed))
		_, _, err := r.Reactivate(t.Context(), m.tx(), m.active(), m.order, m.program, request)
		require.NoError(t, err)
	}
	first, err := Origin(t.Context(), m.tx(), m.active())
	require.NoError(t, err)
	require.Equal(t, l.ID, first.ID)

	transfer := api.Transfer{
		SiteMID:     m.codes("B", 1, 0).Merged(),
		RemovalCode: m.removalCode(t, r, m.active()),
	}
	next, err := r.Transfer(t.Context(), m.tx(), m.active(), m.order, m.program, transfer)
	require.NoError(t, err)
	_, _, err = r.Reactivate(t.Context(), m.tx(), next, m.order, m.program, reactivation(m.codes("B", 2, 0)))
	require.NoError(t, err)
	first, err = Origin(t.Context(), m.tx(), m.active())
	require.NoError(t, err)
	require.Equal(t, next.ID, first.ID, "the first one on the other PC")
	c, err := r.Compare(t.Context(), m.tx(), m.active(), m.program, api.PCCodes{SiteMID: m.codes("A", 9, 0).Merged()})
	require.NoError(t, err)
	require.Equal(t, "refused", c.Verdict)
}

// A PC whose network card and disk were replaced one after the other is recognized by the newest license (spec: codes
// "Comparing locks").
func TestNewestLicense(t *testing.T) {
	r, m, l := activate(t)
	l.Policy.MaxHardwareChanges = 2
	m.licenses[0] = l
	newest, _, err := r.Reactivate(t.Context(), m.tx(), l, m.order, m.program, reactivation(m.codes("A", 2, 1)))
	require.NoError(t, err)
	codes := m.codes("A", 3, 2)
	key := m.program.Signature.Key()
	var blocks []license.Block
	for _, c := range []license.Codes{l.Codes, codes, newest.Codes} {
		block, err := key.Open(c)
		require.NoError(t, err)
		blocks = append(blocks, block)
	}
	got, err := r.compare(t.Context(), m.tx(), newest, m.program, codes)
	require.NoError(t, err)
	require.Equal(t, license.Compare(blocks[0], blocks[1], newest.Policy, blocks[2]), got)
	require.NotEqual(t, license.Compare(blocks[0], blocks[1], newest.Policy), got)
}

// collision returns the codes of two PCs that have the same Site code by chance.
func collision(signature license.Signature) (a, b license.Codes) {
	m, seen := &memory{program: store.Program{Signature: signature}}, map[license.SiteCode]license.Codes{}
	for n := 0; ; n++ {
		codes := m.codes(fmt.Sprintf("PC %d", n), 5, 0)
		if a, found := seen[codes.Site]; found {
			return a, codes
		}
		seen[codes.Site] = codes
	}
}

// Site codes that two PCs have by chance, and codes of another license, are refused (spec: api 21).
func TestSiteCodes(t *testing.T) {
	r, m := start(t)
	ctx := t.Context()
	first := func(codes license.Codes) store.License {
		l, _, err := r.NewLicense(ctx, m.tx(), m.order, m.program, pair(codes))
		require.NoError(t, err)
		return l
	}
	one, two := collision(m.program.Signature)
	l, other := first(one), first(m.codes("B", 1, 0))

	_, _, err := r.NewLicense(ctx, m.tx(), m.order, m.program, pair(two))
	requireCode(t, api.ErrSiteCodeSpent, err)
	_, err = r.Transfer(ctx, m.tx(), l, m.order, m.program,
		api.Transfer{SiteMID: two.Merged(), RemovalCode: m.removalCode(t, r, l)})
	requireCode(t, api.ErrSiteCodeSpent, err)
	_, err = r.Replace(ctx, m.tx(), l, m.order, m.program, reactivation(two))
	requireCode(t, api.ErrSiteCodeSpent, err)
	_, err = r.Replace(ctx, m.tx(), other, m.order, m.program, reactivation(one))
	requireCode(t, api.ErrSiteCodeInUse, err)
	_, err = r.Transfer(ctx, m.tx(), other, m.order, m.program,
		api.Transfer{SiteMID: one.Merged(), RemovalCode: m.removalCode(t, r, other)})
	requireCode(t, api.ErrSiteCodeInUse, err)
	require.Equal(t, 2, m.order.LicensesActive)
}

// A license leaves its PC only with the removal code that the program there shows (spec: api 4, api 5).
func TestDepartures(t *testing.T) {
	r, m, l := activate(t)
	ctx, code := t.Context(), m.removalCode(t, r, l)
	const wrong = "00000-00000-0"
	other := m.codes("B", 1, 0).Merged()

	requireCode(t, api.ErrRemovalCodeInvalid,
		r.Remove(ctx, m.tx(), l, m.order, m.program, api.Removal{RemovalCode: wrong}))
	requireCode(t, api.ErrCodeMalformed, r.Remove(ctx, m.tx(), l, m.order, m.program, api.Removal{RemovalCode: "x"}))
	_, _, err := r.Release(ctx, m.tx(), l, m.order, m.program, api.Release{RemovalCode: wrong})
	requireCode(t, api.ErrRemovalCodeInvalid, err)
	_, err = r.Transfer(ctx, m.tx(), l, m.order, m.program, api.Transfer{SiteMID: other})
	requireCode(t, api.ErrValidation, err)
	_, err = r.Transfer(ctx, m.tx(), l, m.order, m.program, api.Transfer{SiteMID: other, RemovalCode: wrong})
	requireCode(t, api.ErrRemovalCodeInvalid, err)
	_, err = r.Transfer(ctx, m.tx(), l, m.order, m.program, api.Transfer{SiteMID: l.Codes.Merged(), RemovalCode: code})
	requireCode(t, api.ErrSiteCodeInUse, err)
	require.Equal(t, l, m.active(), "refusals change nothing")

	l, released, err := r.Release(ctx, m.tx(), l, m.order, m.program, api.Release{RemovalCode: code})
	require.NoError(t, err)
	require.True(t, released)
	l, released, err = r.Release(ctx, m.tx(), m.active(), m.order, m.program, api.Release{RemovalCode: code})
	require.NoError(t, err)
	require.False(t, released, "a second release changes nothing")
	_, err = r.Transfer(ctx, m.tx(), l, m.order, m.program, api.Transfer{SiteMID: l.Codes.Merged()})
	requireCode(t, api.ErrSiteCodeSpent, err)
	next, err := r.Transfer(ctx, m.tx(), l, m.order, m.program, api.Transfer{SiteMID: other})
	require.NoError(t, err, "a released license needs no code")
	require.Equal(t, 1, m.order.LicensesActive)

	activation := next.Activation // before the vendor changes the license
	next.Activation[0]++
	requireCode(t, api.ErrRemovalCodeInvalid,
		r.Remove(ctx, m.tx(), next, m.order, m.program, api.Removal{RemovalCode: m.removalCode(t, r, m.active())}))
	m.former = []license.ActivationCode{activation}
	require.NoError(t,
		r.Remove(ctx, m.tx(), next, m.order, m.program, api.Removal{RemovalCode: m.removalCode(t, r, m.active())}))
	require.Zero(t, m.order.LicensesActive)

	ended := m.licenses[next.ID-1]
	for text, proves := range map[string]bool{
		m.removalCode(t, r, store.License{Codes: next.Codes, Activation: activation}): true,
		wrong: false,
	} {
		err := r.Remove(ctx, m.tx(), ended, m.order, m.program, api.Removal{RemovalCode: text})
		requireCode(t, api.ErrLicenseEnded, err)
		var refusal *api.Problem
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, proves, refusal.Receipt != "", "a receipt needs the removal code")
	}
}

// The refusal of a task on an ended license has a receipt if the license has left its PC (spec: api 4, api 5).
func TestReceipts(t *testing.T) {
	for status, task := range map[api.LicenseStatus]license.ReceiptTask{
		api.StatusRemoved:     license.ReceiptRemoval,
		api.StatusTransferred: license.ReceiptTransfer,
		api.StatusReactivated: "",
		api.StatusReplaced:    "",
	} {
		r, m, l := activate(t)
		code := m.removalCode(t, r, l)
		require.NoError(t, m.tx().Licenses.End(t.Context(), l.ID, status, now))
		err := r.Remove(t.Context(), m.tx(), m.licenses[0], m.order, m.program, api.Removal{RemovalCode: code})
		requireCode(t, api.ErrLicenseEnded, err)
		var refusal *api.Problem
		require.ErrorAs(t, err, &refusal)
		receipt := refusal.Receipt
		if task == "" {
			require.Empty(t, receipt, status)
			continue
		}
		content, err := license.VerifyReceipt(receipt, func(string) (license.PublicKey, bool) {
			return m.program.PublicKey, true
		})
		require.NoError(t, err)
		require.Equal(t, task, content.Task)
		require.Equal(t, l.Codes.Site, content.Site)
	}
}

// The vendor may replace a license without a removal code (spec: api 21).
func TestReplace(t *testing.T) {
	r, m, l := activate(t)
	_, err := r.Replace(t.Context(), m.tx(), l, m.order, m.program, reactivation(l.Codes))
	requireCode(t, api.ErrSiteCodeInUse, err)
	next, err := r.Replace(t.Context(), m.tx(), l, m.order, m.program, reactivation(m.codes("B", 1, 0)))
	require.NoError(t, err)
	require.Equal(t, api.StatusReplaced, m.licenses[0].Status)
	require.Equal(t, l.OriginalID, next.OriginalID)
}
