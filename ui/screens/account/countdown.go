package account

import (
	"context"
	"time"

	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// maxWait limits the wait that a server can impose. Afterwards the person may try again.
const maxWait = 24 * time.Hour

// countdown waits for the retry_after of a refusal (spec: api 9, api 11), without a request or an open connection.
// UI thread.
type countdown struct {
	slot    *background.Slot
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	changed func() // called every second, and at the end

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

// remaining returns the remaining time, rounded up to whole seconds.
func (c *countdown) remaining() time.Duration {
	remaining := c.until.Sub(c.now())
	if remaining <= 0 {
		return 0
	}
	return (remaining + time.Second - 1).Truncate(time.Second)
}

// reason returns why the button is disabled, or "".
func (c *countdown) reason() string {
	remaining := c.remaining()
	if remaining == 0 {
		return ""
	}
	return tr.T("You can try again in %s.", words.Duration(remaining))
}

// label returns text with the remaining time, such as "Add order (12 s)" or "Add order (14:59)", or "" at the end.
func (c *countdown) label(text string) string {
	switch remaining := int(c.remaining() / time.Second); {
	case remaining == 0:
		return ""
	case remaining < 100:
		return tr.T("%s (%d s)", text, remaining)
	default:
		return tr.T("%s (%d:%02d)", text, remaining/60, remaining%60)
	}
}

// tick schedules the next change of the remaining whole seconds.
func (c *countdown) tick() {
	remaining := c.until.Sub(c.now())
	step := remaining - (c.remaining() - time.Second)
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
		if c.remaining() > 0 {
			c.tick()
		}
		c.changed()
	})
}

func (c *countdown) stop() { c.slot.Cancel() }
