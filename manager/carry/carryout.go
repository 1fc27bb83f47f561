package carry

import (
	"context"
	"errors"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager/catalog"
)

// Courier carries out plans for an account.
type Courier struct {
	// View is nil if nobody is signed in. An answer then contains refusals only.
	View *catalog.View
	// ServerName is the name of the account's server.
	ServerName string
	// Perform carries out the task of an option. It returns the license, or for ActionRemove and ActionRemoved the
	// server's receipt.
	Perform func(ctx context.Context, item carry.Item, o Option) (l catalog.License, receipt string, err error)
	Now     func() time.Time
}

// CarryOut carries out the chosen option of each item of a plan and returns the answer for the other PC. choices are
// indexes into the options of the items; a negative one skips its item. CarryOut calls done after each item. If the
// connection fails, the answer contains the results until then; carrying the same request again is idempotent and
// delivers the rest.
func (c Courier) CarryOut(
	ctx context.Context, r carry.Request, plan []PlanItem, choices []int, done func(count int),
) (carry.Answer, error) {
	a := carry.Answer{
		Request: r.ID,
		MadeAt:  c.Now(),
		Server:  carry.Clean(c.ServerName, carry.MaxName),
	}
	for i, item := range plan {
		if choices[i] < 0 && item.Refusal == nil {
			continue
		}
		result := carry.Result{
			Item:      i + 1,
			Task:      item.Item.Task,
			Signature: item.Item.Signature,
			Program:   item.Item.Program,
			Codes:     item.Item.Codes,
		}
		err := item.Refusal
		if err == nil {
			err = c.deliver(ctx, item.Item, item.Options[choices[i]], &result)
		}
		var refusal *api.Problem
		switch {
		case err == nil:
		case errors.As(err, &refusal) && refusal.Status < 500 && !errors.Is(err, client.ErrSignedOut) &&
			!errors.Is(err, api.ErrAuthorization):
			result.Outcome, result.Code = carry.OutcomeRefused, string(refusal.Code)
			result.Sentence = carry.Clean(refusal.Detail, carry.MaxSentence)
		default:
			return a, err
		}
		a.Results = append(a.Results, result)
		done(len(a.Results))
	}
	return a, nil
}

// deliver carries out one option and fills in its result.
func (c Courier) deliver(ctx context.Context, item carry.Item, option Option, result *carry.Result) error {
	if c.View == nil {
		return client.ErrSignedOut
	}
	l := option.License
	if option.Action != ActionHave {
		var err error
		var receipt string
		l, receipt, err = c.Perform(ctx, item, option)
		if option.Action == ActionRemove || option.Action == ActionRemoved {
			result.Outcome = carry.OutcomeDone
			result.Receipt, err = receiptOf(receipt, err)
			return err
		}
		if err != nil {
			return err
		}
	}
	_, content, err := c.View.LicenseFile(ctx, l.ID)
	if err != nil {
		return err
	}
	p, err := c.View.ProgramOfOrder(ctx, option.Order.ID)
	if err != nil {
		return err
	}
	result.Outcome, result.License = carry.OutcomeLicense, content
	for _, text := range append([]string{p.PublicKey}, p.FormerKeys...) {
		if public, err := license.ParsePublicKey(text); err == nil && len(result.PublicKeys) < carry.MaxKeys {
			result.PublicKeys = append(result.PublicKeys, public)
		}
	}
	if result.Program == "" {
		result.Program = carry.Clean(p.Name, carry.MaxName)
	}
	return nil
}

// receiptOf returns the receipt of a removal, which the other PC needs to delete its removal code. If the license has
// ended and the code is right, the refusal contains the receipt.
func receiptOf(receipt string, err error) (string, error) {
	var refusal *api.Problem
	if errors.As(err, &refusal) && errors.Is(err, api.ErrLicenseEnded) && refusal.Receipt != "" {
		return refusal.Receipt, nil
	}
	return receipt, err
}
