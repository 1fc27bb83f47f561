package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/acen-desktop/acen/api"
)

// reminderDays are the numbers of days before its end at which a person is reminded of a license, in descending
// order.
var reminderDays = []int{14, 7, 1}

// Expiring is a license that ends soon.
type Expiring struct {
	Order   api.Order
	License License
	// Days is the number of complete days left; 0 on the last day.
	Days int
	// Step is 14, 7 or 1. A dismissed notice returns at the next step.
	Step int
}

// Expiring lists the cached licenses that end within 14 days, soonest first, without those that have ended.
func (v *View) Expiring(ctx context.Context) (list []Expiring, err error) {
	err = v.eachCached(ctx, v.expiringInto(&list))
	sortByEnd(list)
	return list, err
}

func (v *View) expiringInto(list *[]Expiring) visitor {
	now := v.c.options.Now()
	return func(o api.Order, _ api.Program, t Licenses) error {
		for _, l := range t.Licenses {
			if l.Status != api.StatusActive || l.ExpiresAt == nil || l.ExpiresAt.Before(now) {
				continue
			}
			days := int(l.ExpiresAt.Sub(now) / (24 * time.Hour))
			step := 0
			for _, s := range reminderDays {
				if days <= s {
					step = s
				}
			}
			if step > 0 {
				*list = append(*list, Expiring{o, l, days, step})
			}
		}
		return nil
	}
}

func sortByEnd(list []Expiring) {
	slices.SortStableFunc(list, func(a, b Expiring) int { return a.License.ExpiresAt.Compare(*b.License.ExpiresAt) })
}
