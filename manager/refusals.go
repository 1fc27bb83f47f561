package manager

import (
	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager/catalog"
)

// Refusal is a refusal that the app foresees without asking the server. It wraps the corresponding *api.Problem.
type Refusal = catalog.Refusal

// Refusals of a license that is on another PC or on its way there.
var (
	// ErrNotThisPC is returned for an action that is possible only on the PC of a license.
	ErrNotThisPC = catalog.ErrNotThisPC
	// ErrLeftThisPC is the refusal of a license that left this PC and that an open job hands in.
	ErrLeftThisPC = catalog.ErrLeftThisPC
	// ErrReleased is the refusal of a license that another PC has to pick up.
	ErrReleased = catalog.ErrReleased
	// ErrNotReleased is the refusal of a license that is on a PC.
	ErrNotReleased = catalog.ErrNotReleased
)

// OpenLicensesRefusal returns the reason why the licenses of an order cannot be opened; nil if they can.
func OpenLicensesRefusal(o api.Order) error { return catalog.OpenLicensesRefusal(o) }

// NewLicenseRefusal returns the reason why an order allows no new license, as shown at the button; nil if it does.
func NewLicenseRefusal(o api.Order) error { return catalog.NewLicenseRefusal(o) }

// ReactivationRefusal returns the reason why a license cannot be reactivated now on any PC; nil if it can.
func ReactivationRefusal(o api.Order, l License) error { return catalog.ReactivationRefusal(o, l) }

// MoveRefusal returns the reason why a license cannot be moved from this PC now; nil if it can.
func MoveRefusal(o api.Order, l License) error { return catalog.MoveRefusal(o, l) }

// PickUpRefusal returns the reason why this PC cannot pick up a license now; nil if it can. licensed is the order
// with a license of the same program for this PC, or 0.
func PickUpRefusal(o api.Order, l License, licensed int64) error {
	return catalog.PickUpRefusal(o, l, licensed)
}

// TransferRefusal returns the reason why a license cannot be transferred now; nil if it can.
func TransferRefusal(o api.Order, l License) error { return catalog.TransferRefusal(o, l) }

// RemovalRefusal returns the reason why a license cannot be removed now; nil if it can.
func RemovalRefusal(o api.Order, l License) error { return catalog.RemovalRefusal(o, l) }

// EmailRefusal returns the reason why the activation code of a license cannot be mailed; nil if it can.
func EmailRefusal(l License) error { return catalog.EmailRefusal(l) }

// ChangeNoteRefusal returns the reason why the notes of an order's licenses cannot be changed; nil if they can.
func ChangeNoteRefusal(o api.Order) error { return catalog.ChangeNoteRefusal(o) }
