package actions_test

import (
	"reflect"
	"testing"

	"fyne.io/fyne/v2"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/screens/actions"
)

// recorder is a Dialogs that records the names of the opened dialogs.
type recorder struct {
	opened    []string
	onLicense []actions.ID
}

func (r *recorder) open(name string)               { r.opened = append(r.opened, name) }
func (r *recorder) NewLicense(actions.Subject)     { r.open("NewLicense") }
func (r *recorder) ActivateThisPC(actions.Subject) { r.open("ActivateThisPC") }
func (r *recorder) NewOrder(actions.Subject)       { r.open("NewOrder") }
func (r *recorder) Email(actions.Subject)          { r.open("Email") }
func (r *recorder) Reactivate(actions.Subject)     { r.open("Reactivate") }
func (r *recorder) SaveFile(actions.Subject)       { r.open("SaveFile") }
func (r *recorder) ChangeNote(actions.Subject)     { r.open("ChangeNote") }
func (r *recorder) Calendar(actions.Subject)       { r.open("Calendar") }

func (r *recorder) OnLicense(id actions.ID, _ actions.Subject) { r.onLicense = append(r.onLicense, id) }

func TestTableIsComplete(t *testing.T) {
	r := &recorder{}
	keys := map[fyne.KeyName]actions.ID{}
	tasks := map[api.Task]bool{}
	var onLicense []actions.ID
	for _, id := range actions.All() {
		a := id.Action()
		require.NotEmpty(t, a.Label)
		require.NotNil(t, a.WhyNot, a.Label)
		require.Equal(t, a.Key == "", a.Name == "", "%s: a shortcut has a name", a.Label)
		if a.Key != "" {
			require.NotContains(t, keys, a.Key, a.Label)
			keys[a.Key] = id
		}
		tasks[a.Task] = true
		if a.Dialog == nil {
			onLicense = append(onLicense, id)
		}
		id.Open(r, actions.Subject{})
	}
	want := []string{
		"NewLicense", "ActivateThisPC", "NewOrder", "Email", "Reactivate", "SaveFile", "ChangeNote", "Calendar",
	}
	require.Equal(t, want, r.opened, "each row opens its own dialog")
	require.Equal(t, reflect.TypeFor[actions.Dialogs]().NumMethod(), len(want)+1, "each dialog has a row")
	require.Equal(t, onLicense, r.onLicense, "the other rows open a dialog of package tasks")
	for _, task := range api.Tasks() {
		if task.OperationID() == "" {
			continue // the vendor's
		}
		require.True(t, tasks[task], "no action becomes the task %q", task)
	}
}

// subject returns a license of this PC for which every action but PickUp is possible, after change.
func subject(change func(*actions.Subject)) actions.Subject {
	ok := func() *api.Allowance { return &api.Allowance{OK: true} }
	s := actions.Subject{
		Order: api.Order{
			ID:                 1042,
			LicensesTotal:      5,
			RequiresActivation: true,
			CanManage:          true,
			Allowed:            api.Allowed{Add: ok()},
		},
		License: manager.License{
			License: api.License{
				ID:      1,
				Status:  api.StatusActive,
				Allowed: &api.LicenseAllowed{Transfer: ok(), Remove: ok(), Reactivate: ok()},
			},
			ThisPC: true,
		},
	}
	change(&s)
	return s
}

func TestWhyNot(t *testing.T) {
	full := func(s *actions.Subject) { s.Order.Allowed.Add = &api.Allowance{Reason: api.ErrLicensesInUse} }
	noTransfer := func(s *actions.Subject) { s.License.Allowed.Transfer = &api.Allowance{Reason: api.ErrLimitReached} }
	noRemoval := func(s *actions.Subject) { s.License.Allowed.Remove = &api.Allowance{Reason: api.ErrTaskDisabled} }
	noBack := func(s *actions.Subject) { s.License.Allowed.Reactivate = &api.Allowance{Reason: api.ErrLimitReached} }
	ended := func(s *actions.Subject) { s.License.Status = api.StatusRemoved }
	readOnly := func(s *actions.Subject) { s.Order.CanManage = false }
	fonts := func(s *actions.Subject) { s.Order.RequiresActivation = false }
	for _, c := range []struct {
		action actions.ID
		change func(*actions.Subject)
	}{
		{actions.NewLicense, full},
		{actions.NewLicense, fonts},
		{actions.ActivateThisPC, full},
		{actions.Reactivate, noBack},
		{actions.Transfer, noTransfer},
		{actions.Move, noTransfer},
		{actions.Remove, noRemoval},
		{actions.Email, ended},
		{actions.ChangeNote, readOnly},
	} {
		require.NoError(t, c.action.WhyNot(subject(func(*actions.Subject) {})), c.action.Label())
		require.Error(t, c.action.WhyNot(subject(c.change)), c.action.Label())
	}
	at := func(s *actions.Subject) { s.License.ReleasedAt, s.License.ThisPC = &s.Order.OrderedAt, false }
	require.NoError(t, actions.PickUp.WhyNot(subject(at)))
	licensed := func(s *actions.Subject) { at(s); s.LicensedOrder = 1037 }
	require.Error(t, actions.PickUp.WhyNot(subject(licensed)), "this PC has a license of the program")
	require.NoError(t, actions.NewOrder.WhyNot(actions.Subject{}))
}

func TestAllowance(t *testing.T) {
	s := subject(func(*actions.Subject) {})
	allowed := s.License.Allowed
	for action, want := range map[actions.ID]*api.Allowance{
		actions.Transfer: allowed.Transfer, actions.Move: allowed.Transfer, actions.PickUp: allowed.Transfer,
		actions.Reactivate: allowed.Reactivate, actions.Remove: allowed.Remove, actions.Email: nil,
	} {
		require.Same(t, want, action.Allowance(s), action.Label())
	}
	s.License.Allowed = nil
	require.Nil(t, actions.Transfer.Allowance(s), "the server says nothing")
}
