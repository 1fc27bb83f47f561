package carry

import (
	"context"
	"errors"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager/catalog"
)

// Action is what a courier can do for an item of a request: a task, or delivering the result of an earlier
// one.
type Action string

// The actions.
const (
	// ActionNew makes a new license of an order for the PC.
	ActionNew = Action(api.TaskNewLicense)
	// ActionHave delivers the license that the PC has already.
	ActionHave Action = "have"
	// ActionReactivate reactivates a license that the PC had before.
	ActionReactivate = Action(api.TaskReactivation)
	// ActionTransfer transfers another PC's license to the PC.
	ActionTransfer = Action(api.TaskTransfer)
	// ActionRemove hands in a removal code.
	ActionRemove = Action(api.TaskRemoval)
	// ActionRemoved reports that the license was removed before.
	ActionRemoved Action = "removed"
)

// Option is one way to carry out an item.
type Option struct {
	Action Action
	Order  api.Order
	// License is the license of the action; zero for ActionNew.
	License catalog.License
	// Comparison compares the PC with the license, for ActionReactivate.
	Comparison license.Comparison
	// Refusal is the reason why the server would refuse the action now; nil if it would not.
	Refusal error
}

// PlanItem is an item of a request with the options that the current account has for it.
type PlanItem struct {
	Item carry.Item
	// Options are the ways to carry out the item, best first; refused ones come last.
	Options []Option
	// Refusal is the reason why the server would allow none of the options; nil if it allows one. The answer contains
	// it.
	Refusal error
}

// Plan returns what an account can do for the items of another PC's request. It fetches orders and licenses and changes
// nothing on the server.
func Plan(ctx context.Context, v *catalog.View, r carry.Request) ([]PlanItem, error) {
	orders, err := v.Orders(ctx)
	if err != nil {
		return nil, err
	}
	tables := map[license.Signature][]programOrder{}
	freed := map[int64]int{} // number of seats that earlier items free, by order
	plan := make([]PlanItem, len(r.Items))
	for i, item := range r.Items {
		plan[i].Item = item
		known, asked := tables[item.Signature]
		if !asked {
			if known, err = ordersOf(ctx, v, orders.Orders, item.Signature); err != nil {
				return nil, err
			}
			tables[item.Signature] = known
		}
		if plan[i].Options, err = options(ctx, v, item, known, r); err != nil {
			return nil, err
		}
		useFreedSeats(plan[i].Options, freed)
		slices.SortStableFunc(plan[i].Options, func(a, b Option) int {
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
func withoutRemoved(orders []programOrder, r carry.Request) (list []programOrder) {
	for _, o := range orders {
		o.licenses = slices.DeleteFunc(slices.Clone(o.licenses), func(l catalog.License) bool {
			return l.Status == api.StatusActive && slices.ContainsFunc(r.Items, func(i carry.Item) bool {
				return i.Task == carry.TaskRemove && sameCodes(l, i.Codes)
			})
		})
		list = append(list, o)
	}
	return list
}

// useFreedSeats counts the seat that an item frees, and allows a new license of the same order if only a seat was
// missing.
func useFreedSeats(options []Option, freed map[int64]int) {
	for i, o := range options {
		switch {
		case o.Action == ActionRemove && o.Refusal == nil:
			freed[o.Order.ID]++
		case o.Action == ActionNew && errors.Is(o.Refusal, api.ErrLicensesInUse) && freed[o.Order.ID] > 0:
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
		return catalog.Refuse(api.ErrNotFound,
			"This account has no order of %s. Let somebody carry the request whose account has one.", name)
	case item.Task == carry.TaskRemove:
		return catalog.Refuse(api.ErrNotFound, "No license of %s in this account has the Site code %s.", name,
			item.Codes.Site)
	case item.Task == carry.TaskTransfer:
		return catalog.Refuse(api.ErrNotFound, "This account has no active license of %s that could be transferred.", name)
	}
	return catalog.Refuse(api.ErrLicensesInUse, "This account has no license of %s left.", name)
}

// programOrder is an order of the program of an item, with all its licenses.
type programOrder struct {
	order    api.Order
	program  api.Program
	licenses []catalog.License
}

func ordersOf(
	ctx context.Context, v *catalog.View, orders []api.Order, signature license.Signature,
) (list []programOrder, err error) {
	for _, o := range orders {
		if !o.RequiresActivation {
			continue
		}
		p, err := v.Program(ctx, o.ProgramID)
		if errors.Is(err, api.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if p.ApplicationSignature != string(signature) {
			continue
		}
		table, err := v.AllLicenses(ctx, o.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, programOrder{o, p, table.Licenses})
	}
	return list, nil
}

func options(
	ctx context.Context, v *catalog.View, item carry.Item, orders []programOrder, r carry.Request,
) (list []Option, err error) {
	if item.Task == carry.TaskRemove {
		return removals(item, orders), nil
	}
	orders = withoutRemoved(orders, r)
	switch item.Task {
	case carry.TaskTransfer:
		return transfers(item, orders), nil
	}
	var back, pickUps, fresh []Option
	for _, o := range orders {
		for _, l := range o.licenses {
			if l.Status != api.StatusActive {
				continue
			}
			option := Option{Order: o.order, License: l}
			switch {
			case sameCodes(l, item.Codes):
				option.Action = ActionHave
				return []Option{option}, nil
			case l.ReleasedAt != nil:
				option.Action, option.Refusal = ActionTransfer, catalog.TransferRefusal(o.order, l)
				pickUps = append(pickUps, option)
				continue
			}
			option.Comparison, err = v.Compare(ctx, l, item.Codes)
			switch {
			case errors.Is(err, license.ErrMismatch), errors.Is(err, license.ErrMalformed):
				continue
			case err != nil:
				return nil, err
			}
			if option.Comparison.Accepted {
				option.Action, option.Refusal = ActionReactivate, catalog.ReactivationRefusal(o.order, l)
				back = append(back, option)
			}
		}
		fresh = append(fresh, Option{Action: ActionNew, Order: o.order, Refusal: catalog.NewLicenseRefusal(o.order)})
	}
	slices.SortStableFunc(back, func(a, b Option) int { return catalog.ByCloseness(a.Comparison, b.Comparison) })
	return slices.Concat(back, pickUps, fresh), nil
}

func sameCodes(l catalog.License, codes license.Codes) bool {
	return l.SiteCode == codes.Site.String() && l.MachineID == codes.Machine.String()
}

// removals returns the options for a removal code. It finds the license by its codes.
func removals(item carry.Item, orders []programOrder) []Option {
	var done []Option
	for _, o := range orders {
		for _, l := range o.licenses {
			switch {
			case !sameCodes(l, item.Codes):
			case l.Status == api.StatusActive:
				return []Option{{Action: ActionRemove, Order: o.order, License: l, Refusal: catalog.RemovalRefusal(o.order, l)}}
			case l.Status == api.StatusRemoved || l.Status == api.StatusTransferred:
				done = []Option{{Action: ActionRemoved, Order: o.order, License: l}}
			}
		}
	}
	return done
}

// transfers returns the options for a removal code of another PC: the licenses that it may belong to. The server
// decides which one it belongs to.
func transfers(item carry.Item, orders []programOrder) (list []Option) {
	for _, o := range orders {
		for _, l := range o.licenses {
			if l.Status != api.StatusActive {
				continue
			}
			if sameCodes(l, item.Codes) { // the transfer was carried out before
				return []Option{{Action: ActionHave, Order: o.order, License: l}}
			}
			named := item.License == l.ID || item.License == 0 && (item.From.IsZero() || sameCodes(l, item.From))
			if named {
				list = append(list, Option{
					Action:  ActionTransfer,
					Order:   o.order,
					License: l,
					Refusal: catalog.TransferRefusal(o.order, l),
				})
			}
		}
	}
	return list
}
