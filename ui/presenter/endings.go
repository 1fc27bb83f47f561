package presenter

import (
	"encoding/json"
	"time"
)

// endingsKey names the dismissed notices in the toolkit's preferences.
const endingsKey = "expiry.dismissed"

// Ending is the end of a license that a notice is about.
type Ending struct {
	Name string    // server and license
	Step int       // 14, 7 or 1 days: at the next step a dismissed notice comes back
	At   time.Time // when the license ends
}

// endings are the dismissed notices of licenses that end soon, by the names of their licenses. They are kept from one start
// of the app to the next, until the license has ended.
type endings map[string]dismissedEnding

type dismissedEnding struct {
	Step int       `json:"step"`
	Ends time.Time `json:"ends"`
}

// parseEndings reads what was kept. What cannot be read is dropped, and so are licenses that have ended.
func parseEndings(text string, now time.Time) endings {
	kept := endings{}
	if json.Unmarshal([]byte(text), &kept) != nil || kept == nil {
		return endings{}
	}
	for name, one := range kept {
		if one.Ends.Before(now) {
			delete(kept, name)
		}
	}
	return kept
}

// Restore reads which notices were dismissed in earlier starts of the app.
func (n *Notices) Restore() {
	n.endings = parseEndings(n.shell.App.Preferences().String(endingsKey), n.shell.Now())
}

// isDismissed reports whether an offer is not to be shown: in this start of the app or, where it is about licenses that end,
// until their next step.
func (n *Notices) isDismissed(o Offer) bool {
	if len(o.Ends) == 0 {
		return n.dismissed[o.Key]
	}
	for _, e := range o.Ends {
		if one, ok := n.endings[e.Name]; !ok || one.Step != e.Step || !one.Ends.Equal(e.At) {
			return false
		}
	}
	return true
}

func (n *Notices) setDismissed(o Offer, dismissed bool) {
	if len(o.Ends) == 0 {
		n.dismissed[o.Key] = dismissed
		return
	}
	for _, e := range o.Ends {
		if dismissed {
			n.endings[e.Name] = dismissedEnding{e.Step, e.At}
		} else {
			delete(n.endings, e.Name)
		}
	}
	if text, err := json.Marshal(n.endings); err == nil {
		n.shell.App.Preferences().SetString(endingsKey, string(text))
	}
}
