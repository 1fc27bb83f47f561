package ui

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// expiries are the notices of licenses that end soon which were dismissed, by server and license. They are remembered from one
// start to the next, until the license has ended.
type expiries map[string]dismissedExpiry

type dismissedExpiry struct {
	Step int       `json:"step"` // 14, 7 or 1: at the next one the notice comes back
	Ends time.Time `json:"ends"`
}

// readExpiries reads what was remembered; what cannot be read is forgotten, and so are licenses that have ended.
func readExpiries(text string, now time.Time) expiries {
	kept := expiries{}
	if json.Unmarshal([]byte(text), &kept) != nil || kept == nil {
		return expiries{}
	}
	for name, one := range kept {
		if one.Ends.Before(now) {
			delete(kept, name)
		}
	}
	return kept
}

func (w *Window) expiryName(e manager.Expiring) string {
	return fmt.Sprintf("%s %d", w.state.account.Server, e.License.ID)
}

// isDismissed reports whether an offer is not to be shown: in this start or, for licenses that end, until their next step.
func (w *Window) isDismissed(o offer) bool {
	if len(o.ends) == 0 {
		return w.dismissed[o.key]
	}
	for _, e := range o.ends {
		if one, ok := w.expiries[w.expiryName(e)]; !ok || one.Step != e.Step || !one.Ends.Equal(*e.License.ExpiresAt) {
			return false
		}
	}
	return true
}

func (w *Window) setDismissed(o offer, dismissed bool) {
	if len(o.ends) == 0 {
		w.dismissed[o.key] = dismissed
		return
	}
	for _, e := range o.ends {
		if dismissed {
			w.expiries[w.expiryName(e)] = dismissedExpiry{e.Step, *e.License.ExpiresAt}
		} else {
			delete(w.expiries, w.expiryName(e))
		}
	}
	if text, err := json.Marshal(w.expiries); err == nil {
		w.app.Preferences().SetString(expiryKey, string(text))
	}
}

// expiryOffer tells of licenses that end within 14 days, all in one banner.
func (w *Window) expiryOffer() (offer, bool) {
	list := w.state.found.Expiring
	if len(list) == 0 {
		return offer{}, false
	}
	now := w.options.Now()
	first := list[0]
	o := offer{tone: theme.Warning, ends: list}
	show := func() { w.showLicense(first.Order, first.License) }
	if len(list) == 1 {
		o.message = dialogs.Message{
			What: tr.T("A license of %s ends %s: %s.", first.Order.ProgramName, words.Expiry(first.License.ExpiresAt, now), quoted(first.License)),
			Why:  tr.T("Its last day is %s. Ask the vendor in time if you want to go on.", words.LongDate(*first.License.ExpiresAt, now)),
		}
		o.actions = []dialogs.Action{{Label: tr.T("Show it"), Do: show}, {Label: tr.T("Calendar file…"), Do: func() { w.saveCalendar(first.Order, first.License) }}}
		return o, true
	}
	const most = 4
	ends, together := words.Expiry(first.License.ExpiresAt, now), true
	for _, e := range list {
		together = together && e.Order.ProgramName == first.Order.ProgramName && words.Expiry(e.License.ExpiresAt, now) == ends
	}
	var names []string
	for _, e := range list[:min(most, len(list))] {
		name := quoted(e.License)
		if !together {
			name = tr.T("%s of %s %s", name, e.Order.ProgramName, words.Expiry(e.License.ExpiresAt, now))
		}
		names = append(names, name)
	}
	why := words.List(names) + "."
	if n := len(list) - most; n > 0 {
		why = tr.N(n, "%[2]s and %[1]d more.", "%[2]s and %[1]d more.", words.List(names))
	}
	what := tr.N(len(list), "%d license ends soon.", "%d licenses end soon.")
	if together {
		what = tr.N(len(list), "%[1]d license of %[2]s ends %[3]s.", "%[1]d licenses of %[2]s end %[3]s.", first.Order.ProgramName, ends)
	}
	o.message = dialogs.Message{What: what, Why: why}
	o.actions = []dialogs.Action{{Label: tr.T("Show the first"), Do: show}}
	return o, true
}

// saveCalendar saves a calendar file with the end of a license, which reminds 14, 7 and 1 days before.
func (w *Window) saveCalendar(o api.Order, l manager.License) {
	name, content := w.options.Backend.Calendar(o, l, words.Say)
	w.saveText(name, string(content), ".ics", func(err error) {
		if err != nil {
			w.queue.Error(explain.Error(err))
		}
	})
}
