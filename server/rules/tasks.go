package rules

import (
	"context"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// Reactivate replaces a license by one with the new codes of the same PC (spec: api 3). If the codes are the license's
// own and it is not released, it changes nothing, does not count, and made is false. It refuses, with an *api.Problem,
// in this order: codes malformed; codes do not belong together; note; license ended; refusals of refuseFor; Site code
// spent; Site code in use; too many differences.
func (r Rules) Reactivate(
	ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program, request api.Reactivation,
) (out store.License, made bool, err error) {
	pc := pcCodes(request.SiteCode, request.MachineID, request.SiteMID)
	codes, note, err := r.read(ctx, tx, l, p, pc, request.Note)
	if err != nil {
		return out, false, err
	}
	if codes == l.Codes && l.ReleasedAt == nil {
		return l, false, nil
	}
	u, err := r.Uses(ctx, tx, o, p)
	if err != nil {
		return out, false, err
	}
	if refusal := r.refuseFor(api.TaskReactivation, l, o, p, u); refusal != nil {
		return out, false, refusal
	}
	if err := checkSiteFree(ctx, tx, l, p, codes); err != nil {
		return out, false, err
	}
	c, err := r.compare(ctx, tx, l, p, codes)
	if err != nil {
		return out, false, err
	}
	if !c.Accepted {
		refusal := api.NewProblem(api.ErrFlexibleLicensing, "Too much of the PC has changed.")
		wire := wireComparison(c)
		refusal.Comparison = &wire
		return out, false, refusal
	}
	out, err = r.replace(ctx, tx, l, o, p, codes, note, api.StatusReactivated)
	return out, err == nil, err
}

// Release releases a license for another PC, with the removal code of its PC. The license stays active and keeps its
// seat. A release does not count against limits: the later transfer does. If the license is released already, the right
// code changes nothing and released is false. Release refuses, with an *api.Problem, in this order: license ended;
// removal code malformed; refusals of refuseFor for a transfer, unless the license is released; removal code wrong.
func (r Rules) Release(
	ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program, request api.Release,
) (out store.License, released bool, err error) {
	if l.Status != api.StatusActive {
		return out, false, r.endedWithReceipt(ctx, tx, l, p, request.RemovalCode)
	}
	removal, err := readRemovalCode(request.RemovalCode)
	if err != nil {
		return out, false, err
	}
	if l.ReleasedAt == nil {
		if err := r.refuseTransfer(ctx, tx, l, o, p); err != nil {
			return out, false, err
		}
	}
	if err := r.checkRemovalCode(ctx, tx, l, p, removal); err != nil || l.ReleasedAt != nil {
		return l, false, err
	}
	now := r.Now()
	l.ReleasedAt = &now
	err = tx.Licenses.Release(ctx, l.ID, now)
	return l, err == nil, err
}

// refuseTransfer returns the refusal of a transfer of a license, whatever the codes.
func (r Rules) refuseTransfer(ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program) error {
	u, err := r.Uses(ctx, tx, o, p)
	if err != nil {
		return err
	}
	if refusal := r.refuseFor(api.TaskTransfer, l, o, p, u); refusal != nil {
		return refusal
	}
	return nil
}

// Transfer replaces a license by one for another PC (spec: api 4). A released license needs no removal code. It
// refuses, with an *api.Problem, in this order: codes malformed; codes do not belong together; note; license ended;
// removal code missing or malformed; same codes; refusals of refuseFor; removal code wrong; Site code spent; Site code
// in use.
func (r Rules) Transfer(
	ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program, request api.Transfer,
) (out store.License, err error) {
	pc := pcCodes(request.SiteCode, request.MachineID, request.SiteMID)
	codes, note, err := r.read(ctx, tx, l, p, pc, request.Note)
	if errors.Is(err, api.ErrLicenseEnded) {
		err = r.endedWithReceipt(ctx, tx, l, p, request.RemovalCode)
	}
	if err != nil {
		return out, err
	}
	var removal license.RemovalCode
	hasCode := request.RemovalCode != ""
	if hasCode {
		removal, err = readRemovalCode(request.RemovalCode)
	} else if l.ReleasedAt == nil {
		err = InvalidField("body.removal_code",
			"Give the removal code that the program shows on the old PC, or release the license there first.")
	}
	if err != nil {
		return out, err
	}
	if codes == l.Codes && l.ReleasedAt == nil {
		return out, api.NewProblem(api.ErrSiteCodeInUse,
			"These are the codes of the PC that the license is on. A transfer needs those of the other PC.")
	}
	if err := r.refuseTransfer(ctx, tx, l, o, p); err != nil {
		return out, err
	}
	if hasCode {
		if err := r.checkRemovalCode(ctx, tx, l, p, removal); err != nil {
			return out, err
		}
	}
	if err := checkSiteFree(ctx, tx, l, p, codes); err != nil {
		return out, err
	}
	return r.replace(ctx, tx, l, o, p, codes, note, api.StatusTransferred)
}

// Remove ends a license, which frees its seat (spec: api 5). It refuses, with an *api.Problem, in this order: removal
// code malformed; license ended; refusals of refuseFor; removal code wrong.
func (r Rules) Remove(
	ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program, request api.Removal,
) error {
	removal, err := readRemovalCode(request.RemovalCode)
	if err != nil {
		return err
	}
	if l.Status != api.StatusActive {
		return r.endedWithReceipt(ctx, tx, l, p, request.RemovalCode)
	}
	u, err := r.Uses(ctx, tx, o, p)
	if err != nil {
		return err
	}
	if refusal := r.refuseFor(api.TaskRemoval, l, o, p, u); refusal != nil {
		return refusal
	}
	if err := r.checkRemovalCode(ctx, tx, l, p, removal); err != nil {
		return err
	}
	return tx.Licenses.End(ctx, l.ID, api.StatusRemoved, r.Now())
}

// Replace replaces a license whose PC is gone by one with other codes, without a removal code. It is for the vendor
// only. It refuses, with an *api.Problem, in this order: codes malformed; codes do not belong together; note; license
// ended; same codes; Site code spent; Site code in use.
func (r Rules) Replace(
	ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program, request api.Reactivation,
) (out store.License, err error) {
	pc := pcCodes(request.SiteCode, request.MachineID, request.SiteMID)
	codes, note, err := r.read(ctx, tx, l, p, pc, request.Note)
	if err != nil {
		return out, err
	}
	if codes == l.Codes {
		return out, api.NewProblem(api.ErrSiteCodeInUse, "The license already has these codes.")
	}
	if err := checkSiteFree(ctx, tx, l, p, codes); err != nil {
		return out, err
	}
	return r.replace(ctx, tx, l, o, p, codes, note, api.StatusReplaced)
}

// read reads the codes and the note of a reactivation or a transfer. Without a new note, it returns that of the
// license.
func (r Rules) read(
	ctx context.Context, tx store.Tx, l store.License, p store.Program, pc api.PCCodes, newNote string,
) (codes license.Codes, note string, err error) {
	if codes, err = readCodes(p, pc); err != nil {
		return codes, "", err
	}
	if note, err = ReadNote(newNote); err != nil {
		return codes, "", err
	}
	if l.Status != api.StatusActive {
		return codes, "", Ended(ctx, tx, l)
	}
	if note == "" {
		note = l.Note
	}
	return codes, note, nil
}

func readRemovalCode(text string) (license.RemovalCode, error) {
	code, err := license.ParseRemovalCode(text)
	return code, Malformed(err, "body.removal_code")
}

// checkRemovalCode accepts the removal codes of the license's current and former activation codes: a PC that has not
// received a change by the vendor makes its removal code from a former one.
func (r Rules) checkRemovalCode(
	ctx context.Context, tx store.Tx, l store.License, p store.Program, code license.RemovalCode,
) error {
	key, err := r.Secrets.ActivationKey(p)
	if err != nil {
		return err
	}
	activations, err := tx.Licenses.FormerActivations(ctx, l.ID)
	if err != nil {
		return err
	}
	for _, activation := range append(activations, l.Activation) {
		if key.RemovalSeed(activation).Verify(l.Codes, code) {
			return nil
		}
	}
	return api.NewProblem(api.ErrRemovalCodeInvalid, "The removal code does not belong to this license.")
}

// checkSiteFree refuses a Site code that is spent or that another PC has, and the codes of another license
// (spec: api 21).
func checkSiteFree(ctx context.Context, tx store.Tx, l store.License, p store.Program, codes license.Codes) error {
	other, err := tx.Licenses.BySite(ctx, l.OrderID, codes.Site)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case other.SpendsSite():
		return siteSpent()
	case other.Codes != codes:
		return siteOfAnother()
	case other.ID != l.ID:
		return api.NewProblem(api.ErrSiteCodeInUse, "This PC already has a license of this program.")
	}
	return nil
}

// replace ends a license and adds one with other codes and the same family, end, features and policy. The number of
// active licenses does not change.
func (r Rules) replace(
	ctx context.Context, tx store.Tx, l store.License, o store.Order, p store.Program,
	codes license.Codes, note string, status api.LicenseStatus,
) (store.License, error) {
	if err := tx.Licenses.End(ctx, l.ID, status, r.Now()); err != nil {
		return store.License{}, err
	}
	next := store.License{
		OriginalID: l.OriginalID,
		Codes:      codes,
		Note:       note,
		Features:   l.Features,
		Policy:     l.Policy,
		ExpiresAt:  l.ExpiresAt,
	}
	return r.grant(ctx, tx, o, p, next)
}

// Origin returns the license whose locks a reactivation is compared with: the first one on this PC, before any
// reactivation. A lock that changed and changed back is therefore the same (spec: codes "Which license is compared").
func Origin(ctx context.Context, tx store.Tx, l store.License) (store.License, error) {
	if l.ID == l.OriginalID {
		return l, nil
	}
	family, err := tx.Licenses.Family(ctx, l.OriginalID)
	if err != nil {
		return l, err
	}
	for i := len(family) - 1; i >= 0; i-- {
		if family[i].ID >= l.ID {
			continue
		}
		if family[i].Status != api.StatusReactivated {
			break
		}
		l = family[i]
	}
	return l, nil
}

// Compare compares the PC of a request with that of a license. It changes nothing. It refuses, with an *api.Problem,
// codes that are malformed or do not belong together.
func (r Rules) Compare(
	ctx context.Context, tx store.Tx, l store.License, p store.Program, request api.PCCodes,
) (out api.Comparison, err error) {
	codes, err := readCodes(p, request)
	if err != nil {
		return out, err
	}
	c, err := r.compare(ctx, tx, l, p, codes)
	if err != nil {
		return out, err
	}
	return wireComparison(c), nil
}

// compare compares the PC with the given codes with that of a license.
func (r Rules) compare(
	ctx context.Context, tx store.Tx, l store.License, p store.Program, codes license.Codes,
) (license.Comparison, error) {
	first, err := Origin(ctx, tx, l)
	if err != nil {
		return license.Comparison{}, err
	}
	key := p.Signature.Key()
	then, err := key.Open(first.Codes)
	if err != nil {
		return license.Comparison{}, fmt.Errorf("codes of license %d: %w", first.ID, err)
	}
	now, err := key.Open(codes)
	if err != nil {
		return license.Comparison{}, fmt.Errorf("codes to compare with license %d: %w", l.ID, err)
	}
	newest, err := key.Open(l.Codes)
	if err != nil {
		return license.Comparison{}, fmt.Errorf("codes of license %d: %w", l.ID, err)
	}
	return license.Compare(then, now, l.Policy, newest), nil
}

// wireComparison converts a comparison to its wire type. Reasons are sentences.
func wireComparison(c license.Comparison) api.Comparison {
	w := api.Comparison{
		HardwareChanges:    c.HardwareChanges,
		MaxHardwareChanges: c.MaxHardwareChanges,
		Verdict:            "refused",
	}
	if c.Accepted {
		w.Verdict = "accepted"
	}
	for _, l := range c.Locks {
		w.Locks = append(w.Locks, api.LockState{
			Name:       l.Lock.String(),
			Kind:       l.Lock.Kind().String(),
			State:      l.State.String(),
			Changeable: l.Changeable,
			Counts:     l.Counts,
		})
	}
	for _, reason := range c.Reasons {
		w.Reasons = append(w.Reasons, reason.String())
	}
	return w
}

// Receipt returns a signed receipt that a task took a license from its PC (spec: api "Receipts").
func (r Rules) Receipt(
	ctx context.Context, tx store.Tx, l store.License, p store.Program, task license.ReceiptTask,
) (string, error) {
	epoch, err := store.Epoch(ctx, tx)
	if err != nil {
		return "", err
	}
	key, err := r.Secrets.SigningKey(p)
	if err != nil {
		return "", err
	}
	return key.SignReceipt(license.Receipt{
		LicenseID: l.ID,
		Site:      l.Codes.Site,
		Task:      task,
		IssuedAt:  r.Now(),
		Epoch:     epoch,
	})
}

// endedWithReceipt is like Ended, for tasks that take a license from its PC. If the license was removed or transferred
// and removalCode is right, the refusal contains a receipt, so that a PC or a courier that has not received the first
// answer can delete the code. With a wrong code the refusal has no receipt (spec: api "Receipts").
func (r Rules) endedWithReceipt(
	ctx context.Context, tx store.Tx, l store.License, p store.Program, removalCode string,
) error {
	refusal, err := endedProblem(ctx, tx, l)
	if err != nil {
		return err
	}
	task, leaves := map[api.LicenseStatus]license.ReceiptTask{
		api.StatusRemoved:     license.ReceiptRemoval,
		api.StatusTransferred: license.ReceiptTransfer,
	}[l.Status]
	removal, err := license.ParseRemovalCode(removalCode)
	if !leaves || err != nil {
		return refusal
	}
	if err := r.checkRemovalCode(ctx, tx, l, p, removal); errors.Is(err, api.ErrRemovalCodeInvalid) {
		return refusal
	} else if err != nil {
		return err
	}
	if refusal.Receipt, err = r.Receipt(ctx, tx, l, p, task); err != nil {
		return err
	}
	return refusal
}

// Ended returns the refusal of a task on an ended license. It names the license that replaced it.
func Ended(ctx context.Context, tx store.Tx, l store.License) error {
	refusal, err := endedProblem(ctx, tx, l)
	if err != nil {
		return err
	}
	return refusal
}

// endedProblem is Ended with a concrete type.
func endedProblem(ctx context.Context, tx store.Tx, l store.License) (*api.Problem, error) {
	detail := fmt.Sprintf("This license has ended (%s).", l.Status)
	family, err := tx.Licenses.Family(ctx, l.OriginalID)
	if err != nil {
		return nil, err
	}
	for _, member := range family {
		if member.Status == api.StatusActive {
			detail = fmt.Sprintf("This license has ended (%s); it was replaced by license %d.", l.Status, member.ID)
		}
	}
	return api.NewProblem(api.ErrLicenseEnded, detail), nil
}
