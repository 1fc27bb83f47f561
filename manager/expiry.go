package manager

import (
	"context"
	"fmt"
	"slices"
	"time"

	ics "github.com/arran4/golang-ical"

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
func (m *Manager) Expiring(ctx context.Context) (list []Expiring, err error) {
	s, err := m.acting()
	if err != nil {
		return nil, err
	}
	err = s.eachCached(ctx, m.expiringInto(&list))
	sortByEnd(list)
	return list, err
}

func (m *Manager) expiringInto(list *[]Expiring) visitor {
	now := m.options.Now()
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

// Calendar returns a calendar file (iCalendar, RFC 5545) with an event on the day when a license ends, and alarms 14,
// 7 and 1 days before. say translates its texts; nil means English. The file contains no code.
func (m *Manager) Calendar(o api.Order, l License, say func(Text) string) (name string, content []byte) {
	if say == nil {
		say = Text.String
	}
	ends := say(Say("License of %s ends", o.ProgramName))
	end := l.ExpiresAt.In(m.options.Now().Location())
	c := ics.NewCalendarFor("ACEN Desktop")
	e := c.AddEvent(fmt.Sprintf("license-%d-%d@acen", o.ID, l.ID))
	e.SetDtStampTime(m.options.Now())
	e.SetAllDayStartAt(end)
	e.SetAllDayEndAt(end.AddDate(0, 0, 1))
	e.SetSummary(ends)
	about := Say("Order %d, license %d.", o.ID, l.ID)
	if l.Note != "" {
		about = Say("Order %d, license %d, “%s”.", o.ID, l.ID, l.Note)
	}
	e.SetDescription(say(about))
	e.SetTimeTransparency(ics.TransparencyTransparent)
	for _, days := range reminderDays {
		alarm := e.AddAlarm()
		alarm.SetAction(ics.ActionDisplay)
		alarm.SetDescription(ends)
		alarm.SetTrigger(fmt.Sprintf("-P%dD", days))
	}
	return fmt.Sprintf("license-%d.ics", l.ID), []byte(c.Serialize())
}
