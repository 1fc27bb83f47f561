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

// registerChecks registers the calls that programs make about their licenses, without a session.
func (s *Server) registerChecks(c contract) {
	register(c, c.call(http.MethodPost, "/licenses/{id}/alive", "license-alive",
		"A program tells that it is in use; the answer says nothing about the license", 204),
		func(ctx context.Context, in *struct {
			LicensePath
			Body api.LicenseCheck
		},
		) (*empty, error) {
			return &empty{http.StatusNoContent}, s.alive(ctx, in.ID, in.Body)
		})
	register(c, c.call(http.MethodPost, "/licenses/{id}/validation", "validate-license",
		"A program asks for the state of its license; the answer is signed", 200),
		func(ctx context.Context, in *struct {
			LicensePath
			Body api.ValidationRequest
		},
		) (*body[api.Validation], error) {
			out, err := s.validation(ctx, in.ID, in.Body)
			return &body[api.Validation]{out}, err
		})
}

// aliveEvery is how exactly the server remembers when a program was alive: a sign within this time of the last one is
// not written, so that programs may call as often as they like.
const aliveEvery = time.Minute

// checked is a license that a program has named by its codes.
type checked struct {
	license store.License
	order   store.Order
	program store.Program
	// outdated reports that the program named a former activation code of the license.
	outdated bool
}

// state returns the state of the license on the PC that asks. A released license is on no PC.
func (c checked) state() license.ValidationState {
	if c.license.Status == api.StatusActive && c.license.ReleasedAt != nil {
		return license.StateReleased
	}
	return license.ValidationState(c.license.Status)
}

// check finds the license that a program has, by its id, codes and activation code. Whatever does not fit is not found:
// the answer, and the time it takes, tells nothing of licenses whose activation code the caller does not have.
func (s *Server) check(ctx context.Context, tx store.Tx, id int64, r api.LicenseCheck) (c checked, err error) {
	codes, err := license.ParseCodes(r.SiteCode, r.MachineID)
	if err != nil {
		return c, rules.Malformed(err, "body.site_code")
	}
	activation, err := license.ParseActivationCode(r.ActivationCode)
	if err != nil {
		return c, rules.Malformed(err, "body.activation_code")
	}
	c.license, err = tx.License(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return c, err
	}
	exists := err == nil
	former, err := tx.FormerActivations(ctx, id)
	if err != nil {
		return c, err
	}
	fits := false
	for _, known := range append(former, c.license.Activation) {
		if subtle.ConstantTimeCompare(known[:], activation[:]) == 1 {
			fits = true
		}
	}
	if !exists || !fits || c.license.Codes != codes {
		return c, notFound()
	}
	c.outdated = c.license.Activation != activation
	if c.order, err = tx.Order(ctx, c.license.OrderID); err != nil {
		return c, err
	}
	c.program, err = tx.Program(ctx, c.license.ProgramID)
	return c, err
}

// alive is POST /licenses/{id}/alive. It records that the program was heard of and tells nothing about the license:
// only a validation answer is signed, and nothing else may decide whether a program runs.
func (s *Server) alive(ctx context.Context, id int64, r api.LicenseCheck) error {
	_, err := s.validated(ctx, id, r)
	return err
}

// validated checks a license and records the sign of life of an active one, at most once per aliveEvery.
func (s *Server) validated(ctx context.Context, id int64, r api.LicenseCheck) (c checked, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error { c, err = s.check(ctx, tx, id, r); return err })
	now := s.Now()
	if err != nil || c.state() != license.StateActive ||
		c.license.LastAliveAt != nil && now.Sub(*c.license.LastAliveAt) < aliveEvery {
		return c, err
	}
	return c, s.Store.Write(ctx, func(tx store.Tx) error { return tx.Touch(ctx, id, now) })
}

// validation is POST /licenses/{id}/validation. It returns the state of a license, whatever it is, signed with the
// program's key for the nonce of the question (spec: codes "Validation answer"). The answer contains the license file
// if the license is active and the activation code of the question is a former one: features and expiry, the only parts
// of a license that the vendor can change, are in that code.
func (s *Server) validation(ctx context.Context, id int64, r api.ValidationRequest) (out api.Validation, err error) {
	nonce, err := license.ParseNonce(r.Nonce)
	if err != nil {
		return out, rules.InvalidField("body.nonce", "Give 16 random bytes as 22 letters of base64url without padding.")
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
