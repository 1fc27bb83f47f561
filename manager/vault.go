package manager

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/acen-desktop/acen/client/keyring"
)

// vaultKeyName is the keyring's name for the key that seals secrets in the data file.
const vaultKeyName = "vault key"

// errRequestLost is the end of a job whose request was sealed with a key that is gone.
var errRequestLost = errors.New("the removal code that was typed for this task was not kept, because the keyring could not be used; refresh the table, and enter the code again if the license is still there")

// errKeyMissing is returned for a secret that was sealed with a key in the keyring while the keyring cannot be used. A
// retry may succeed.
var errKeyMissing = fmt.Errorf("%w: what this task needs is sealed with a key that it holds; the task waits until the keyring can be used", ErrKeyringUnavailable)

// sealedAway reports whether open failed for want of the key, for now (errKeyMissing) or for good (errRequestLost).
func sealedAway(err error) bool {
	return errors.Is(err, errRequestLost) || errors.Is(err, errKeyMissing)
}

// vaultKey returns the key that seals secrets. It lives in the keyring; where there is none, a key of this run takes its
// place: nothing secret is then readable on the disk, and nothing sealed outlives the app.
func (m *Manager) vaultKey(ctx context.Context) ([]byte, error) {
	m.vaultMu.Lock()
	defer m.vaultMu.Unlock()
	if m.vault != nil {
		return m.vault, nil
	}
	ctx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	text, err := m.options.Keyring.Get(ctx, vaultKeyName)
	if err == nil {
		if key, err := base64.StdEncoding.DecodeString(text); err == nil && len(key) == chacha20poly1305.KeySize {
			m.vault, m.lasting = key, true
			return key, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	key := make([]byte, chacha20poly1305.KeySize)
	if _, err := io.ReadFull(m.options.Rand, key); err != nil {
		return nil, err
	}
	if err == nil || errors.Is(err, keyring.ErrNotFound) {
		err = m.options.Keyring.Set(ctx, vaultKeyName, base64.StdEncoding.EncodeToString(key))
	}
	if err != nil {
		m.options.Logger.Warn("the keyring keeps no key; open tasks with a removal code end with the app", "error", err)
	}
	m.vault, m.lasting = key, err == nil
	return key, nil
}

// vaultLasts reports whether the keyring has the vault's key, so that what is sealed can be opened at the next start.
func (m *Manager) vaultLasts() bool {
	m.vaultMu.Lock()
	defer m.vaultMu.Unlock()
	return m.lasting
}

// seal encrypts a secret for the data file.
func (m *Manager) seal(ctx context.Context, plain []byte) ([]byte, error) {
	key, err := m.vaultKey(ctx)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := io.ReadFull(m.options.Rand, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, plain, nil), nil
}

// open decrypts a sealed secret. It fails with errRequestLost if the keyring has another key, and with errKeyMissing if
// the keyring cannot be used.
func (m *Manager) open(ctx context.Context, sealed []byte) ([]byte, error) {
	key, err := m.vaultKey(ctx)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, errRequestLost
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	switch {
	case err == nil:
		return plain, nil
	case m.vaultLasts():
		return nil, errRequestLost
	}
	return nil, errKeyMissing
}
