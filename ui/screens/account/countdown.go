package account

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// maxWait bounds what a server may ask to wait: beyond that the person may try and be refused.
const maxWait = 24 * time.Hour

// countdown lets the time pass that a server wants to be waited (spec: api 9, api 11). Nothing is sent and no
// connection is held meanwhile. UI thread.
type countdown struct {
	slot    *background.Slot
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	changed func() // once a second, and when the time has passed

	until time.Time
}

func newCountdown(o Options, changed func()) *countdown {
	return &countdown{
		slot:    o.Work.NewSlot(),
		now:     o.Now,
		after:   o.After,
		changed: changed,
	}
}

// start waits for a number of seconds; zero ends the wait.
func (c *countdown) start(seconds int) {
	c.slot.Cancel()
	wait := time.Duration(max(0, min(seconds, int(maxWait/time.Second)))) * time.Second
	c.until = c.now().Add(wait)
	if wait > 0 {
		c.tick()
	}
}

// left returns the time that is left, in whole seconds, rounded up.
func (c *countdown) left() time.Duration {
	left := c.until.Sub(c.now())
	if left <= 0 {
		return 0
	}
	return (left + time.Second - 1).Truncate(time.Second)
}

// reason says why the button rests; "" when it does not.
func (c *countdown) reason() string {
	left := c.left()
	if left == 0 {
		return ""
	}
	return tr.T("The server takes the next try in %s.", words.Wait(left))
}

// label is what a button shows: "Add order (12 s)", "Add order (14:59)"; "" when it does not rest.
func (c *countdown) label(text string) string {
	switch left := int(c.left() / time.Second); {
	case left == 0:
		return ""
	case left < 100:
		return tr.T("%s (%d s)", text, left)
	default:
		return tr.T("%s (%d:%02d)", text, left/60, left%60)
	}
}

// tick sleeps until one whole second less is left.
func (c *countdown) tick() {
	left := c.until.Sub(c.now())
	step := left - (c.left() - time.Second)
	background.Run(c.slot, func(ctx context.Context) (struct{}, error) {
		select {
		case <-c.after(step):
			return struct{}{}, nil
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}, func(_ struct{}, err error) {
		if err != nil {
			return
		}
		if c.left() > 0 {
			c.tick()
		}
		c.changed()
	})
}

func (c *countdown) stop() { c.slot.Cancel() }
