package protect

import "time"

// Touch calls before ahead of reading a folder, in the goroutine that reads it, and takes what expired returns in the
// place of the time limit.
func (o *Options) Touch(expired func() <-chan time.Time, before func(dir string)) {
	o.touch = &touch{expired, before}
}
