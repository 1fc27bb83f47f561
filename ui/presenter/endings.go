package presenter

import (
	"encoding/json"
	"time"
)

// endingsKey is the key of the dismissed endings in the toolkit's preferences.
const endingsKey = "expiry.dismissed"

// Ending is the end of a license, the subject of a notice.
type Ending struct {
	Name string    // server and license id
	Step int       // 14, 7 or 1 days; a dismissed notice returns at the next step
	At   time.Time // when the license ends
}

// endings are the dismissed endings by name. They are stored until the license has ended.
type endings map[string]dismissedEnding

type dismissedEnding struct {
	Step int       `json:"step"`
	Ends time.Time `json:"ends"`
}

// parseEndings decodes stored endings, except those in the past. Invalid text yields none.
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

// Restore loads the dismissed endings.
func (n *Notices) Restore() {
	n.endings = parseEndings(n.shell.App.Preferences().String(endingsKey), n.shell.Now())
}

// isDismissed reports whether an offer was dismissed: since the start of the app or, if it is about endings, since
// their current step.
func (n *Notices) isDismissed(o Offer) bool {
	if len(o.Endings) == 0 {
		return n.dismissed[o.Key]
	}
	for _, e := range o.Endings {
		if one, ok := n.endings[e.Name]; !ok || one.Step != e.Step || !one.Ends.Equal(e.At) {
			return false
		}
	}
	return true
}

func (n *Notices) setDismissed(o Offer, dismissed bool) {
	if len(o.Endings) == 0 {
		n.dismissed[o.Key] = dismissed
		return
	}
	for _, e := range o.Endings {
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
