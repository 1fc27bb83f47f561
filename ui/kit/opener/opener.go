// Package opener opens addresses in the person's programs: mailto: in the mail program, https: and http: in the
// browser. It rejects all other schemes, which could start any program.
package opener

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"sync"
	"time"
)

var (
	// ErrNoHandler means that no program is configured for the address.
	ErrNoHandler = errors.New("no program is configured for this kind of address")
	// ErrNoOpener means that the system lacks xdg-open.
	ErrNoOpener = errors.New("xdg-open is not installed")
	// ErrAddress means that an address is invalid or has another scheme.
	ErrAddress = errors.New("not an address that can be opened")
)

// startTimeout is how long Open waits for a helper to fail. A helper that still runs then has started a program: some
// run as long as the program.
const startTimeout = 3 * time.Second

// schemes are the schemes that Open accepts. Others could start any program.
var schemes = map[string]bool{"mailto": true, "https": true, "http": true}

// Opener opens addresses and files with the programs of the system.
type Opener struct {
	start func(address string) (<-chan error, error)
	after func(time.Duration) <-chan time.Time
	goos  string
	// output runs a helper and returns its standard output.
	output func(ctx context.Context, name string, args ...string) ([]byte, error)

	mu      sync.Mutex
	folders map[string]string // folders of the files that were handed over last, by kind
}

// System returns the opener of this system. Any goroutine.
func System() *Opener {
	return &Opener{
		start:  start,
		after:  time.After,
		goos:   runtime.GOOS,
		output: output,
	}
}

// MaxMailto returns the maximum length in bytes of a mailto: address on this system. Any goroutine.
func (o *Opener) MaxMailto() int { return MaxMailto(o.goos) }

// Open opens a mailto:, https: or http: address. Its error is ErrNoHandler, ErrNoOpener, ErrAddress, that of ctx or of
// the helper. It may block for three seconds. The end of ctx does not stop a program that has started. Not on the UI
// thread.
func (o *Opener) Open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || !schemes[u.Scheme] {
		return ErrAddress
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return o.watch(ctx, address)
}

// watch starts the program for an address or a file and waits until the helper ends, startTimeout has passed or ctx
// ends.
func (o *Opener) watch(ctx context.Context, address string) error {
	done, err := o.start(address)
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-o.after(startTimeout):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// exitError returns the error for an exit status of xdg-open, as in its manual page.
func exitError(status int) error {
	switch status {
	case 0:
		return nil
	case 3:
		return ErrNoHandler
	}
	return fmt.Errorf("the program for this address could not be started (xdg-open ended with status %d)", status)
}
