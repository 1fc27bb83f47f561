package manager

import (
	"context"

	"github.com/acen-desktop/acen/license"
	requests "github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager/carry"
	"github.com/acen-desktop/acen/manager/thispc"
)

type (
	// CarryAction is what a courier can do for an item of a request: a task, or delivering the result of an earlier one.
	CarryAction = carry.Action
	// CarryOption is one way to carry out an item.
	CarryOption = carry.Option
	// CarryItem is an item of a request with the options that the current account has for it.
	CarryItem = carry.PlanItem
	// OfflineProgram is a program that this PC knows without asking a server.
	OfflineProgram = carry.Program
	// RequestItem is one item that this PC asks a courier for.
	RequestItem = carry.RequestItem
	// TakenResult is the outcome of one result of an answer.
	TakenResult = carry.TakenResult
)

// The actions.
const (
	CarryNew        = carry.ActionNew        // makes a new license of an order for the PC
	CarryHave       = carry.ActionHave       // delivers the license that the PC has already
	CarryReactivate = carry.ActionReactivate // reactivates a license that the PC had before
	CarryTransfer   = carry.ActionTransfer   // transfers another PC's license to the PC
	CarryRemove     = carry.ActionRemove     // hands in a removal code
	CarryRemoved    = carry.ActionRemoved    // reports that the license was removed before
)

var (
	// ErrOtherPC is returned for a license file of another PC, or for a Site code that this PC no longer has.
	ErrOtherPC = carry.ErrOtherPC
	// ErrNoReceipt is returned for a courier's answer that reports a removal without a valid receipt.
	ErrNoReceipt = carry.ErrNoReceipt
	// ErrNoTypedCodes is returned for a program that has not declared that it accepts typed activation codes.
	ErrNoTypedCodes = carry.ErrNoTypedCodes
)

// OfflinePrograms lists the programs that this PC knows, by name. It needs no account and asks no server.
func (m *Manager) OfflinePrograms(ctx context.Context) ([]OfflineProgram, error) {
	return m.offline.Programs(ctx)
}

// LeaveOffline removes the license of a program from this PC without a server. The program stops running, and the
// removal code is stored until it is handed in, by a courier or over a network. It fails with ErrNotThisPC if this PC
// has no license of the program.
func (m *Manager) LeaveOffline(ctx context.Context, signature license.Signature) (KeptCode, error) {
	return m.offline.Leave(ctx, signature)
}

// EnterCode stores a typed activation code for a program of this PC that accepts such codes. The program checks it at
// its next start. EnterCode fails with a *license.CodeError or ErrNoTypedCodes.
func (m *Manager) EnterCode(ctx context.Context, signature license.Signature, text string) error {
	return m.offline.EnterCode(ctx, signature, text)
}

// InstallLicense installs a license file that was received in another way, such as by mail. It fails with ErrOtherPC,
// license.ErrFileSignature, license.ErrOlderVersion or license.ErrFileDamaged. If unproven is true, this PC does not
// know the program, and only the program can verify that the license is the vendor's.
func (m *Manager) InstallLicense(ctx context.Context, content string) (f license.File, unproven bool, err error) {
	return m.offline.InstallLicense(ctx, content)
}

// MakeRequest makes a request for a courier with the codes of this PC, and stores it until its answer is read. It needs
// no account and no network. It fails with a *carry.DocumentError for a note or a name that cannot be sent.
func (m *Manager) MakeRequest(ctx context.Context, device string, items []RequestItem) (requests.Request, error) {
	return m.offline.MakeRequest(ctx, device, items)
}

// Requests lists the requests that have no answer yet, newest first. It omits requests whose key is lost.
func (m *Manager) Requests(ctx context.Context) ([]requests.Request, error) {
	return m.offline.Requests(ctx)
}

// ForgetRequest deletes a request. Its items may be requested again, and its removal codes remain stored.
func (m *Manager) ForgetRequest(ctx context.Context, id string) error {
	return m.offline.ForgetRequest(ctx, id)
}

// ReadAnswer reads a courier's answer: it installs the license files, and deletes the removal codes that the server
// accepted. If the server refused this PC's Site code as spent, the next request has a new one. ReadAnswer is
// idempotent. It returns errors of this PC's disk; errors of a single result are in TakenResult.
func (m *Manager) ReadAnswer(ctx context.Context, a requests.Answer) ([]TakenResult, error) {
	return m.offline.ReadAnswer(ctx, a)
}

// checkReceipt is catalog.Catalog.CheckReceipt for the current account, if somebody is signed in.
func (m *Manager) checkReceipt(ctx context.Context, leaves thispc.Departure, token string) error {
	return m.catalog.CheckReceipt(ctx, m.view(), leaves, token)
}

// PlanCarry returns what the current account can do for the items of another PC's request. It fetches orders and
// licenses and changes nothing on the server.
func (m *Manager) PlanCarry(ctx context.Context, r requests.Request) ([]CarryItem, error) {
	return asCurrent(m, func(s *acting) ([]CarryItem, error) { return carry.Plan(ctx, s.view, r) })
}

// CarryOut carries out the chosen option of each item of a plan and returns the answer for the other PC. choices are
// indexes into the options of the items; a negative one skips its item. CarryOut calls done after each item. If the
// connection fails, the answer contains the results until then; carrying the same request again is idempotent and
// delivers the rest.
func (m *Manager) CarryOut(
	ctx context.Context, r requests.Request, plan []CarryItem, choices []int, done func(count int),
) (requests.Answer, error) {
	courier := carry.Courier{Now: m.options.Now}
	if s, err := m.acting(); err == nil {
		courier.View, courier.ServerName, courier.Perform = s.view, s.account.ServerName, s.perform
	}
	return courier.CarryOut(ctx, r, plan, choices, done)
}

// perform carries out the task of an option. It returns the license, or the server's receipt for a removal code.
func (s *acting) perform(
	ctx context.Context, item requests.Item, o CarryOption,
) (l License, receipt string, err error) {
	switch o.Action {
	case CarryNew:
		l, err = s.newLicense(ctx, NewLicense{OrderID: o.Order.ID, Codes: item.Codes, Note: item.Note})
	case CarryReactivate:
		l, err = s.reactivate(ctx, Reactivate{License: o.License, Codes: item.Codes, Note: item.Note})
	case CarryTransfer:
		l, err = s.transfer(ctx, Transfer{
			License:     o.License,
			Codes:       item.Codes,
			RemovalCode: item.RemovalCode,
			Note:        item.Note,
		})
	case CarryRemove, CarryRemoved:
		var out outcome
		out, err = s.remove(ctx, o.License, request{LicenseID: o.License.ID, typed: codeText(item.RemovalCode)})
		receipt = out.receipt
	}
	return l, receipt, err
}
