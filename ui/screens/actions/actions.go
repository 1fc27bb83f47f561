// Package actions is the table of what a person can do with orders and licenses: for each action the task that it
// becomes, its dialog, why it is not possible now, its shortcut and its entry in menus. Buttons, menus, shortcuts and
// presenters derive from it.
package actions

import (
	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// ID names an action.
type ID int

// The actions.
const (
	NewLicense     ID = iota // on any PC
	ActivateThisPC           // a new license on this PC
	NewOrder
	Email // the activation code
	Move  // to another PC
	Reactivate
	Transfer
	Remove
	PickUp // a released license onto this PC
	SaveFile
	ChangeNote
	Calendar // a calendar file with the end of the license
)

// Subject is what an action is about.
type Subject struct {
	Order   api.Order
	License manager.License // zero for a new license or order
	// Licensed is the id of an order with a license of the same program for this PC, or 0.
	Licensed int64
}

// Dialogs opens the dialog of each action, or does at once what needs none. Its methods are called on the UI thread,
// and only when the action is possible.
type Dialogs interface {
	NewLicense(Subject)
	ActivateThisPC(Subject)
	NewOrder(Subject)
	Email(Subject)
	Move(Subject)
	Reactivate(Subject)
	Transfer(Subject)
	Remove(Subject)
	PickUp(Subject)
	SaveFile(Subject)
	ChangeNote(Subject)
	Calendar(Subject)
}

// Action is one row of the table.
type Action struct {
	// Task is the task in the journal that the action becomes; "" for an action that has none.
	Task api.Task
	// Dialog opens the dialog of the action.
	Dialog func(Dialogs, Subject)
	// WhyNot returns why the action is not possible, as far as the order and the license tell; nil when it is.
	WhyNot func(Subject) error
	// Allowance returns what the server says about a limited action; nil for an action without a limit.
	Allowance func(api.LicenseAllowed) *api.Allowance
	// Key is the key of the shortcut together with Ctrl, and Name its name in the list of shortcuts; "" for none.
	Key  fyne.KeyName
	Name tr.Text
	// Label is the text of the button and the entry in menus.
	Label tr.Text
}

var table = [...]Action{
	NewLicense: {
		Task:   api.TaskNewLicense,
		Dialog: Dialogs.NewLicense,
		WhyNot: newLicenseRefusal,
		Key:    fyne.KeyN,
		Name:   "New license",
		Label:  "New license…",
	},
	ActivateThisPC: {
		Task:   api.TaskNewLicense,
		Dialog: Dialogs.ActivateThisPC,
		WhyNot: newLicenseRefusal,
		Label:  "Activate this PC",
	},
	NewOrder: {
		Task:   api.TaskNewOrder,
		Dialog: Dialogs.NewOrder,
		WhyNot: possible,
		Key:    fyne.KeyO,
		Name:   "New order",
		Label:  "New order…",
	},
	Email: {
		Task:   api.TaskEmail,
		Dialog: Dialogs.Email,
		WhyNot: func(s Subject) error { return manager.EmailRefusal(s.License) },
		Key:    fyne.KeyE,
		Name:   "Email the activation code",
		Label:  "Email activation code…",
	},
	Move: {
		Task:      api.TaskRelease,
		Dialog:    Dialogs.Move,
		WhyNot:    func(s Subject) error { return manager.MoveRefusal(s.Order, s.License) },
		Allowance: transferAllowance,
		Key:       fyne.KeyM,
		Name:      "Move to another PC",
		Label:     "Move to another PC…",
	},
	Reactivate: {
		Task:      api.TaskReactivation,
		Dialog:    Dialogs.Reactivate,
		WhyNot:    func(s Subject) error { return manager.ReactivationRefusal(s.Order, s.License) },
		Allowance: func(a api.LicenseAllowed) *api.Allowance { return a.Reactivate },
		Key:       fyne.KeyB,
		Name:      "License reactivation",
		Label:     "Reactivate…",
	},
	Transfer: {
		Task:      api.TaskTransfer,
		Dialog:    Dialogs.Transfer,
		WhyNot:    func(s Subject) error { return manager.TransferRefusal(s.Order, s.License) },
		Allowance: transferAllowance,
		Key:       fyne.KeyT,
		Name:      "License transfer",
		Label:     "Transfer…",
	},
	Remove: {
		Task:      api.TaskRemoval,
		Dialog:    Dialogs.Remove,
		WhyNot:    func(s Subject) error { return manager.RemovalRefusal(s.Order, s.License) },
		Allowance: func(a api.LicenseAllowed) *api.Allowance { return a.Remove },
		Key:       fyne.KeyD,
		Name:      "License removal",
		Label:     "Remove…",
	},
	PickUp: {
		Task:      api.TaskTransfer,
		Dialog:    Dialogs.PickUp,
		WhyNot:    func(s Subject) error { return manager.PickUpRefusal(s.Order, s.License, s.Licensed) },
		Allowance: transferAllowance,
		Label:     "Pick up on this PC…",
	},
	SaveFile: {
		Dialog: Dialogs.SaveFile,
		WhyNot: possible,
		Label:  "Save license file…",
	},
	ChangeNote: {
		Task:   api.TaskNote,
		Dialog: Dialogs.ChangeNote,
		WhyNot: func(s Subject) error { return manager.ChangeNoteRefusal(s.Order) },
		Label:  "Change note…",
	},
	Calendar: {
		Dialog: Dialogs.Calendar,
		WhyNot: possible,
		Label:  "Calendar file…",
	},
}

func newLicenseRefusal(s Subject) error {
	if err := manager.OpenLicensesRefusal(s.Order); err != nil {
		return err
	}
	return manager.NewLicenseRefusal(s.Order)
}

func possible(Subject) error { return nil }

func transferAllowance(a api.LicenseAllowed) *api.Allowance { return a.Transfer }

// All returns all actions in the order in which shortcuts are listed.
func All() []ID {
	all := make([]ID, len(table))
	for i := range table {
		all[i] = ID(i)
	}
	return all
}

// Action returns the row of the table.
func (id ID) Action() Action { return table[id] }

// Label returns the text of the button and the menu entry in the language in use.
func (id ID) Label() string { return tr.T(table[id].Label) }

// WhyNot returns why the action is not possible, as far as the order and the license tell; nil when it is.
func (id ID) WhyNot(s Subject) error { return table[id].WhyNot(s) }

// Allowance returns what the server says about a limited action on the license; nil for an action without a limit, and
// where the server says nothing.
func (id ID) Allowance(s Subject) *api.Allowance {
	if of := table[id].Allowance; of != nil && s.License.Allowed != nil {
		return of(*s.License.Allowed)
	}
	return nil
}

// OfLicense reports whether the action is about a license that is there.
func (id ID) OfLicense() bool { return id != NewLicense && id != ActivateThisPC && id != NewOrder }

// Open opens the dialog of the action. The caller has asked WhyNot. UI thread.
func (id ID) Open(d Dialogs, s Subject) { table[id].Dialog(d, s) }
