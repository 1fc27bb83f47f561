package catalog

import (
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
)

// Calendar returns a calendar file (iCalendar, RFC 5545) with an event on the day when a license ends, and alarms 14,
// 7 and 1 days before. now is its time stamp, and its location decides about the day. say translates its texts; nil
// means English. The file contains no code.
func Calendar(
	o api.Order, l License, now time.Time, say func(client.Text) string,
) (name string, content []byte) {
	if say == nil {
		say = client.Text.String
	}
	ends := say(client.Say("License of %s ends", o.ProgramName))
	end := l.ExpiresAt.In(now.Location())
	c := ics.NewCalendarFor("ACEN Desktop")
	e := c.AddEvent(fmt.Sprintf("license-%d-%d@acen", o.ID, l.ID))
	e.SetDtStampTime(now)
	e.SetAllDayStartAt(end)
	e.SetAllDayEndAt(end.AddDate(0, 0, 1))
	e.SetSummary(ends)
	about := client.Say("Order %d, license %d.", o.ID, l.ID)
	if l.Note != "" {
		about = client.Say("Order %d, license %d, “%s”.", o.ID, l.ID, l.Note)
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
