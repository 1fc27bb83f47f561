package protect

import "time"

// Touch calls before ahead of reading a folder, in the goroutine that reads it, and takes expired in the place of the time
// limit.
func (o *Options) Touch(expired func(dir string) <-chan time.Time, before func(dir string)) {
	o.touch = &touch{expired, before}
}
