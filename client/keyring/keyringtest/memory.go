// Package keyringtest provides a keyring for tests.
package keyringtest

import (
	"context"
	"sync"

	"github.com/acen-desktop/acen/client/keyring"
)

// Memory returns an empty store that keeps secrets in memory.
func Memory() keyring.Store { return &memory{secrets: map[string]string{}} }

type memory struct {
	mu      sync.Mutex
	secrets map[string]string
}

func (m *memory) Get(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	secret, ok := m.secrets[name]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return secret, nil
}

func (m *memory) Set(_ context.Context, name, secret string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets[name] = secret
	return nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.secrets, name)
	return nil
}
