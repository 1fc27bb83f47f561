package rules

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// DefaultOrder returns a new order with the defaults of a program (spec: api 2, api 9). It does not store it.
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
		ClientID:              client,
		ProgramID:             p.ID,
		OrderedAt:             now.Truncate(time.Second),
		LicensesTotal:         p.OrderLicenses,
		Active:                true,
		Visible:               true,
		CanManage:             true,
		Features:              p.Features,
		Policy:                p.Policy,
		LicensesExpireAt:      in(p.LicenseDays),
		HasSubscription:       p.SubscriptionDays > 0,
		SubscriptionExpiresAt: in(p.SubscriptionDays),
	}
}

// Redeem returns the order that a serial number makes, without storing it, and its program. It refuses, with an
// *api.Problem, in this order: program accepts no serial numbers; serial number unknown, out of range, blocked or of
// another program; serial number used (spec: api 9).
func (r Rules) Redeem(
	ctx context.Context, tx store.Tx, programID int64, number license.SerialNumber,
) (o store.Order, p store.Program, err error) {
	if p, err = tx.Programs.Get(ctx, programID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return o, p, err
	}
	if err != nil || !p.AcceptsSerials {
		return o, p, api.NewProblem(api.ErrTaskDisabled, "This program does not accept serial numbers.")
	}
	seed, err := r.Secrets.SerialSeed(p)
	if err != nil {
		return o, p, err
	}
	// The steps are the same whether a serial is unknown, out of range, blocked or used, so that timing reveals
	// nothing.
	id, features, openErr := seed.Open(uint32(p.ID), number)
	_, usedErr := tx.Serials.Order(ctx, p.ID, id)
	if usedErr != nil && !errors.Is(usedErr, store.ErrNotFound) {
		return o, p, usedErr
	}
	_, blockedErr := tx.Serials.Blocked(ctx, p.ID, id)
	if blockedErr != nil && !errors.Is(blockedErr, store.ErrNotFound) {
		return o, p, blockedErr
	}
	switch {
	case openErr != nil || p.FirstSerial == 0 || id < p.FirstSerial || id > p.LastSerial || blockedErr == nil:
		return o, p, refuseSerial(api.ErrSerialInvalid, fmt.Sprintf("This is not a serial number of %s.", p.Name))
	case usedErr == nil:
		return o, p, refuseSerial(api.ErrSerialInUse, "An order was already made with this serial number.")
	}
	o = r.DefaultOrder(p, 0)
	o.SerialID, o.SerialFeatures = id, features
	if features != 0 {
		o.Features = features
	}
	return o, p, nil
}

func refuseSerial(code api.Code, detail string) *api.Problem {
	refusal := api.NewProblem(code, detail)
	refusal.Errors = []api.FieldError{{Location: "body.serial_number", Message: detail}}
	return refusal
}
