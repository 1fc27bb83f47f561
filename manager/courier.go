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

// CourierAction is what a courier can do for an item of a request: a task, or the result of one that was done before.
type CourierAction string

// The actions.
const (
	// CourierNew gives the PC a new license of an order.
	CourierNew = CourierAction(api.TaskNewLicense)
	// CourierHave brings the license that the PC has already.
	CourierHave CourierAction = "have"
	// CourierReactivate brings a license back that the PC had before.
	CourierReactivate = CourierAction(api.TaskReactivation)
	// CourierTransfer gives the PC the license of another one.
	CourierTransfer = CourierAction(api.TaskTransfer)
	// CourierRemove hands in a removal code.
	CourierRemove = CourierAction(api.TaskRemoval)
	// CourierRemoved tells that the license was removed already.
	CourierRemoved CourierAction = "removed"
)

// CourierOption is one way to do what an item asks for.
type CourierOption struct {
	Action CourierAction
	Order  api.Order
	// License is the license that the action is about; zero for CourierNew.
	License License
	// Comparison is that of the PC with the license, for CourierReactivate.
	Comparison license.Comparison
	// Refusal says why the server would not allow it now; nil when it would.
	Refusal error
}

// CourierItem is an item of a request with what the current account can do for it.
type CourierItem struct {
	Item carry.Item
	// Options are the ways to do it, the best first; those that would be refused come last.
	Options []CourierOption
	// Refusal says why there is no option that the server would allow; nil when there is one. The answer tells it.
	Refusal error
}

// planCourier is PlanCourier for the account of the session.
func (s *acting) planCourier(ctx context.Context, r carry.Request) ([]CourierItem, error) {
	orders, err := s.orders(ctx)
	if err != nil {
		return nil, err
	}
	tables := map[license.Signature][]courierOrder{}
	freed := map[int64]int{} // licenses by order that earlier items give back
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
		useFreed(plan[i].Options, freed)
		slices.SortStableFunc(plan[i].Options, func(a, b CourierOption) int { return boolInt(a.Refusal != nil) - boolInt(b.Refusal != nil) })
		if options := plan[i].Options; len(options) == 0 {
			plan[i].Refusal = noOption(item, len(known) > 0)
		} else {
			plan[i].Refusal = options[0].Refusal
		}
	}
	return plan, nil
}

// staying leaves out the active licenses whose removal codes a request hands in; its other items have no use for them.
func staying(orders []courierOrder, r carry.Request) (list []courierOrder) {
	for _, o := range orders {
		o.licenses = slices.DeleteFunc(slices.Clone(o.licenses), func(l License) bool {
			return l.Status == api.StatusActive && slices.ContainsFunc(r.Items, func(i carry.Item) bool {
				return i.Task == carry.TaskRemove && samePair(l, i.Codes)
			})
		})
		list = append(list, o)
	}
	return list
}

// useFreed counts the license that an item gives back, and allows a new one of the same order where that is what
// lacked.
func useFreed(options []CourierOption, freed map[int64]int) {
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

// noOption says why nothing can be done for an item.
func noOption(item carry.Item, hasOrders bool) error {
	name := item.Program
	if name == "" {
		name = string(item.Signature)
	}
	switch {
	case !hasOrders:
		return refuse(api.ErrNotFound, "This account has no order of %s. Let somebody carry the request whose account has one.", name)
	case item.Task == carry.TaskRemove:
		return refuse(api.ErrNotFound, "No license of %s in this account has the Site code %s.", name, item.Codes.Site)
	case item.Task == carry.TaskTransfer:
		return refuse(api.ErrNotFound, "This account has no active license of %s that could be transferred.", name)
	}
	return refuse(api.ErrLicensesInUse, "This account has no license of %s left.", name)
}

// courierOrder is an order of the program that an item speaks of, with all its licenses.
type courierOrder struct {
	order    api.Order
	program  api.Program
	licenses []License
}

func (s *acting) courierOrders(ctx context.Context, orders []api.Order, signature license.Signature) (list []courierOrder, err error) {
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

func (s *acting) courierOptions(ctx context.Context, item carry.Item, orders []courierOrder, r carry.Request) (list []CourierOption, err error) {
	if item.Task == carry.TaskRemove {
		return removals(item, orders), nil
	}
	orders = staying(orders, r)
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
			case samePair(l, item.Codes):
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

func samePair(l License, codes license.Codes) bool {
	return l.SiteCode == codes.Site.String() && l.MachineID == codes.Machine.String()
}

// removals finds the license of a removal code by its Site code.
func removals(item carry.Item, orders []courierOrder) []CourierOption {
	var done []CourierOption
	for _, o := range orders {
		for _, l := range o.licenses {
			switch {
			case !samePair(l, item.Codes):
			case l.Status == api.StatusActive:
				return []CourierOption{{Action: CourierRemove, Order: o.order, License: l, Refusal: RemovalRefusal(o.order, l)}}
			case l.Status == api.StatusRemoved || l.Status == api.StatusTransferred:
				done = []CourierOption{{Action: CourierRemoved, Order: o.order, License: l}}
			}
		}
	}
	return done
}

// transfers finds the licenses that a removal code of another PC may belong to; the server tells whether it does.
func transfers(item carry.Item, orders []courierOrder) (list []CourierOption) {
	for _, o := range orders {
		for _, l := range o.licenses {
			if l.Status != api.StatusActive {
				continue
			}
			if samePair(l, item.Codes) { // it was done before
				return []CourierOption{{Action: CourierHave, Order: o.order, License: l}}
			}
			named := item.License == l.ID || item.License == 0 && (item.From.IsZero() || samePair(l, item.From))
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

// CarryOut does what was chosen for each item of a plan and returns the answer for the other PC. choices are indexes
// of the items' options; a negative one leaves its item open. done is called after each item. When the server cannot
// be reached any more, the answer holds what was done until then: the same request carried once more brings the rest,
// and nothing twice.
func (m *Manager) CarryOut(ctx context.Context, r carry.Request, plan []CourierItem, choices []int, done func(count int)) (carry.Answer, error) {
	a := carry.Answer{Request: r.ID, MadeAt: m.options.Now()}
	s, sessionErr := m.acting() // without a session, an answer can hold refusals
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
		case errors.As(err, &refusal) && refusal.Status < 500 && !errors.Is(err, ErrSignedOut) && !errors.Is(err, api.ErrAuthorization):
			result.Outcome, result.Code, result.Sentence = carry.OutcomeRefused, string(refusal.Code), carry.Clean(refusal.Detail, carry.MaxSentence)
		default:
			return a, err
		}
		a.Results = append(a.Results, result)
		done(len(a.Results))
	}
	return a, nil
}

// removeForAnother hands in the removal code of another PC and returns the receipt that the other PC needs to delete
// it. For a license that has ended, the refusal carries the receipt if the code is right.
func (s *acting) removeForAnother(ctx context.Context, l License, code license.RemovalCode) (receipt string, err error) {
	out, err := s.remove(ctx, l, request{LicenseID: l.ID, typed: codeText(code)})
	var refusal *api.Problem
	if errors.As(err, &refusal) && errors.Is(err, api.ErrLicenseEnded) && refusal.Receipt != "" {
		return refusal.Receipt, nil
	}
	return out.receipt, err
}

// carry does one option and fills in its result.
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
