package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// newLicense is POST /orders/{id}/licenses.
func (s *Server) newLicense(ctx context.Context, tx store.Tx, e *store.Event, orderID int64, r api.NewLicense) (int, api.License, error) {
	order, program, err := ownOrder(ctx, tx, orderID)
	if err != nil {
		return 0, api.License{}, err
	}
	e.OrderID, e.Task = orderID, api.TaskNewLicense
	l, made, err := s.rules.NewLicense(ctx, tx, order, program, r)
	return s.licensed(ctx, tx, e, l, order, program, made, err)
}

// reactivate is POST /licenses/{id}/reactivation.
func (s *Server) reactivate(ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Reactivation) (int, api.License, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.License{}, err
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskReactivation
	next, made, err := s.rules.Reactivate(ctx, tx, l, order, program, r)
	return s.licensed(ctx, tx, e, next, order, program, made, err)
}

// release is POST /licenses/{id}/release.
func (s *Server) release(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Release,
) (int, api.LicenseReceipt, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	if err := s.guardRemovalCode(ctx, tx, id); err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskRelease
	released, made, err := s.rules.Release(ctx, tx, l, order, program, r)
	_, out, err := s.licensed(ctx, tx, e, released, order, program, made, s.countRemovalCode(ctx, tx, id, err))
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	receipt, err := s.rules.receipt(ctx, tx, l, program, license.ReceiptRelease)
	return http.StatusOK, api.LicenseReceipt{License: out, Receipt: receipt}, err
}

// transfer is POST /licenses/{id}/transfer. Only a call with a removal code counts as an attempt to guess one. The
// receipt is for the PC that the license left.
func (s *Server) transfer(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Transfer,
) (int, api.LicenseReceipt, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	if r.RemovalCode != "" {
		if err := s.guardRemovalCode(ctx, tx, id); err != nil {
			return 0, api.LicenseReceipt{}, err
		}
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskTransfer
	next, err := s.rules.Transfer(ctx, tx, l, order, program, r)
	status, out, err := s.licensed(ctx, tx, e, next, order, program, err == nil, s.countRemovalCode(ctx, tx, id, err))
	if err != nil {
		return 0, api.LicenseReceipt{}, err
	}
	receipt, err := s.rules.receipt(ctx, tx, l, program, license.ReceiptTransfer)
	return status, api.LicenseReceipt{License: out, Receipt: receipt}, err
}

// licensed answers with a license that was made or changed, or that was so already: then there is nothing to tell, and it may
// belong to another order of the client.
func (s *Server) licensed(ctx context.Context, tx store.Tx, e *store.Event, l store.License, order store.Order, program store.Program, made bool, err error) (int, api.License, error) {
	if err != nil {
		return 0, api.License{}, err
	}
	if e.LicenseID = l.ID; !made {
		e.OrderID = 0
	}
	if l.OrderID != order.ID {
		if order, program, err = ownOrder(ctx, tx, l.OrderID); err != nil {
			return 0, api.License{}, err
		}
	}
	w, err := s.wireLicenses(ctx, tx, order, program, []store.License{l})
	if err != nil {
		return 0, api.License{}, err
	}
	return http.StatusCreated, w[0], nil
}

// remove is POST /licenses/{id}/removal.
func (s *Server) remove(
	ctx context.Context, tx store.Tx, e *store.Event, id int64, r api.Removal,
) (int, api.OrderReceipt, error) {
	l, order, program, err := ownLicense(ctx, tx, id)
	if err != nil {
		return 0, api.OrderReceipt{}, err
	}
	if err := s.guardRemovalCode(ctx, tx, id); err != nil {
		return 0, api.OrderReceipt{}, err
	}
	e.OrderID, e.LicenseID, e.Task = order.ID, id, api.TaskRemoval
	if err := s.countRemovalCode(ctx, tx, id, s.rules.Remove(ctx, tx, l, order, program, r)); err != nil {
		return 0, api.OrderReceipt{}, err
	}
	if order, err = tx.Order(ctx, order.ID); err != nil {
		return 0, api.OrderReceipt{}, err
	}
	w, err := s.wireOrder(ctx, tx, order, program)
	if err != nil {
		return 0, api.OrderReceipt{}, err
	}
	receipt, err := s.rules.receipt(ctx, tx, l, program, license.ReceiptRemoval)
	return http.StatusOK, api.OrderReceipt{Order: w, Receipt: receipt}, err
}

// comparison is POST /licenses/{id}/comparison: it changes nothing and spends no allowance.
func (s *Server) comparison(ctx context.Context, id int64, r api.PCCodes) (out api.Comparison, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		l, _, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		codes, err := readCodes(p, r)
		if err != nil {
			return err
		}
		c, err := s.rules.compare(ctx, tx, l, p, codes)
		out = wireComparison(c)
		return err
	})
	return out, err
}

// changeNote is PATCH /licenses/{id}.
func (s *Server) changeNote(ctx context.Context, id int64, r api.LicenseChange) (out api.License, err error) {
	who, object := callerOf(ctx), fmt.Sprintf("license %d", id)
	err = s.Store.Write(ctx, func(tx store.Tx) error {
		l, o, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		if !o.CanManage {
			return readOnly()
		}
		if l.Status != api.StatusActive {
			return ended(ctx, tx, l)
		}
		if r.Note != nil {
			if l.Note, err = ReadNote(*r.Note); err != nil {
				return err
			}
			if err := tx.ChangeLicense(ctx, l); err != nil {
				return err
			}
			e := store.Event{At: s.Now(), OrderID: o.ID, LicenseID: id, Task: api.TaskNote, Outcome: api.OutcomeOK, Device: who.session.DeviceName}
			if err := tx.AddEvent(ctx, e); err != nil {
				return err
			}
		}
		w, err := s.wireLicenses(ctx, tx, o, p, []store.License{l})
		if err != nil {
			return err
		}
		out = w[0]
		return s.audit(ctx, tx, who, "license.note", object, "ok")
	})
	var refusal *api.Problem
	if errors.As(err, &refusal) {
		return out, s.refused(ctx, who, "license.note", object, refusal)
	}
	return out, err
}

// file is GET /licenses/{id}/file.
func (s *Server) file(ctx context.Context, id int64) (name, content string, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		l, o, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		if l.Status != api.StatusActive {
			return ended(ctx, tx, l)
		}
		name, content, err = s.licenseFile(l, o, p)
		return err
	})
	return name, content, err
}

// licenseFile signs the license file of a license. It is issued now, however old the license is: of two files of a license the
// newer counts, and a program whose PC told a wrong time begins anew with it.
func (s *Server) licenseFile(l store.License, o store.Order, p store.Program) (name, content string, err error) {
	signing, err := s.Secrets.SigningKey(p)
	if err != nil {
		return "", "", err
	}
	activation, err := s.Secrets.ActivationKey(p)
	if err != nil {
		return "", "", err
	}
	f := license.File{
		Issuer: s.Name, ID: l.ID, IssuedAt: s.Now(), ProgramID: p.ID, ProgramName: p.Name, Signature: p.Signature, Order: o.ID,
		Codes: l.Codes, ActivationCode: l.Activation, Features: l.Features, Policy: l.Policy, Seed: activation.RemovalSeed(l.Activation), Note: l.Note,
	}
	if l.ExpiresAt != nil {
		f.Expires = *l.ExpiresAt
	}
	content, err = signing.Sign(f)
	return license.FileName(p.Name, l.ID), content, err
}
