package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// DefaultOrder is a new order of a program with the program's own data (spec: api 2, api 9); it is not stored yet.
func (r Rules) DefaultOrder(p store.Program, client int64) store.Order {
	now := r.Now()
	in := func(days int) *time.Time {
		if days <= 0 {
			return nil
		}
		t := now.AddDate(0, 0, days)
		return &t
	}
	return store.Order{
		ClientID: client, ProgramID: p.ID, OrderedAt: now.Truncate(time.Second), LicensesTotal: p.OrderLicenses, Active: true, Visible: true, CanManage: true,
		Features: p.Features, Policy: p.Policy, LicensesExpireAt: in(p.LicenseDays), HasSubscription: p.SubscriptionDays > 0, SubscriptionExpiresAt: in(p.SubscriptionDays),
	}
}

// newOrder is POST /orders.
func (s *Server) newOrder(ctx context.Context, tx store.Tx, e *store.Event, r api.NewOrder) (int, api.Order, error) {
	who := callerOf(ctx)
	answer := &r.Verification
	if !s.current().OrderVerification {
		answer = nil
	}
	o, p, err := s.redeem(ctx, tx, attemptBy(ctx, who.client.Username), r.ProgramID, r.SerialNumber, answer)
	if err != nil {
		return 0, api.Order{}, err
	}
	if o, err = s.addOrder(ctx, tx, e, o, who.client.ID); err != nil {
		return 0, api.Order{}, err
	}
	w, err := s.wireOrder(ctx, tx, o, p)
	return http.StatusCreated, w, err
}

// addOrder gives a redeemed order to a client.
func (s *Server) addOrder(ctx context.Context, tx store.Tx, e *store.Event, o store.Order, client int64) (store.Order, error) {
	o.ClientID = client
	id, err := tx.AddOrder(ctx, o)
	if err != nil {
		return o, err
	}
	e.OrderID, e.Task = id, api.TaskNewOrder
	return tx.Order(ctx, id)
}

// redeem checks a verification number, unless v is nil, and a serial number and returns the order that the serial
// number makes. It refuses, with an *api.Problem, in this order: banned or too early, serial number malformed,
// verification number wrong, serial number unknown, out of range, blocked or of another program, serial number used
// (spec: api 9, api 10, api 11).
func (s *Server) redeem(
	ctx context.Context, tx store.Tx, a attempt, programID int64, serial string, v *api.VerificationAnswer,
) (o store.Order, p store.Program, err error) {
	if err := s.guardSerial(ctx, tx, a); err != nil {
		return o, p, err
	}
	number, err := license.ParseSerialNumber(serial)
	if err != nil {
		return o, p, malformed(err, "body.serial_number")
	}
	if v != nil {
		if err := s.verify(ctx, tx, a, *v); err != nil {
			return o, p, err
		}
	}
	if p, err = tx.Program(ctx, programID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return o, p, err
	}
	if err != nil || !p.AcceptsSerials {
		return o, p, api.NewProblem(api.ErrTaskDisabled, "This program takes no serial numbers.")
	}
	seed, err := s.Secrets.SerialSeed(p)
	if err != nil {
		return o, p, err
	}
	// The steps are the same whether a serial is unknown, out of range, blocked or used, so that timing reveals nothing.
	id, features, openErr := seed.Open(uint32(p.ID), number)
	_, usedErr := tx.OrderBySerial(ctx, p.ID, id)
	if usedErr != nil && !errors.Is(usedErr, store.ErrNotFound) {
		return o, p, usedErr
	}
	_, blockedErr := tx.BlockedSerial(ctx, p.ID, id)
	if blockedErr != nil && !errors.Is(blockedErr, store.ErrNotFound) {
		return o, p, blockedErr
	}
	var refusal *api.Problem
	switch {
	case openErr != nil || p.FirstSerial == 0 || id < p.FirstSerial || id > p.LastSerial || blockedErr == nil:
		refusal = api.NewProblem(api.ErrSerialInvalid, fmt.Sprintf("This is no serial number of %s.", p.Name))
	case usedErr == nil:
		refusal = api.NewProblem(api.ErrSerialInUse, "An order was made with this serial number before.")
	default:
		o = s.rules.DefaultOrder(p, 0)
		o.SerialID, o.SerialFeatures = id, features
		if features != 0 {
			o.Features = features
		}
		return o, p, nil
	}
	earlier, _, err := s.failedSerials(ctx, tx, a)
	if err != nil {
		return o, p, err
	}
	refusal.RetryAfter = int((time.Duration(earlier+1) * serialWait).Seconds())
	refusal.Errors = []api.FieldError{{Location: "body.serial_number", Message: refusal.Detail}}
	return o, p, s.fail(ctx, tx, a, store.FailureSerial, 0, refusal)
}
