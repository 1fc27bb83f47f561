package presenter

import (
	"context"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/email"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/screens/tasks"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// TasksBackend creates and changes licenses. All methods but Calendar may block.
type TasksBackend interface {
	tasks.Licenser
	email.Mailer
	Program(ctx context.Context, id int64) (api.Program, error)
	LicenseFile(ctx context.Context, licenseID int64) (name, content string, err error)
	Calendar(o api.Order, l manager.License, say func(manager.Text) string) (name string, content []byte)
}

// TasksPeers is what Tasks needs of the other presenters.
type TasksPeers interface {
	tasks.Actions
	Account() manager.Account
	// Content returns the selected order with its licenses.
	Content() licenses.Content
	LicensedOrder(program int64) int64
	ProgramName(orderID int64) string
	// NewOrder opens the dialog for a new order.
	NewOrder()
	// RemovalOptions configures dialogs that show a removal code.
	RemovalOptions() removalcode.Options
}

// Tasks opens the dialogs of the actions. It implements [actions.Dialogs].
type Tasks struct {
	shell   *Shell
	backend TasksBackend
	peers   TasksPeers
	saving  *background.Slot
}

var _ actions.Dialogs = (*Tasks)(nil)

// NewTasks returns a presenter. UI thread.
func NewTasks(shell *Shell, backend TasksBackend, peers TasksPeers) *Tasks {
	return &Tasks{
		shell:   shell,
		backend: backend,
		peers:   peers,
		saving:  shell.Work.NewSlot(),
	}
}

// Reset cancels fetching a license file.
func (t *Tasks) Reset() { t.saving.Cancel() }

// Do opens the dialog of an action, or shows why it is not possible.
func (t *Tasks) Do(action actions.ID, s actions.Subject) {
	s.LicensedOrder = t.peers.LicensedOrder(s.Order.ProgramID)
	if err := action.WhyNot(s); err != nil {
		t.shell.Explain(err)
		return
	}
	action.Open(t, s)
}

func (t *Tasks) options() tasks.Options {
	account := t.peers.Account()
	return tasks.Options{
		Canvas:     t.shell.Window.Canvas(),
		Dialogs:    t.shell.Dialogs,
		Work:       t.shell.Work,
		Licenses:   t.backend,
		Explain:    explain.Error,
		DeviceName: t.shell.DeviceName,
		Now:        t.shell.Now,
		Shown:      t.peers.Content().Licenses,
		Removal:    t.peers.RemovalOptions(),
		Account:    tr.T("%s at %s", account.Username, words.Host(account.Server)),
		Actions:    t.peers,
	}
}

// withProgram calls do with the program of an order, requesting it if necessary.
func (t *Tasks) withProgram(o api.Order, do func(api.Program)) {
	if c := t.peers.Content(); c.Order.ID == o.ID && c.Program.ID != 0 {
		do(c.Program)
		return
	}
	background.Run(t.shell.Requests, func(ctx context.Context) (api.Program, error) {
		return t.backend.Program(ctx, o.ProgramID)
	}, func(p api.Program, err error) {
		if err != nil {
			t.shell.Explain(err)
			return
		}
		do(p)
	})
}

// NewLicense opens the dialog for a new license on any PC.
func (t *Tasks) NewLicense(s actions.Subject) { t.newLicense(s, false) }

// ActivateThisPC opens the dialog for a new license on this PC.
func (t *Tasks) ActivateThisPC(s actions.Subject) { t.newLicense(s, true) }

func (t *Tasks) newLicense(s actions.Subject, thisPC bool) {
	t.withProgram(s.Order, func(p api.Program) {
		t.shell.Explain(tasks.NewLicense(t.options(), s.Order, p, thisPC))
	})
}

// NewOrder opens the dialog for a new order.
func (t *Tasks) NewOrder(actions.Subject) { t.peers.NewOrder() }

// Reactivate opens the dialog that reactivates a license for the new codes of its PC. It reads and compares this PC
// first, so that the layout of the dialog does not change.
func (t *Tasks) Reactivate(s actions.Subject) {
	t.withProgram(s.Order, func(p api.Program) {
		t.shell.Status.SetWorking(tr.T("Comparing this PC…"))
		background.Run(t.shell.Requests, func(ctx context.Context) (tasks.ComparedPC, error) {
			return tasks.CompareThisPC(ctx, t.backend, s.License, p.ID)
		}, func(c tasks.ComparedPC, err error) {
			t.shell.Status.SetWorking("")
			first := &c
			if err != nil {
				first = nil
			}
			t.shell.Explain(tasks.Reactivate(t.options(), s.License, p, first))
		})
	})
}

// OnLicense opens the dialog of an action on a license that needs no preparation.
func (t *Tasks) OnLicense(action actions.ID, s actions.Subject) {
	t.withProgram(s.Order, func(p api.Program) { t.shell.Explain(tasks.Open(action, t.options(), s, p)) })
}

// ChangeNote opens the dialog that changes the note of a license.
func (t *Tasks) ChangeNote(s actions.Subject) { tasks.ChangeNote(t.options(), s.License) }

// Email opens the dialog that emails the activation code of a license.
func (t *Tasks) Email(s actions.Subject) {
	email.Open(email.Options{
		Canvas:  t.shell.Window.Canvas(),
		Dialogs: t.shell.Dialogs,
		Work:    t.shell.Work,
		Mailer:  t.backend,
		Opener:  t.shell.Opener,
		Copy:    t.shell.Copy,
		Explain: explain.Error,
		OnSent: func(to []string) {
			t.shell.Status.ShowRemark(tr.T("The server sends the code to %s.", words.List(to)))
		},
	}, s.License, t.peers.ProgramName(s.License.OrderID))
}

// licenseFile is a verified license file with its suggested name.
type licenseFile struct{ name, content string }

// SaveFile fetches the license file, asks for a path and saves it.
func (t *Tasks) SaveFile(s actions.Subject) {
	t.shell.Status.SetWorking(tr.T("Fetching the license file…"))
	background.Run(t.saving, func(ctx context.Context) (f licenseFile, err error) {
		f.name, f.content, err = t.backend.LicenseFile(ctx, s.License.ID)
		return f, err
	}, func(f licenseFile, err error) {
		t.shell.Status.SetWorking("")
		if err != nil {
			m := explain.Error(err)
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: func() { t.SaveFile(s) }}
			t.shell.Dialogs.Error(m)
			return
		}
		t.shell.Files.Save(f.name, f.content, api.LicenseFileExtension, t.shell.Explain)
	})
}

// Calendar saves a calendar file with the end of a license and reminders 14, 7 and 1 days before.
func (t *Tasks) Calendar(s actions.Subject) {
	name, content := t.backend.Calendar(s.Order, s.License, words.Translate)
	t.shell.Files.Save(name, string(content), ".ics", t.shell.Explain)
}
