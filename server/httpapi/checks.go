package httpapi

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// registerChecks registers the calls of programs about their licenses, which need no session.
func (s *Server) registerChecks(c contract) {
	register(c, c.call(http.MethodPost, "/licenses/{id}/alive", "license-alive",
		"A program reports that it is in use; the answer has no content", 204),
		func(ctx context.Context, in *struct {
			LicensePath
			Body api.LicenseCheck
		},
		) (*empty, error) {
			return &empty{http.StatusNoContent}, s.alive(ctx, in.ID, in.Body)
		})
	register(c, c.call(http.MethodPost, "/licenses/{id}/validation", "validate-license",
		"Validation: a program asks for the state of its license; the answer is signed", 200),
		func(ctx context.Context, in *struct {
			LicensePath
			Body api.ValidationRequest
		},
		) (*body[api.Validation], error) {
			out, err := s.validation(ctx, in.ID, in.Body)
			return &body[api.Validation]{out}, err
		})
}

// aliveInterval is the precision of the time when a program was last alive. A sign of life within this time of the last
// one is not written, so that programs may call often.
const aliveInterval = time.Minute

// checked is a license that a program has identified by its codes.
type checked struct {
	license store.License
	order   store.Order
	program store.Program
	// outdated reports that the program named a former activation code of the license.
	outdated bool
}

// state returns the state of the license on its PC. A released license is on no PC.
func (c checked) state() license.ValidationState {
	return license.ValidationState(c.license.Wire().State())
}

// check returns the license with an id, codes and an activation code. Any mismatch is "not found", so that the answer
// and its time reveal nothing about licenses whose activation code the caller does not have.
func (s *Server) check(ctx context.Context, tx store.Tx, id int64, r api.LicenseCheck) (c checked, err error) {
	codes, err := license.ParseCodes(r.SiteCode, r.MachineID)
	if err != nil {
		return c, rules.Malformed(err, "body.site_code")
	}
	activation, err := license.ParseActivationCode(r.ActivationCode)
	if err != nil {
		return c, rules.Malformed(err, "body.activation_code")
	}
	c.license, err = tx.Licenses.Get(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	exists := err == nil
	former, err := tx.Licenses.FormerActivations(ctx, id)
	if err != nil {
		return c, err
	}
	matches := false
	for _, candidate := range append(former, c.license.Activation) {
		if subtle.ConstantTimeCompare(candidate[:], activation[:]) == 1 {
			matches = true
		}
	}
	if !exists || !matches || c.license.Codes != codes {
		return c, notFound()
	}
	c.outdated = c.license.Activation != activation
	if c.order, err = tx.Orders.Get(ctx, c.license.OrderID); err != nil {
		return c, err
	}
	c.program, err = tx.Programs.Get(ctx, c.license.ProgramID)
	return c, err
}

// alive handles POST /licenses/{id}/alive. It stores the time and reveals nothing about the license, because the answer
// is not signed: only a signed validation may decide whether a program runs.
func (s *Server) alive(ctx context.Context, id int64, r api.LicenseCheck) error {
	_, err := s.validated(ctx, id, r)
	return err
}

// validated checks a license and stores when an active one was alive, at most every aliveInterval.
func (s *Server) validated(ctx context.Context, id int64, r api.LicenseCheck) (c checked, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error { c, err = s.check(ctx, tx, id, r); return err })
	now := s.Now()
	if err != nil || c.state() != license.StateActive ||
		c.license.LastAliveAt != nil && now.Sub(*c.license.LastAliveAt) < aliveInterval {
		return c, err
	}
	return c, s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error { return tx.Licenses.Touch(ctx, id, now) })
}

// validation handles POST /licenses/{id}/validation. It returns the state of a license, signed with the program's key
// for the nonce of the request (spec: codes "Validation answer"). If the license is active and the request has a former
// activation code, the answer contains the license file: the parts of a license that the vendor can change, features
// and end, are in that code.
func (s *Server) validation(ctx context.Context, id int64, r api.ValidationRequest) (out api.Validation, err error) {
	nonce, err := license.ParseNonce(r.Nonce)
	if err != nil {
		return out, rules.InvalidField("body.nonce",
			"The nonce must be 16 random bytes in base64url without padding (22 characters).")
	}
	c, err := s.validated(ctx, id, r.LicenseCheck)
	if err != nil {
		return out, err
	}
	v := license.Validation{
		LicenseID: c.license.ID,
		Site:      c.license.Codes.Site,
		Nonce:     nonce,
		IssuedAt:  s.Now(),
		State:     c.state(),
		Features:  c.license.Features,
	}
	if c.license.ExpiresAt != nil {
		v.Ends = *c.license.ExpiresAt
	}
	if c.outdated && v.State == license.StateActive {
		if _, v.File, err = s.licenseFile(c.license, c.order, c.program); err != nil {
			return out, err
		}
	}
	signing, err := s.Secrets.SigningKey(c.program)
	if err != nil {
		return out, err
	}
	out.Token, err = signing.SignValidation(v)
	return out, err
}
