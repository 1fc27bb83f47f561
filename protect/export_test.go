package protect

import "time"

// Touch makes a read of a folder call before first, in the goroutine that reads, and use the channel of expired as
// its time limit.
func (o *Options) Touch(expired func() <-chan time.Time, before func(dir string)) {
	o.touch = &touch{expired, before}
}
