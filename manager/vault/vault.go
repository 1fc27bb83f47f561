// Package vault stores removal codes and copies of license files in the app's data file, sealed with a key in the
// keyring. Without a keyring it uses a random key for this run: no secret is stored in plain text, and no sealed
// secret outlives the app.
package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/acen-desktop/acen/client/keyring"
)

// keyName is the name of the key in the keyring.
const keyName = "vault key"

var (
	// ErrLost is returned for a secret that was sealed with a key that is gone.
	ErrLost = errors.New("the removal code entered for this task was not stored, because the keyring could not " +
		"be used; refresh the table, and enter the code again if the license is still there")
	// ErrKeyMissing is returned for a secret that was sealed with a key in the keyring while the keyring cannot be used. A
	// retry may succeed.
	ErrKeyMissing = fmt.Errorf("%w: this task needs a key from it; the task waits until "+
		"the keyring can be used", keyring.ErrUnavailable)
)

// Sealed reports whether err means that a secret cannot be opened, now (ErrKeyMissing) or ever (ErrLost).
func Sealed(err error) bool { return errors.Is(err, ErrLost) || errors.Is(err, ErrKeyMissing) }

// Options configure a Vault. All of them are required.
type Options struct {
	DB      Database
	Keyring keyring.Store
	// Timeout limits how long to wait for the keyring.
	Timeout time.Duration
	Now     func() time.Time
	Rand    io.Reader
	Logger  *slog.Logger
	// Wrap is applied to every error of the database; it returns nil for nil.
	Wrap func(error) error
}

// Vault seals secrets. Its methods may be called from any goroutine.
type Vault struct {
	options Options
	mu      sync.Mutex
	key     []byte
	lasting bool // the keyring has the key
}

// New returns a Vault. It accesses the keyring when the key is first needed.
func New(o Options) *Vault { return &Vault{options: o} }

// Lasts reports whether the keyring has the key, so that sealed secrets can be opened after the next start. It is
// false before the first call of Seal or Open.
func (v *Vault) Lasts() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lasting
}

// Seal encrypts a secret for the data file.
func (v *Vault) Seal(ctx context.Context, plain []byte) ([]byte, error) {
	key, err := v.loadKey(ctx)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := io.ReadFull(v.options.Rand, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, plain, nil), nil
}

// Open decrypts a sealed secret. It fails with ErrLost if the keyring has another key, and with ErrKeyMissing if the
// keyring cannot be used.
func (v *Vault) Open(ctx context.Context, sealed []byte) ([]byte, error) {
	key, err := v.loadKey(ctx)
	if err != nil {
		return nil, err
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, ErrLost
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	switch {
	case err == nil:
		return plain, nil
	case v.Lasts():
		return nil, ErrLost
	}
	return nil, ErrKeyMissing
}

// loadKey returns the key, which it reads from the keyring at the first call. If the keyring has none, loadKey
// generates and stores one; it never replaces a key in a keyring that cannot be read.
func (v *Vault) loadKey(ctx context.Context) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.key != nil {
		return v.key, nil
	}
	ctx, cancel := context.WithTimeout(ctx, v.options.Timeout)
	defer cancel()
	text, err := v.options.Keyring.Get(ctx, keyName)
	if err == nil {
		if key, err := base64.StdEncoding.DecodeString(text); err == nil && len(key) == chacha20poly1305.KeySize {
			v.key, v.lasting = key, true
			return key, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	key := make([]byte, chacha20poly1305.KeySize)
	if _, err := io.ReadFull(v.options.Rand, key); err != nil {
		return nil, err
	}
	if err == nil || errors.Is(err, keyring.ErrNotFound) {
		err = v.options.Keyring.Set(ctx, keyName, base64.StdEncoding.EncodeToString(key))
	}
	if err != nil {
		v.options.Logger.Warn("the keyring keeps no key; open tasks with a removal code end with the app", "error", err)
	}
	v.key, v.lasting = key, err == nil
	return key, nil
}
