package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/explain"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

var lumen = api.Program{
	ID:                   1,
	Name:                 "Lumen Studio 7",
	RequiresActivation:   true,
	ApplicationSignature: "LUMENST7",
}

// codesOf returns the codes of a PC for the program lumen.
func codesOf(t *testing.T, generation uint16, block license.Block) license.Codes {
	t.Helper()
	signature, err := license.ParseSignature(lumen.ApplicationSignature)
	require.NoError(t, err)
	return signature.Key().Codes(generation, block)
}

// licenser is a Licenser that answers immediately.
type licenser struct {
	Licenser
	thisPC     license.Codes
	unreadable []license.Lock
	err        error // of NewLicense
	created    []manager.NewLicense
	notes      []string
	jobs       []manager.Job
}

func (l *licenser) ThisPC(context.Context, int64) (manager.ThisPC, error) {
	pc := manager.ThisPC{Codes: l.thisPC}
	for i, lock := range license.Locks() {
		pc.Locks[i] = manager.LockInfo{Lock: lock, Readable: !slices.Contains(l.unreadable, lock), Bits: 1}
	}
	return pc, nil
}

func (l *licenser) CheckCodes(_ context.Context, _ int64, site, machine string) (license.Codes, error) {
	codes, err := license.ParseCodes(site, machine)
	if err != nil {
		return codes, err
	}
	signature, err := license.ParseSignature(lumen.ApplicationSignature)
	if err != nil {
		return codes, err
	}
	_, err = signature.Key().Open(codes)
	return codes, err
}

func (l *licenser) NewLicense(_ context.Context, r manager.NewLicense) (manager.License, error) {
	if l.err != nil {
		return manager.License{}, l.err
	}
	l.created = append(l.created, r)
	return manager.License{License: api.License{
		ID:             30001,
		OrderID:        r.OrderID,
		ActivationCode: "ABCDEF01",
		Note:           r.Note,
	}}, nil
}

func (l *licenser) ChangeNote(_ context.Context, id int64, note string) (manager.License, error) {
	if l.err != nil {
		return manager.License{}, l.err
	}
	l.notes = append(l.notes, note)
	return manager.License{License: api.License{ID: id, Note: note}}, nil
}

func (l *licenser) Jobs(context.Context) ([]manager.Job, error) { return l.jobs, nil }

// recorder is an Actions that records its calls.
type recorder struct{ calls []string }

func (r *recorder) ask(format string, args ...any) {
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
}

func (r *recorder) Copy(text string) { r.ask("copy %s", text) }
func (r *recorder) Do(a actions.ID, s actions.Subject) {
	r.ask("%s %d", a.Action().Label, s.License.ID)
}
func (r *recorder) PutLicense(replaced int64, l manager.License) {
	r.ask("put %d for %d", l.ID, replaced)
}
func (r *recorder) RemoveLicense(id int64)          { r.ask("remove %d", id) }
func (r *recorder) ShowJobs()                       { r.ask("jobs") }
func (r *recorder) ContactVendor(subject, _ string) { r.ask("vendor %s", subject) }

func newOptions(t *testing.T) (*uitest.Stage, Options, *licenser, *recorder) {
	t.Helper()
	s, l, r := uitest.New(t), &licenser{thisPC: codesOf(t, 100, 12345)}, &recorder{}
	s.Window.SetContent(container.NewStack())
	return s, Options{
		Canvas:     s.Window.Canvas(),
		Dialogs:    s.Dialogs,
		Work:       s.Work,
		Licenses:   l,
		Actions:    r,
		Explain:    explain.Error,
		DeviceName: "Anna's PC",
		Now:        func() time.Time { return now },
		Account:    "anna at licenses.lumen.example",
	}, l, r
}

func order() api.Order {
	return api.Order{
		ID:                 1042,
		ProgramID:          1,
		ProgramName:        "Lumen Studio 7",
		LicensesTotal:      5,
		LicensesActivated:  2,
		RequiresActivation: true,
	}
}

func TestActivateThisPC(t *testing.T) {
	s, o, l, r := newOptions(t)
	require.NoError(t, NewLicense(o, order(), lumen, true))
	s.WaitFor(l.thisPC.Site.String())
	require.True(t, s.Shows("They contain 63 bits about this PC"))
	require.True(t, s.Shows("3 of 5 left"))
	s.Press("Activate")
	s.WaitFor("“Anna's PC” is activated.")
	require.Equal(t, []manager.NewLicense{{OrderID: 1042, Codes: l.thisPC, Note: "Anna's PC", ThisPC: true}}, l.created)
	require.Equal(t, []string{"put 30001 for 0"}, r.calls)
	s.Press("Email code…")
	require.Equal(t, "Email activation code… 30001", r.calls[1])
	require.Nil(t, s.Dialogs.Visible())
}

func TestActivateAnotherPC(t *testing.T) {
	s, o, l, _ := newOptions(t)
	other := codesOf(t, 200, 54321)
	require.NoError(t, NewLicense(o, order(), lumen, false))
	require.True(t, s.Shows("Enter the codes of the other PC."))
	require.False(t, s.Enabled("Activate"))
	s.Paste(fmt.Sprintf("Hello,\nSite code: %s\nMachine ID: %s\nBye", other.Site, l.thisPC.Machine))
	require.True(t, s.Enabled("Activate"), "one paste fills both fields")
	s.Press("Activate")
	s.WaitFor("Site code and Machine ID do not match.")
	require.Empty(t, l.created)

	s.Fill("7183EC4D", "")
	s.Paste(other.Merged())
	s.Fill("Your name for that PC", strings.Repeat("日", 40))
	require.True(t, s.Shows("30 of 30 characters"))
	s.Press("Activate")
	s.WaitFor("is activated.")
	require.Equal(t, []manager.NewLicense{{OrderID: 1042, Codes: other, Note: strings.Repeat("日", 30)}}, l.created)
}

func TestNewLicenseFails(t *testing.T) {
	for what, err := range map[string]error{
		"There is no free license.":             api.NewProblem(api.ErrLicensesInUse, "All licenses are in use."),
		"Trying again with the same codes uses": context.Canceled,
		"It did not work.":                      errors.New("broken"),
	} {
		s, o, l, r := newOptions(t)
		l.err = err
		require.NoError(t, NewLicense(o, order(), lumen, true))
		s.Press("Activate")
		s.WaitUntil(what, func() bool { return s.Shows(what) || what == "It did not work." && s.Enabled("Activate") })
		require.True(t, s.Enabled("Activate"), "it can be tried again")
		require.Empty(t, r.calls)
	}
}

func TestWarningIfPCIsNotDistinct(t *testing.T) {
	for _, test := range []struct {
		unreadable []license.Lock
		warned     bool
	}{
		{[]license.Lock{license.BIOSID, license.NETID, license.CPUID}, false},
		{[]license.Lock{license.BIOSID, license.CPUID, license.HDHWID}, false},
		{[]license.Lock{license.NETID, license.HDHWID}, true},
	} {
		s, o, l, _ := newOptions(t)
		l.unreadable = test.unreadable
		require.NoError(t, NewLicense(o, order(), lumen, true))
		s.WaitFor("They contain 63 bits about this PC")
		require.Equal(t, test.warned, s.Shows("This PC may not be recognized later."), test.unreadable)
		require.True(t, s.Enabled("Activate"))
	}
}

func TestChangeNote(t *testing.T) {
	s, o, l, r := newOptions(t)
	ChangeNote(o, manager.License{License: api.License{ID: 7, Note: "Studio PC"}})
	s.Fill("Your name for that PC", "Attic")
	l.err = errors.New("broken")
	s.Press("Save")
	s.WaitUntil("the failure", func() bool { return s.Enabled("Save") })
	require.Empty(t, r.calls)
	l.err = nil
	s.Press("Save")
	s.WaitUntil("the note", func() bool { return len(r.calls) > 0 })
	require.Equal(t, []string{"put 7 for 0"}, r.calls)
	require.Equal(t, []string{"Attic"}, l.notes)
	require.Nil(t, s.Dialogs.Visible())
}

func TestEscapeSendsNothing(t *testing.T) {
	s, o, l, r := newOptions(t)
	require.NoError(t, NewLicense(o, order(), lumen, true))
	s.WaitFor("They contain 63 bits about this PC")
	s.Key(fyne.KeyEscape)
	require.Nil(t, s.Dialogs.Visible())
	require.Empty(t, l.created)
	require.Empty(t, r.calls)
}

// Every action without a dialog of its own has one here.
func TestOnLicense(t *testing.T) {
	for _, id := range actions.All() {
		_, here := onLicense[id]
		require.Equal(t, id.Action().Dialog == nil, here, id.Action().Label)
	}
}
