package server

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// aliveEvery is how exactly the server remembers when a program was alive: a sign within this time of the last one is not
// written, so that programs may call as often as they like.
const aliveEvery = time.Minute

// checked is a license that a program has named by its codes.
type checked struct {
	license store.License
	order   store.Order
	program store.Program
	// outdated says that the program named an activation code that the license had before.
	outdated bool
}

// state is that of the license on the PC that asks: one that was released is on no PC.
func (c checked) state() api.LicenseStatus {
	if c.license.Status == api.StatusActive && c.license.ReleasedAt != nil {
		return api.StateReleased
	}
	return c.license.Status
}

// check finds the license that a program has, by its id, codes and activation code. Whatever does not fit is not found: the
// answer, and the time it takes, tells nothing of licenses whose activation code the caller does not have.
func (s *Server) check(ctx context.Context, tx store.Tx, id int64, r api.LicenseCheck) (c checked, err error) {
	codes, err := license.ParseCodes(r.SiteCode, r.MachineID)
	if err != nil {
		return c, malformed(err, "body.site_code")
	}
	activation, err := license.ParseActivationCode(r.ActivationCode)
	if err != nil {
		return c, malformed(err, "body.activation_code")
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

// alive is POST /licenses/{id}/alive: the license remembers when the program was last heard of.
func (s *Server) alive(ctx context.Context, id int64, r api.LicenseCheck) error {
	c, err := s.validated(ctx, id, r)
	if err != nil {
		return err
	}
	switch state := c.state(); state {
	case api.StatusActive:
		return nil
	case api.StateReleased:
		return api.NewProblem(api.ErrLicenseEnded, "This license was released for another PC, so it is on this one no longer.")
	default:
		return s.Store.Read(ctx, func(tx store.Tx) error { return ended(ctx, tx, c.license) })
	}
}

// validated checks a license and writes down that it is alive, unless that was done just before.
func (s *Server) validated(ctx context.Context, id int64, r api.LicenseCheck) (c checked, err error) {
	err = s.Store.Read(ctx, func(tx store.Tx) error { c, err = s.check(ctx, tx, id, r); return err })
	now := s.Now()
	if err != nil || c.state() != api.StatusActive || c.license.LastAliveAt != nil && now.Sub(*c.license.LastAliveAt) < aliveEvery {
		return c, err
	}
	return c, s.Store.Write(ctx, func(tx store.Tx) error { return tx.Touch(ctx, id, now) })
}

// validation is POST /licenses/{id}/validation: the state of a license and, when the vendor has changed what it grants, the
// license file and the activation code that the program does not have yet.
func (s *Server) validation(ctx context.Context, id int64, r api.LicenseCheck) (out api.Validation, err error) {
	c, err := s.validated(ctx, id, r)
	if err != nil {
		return out, err
	}
	out = api.Validation{State: c.state(), Features: c.license.Features, ExpiresAt: utc(c.license.ExpiresAt), CheckedAt: s.Now().UTC().Truncate(time.Second)}
	if c.outdated && out.State == api.StatusActive {
		out.ActivationCode = c.license.Activation.String()
		_, out.LicenseFile, err = s.licenseFile(c.license, c.order, c.program)
	}
	return out, err
}
