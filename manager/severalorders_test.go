package manager

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/thispc"
)

// anotherOrder installs the license file of another order of the program, such as a trial.
func anotherOrder(t *testing.T, f *fakeServer, p *fakePC) License {
	t.Helper()
	codes := lumenSignature.Key().Codes(0x321, 4711)
	content, err := f.key.Sign(license.File{
		Issuer:      "Lumen Software",
		ID:          900,
		IssuedAt:    f.now.Add(time.Hour),
		Expires:     f.now.AddDate(0, 1, 0),
		ProgramID:   1,
		ProgramName: "Lumen Studio 7",
		Signature:   lumenSignature,
		Order:       lumenOrder + 1,
		Codes:       codes,
	})
	require.NoError(t, err)
	trial := api.License{
		ID:                900,
		OriginalLicenseID: 900,
		OrderID:           lumenOrder + 1,
		SiteCode:          codes.Site.String(),
		MachineID:         codes.Machine.String(),
	}
	require.NoError(t, p.pc.Install(t.Context(), f.program(), trial, content))
	return License{License: trial}
}

// Licenses of several orders are installed side by side, and a table does not install them again.
func TestLicensesOfSeveralOrders(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	trial := anotherOrder(t, f, p)
	require.True(t, p.runs(t, l) && p.runs(t, trial))
	before := p.pc.Installs()
	row, ok := p.row(t, l.ID)
	require.True(t, ok)
	require.True(t, row.Installed)
	require.Equal(t, before, p.pc.Installs())
}

// A license file replaces the one that its family began with, whatever its generation, and no other.
func TestInstallErasesTheFormerLicense(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	trial := anotherOrder(t, f, p)
	newer := f.activate(lumenSignature.Key().Codes(0x456, 4711), "", l.ID)
	require.NoError(t, p.pc.Install(t.Context(), f.program(), newer, f.file(newer)))
	require.False(t, p.runs(t, l))
	require.True(t, p.runs(t, License{License: newer}) && p.runs(t, trial))
}

// A license whose move is canceled returns, even if another order has a license on this PC.
func TestLicenseReturnsBesideAnotherOrder(t *testing.T) {
	f := newFakeServer()
	p := newFakePC(t, f, "old")
	l := p.activateHere(t)
	anotherOrder(t, f, p)
	gone := thispc.NewDeparture(f.program(), l.License, mustCodes(t, l), f.code(l.License))
	require.NoError(t, p.pc.Leave(t.Context(), 0, gone, ""))
	require.False(t, p.runs(t, l))
	require.NoError(t, p.undoLeave(t.Context(), p.view(), gone))
	require.True(t, p.runs(t, l))
}

func mustCodes(t *testing.T, l License) license.Codes {
	t.Helper()
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	require.NoError(t, err)
	return codes
}
