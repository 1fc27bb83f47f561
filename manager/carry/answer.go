package carry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
)

// ErrOtherPC is returned for a license file of another PC, or for a Site code that this PC no longer has.
var ErrOtherPC = errors.New("this license file was made for another PC, or for a Site code that this PC no longer has")

// TakenResult is the outcome of one result of an answer.
type TakenResult struct {
	Result carry.Result
	// License is the content of the license file; nil for other results.
	License *license.File
	// Unproven is true if this PC did not know the program, so that only the program can verify that the license is the
	// vendor's.
	Unproven bool
	// Err is the reason why the result could not be taken in. A refusal by the server is not an error.
	Err error
}

// ReadAnswer takes in a courier's answer: it installs the license files, and deletes the removal codes that the
// server accepted. If the server refused this PC's Site code as spent, the next request has a new one. ReadAnswer is
// idempotent. It returns errors of this PC's disk; errors of a single result are in TakenResult.
func (o *Offline) ReadAnswer(ctx context.Context, a carry.Answer) ([]TakenResult, error) {
	list := make([]TakenResult, len(a.Results))
	settled := map[int]bool{}
	for i, r := range a.Results {
		t := TakenResult{Result: r}
		switch r.Outcome {
		case carry.OutcomeLicense:
			var f license.File
			if f, t.Unproven, t.Err = o.take(ctx, r.License, r.PublicKeys); t.Err == nil {
				t.License = &f
			}
		case carry.OutcomeDone:
			if r.Task == carry.TaskRemove {
				t.Err = o.takeReceipt(ctx, r)
			}
		case carry.OutcomeRefused:
			t.Err = o.takeRefusal(ctx, a.Request, r)
		}
		if errors.Is(t.Err, storage.ErrStorage) || ctx.Err() != nil {
			return list[:i], errors.Join(t.Err, ctx.Err())
		}
		settled[r.Item] = t.Err == nil
		list[i] = t
	}
	return list, o.closeRequest(ctx, a.Request, settled)
}

// ErrNoReceipt is returned for a courier's answer that reports a removal without a valid receipt.
var ErrNoReceipt = errors.New("the answer does not prove that the server took the license; its removal code stays here")

// takeReceipt deletes the removal code of a license that a courier handed in. It fails with ErrNoReceipt unless the
// receipt proves that the server took the license.
func (o *Offline) takeReceipt(ctx context.Context, r carry.Result) error {
	leaves := thispc.Departure{
		Signature: string(r.Signature),
		SiteCode:  r.Codes.Site.String(),
		MachineID: r.Codes.Machine.String(),
	}
	state, err := o.options.Installed.State(r.Signature)
	if err != nil {
		return storage.WrapInstalled(err)
	}
	if spent, ok := state.FindSpent(r.Codes.Site); ok {
		leaves.LicenseID = spent.LicenseID
	}
	if err := o.options.CheckReceipt(ctx, leaves, r.Receipt); err != nil {
		o.options.Logger.Warn("a courier's answer has no valid receipt", "error", err)
		return ErrNoReceipt
	}
	return o.options.PC.Confirm(ctx, leaves)
}

// takeRefusal takes a new Site code for this PC if the server refused the Site code of a request of this PC as spent
// (spec: api 21).
func (o *Offline) takeRefusal(ctx context.Context, id string, r carry.Result) error {
	if api.Code(r.Code) != api.ErrSiteCodeSpent || r.Task == carry.TaskRemove {
		return nil
	}
	requests, err := o.Requests(ctx)
	if err != nil {
		return err
	}
	asked := slices.ContainsFunc(requests, func(request carry.Request) bool {
		return request.ID == id && r.Item >= 1 && r.Item <= len(request.Items) &&
			request.Items[r.Item-1].Signature == r.Signature && request.Items[r.Item-1].Codes == r.Codes
	})
	if !asked {
		return nil // an answer is not signed
	}
	return o.options.PC.RenewSite(ctx, r.Signature, r.Program, r.Codes.Site)
}

// InstallLicense installs a license file that was received in another way, such as by mail. It fails with ErrOtherPC,
// license.ErrFileSignature, license.ErrOlderVersion or license.ErrFileDamaged.
func (o *Offline) InstallLicense(ctx context.Context, content string) (f license.File, unproven bool, err error) {
	return o.take(ctx, content, nil)
}

// take verifies a license file and installs it. If this PC does not know the program, take verifies the file with
// keys.
func (o *Offline) take(
	ctx context.Context, content string, keys []license.PublicKey,
) (f license.File, unproven bool, err error) {
	claimed, err := license.UnverifiedFile(content)
	if err != nil {
		return f, false, err
	}
	p, err := o.options.Store.Program(ctx, claimed.Signature)
	if err != nil {
		return f, false, err
	}
	f, err = thispc.Verify(p, content)
	if errors.Is(err, license.ErrFileSignature) && !errors.Is(err, license.ErrOlderVersion) &&
		len(keys) > 0 && !o.hasProgramKeys(claimed.Signature) {
		// This PC does not know the program's key, or only a former one.
		unproven = true
		for _, k := range keys {
			p.FormerKeys = append(p.FormerKeys, k.String())
		}
		f, err = thispc.Verify(p, content)
	}
	if errors.Is(err, license.ErrFileSignature) && (installed.File{Content: content}).OfTrialVersion() {
		err = license.ErrOlderVersion // its key was deleted with the data of the trial version
	}
	if err != nil {
		return f, unproven, err
	}
	if err := o.checkFits(ctx, p, f); err != nil {
		return f, unproven, err
	}
	if here, ok := o.options.PC.FileOf(p, f.Order); ok && here.IssuedAt.After(f.IssuedAt) {
		return here.File, unproven, nil // an older file does not replace a newer one
	}
	if p.Name == "" {
		p.Name = carry.Clean(f.ProgramName, carry.MaxName)
	}
	return f, unproven, o.options.PC.Install(ctx, p, api.License{ID: f.ID, OrderID: f.Order, Note: f.Note}, content)
}

// hasProgramKeys reports whether a program has stored the keys that it accepts on this PC.
func (o *Offline) hasProgramKeys(signature license.Signature) bool {
	state, err := o.options.Installed.State(signature)
	return err == nil && len(state.Program.PublicKeys) > 0
}

// checkFits fails with ErrOtherPC for a license file that the programs of this PC would not run under.
func (o *Offline) checkFits(ctx context.Context, p api.Program, f license.File) error {
	state, err := o.options.Installed.State(f.Signature)
	if err != nil {
		return storage.WrapInstalled(err)
	}
	if _, left := state.FindSpent(f.Codes.Site); left {
		return fmt.Errorf("%w: its license has left this PC", ErrOtherPC)
	}
	key, err := thispc.KeyOf(p)
	if err != nil {
		return err
	}
	then, err := key.Open(f.Codes)
	if err != nil {
		return license.ErrFileDamaged
	}
	reading, err := o.options.PC.Locks(ctx)
	if err != nil {
		return err
	}
	if !license.Compare(then, reading.BlockFor(key, then), f.Policy).Accepted {
		return ErrOtherPC
	}
	// The PC is the same, so a state that was lost, such as with a reinstalled system, gets the Site code of the file.
	_, err = o.options.Installed.Update(ctx, f.Signature, func(s *installed.State) error {
		if g := f.Codes.Site.Generation(); !s.HasGeneration {
			s.Generation, s.HasGeneration = g, true
			s.Used = append(s.Used, g)
		}
		return nil
	})
	return storage.WrapInstalled(err)
}
