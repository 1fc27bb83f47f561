// Package opener opens addresses in the person's own programs: mailto: in the mail program, https: and
// http: in the browser. It refuses every other scheme, which could start any program.
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
	// ErrNoHandler is returned when no program is set up for the address.
	ErrNoHandler = errors.New("no program on this PC is set up to open this kind of address")
	// ErrNoOpener is returned when the system lacks the helper that finds the program.
	ErrNoOpener = errors.New("xdg-open is not installed")
	// ErrAddress is returned for an address that is none or that this package does not open.
	ErrAddress = errors.New("this is not an address that can be opened")
)

// settle is how long the hand-over is watched. A helper that still runs then has found a program: some of them live as
// long as the program they started.
const settle = 3 * time.Second

// schemes are the kinds of addresses that are handed over. Others could start any program.
var schemes = map[string]bool{"mailto": true, "https": true, "http": true}

// Opener hands addresses over to the programs of the system.
type Opener struct {
	start func(address string) (<-chan error, error)
	after func(time.Duration) <-chan time.Time
	goos  string
	// output runs a helper and returns what it prints.
	output func(ctx context.Context, name string, args ...string) ([]byte, error)

	handedMu sync.Mutex
	handed   map[string]string // folders of the files that were handed over last, by kind
}

// System returns the opener of this system. Any goroutine.
func System() *Opener {
	return &Opener{start: start, after: time.After, goos: runtime.GOOS, output: output}
}

// MaxMailto returns the longest mailto: address in bytes that this system hands over.
func (o *Opener) MaxMailto() int { return MaxMailto(o.goos) }

// Open hands a mailto:, https: or http: address over and reports how that went: ErrNoHandler, ErrNoOpener, ErrAddress
// or a failure in words. It may block for a few seconds; when ctx ends it returns, and a program that has started goes
// on. Not on the UI thread.
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

// watch starts the program for an address or a file and reports how that went.
func (o *Opener) watch(ctx context.Context, address string) error {
	done, err := o.start(address)
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-o.after(settle):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// exitError turns the exit status of xdg-open into an error, as its manual page lists them.
func exitError(status int) error {
	switch status {
	case 0:
		return nil
	case 3:
		return ErrNoHandler
	}
	return fmt.Errorf("the program for this address could not be started (xdg-open ended with status %d)", status)
}
