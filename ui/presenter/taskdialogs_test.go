package presenter

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
)

// tasksBackend returns one program and counts calls. Its dialogs send nothing.
type tasksBackend struct {
	TasksBackend
	err      error // of Program and LicenseFile
	programs int
	compared int
}

func (b *tasksBackend) Program(_ context.Context, id int64) (api.Program, error) {
	b.programs++
	return api.Program{
		ID:                   id,
		Name:                 "Lumen Studio 7",
		RequiresActivation:   true,
		ApplicationSignature: "LUMENST7",
	}, b.err
}

func (b *tasksBackend) ThisPC(context.Context, int64) (manager.ThisPC, error) {
	return manager.ThisPC{}, nil
}

func (b *tasksBackend) ThisPCFor(context.Context, manager.License) (license.Codes, error) {
	b.compared++
	return license.Codes{}, nil
}

func (b *tasksBackend) Compare(context.Context, manager.License, license.Codes) (license.Comparison, error) {
	return license.Compare(license.Block(12345), license.Block(12345), license.DefaultPolicy()), nil
}

func (b *tasksBackend) RemovalCode(context.Context, manager.License) (license.RemovalCode, error) {
	return 0, manager.ErrNotThisPC
}

func (b *tasksBackend) LicenseFile(context.Context, int64) (name, content string, err error) {
	return "lumen.acen", "file", b.err
}

func (b *tasksBackend) EmailPreview(context.Context, int64) (api.EmailPreview, error) {
	return api.EmailPreview{To: []string{"anna.berg@lumen.example"}, Subject: "Activation code"}, nil
}

func (b *tasksBackend) Calendar(_ api.Order, l manager.License, _ func(manager.Text) string) (name string,
	content []byte) {
	return "license.ics", []byte("BEGIN:VCALENDAR")
}

// tasksPeers returns content and records its other calls.
type tasksPeers struct {
	*stage
	tasks    *Tasks
	content  licenses.Content
	licensed int64
}

func (p *tasksPeers) Copy(string)                           {}
func (p *tasksPeers) Do(a actions.ID, s actions.Subject)    { p.tasks.Do(a, s) }
func (p *tasksPeers) PutLicense(_ int64, l manager.License) { p.call("put %d", l.ID) }
func (p *tasksPeers) RemoveLicense(id int64)                { p.call("remove %d", id) }
func (p *tasksPeers) ShowJobs()                             { p.call("jobs") }
func (p *tasksPeers) ContactVendor(string, string)          { p.call("vendor") }
func (p *tasksPeers) Account() manager.Account              { return anna }
func (p *tasksPeers) Content() licenses.Content             { return p.content }
func (p *tasksPeers) LicensedOrder(int64) int64             { return p.licensed }
func (p *tasksPeers) ProgramName(int64) string              { return "Lumen Studio 7" }
func (p *tasksPeers) NewOrder()                             { p.call("new order") }
func (p *tasksPeers) RemovalOptions() removalcode.Options {
	return removalcode.Options{Work: p.Work, Dialogs: p.Dialogs}
}

func newTestTasks(t *testing.T) (*stage, *Tasks, *tasksBackend, *tasksPeers) {
	t.Helper()
	s, b := newStage(t), &tasksBackend{}
	peers := &tasksPeers{stage: s}
	peers.tasks = NewTasks(s.shell, b, peers)
	return s, peers.tasks, b, peers
}

func TestActionsOpenDialogs(t *testing.T) {
	own := func(l *manager.License) { l.ThisPC = true }
	given := func(l *manager.License) { at := start; l.ReleasedAt = &at }
	for action, test := range map[actions.ID]struct {
		change func(*manager.License)
		sees   string
	}{
		actions.NewLicense:     {nil, "New license"},
		actions.ActivateThisPC: {nil, "They hold 63 bits"},
		actions.Reactivate:     {nil, "Reactivate “Studio PC”"},
		actions.Transfer:       {nil, "Transfer “Studio PC”"},
		actions.Remove:         {nil, "Remove “Studio PC”"},
		actions.Move:           {own, "Move “Studio PC” to another PC"},
		actions.PickUp:         {given, "Pick up “Studio PC” on this PC"},
		actions.ChangeNote:     {nil, "Change note"},
		actions.Email:          {nil, "Activation code"},
		actions.SaveFile:       {nil, "Save File"},
		actions.Calendar:       {nil, "Save File"},
	} {
		t.Run(action.Label(), func(t *testing.T) {
			s, p, _, _ := newTestTasks(t)
			l := testLicense(7, 1042, "Studio PC")
			if test.change != nil {
				test.change(&l)
			}
			p.Do(action, actions.Subject{Order: testOrder(1042), License: l})
			s.WaitFor(test.sees)
			require.Empty(t, s.calls)
		})
	}
}

func TestImpossibleAction(t *testing.T) {
	s, p, b, peers := newTestTasks(t)
	at := start
	l := testLicense(7, 1042, "Studio PC")
	l.ReleasedAt = &at
	peers.licensed = 1037
	p.Do(actions.PickUp, actions.Subject{Order: testOrder(1042), License: l})
	require.NotNil(t, s.Dialogs.Visible())
	require.False(t, s.Shows("Pick up “Studio PC”"))
	require.Zero(t, b.programs)
}

func TestWithProgram(t *testing.T) {
	s, p, b, peers := newTestTasks(t)
	subject := actions.Subject{Order: testOrder(1042), License: testLicense(7, 1042, "Studio PC")}
	peers.content = licenses.Content{Order: subject.Order, Program: api.Program{ID: 1, ApplicationSignature: "LUMENST7"}}
	p.Do(actions.Transfer, subject)
	require.True(t, s.Shows("Transfer “Studio PC”"), "at once")
	require.Zero(t, b.programs)

	s, p, b, _ = newTestTasks(t)
	b.err = unreachable
	p.Do(actions.Transfer, subject)
	s.WaitFor("There is no connection to the license server.")
	require.False(t, s.Shows("Transfer “Studio PC”"))
}

func TestReactivateComparesFirst(t *testing.T) {
	s, p, b, _ := newTestTasks(t)
	p.Do(actions.Reactivate, actions.Subject{Order: testOrder(1042), License: testLicense(7, 1042, "Studio PC")})
	s.WaitFor("Comparing this PC…")
	require.False(t, s.Shows("Reactivate “Studio PC”"))
	s.WaitFor("Reactivate “Studio PC”")
	require.Equal(t, 1, b.compared)
	require.False(t, s.Shows("Comparing this PC…"))
}

func TestSaveFileFails(t *testing.T) {
	s, p, b, _ := newTestTasks(t)
	b.err = api.ErrNotFound
	p.Do(actions.SaveFile, actions.Subject{License: testLicense(7, 1042, "Studio PC")})
	s.WaitFor("The server does not find it.")
	b.err = nil
	s.Press("Try again")
	s.WaitFor("Save File")
}
