package rules

import (
	"context"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// Uses are the numbers of tasks that were done on an order today and this month, as far as limits count them.
type Uses struct {
	order    map[api.Task]store.Use           // new licenses and removals
	families map[int64]map[api.Task]store.Use // reactivations and transfers, by original license
}

func (u Uses) family(original int64, task api.Task) store.Use { return u.families[original][task] }

// Today returns the beginning of the current calendar day in Zone (spec: api 7).
func (r Rules) Today() time.Time {
	today, _ := r.periods()
	return today
}

// periods returns the beginning of the current calendar day and month (spec: api 7).
func (r Rules) periods() (today, month time.Time) {
	zone := r.Zone
	if zone == nil {
		zone = time.Local
	}
	y, m, d := r.Now().In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, 1, 0, 0, 0, 0, zone)
}

// Uses counts the tasks of an order from its licenses.
func (r Rules) Uses(ctx context.Context, tx store.Tx, o store.Order, p store.Program) (Uses, error) {
	u := Uses{order: map[api.Task]store.Use{}, families: map[int64]map[api.Task]store.Use{}}
	limited := func(tasks ...api.Task) bool {
		for _, t := range tasks {
			if p.Tasks.Rule(t, r.Subscription(o)).Limited() {
				return true
			}
		}
		return false
	}
	if !limited(api.LimitedTasks()...) {
		return u, nil
	}
	today, month := r.periods()
	count := func(use store.Use, at time.Time) store.Use {
		use.ThisMonth++
		if !at.Before(today) {
			use.Today++
		}
		return use
	}
	if limited(api.TaskNewLicense) {
		times, err := tx.Uses.Activations(ctx, o.ID, month)
		if err != nil {
			return u, err
		}
		for _, at := range times {
			u.order[api.TaskNewLicense] = count(u.order[api.TaskNewLicense], at)
		}
	}
	if !limited(api.TaskReactivation, api.TaskTransfer, api.TaskRemoval) {
		return u, nil
	}
	endings, err := tx.Uses.Endings(ctx, o.ID, month)
	if err != nil {
		return u, err
	}
	for _, e := range endings {
		task := map[api.LicenseStatus]api.Task{
			api.StatusReactivated: api.TaskReactivation,
			api.StatusTransferred: api.TaskTransfer,
		}[e.Status]
		switch {
		case e.Status == api.StatusRemoved:
			u.order[api.TaskRemoval] = count(u.order[api.TaskRemoval], e.At)
		case task != "":
			if u.families[e.OriginalID] == nil {
				u.families[e.OriginalID] = map[api.Task]store.Use{}
			}
			u.families[e.OriginalID][task] = count(u.families[e.OriginalID][task], e.At)
		}
	}
	return u, nil
}

// refuse returns the refusal of a task on an order, whatever the PC and the codes, or nil. Lists of orders and licenses
// contain the same refusals, so that the app knows them in advance (spec: api 1, api 2, api 7).
func (r Rules) refuse(task api.Task, o store.Order, p store.Program, use store.Use) *api.Problem {
	rule := p.Tasks.Rule(task, r.Subscription(o))
	switch {
	case !p.RequiresActivation:
		return NeedsNoActivation(p)
	case !o.CanManage:
		return ReadOnly()
	case !rule.On && r.Subscription(o) == api.SubscriptionExpired:
		return api.NewProblem(api.ErrSubscriptionExpired,
			"The subscription of this order has expired. Renew it with the vendor.")
	case !rule.On:
		return api.NewProblem(api.ErrTaskDisabled,
			fmt.Sprintf("The vendor does not offer %s for this order.", taskNames[task]))
	case task == api.TaskNewLicense && o.LicensesExpireAt != nil && r.Now().After(lastMoment(*o.LicensesExpireAt)):
		return api.NewProblem(api.ErrTaskDisabled,
			fmt.Sprintf("The licenses of this order ended on %s. Ask the vendor to extend them.", day(*o.LicensesExpireAt)))
	case task == api.TaskNewLicense && o.LicensesActive >= o.LicensesTotal:
		// This only refuses early. The database decides about the last seat: Licenses.Add fails with store.ErrNoSeat.
		return inUse(o)
	}
	if !rule.Limited() {
		return nil
	}
	today, month := r.periods()
	switch {
	case rule.PerMonth > 0 && use.ThisMonth >= rule.PerMonth:
		return limitReached(task, "month", rule.PerMonth, use.ThisMonth, month.AddDate(0, 1, 0))
	case rule.PerDay > 0 && use.Today >= rule.PerDay:
		return limitReached(task, "day", rule.PerDay, use.Today, today.AddDate(0, 0, 1))
	}
	return nil
}

// refuseFor is like refuse, for a task on one license. It also refuses an expired license, except its removal.
func (r Rules) refuseFor(task api.Task, l store.License, o store.Order, p store.Program, u Uses) *api.Problem {
	use := u.order[task]
	if task != api.TaskRemoval {
		use = u.family(l.OriginalID, task)
	}
	if refusal := r.refuse(task, o, p, use); refusal != nil {
		return refusal
	}
	if task != api.TaskRemoval && l.ExpiresAt != nil && r.Now().After(*l.ExpiresAt) {
		return api.NewProblem(api.ErrTaskDisabled,
			fmt.Sprintf("This license ended on %s. Ask the vendor to extend it.", day(*l.ExpiresAt)))
	}
	return nil
}

// taskNames are the names of tasks in refusals.
var taskNames = map[api.Task]string{
	api.TaskNewLicense:   "new licenses",
	api.TaskReactivation: "license reactivation",
	api.TaskTransfer:     "license transfer",
	api.TaskRemoval:      "license removal",
}

// day formats the day of a time in UTC.
func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

// limitReached returns the refusal of a task that has reached its limit.
func limitReached(task api.Task, period string, allowed, used int, resets time.Time) *api.Problem {
	times := fmt.Sprintf("%d times", allowed)
	if allowed == 1 {
		times = "once"
	}
	p := api.NewProblem(api.ErrLimitReached, fmt.Sprintf("The vendor allows %s %s a %s.", taskNames[task], times, period))
	p.Limit = &api.LimitReached{
		Task:     task.RuleName(),
		Period:   period,
		Allowed:  allowed,
		Used:     used,
		ResetsAt: resets.UTC(),
	}
	return p
}

// allowance returns the allowance of a task, with the remaining uses of its limits.
func (r Rules) allowance(
	task api.Task, o store.Order, p store.Program, use store.Use, refusal *api.Problem,
) *api.Allowance {
	a := &api.Allowance{OK: refusal == nil}
	if refusal != nil {
		a.Reason = refusal.Code
	}
	rule := p.Tasks.Rule(task, r.Subscription(o))
	if !rule.On || !rule.Limited() {
		return a
	}
	today, month := r.periods()
	left := func(allowed, used int) *int {
		n := max(0, allowed-used)
		return &n
	}
	var resets time.Time
	if rule.PerMonth > 0 {
		a.RemainingMonth, resets = left(rule.PerMonth, use.ThisMonth), month.AddDate(0, 1, 0)
	}
	if rule.PerDay > 0 {
		a.RemainingToday = left(rule.PerDay, use.Today)
		if a.RemainingMonth == nil || *a.RemainingMonth > 0 {
			resets = today.AddDate(0, 0, 1)
		}
	}
	if !resets.IsZero() {
		resets = resets.UTC()
		a.ResetsAt = &resets
	}
	return a
}

// OrderAllowed returns the allowances of an order. Limits for each family show the family with the most remaining uses.
func (r Rules) OrderAllowed(o store.Order, p store.Program, u Uses) api.Allowed {
	of := func(task api.Task, use store.Use) *api.Allowance {
		return r.allowance(task, o, p, use, r.refuse(task, o, p, use))
	}
	return api.Allowed{
		Add:        of(api.TaskNewLicense, u.order[api.TaskNewLicense]),
		Reactivate: of(api.TaskReactivation, u.least(o, api.TaskReactivation)),
		Transfer:   of(api.TaskTransfer, u.least(o, api.TaskTransfer)),
		Remove:     of(api.TaskRemoval, u.order[api.TaskRemoval]),
	}
}

// least returns the use of the family that has done a task least often. u.families contains only families that have
// done it: there is another one if the order has more active licenses.
func (u Uses) least(o store.Order, task api.Task) (least store.Use) {
	used := 0
	for _, family := range u.families {
		use, ok := family[task]
		if !ok {
			continue
		}
		if used == 0 || use.ThisMonth < least.ThisMonth {
			least = use
		}
		used++
	}
	if used < o.LicensesActive {
		return store.Use{}
	}
	return least
}

// LicensesAllowed returns the allowances of licenses of one order; nil for an ended license. Licenses without an end
// and without uses share one value.
func (r Rules) LicensesAllowed(licenses []store.License, o store.Order, p store.Program, u Uses) []*api.LicenseAllowed {
	list := make([]*api.LicenseAllowed, len(licenses))
	var shared *api.LicenseAllowed
	for i, l := range licenses {
		switch special := l.ExpiresAt != nil || len(u.families[l.OriginalID]) > 0; {
		case l.Status != api.StatusActive:
		case special:
			list[i] = r.licenseAllowed(l, o, p, u)
		default:
			if shared == nil {
				shared = r.licenseAllowed(l, o, p, u)
			}
			list[i] = shared
		}
	}
	return list
}

// licenseAllowed returns the allowances of one active license.
func (r Rules) licenseAllowed(l store.License, o store.Order, p store.Program, u Uses) *api.LicenseAllowed {
	of := func(task api.Task, use store.Use) *api.Allowance {
		return r.allowance(task, o, p, use, r.refuseFor(task, l, o, p, u))
	}
	return &api.LicenseAllowed{
		Reactivate: of(api.TaskReactivation, u.family(l.OriginalID, api.TaskReactivation)),
		Transfer:   of(api.TaskTransfer, u.family(l.OriginalID, api.TaskTransfer)),
		Remove:     of(api.TaskRemoval, u.order[api.TaskRemoval]),
	}
}
