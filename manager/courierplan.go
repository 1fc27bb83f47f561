package manager

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
)

// CourierAction is what a courier can do for an item of a request: a task, or delivering the result of an earlier
// one.
type CourierAction string

// The actions.
const (
	// CourierNew makes a new license of an order for the PC.
	CourierNew = CourierAction(api.TaskNewLicense)
	// CourierHave delivers the license that the PC has already.
	CourierHave CourierAction = "have"
	// CourierReactivate reactivates a license that the PC had before.
	CourierReactivate = CourierAction(api.TaskReactivation)
	// CourierTransfer transfers another PC's license to the PC.
	CourierTransfer = CourierAction(api.TaskTransfer)
	// CourierRemove hands in a removal code.
	CourierRemove = CourierAction(api.TaskRemoval)
	// CourierRemoved reports that the license was removed before.
	CourierRemoved CourierAction = "removed"
)

// CourierOption is one way to carry out an item.
type CourierOption struct {
	Action CourierAction
	Order  api.Order
	// License is the license of the action; zero for CourierNew.
	License License
	// Comparison compares the PC with the license, for CourierReactivate.
	Comparison license.Comparison
	// Refusal is the reason why the server would refuse the action now; nil if it would not.
	Refusal error
}

// CourierItem is an item of a request with the options that the current account has for it.
type CourierItem struct {
	Item carry.Item
	// Options are the ways to carry out the item, best first; refused ones come last.
	Options []CourierOption
	// Refusal is the reason why the server would allow none of the options; nil if it allows one. The answer contains
	// it.
	Refusal error
}

// planCourier is PlanCourier for the account of the session.
func (s *acting) planCourier(ctx context.Context, r carry.Request) ([]CourierItem, error) {
	orders, err := s.orders(ctx)
	if err != nil {
		return nil, err
	}
	tables := map[license.Signature][]courierOrder{}
	freed := map[int64]int{} // number of seats that earlier items free, by order
	plan := make([]CourierItem, len(r.Items))
	for i, item := range r.Items {
		plan[i].Item = item
		known, asked := tables[item.Signature]
		if !asked {
			if known, err = s.courierOrders(ctx, orders.Orders, item.Signature); err != nil {
				return nil, err
			}
			tables[item.Signature] = known
		}
		if plan[i].Options, err = s.courierOptions(ctx, item, known, r); err != nil {
			return nil, err
		}
		useFreedSeats(plan[i].Options, freed)
		slices.SortStableFunc(plan[i].Options, func(a, b CourierOption) int {
			return boolInt(a.Refusal != nil) - boolInt(b.Refusal != nil)
		})
		if options := plan[i].Options; len(options) == 0 {
			plan[i].Refusal = noOptionRefusal(item, len(known) > 0)
		} else {
			plan[i].Refusal = options[0].Refusal
		}
	}
	return plan, nil
}

// withoutRemoved omits the active licenses whose removal codes a request hands in, because its other items cannot use
// them.
func withoutRemoved(orders []courierOrder, r carry.Request) (list []courierOrder) {
	for _, o := range orders {
		o.licenses = slices.DeleteFunc(slices.Clone(o.licenses), func(l License) bool {
			return l.Status == api.StatusActive && slices.ContainsFunc(r.Items, func(i carry.Item) bool {
				return i.Task == carry.TaskRemove && sameCodes(l, i.Codes)
			})
		})
		list = append(list, o)
	}
	return list
}

// useFreedSeats counts the seat that an item frees, and allows a new license of the same order if only a seat was missing.
func useFreedSeats(options []CourierOption, freed map[int64]int) {
	for i, o := range options {
		switch {
		case o.Action == CourierRemove && o.Refusal == nil:
			freed[o.Order.ID]++
		case o.Action == CourierNew && errors.Is(o.Refusal, api.ErrLicensesInUse) && freed[o.Order.ID] > 0:
			freed[o.Order.ID]--
			options[i].Refusal = nil
			return
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// noOptionRefusal returns the reason why an item has no options.
func noOptionRefusal(item carry.Item, hasOrders bool) error {
	name := item.Program
	if name == "" {
		name = string(item.Signature)
	}
	switch {
	case !hasOrders:
		return refuse(api.ErrNotFound,
			"This account has no order of %s. Let somebody carry the request whose account has one.", name)
	case item.Task == carry.TaskRemove:
		return refuse(api.ErrNotFound, "No license of %s in this account has the Site code %s.", name, item.Codes.Site)
	case item.Task == carry.TaskTransfer:
		return refuse(api.ErrNotFound, "This account has no active license of %s that could be transferred.", name)
	}
	return refuse(api.ErrLicensesInUse, "This account has no license of %s left.", name)
}

// courierOrder is an order of the program of an item, with all its licenses.
type courierOrder struct {
	order    api.Order
	program  api.Program
	licenses []License
}

func (s *acting) courierOrders(
	ctx context.Context, orders []api.Order, signature license.Signature,
) (list []courierOrder, err error) {
	for _, o := range orders {
		if !o.RequiresActivation {
			continue
		}
		p, err := s.program(ctx, o.ProgramID)
		if errors.Is(err, api.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.ApplicationSignature != string(signature) {
			continue
		}
		table, err := s.allLicenses(ctx, o.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, courierOrder{o, p, table.Licenses})
	}
	return list, nil
}

func (s *acting) courierOptions(
	ctx context.Context, item carry.Item, orders []courierOrder, r carry.Request,
) (list []CourierOption, err error) {
	if item.Task == carry.TaskRemove {
		return removals(item, orders), nil
	}
	orders = withoutRemoved(orders, r)
	switch item.Task {
	case carry.TaskTransfer:
		return transfers(item, orders), nil
	}
	var back, pickUps, fresh []CourierOption
	for _, o := range orders {
		for _, l := range o.licenses {
			if l.Status != api.StatusActive {
				continue
			}
			option := CourierOption{Order: o.order, License: l}
			switch {
			case sameCodes(l, item.Codes):
				option.Action = CourierHave
				return []CourierOption{option}, nil
			case l.ReleasedAt != nil:
				option.Action, option.Refusal = CourierTransfer, TransferRefusal(o.order, l)
				pickUps = append(pickUps, option)
				continue
			}
			option.Comparison, err = s.compare(ctx, l, item.Codes)
			switch {
			case errors.Is(err, license.ErrMismatch), errors.Is(err, license.ErrMalformed):
				continue
			case err != nil:
				return nil, err
			}
			if option.Comparison.Accepted {
				option.Action, option.Refusal = CourierReactivate, ReactivationRefusal(o.order, l)
				back = append(back, option)
			}
		}
		fresh = append(fresh, CourierOption{Action: CourierNew, Order: o.order, Refusal: NewLicenseRefusal(o.order)})
	}
	slices.SortStableFunc(back, func(a, b CourierOption) int { return byCloseness(a.Comparison, b.Comparison) })
	return slices.Concat(back, pickUps, fresh), nil
}

func sameCodes(l License, codes license.Codes) bool {
	return l.SiteCode == codes.Site.String() && l.MachineID == codes.Machine.String()
}

// removals returns the options for a removal code. It finds the license by its codes.
func removals(item carry.Item, orders []courierOrder) []CourierOption {
	var done []CourierOption
	for _, o := range orders {
		for _, l := range o.licenses {
			switch {
			case !sameCodes(l, item.Codes):
			case l.Status == api.StatusActive:
				return []CourierOption{{Action: CourierRemove, Order: o.order, License: l, Refusal: RemovalRefusal(o.order, l)}}
			case l.Status == api.StatusRemoved || l.Status == api.StatusTransferred:
				done = []CourierOption{{Action: CourierRemoved, Order: o.order, License: l}}
			}
		}
	}
	return done
}

// transfers returns the options for a removal code of another PC: the licenses that it may belong to. The server
// decides which one it belongs to.
func transfers(item carry.Item, orders []courierOrder) (list []CourierOption) {
	for _, o := range orders {
		for _, l := range o.licenses {
			if l.Status != api.StatusActive {
				continue
			}
			if sameCodes(l, item.Codes) { // the transfer was carried out before
				return []CourierOption{{Action: CourierHave, Order: o.order, License: l}}
			}
			named := item.License == l.ID || item.License == 0 && (item.From.IsZero() || sameCodes(l, item.From))
			if named {
				list = append(list, CourierOption{
					Action:  CourierTransfer,
					Order:   o.order,
					License: l,
					Refusal: TransferRefusal(o.order, l),
				})
			}
		}
	}
	return list
}

// CarryOut carries out the chosen option of each item of a plan and returns the answer for the other PC. choices are
// indexes into the options of the items; a negative one skips its item. CarryOut calls done after each item. If the
// connection fails, the answer contains the results until then; carrying the same request again is idempotent and
// delivers the rest.
func (m *Manager) CarryOut(
	ctx context.Context, r carry.Request, plan []CourierItem, choices []int, done func(count int),
) (carry.Answer, error) {
	a := carry.Answer{Request: r.ID, MadeAt: m.options.Now()}
	s, sessionErr := m.acting() // an answer without a session contains refusals only
	if sessionErr == nil {
		a.Server = carry.Clean(s.account.ServerName, carry.MaxName)
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
		err := cmp.Or(item.Refusal, sessionErr)
		if err == nil {
			err = s.carry(ctx, item.Item, item.Options[choices[i]], &result)
		}
		var refusal *api.Problem
		switch {
		case err == nil:
		case errors.As(err, &refusal) && refusal.Status < 500 && !errors.Is(err, ErrSignedOut) &&
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

// removeForAnother hands in the removal code of another PC and returns the receipt that the other PC needs to delete
// it. If the license has ended and the code is right, the refusal contains the receipt.
func (s *acting) removeForAnother(
	ctx context.Context, l License, code license.RemovalCode,
) (receipt string, err error) {
	out, err := s.remove(ctx, l, request{LicenseID: l.ID, typed: codeText(code)})
	var refusal *api.Problem
	if errors.As(err, &refusal) && errors.Is(err, api.ErrLicenseEnded) && refusal.Receipt != "" {
		return refusal.Receipt, nil
	}
	return out.receipt, err
}

// carry carries out one option and fills in its result.
func (s *acting) carry(ctx context.Context, item carry.Item, option CourierOption, result *carry.Result) error {
	l := option.License
	var err error
	switch option.Action {
	case CourierNew:
		l, err = s.newLicense(ctx, NewLicense{OrderID: option.Order.ID, Codes: item.Codes, Note: item.Note})
	case CourierReactivate:
		l, err = s.reactivate(ctx, Reactivate{License: l, Codes: item.Codes, Note: item.Note})
	case CourierTransfer:
		l, err = s.transfer(ctx, Transfer{
			License:     l,
			Codes:       item.Codes,
			RemovalCode: item.RemovalCode,
			Note:        item.Note,
		})
	case CourierRemove, CourierRemoved:
		result.Receipt, err = s.removeForAnother(ctx, l, item.RemovalCode)
		result.Outcome = carry.OutcomeDone
		return err
	}
	if err != nil {
		return err
	}
	_, content, err := s.verifiedFile(ctx, l.ID)
	if err != nil {
		return err
	}
	p, err := s.programOfOrder(ctx, option.Order.ID)
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
