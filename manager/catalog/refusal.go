package catalog

import (
	"errors"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// Told is an error with a Text for the person. *NetworkError, *Refusal and *StorageError implement it.
type Told = client.Told

// Refusal is a refusal that the app foresees without asking the server. It wraps the corresponding *api.Problem.
type Refusal struct {
	*api.Problem
	text client.Text
}

// Refuse returns a Refusal with one sentence for the person.
func Refuse(code api.Code, format client.Format, args ...any) *Refusal {
	text := client.Say(format, args...)
	return &Refusal{api.NewProblem(code, text.String()), text}
}

// Unwrap returns the problem.
func (r *Refusal) Unwrap() error { return r.Problem }

// Text returns the sentence.
func (r *Refusal) Text() client.Text { return r.text }

// OpenLicensesRefusal returns the reason why the licenses of an order cannot be opened; nil if they can.
func OpenLicensesRefusal(o api.Order) error {
	if !o.RequiresActivation {
		return Refuse(api.ErrTaskDisabled, "%s needs no activation, so there are no licenses.", o.ProgramName)
	}
	return nil
}

// NewLicenseRefusal returns the reason why an order allows no new license, as shown at the button; nil if it does.
func NewLicenseRefusal(o api.Order) error {
	if err := OpenLicensesRefusal(o); err != nil {
		return err
	}
	return allowanceRefusal(o, o.Allowed.Add, client.Say("The licenses of this order have ended."))
}

// ReactivationRefusal returns the reason why a license cannot be reactivated now on any PC; nil if it can.
func ReactivationRefusal(o api.Order, l License) error {
	return licenseRefusal(o, l, func(a *api.LicenseAllowed) *api.Allowance { return a.Reactivate })
}

// ErrNotThisPC is returned for an action that is possible only on the PC of a license.
var ErrNotThisPC = errors.New("the license is on another PC; its removal code is made there")

// Refusals of a license on its way to another PC.
var (
	// ErrLeftThisPC is the refusal of a license that left this PC and that an open job hands in.
	ErrLeftThisPC = errors.New("the license left this PC, and the server has to be told of that first")
	// ErrReleased is the refusal of a license that another PC has to pick up.
	ErrReleased = errors.New("the license was released already; another PC picks it up")
	// ErrNotReleased is the refusal of a license that is on a PC.
	ErrNotReleased = errors.New("the license was not released; move it on the PC that it is on first")
)

// MoveRefusal returns the reason why a license cannot be moved from this PC now; nil if it can.
func MoveRefusal(o api.Order, l License) error {
	switch {
	case l.Status != api.StatusActive:
	case l.ReleasedAt != nil:
		return ErrReleased
	case !l.MakesCode() && !l.JobOpen:
		return ErrNotThisPC
	}
	return TransferRefusal(o, l)
}

// PickUpRefusal returns the reason why this PC cannot pick up a license now; nil if it can. licensed is the order
// with a license of the same program for this PC, or 0.
func PickUpRefusal(o api.Order, l License, licensed int64) error {
	switch {
	case l.Status != api.StatusActive:
	case l.ReleasedAt == nil:
		return ErrNotReleased
	case licensed != 0:
		return Refuse(api.ErrSiteCodeInUse, "This PC has a license of %s already, in order %d. It needs no second one.",
			o.ProgramName, licensed)
	}
	return TransferRefusal(o, l)
}

// TransferRefusal returns the reason why a license cannot be transferred now; nil if it can.
func TransferRefusal(o api.Order, l License) error {
	return licenseRefusal(o, l, func(a *api.LicenseAllowed) *api.Allowance { return a.Transfer })
}

// RemovalRefusal returns the reason why a license cannot be removed now; nil if it can.
func RemovalRefusal(o api.Order, l License) error {
	return licenseRefusal(o, l, func(a *api.LicenseAllowed) *api.Allowance { return a.Remove })
}

func licenseRefusal(o api.Order, l License, of func(*api.LicenseAllowed) *api.Allowance) error {
	if err := EmailRefusal(l); err != nil {
		return err
	}
	if l.JobOpen && l.ReleasedAt == nil {
		return ErrLeftThisPC
	}
	if l.Allowed == nil {
		return notOffered()
	}
	disabled := client.Say("The vendor does not offer it for this order.")
	if l.ExpiresAt != nil && of(l.Allowed) != nil && of(l.Allowed).Reason == api.ErrTaskDisabled {
		disabled = client.Say("The vendor does not offer it, or the license has ended.")
	}
	return allowanceRefusal(o, of(l.Allowed), disabled)
}

func notOffered() error { return Refuse(api.ErrTaskDisabled, "This server does not offer it.") }

// allowanceRefusal turns an allowance into the reason shown at a button; nil if the task is allowed.
func allowanceRefusal(o api.Order, a *api.Allowance, disabled client.Text) error {
	switch {
	case a == nil:
		return notOffered()
	case a.OK:
		return nil
	}
	sentence := map[api.Code]client.Text{
		api.ErrLicensesInUse:       client.Say("All %d licenses are in use.", o.LicensesTotal),
		api.ErrOrderReadOnly:       client.Say("The vendor allows no changes to this order."),
		api.ErrSubscriptionExpired: client.Say("The subscription has ended."),
		api.ErrTaskDisabled:        disabled,
		api.ErrLimitReached:        client.Say("The limit is reached."),
	}[a.Reason]
	if a.Reason == api.ErrLicensesInUse && o.LicensesTotal == 1 {
		sentence = client.Say("The only license is in use.")
	}
	if sentence.IsZero() {
		sentence = client.Say("The server does not allow it now.")
	}
	p := Refuse(a.Reason, sentence.Format, sentence.Args...)
	if a.Reason == api.ErrLimitReached && a.ResetsAt != nil {
		p.Limit = &api.LimitReached{ResetsAt: *a.ResetsAt}
	}
	return p
}

// EmailRefusal returns the reason why the activation code of a license cannot be mailed; nil if it can.
func EmailRefusal(l License) error {
	if l.Status != api.StatusActive {
		return Refuse(api.ErrLicenseEnded, "This license has ended.")
	}
	return nil
}

// ChangeNoteRefusal returns the reason why the notes of an order's licenses cannot be changed; nil if they can.
func ChangeNoteRefusal(o api.Order) error {
	if !o.CanManage {
		return Refuse(api.ErrOrderReadOnly, "The vendor allows no changes to this order.")
	}
	return nil
}
