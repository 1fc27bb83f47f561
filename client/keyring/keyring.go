// Package keyring stores credentials in the keyring of the operating system and nowhere else. The manager uses it for
// sessions and for the key that seals secrets in its data file. Without a keyring every call fails with
// ErrUnavailable; there is no fallback to a file.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	system "github.com/zalando/go-keyring"
)

var (
	// ErrNotFound is returned if the keyring has no such secret.
	ErrNotFound = errors.New("the keyring has no such secret")
	// ErrUnavailable is returned if there is no usable keyring. The text of the error says why.
	ErrUnavailable = errors.New("the keyring of this system cannot be used")
)

// maxSecret is the capacity of the smallest keyring (Windows Credential Manager) in bytes.
const maxSecret = 2560

// Store stores secrets by name. Calls may block on the system's password prompt; they end with ctx.
type Store interface {
	// Get fails with ErrNotFound or ErrUnavailable.
	Get(ctx context.Context, name string) (string, error)
	// Set fails with ErrUnavailable.
	Set(ctx context.Context, name, secret string) error
	// Delete succeeds if there is no such secret. It fails with ErrUnavailable.
	Delete(ctx context.Context, name string) error
}

// System returns the keyring of the operating system: Credential Manager, Keychain or Secret Service.
func System(service string) Store {
	return &systemStore{service: service, busy: make(chan struct{}, 1)}
}

type systemStore struct {
	service string
	busy    chan struct{} // one call at a time, so that prompts do not pile up
}

func (s *systemStore) Get(ctx context.Context, name string) (secret string, err error) {
	var found string // written by the goroutine of call; read after it has ended
	err = s.call(ctx, func() (err error) {
		found, err = system.Get(s.service, name)
		return err
	})
	if err != nil {
		return "", err
	}
	return found, nil
}

func (s *systemStore) Set(ctx context.Context, name, secret string) error {
	if len(secret) > maxSecret {
		return fmt.Errorf("%w: the secret is longer than %d bytes", ErrUnavailable, maxSecret)
	}
	return s.call(ctx, func() error { return system.Set(s.service, name, secret) })
}

func (s *systemStore) Delete(ctx context.Context, name string) error {
	err := s.call(ctx, func() error { return system.Delete(s.service, name) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Clear deletes every secret of a service from the keyring of the operating system. It fails with ErrUnavailable.
func Clear(ctx context.Context, service string) error {
	s := &systemStore{service: service, busy: make(chan struct{}, 1)}
	return s.call(ctx, func() error { return system.DeleteAll(service) })
}

// call runs fn on its own goroutine, because fn cannot be canceled: a locked keyring waits for a person.
func (s *systemStore) call(ctx context.Context, fn func() error) error {
	select {
	case s.busy <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: it is waiting for its password", ErrUnavailable)
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-s.busy }()
		done <- fn()
	}()
	select {
	case err := <-done:
		return explain(err)
	case <-ctx.Done():
		return fmt.Errorf("%w: it did not answer, perhaps it is waiting for its password", ErrUnavailable)
	}
}

// explain turns errors of the system's keyrings into ErrNotFound or ErrUnavailable with a reason.
func explain(err error) error {
	var missing *exec.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, system.ErrNotFound):
		return ErrNotFound
	case errors.As(err, &missing), strings.Contains(err.Error(), "dial unix"):
		return fmt.Errorf("%w: this session has no D-Bus", ErrUnavailable)
	case strings.Contains(err.Error(), "org.freedesktop.secrets"):
		return fmt.Errorf("%w: no Secret Service is running, such as GNOME Keyring or KWallet", ErrUnavailable)
	case strings.Contains(err.Error(), "failed to unlock"):
		return fmt.Errorf("%w: it is locked", ErrUnavailable)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
