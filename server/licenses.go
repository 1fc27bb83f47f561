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
func (s *Server) newLicense(ctx context.Context, tx store.Tx, orderID int64, r api.NewLicense) (int, api.License, error) {
	order, program, err := ownOrder(ctx, tx, orderID)
	if err != nil {
		return 0, api.License{}, err
	}
	l, err := s.rules.NewLicense(ctx, tx, order, program, r)
	return http.StatusCreated, wireLicense(l), err
}

// changeNote is PATCH /licenses/{id}.
func (s *Server) changeNote(ctx context.Context, id int64, r api.LicenseChange) (out api.License, err error) {
	who, object := callerOf(ctx), fmt.Sprintf("license %d", id)
	err = s.Store.Write(ctx, func(tx store.Tx) error {
		l, o, _, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		if !o.CanManage {
			return readOnly()
		}
		if l.Status != api.StatusActive {
			return ended(l)
		}
		if r.Note != nil {
			if l.Note, err = ReadNote(*r.Note); err != nil {
				return err
			}
			if err := tx.ChangeLicense(ctx, l); err != nil {
				return err
			}
		}
		out = wireLicense(l)
		return s.audit(ctx, tx, who, "license.note", object, "ok")
	})
	var refusal *api.Problem
	if errors.As(err, &refusal) {
		return out, s.refused(ctx, who, "license.note", object, refusal)
	}
	return out, err
}

func ended(l store.License) *api.Problem {
	return api.NewProblem(api.ErrLicenseEnded, fmt.Sprintf("This license has ended (%s).", l.Status))
}

// file is GET /licenses/{id}/file.
func (s *Server) file(ctx context.Context, id int64) (name, content string, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error {
		l, o, p, err := ownLicense(ctx, tx, id)
		if err != nil {
			return err
		}
		if l.Status != api.StatusActive {
			return ended(l)
		}
		name, content, err = s.licenseFile(l, o, p)
		return err
	})
	return name, content, err
}

// licenseFile signs the license file of a license.
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
		Issuer: s.Name, ID: l.ID, IssuedAt: l.ActivatedAt, ProgramID: p.ID, ProgramName: p.Name, Signature: p.Signature, Order: o.ID,
		Codes: l.Codes, ActivationCode: l.Activation, Features: l.Features, Policy: l.Policy, Seed: activation.RemovalSeed(l.Activation), Note: l.Note,
	}
	if l.ExpiresAt != nil {
		f.Expires = *l.ExpiresAt
	}
	content, err = signing.Sign(f)
	return license.FileName(p.Name, l.ID), content, err
}
