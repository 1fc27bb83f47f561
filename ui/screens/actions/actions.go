// Package actions defines the table of actions on orders and licenses: for each its task, its dialog, why it is not
// possible, its shortcut and its label. Buttons, menus, shortcuts and presenters use it.
package actions

import (
	"slices"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// ID identifies an action.
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

// Subject is the object of an action.
type Subject struct {
	Order   api.Order
	License manager.License // zero for a new license or order
	// LicensedOrder is the id of an order with a license of the same program for this PC, or 0.
	LicensedOrder int64
}

// Dialogs opens the dialog of each action, or performs an action without one. Its methods are called on the UI thread
// and only if the action is possible.
type Dialogs interface {
	NewLicense(Subject)
	ActivateThisPC(Subject)
	NewOrder(Subject)
	Email(Subject)
	Reactivate(Subject)
	// OnLicense opens the dialog of package tasks for an action without a Dialog.
	OnLicense(ID, Subject)
	SaveFile(Subject)
	ChangeNote(Subject)
	Calendar(Subject)
}

// Action is one row of the table.
type Action struct {
	// Task is the task that the action carries out, or "".
	Task api.Task
	// Dialog opens the dialog of the action; nil for an action whose dialog is in the table of package tasks.
	Dialog func(Dialogs, Subject)
	// WhyNot returns why the action is not possible, judged by the order and the license, or nil.
	WhyNot func(Subject) error
	// Allowance returns the allowance of the action; nil for an action without a limit.
	Allowance func(api.LicenseAllowed) *api.Allowance
	// Key is the shortcut key, pressed with Ctrl, and Name its entry in the list of shortcuts; "" for none.
	Key  fyne.KeyName
	Name tr.Text
	// Label is the text of the button and the entry in menus.
	Label tr.Text
	// OfSelected is true if the row of buttons and the menu of a license have it, with what remains of its allowance.
	OfSelected bool
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
		WhyNot: alwaysPossible,
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
		WhyNot:    func(s Subject) error { return manager.MoveRefusal(s.Order, s.License) },
		Allowance: transferAllowance,
		Key:       fyne.KeyM,
		Name:      "Move to another PC",
		Label:     "Move to another PC…",
	},
	Reactivate: {
		Task:       api.TaskReactivation,
		Dialog:     Dialogs.Reactivate,
		WhyNot:     func(s Subject) error { return manager.ReactivationRefusal(s.Order, s.License) },
		Allowance:  func(a api.LicenseAllowed) *api.Allowance { return a.Reactivate },
		Key:        fyne.KeyB,
		Name:       "License reactivation",
		Label:      "Reactivate…",
		OfSelected: true,
	},
	Transfer: {
		Task:       api.TaskTransfer,
		WhyNot:     func(s Subject) error { return manager.TransferRefusal(s.Order, s.License) },
		Allowance:  transferAllowance,
		Key:        fyne.KeyT,
		Name:       "License transfer",
		Label:      "Transfer…",
		OfSelected: true,
	},
	Remove: {
		Task:       api.TaskRemoval,
		WhyNot:     func(s Subject) error { return manager.RemovalRefusal(s.Order, s.License) },
		Allowance:  func(a api.LicenseAllowed) *api.Allowance { return a.Remove },
		Key:        fyne.KeyD,
		Name:       "License removal",
		Label:      "Remove…",
		OfSelected: true,
	},
	PickUp: {
		Task:      api.TaskTransfer,
		WhyNot:    func(s Subject) error { return manager.PickUpRefusal(s.Order, s.License, s.LicensedOrder) },
		Allowance: transferAllowance,
		Label:     "Pick up on this PC…",
	},
	SaveFile: {
		Dialog: Dialogs.SaveFile,
		WhyNot: alwaysPossible,
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
		WhyNot: alwaysPossible,
		Label:  "Calendar file…",
	},
}

func newLicenseRefusal(s Subject) error {
	if err := manager.OpenLicensesRefusal(s.Order); err != nil {
		return err
	}
	return manager.NewLicenseRefusal(s.Order)
}

func alwaysPossible(Subject) error { return nil }

func transferAllowance(a api.LicenseAllowed) *api.Allowance { return a.Transfer }

// All returns all actions in the order of the list of shortcuts.
func All() []ID {
	all := make([]ID, len(table))
	for i := range table {
		all[i] = ID(i)
	}
	return all
}

// OfSelected returns the actions of the row of buttons and of the menu of a license.
func OfSelected() []ID {
	return slices.DeleteFunc(All(), func(id ID) bool { return !table[id].OfSelected })
}

// Action returns the row of the table.
func (id ID) Action() Action { return table[id] }

// Label returns the translated label.
func (id ID) Label() string { return tr.T(table[id].Label) }

// WhyNot returns why the action is not possible, judged by the order and the license, or nil.
func (id ID) WhyNot(s Subject) error { return table[id].WhyNot(s) }

// Allowance returns the allowance of the action on the license; nil for an action without a limit, and if the server
// did not send it.
func (id ID) Allowance(s Subject) *api.Allowance {
	if get := table[id].Allowance; get != nil && s.License.Allowed != nil {
		return get(*s.License.Allowed)
	}
	return nil
}

// NeedsLicense reports whether the action needs an existing license.
func (id ID) NeedsLicense() bool { return id != NewLicense && id != ActivateThisPC && id != NewOrder }

// Open opens the dialog of the action. WhyNot must have returned nil. UI thread.
func (id ID) Open(d Dialogs, s Subject) {
	if open := table[id].Dialog; open != nil {
		open(d, s)
		return
	}
	d.OnLicense(id, s)
}
