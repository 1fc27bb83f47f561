// Package secrets stores the server's master key and seals with it what must not be readable in the database: keys of
// programs, answers and mails. It knows nothing of
// the tables.
package secrets

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrSealed is returned for a sealed value that no known master key opens or that was moved to another place.
var ErrSealed = errors.New("a sealed value cannot be opened with this master key: it was sealed with another one, or the database was changed by hand")

// Option is the option of a database that names its master key, so that a server with another one does not start on it and
// running ones hear of a new one.
const Option = "master-key"

// Key is a master key.
type Key [chacha20poly1305.KeySize]byte

// ID names a key without telling anything of it: 16 hex digits.
func (k Key) ID() string {
	sum := sha256.Sum256(append([]byte("acen/v1 master key id"), k[:]...))
	return hex.EncodeToString(sum[:8])
}

func (k Key) text() string { return base64.StdEncoding.EncodeToString(k[:]) }

// Keeper seals with the current master key and opens with that one or a former one. It may be used from any goroutine.
type Keeper struct {
	random io.Reader
	load   func() ([]Key, error) // reads the keys again; nil when they stay
	path   string                // of the key file; "" when there is none

	mu   sync.RWMutex
	keys []opener // the current one first
}

type opener struct {
	id   string
	aead cipher.AEAD
}

func (k *Keeper) set(keys []Key) error {
	var openers []opener
	for _, key := range keys {
		aead, err := chacha20poly1305.NewX(key[:])
		if err != nil {
			return err
		}
		openers = append(openers, opener{key.ID(), aead})
	}
	if len(openers) == 0 {
		return errors.New("there is no key in it")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = openers
	return nil
}

// File opens the master key file, or makes one (mode 0600) with a new key when there is none: one key per line in base64, the
// current one first. Without this file what is sealed in the database is lost.
func File(path string, random io.Reader) (*Keeper, error) {
	keys, err := readKeys(path)
	if errors.Is(err, os.ErrNotExist) {
		keys, err = makeKey(path, random)
		if errors.Is(err, os.ErrExist) { // another server was quicker
			keys, err = readKeys(path)
		}
	}
	k := &Keeper{random: random, path: path, load: func() ([]Key, error) { return readKeys(path) }}
	if err == nil {
		err = k.set(keys)
	}
	if err != nil {
		return nil, fmt.Errorf("the master key file %s cannot be used: %w", path, err)
	}
	return k, nil
}

// Command takes the master keys from a command of the shell, which prints them as the key file holds them: what a key service
// or a secret store offers. Its standard error is not shown, as it may hold secrets.
func Command(ctx context.Context, command string, random io.Reader) (*Keeper, error) {
	load := func() ([]Key, error) {
		out, err := shell(ctx, command).Output()
		if err != nil {
			return nil, fmt.Errorf("it failed: %w", err)
		}
		return parseKeys(out)
	}
	keys, err := load()
	k := &Keeper{random: random, load: load}
	if err == nil {
		err = k.set(keys)
	}
	if err != nil {
		return nil, fmt.Errorf("the command for the master key cannot be used: %w", err)
	}
	return k, nil
}

func readKeys(path string) ([]Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseKeys(data)
}

func parseKeys(data []byte) (keys []Key, err error) {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var key Key
		decoded, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(decoded) != len(key) {
			return nil, errors.New("it holds no key of 32 bytes; restore it from a backup")
		}
		copy(key[:], decoded)
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("it holds no key of 32 bytes; restore it from a backup")
	}
	return keys, nil
}

func newKey(random io.Reader) (key Key, err error) {
	_, err = io.ReadFull(random, key[:])
	return key, err
}

// makeKey writes a whole file under its final name or none at all.
func makeKey(path string, random io.Reader) ([]Key, error) {
	key, err := newKey(random)
	if err != nil {
		return nil, err
	}
	return []Key{key}, writeKeys(path, os.Link, key)
}

// writeKeys writes a whole file, which put brings under its final name.
func writeKeys(path string, put func(from, to string) error, keys ...Key) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".master-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	for _, key := range keys {
		_, writeErr := f.WriteString(key.text() + "\n")
		err = errors.Join(err, writeErr)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return put(f.Name(), path)
}

// AddKey puts a new key before those of the key file; values are sealed with it from then on, here and, as soon as they meet
// such a value, in other servers on the same file.
func (k *Keeper) AddKey() error {
	if k.path == "" {
		return errors.New("the master key comes from a command: let it print the new key before the old one")
	}
	keys, err := readKeys(k.path)
	if err != nil {
		return err
	}
	key, err := newKey(k.random)
	if err != nil {
		return err
	}
	keys = append([]Key{key}, keys...)
	if err := writeKeys(k.path, os.Rename, keys...); err != nil {
		return fmt.Errorf("the master key file %s cannot be written: %w", k.path, err)
	}
	return k.set(keys)
}

// ForgetKeys leaves the current key alone in the key file. What is sealed with former ones is lost.
func (k *Keeper) ForgetKeys() error {
	if k.path == "" {
		return nil
	}
	keys, err := readKeys(k.path)
	if err != nil {
		return err
	}
	if err := writeKeys(k.path, os.Rename, keys[0]); err != nil {
		return fmt.Errorf("the master key file %s cannot be written: %w", k.path, err)
	}
	return k.set(keys[:1])
}

// ID names the current key.
func (k *Keeper) ID() string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[0].id
}

// Knows reports whether a key, current or former, is known by its ID. The keys are read again before it says no.
func (k *Keeper) Knows(id string) bool {
	knows := func() bool {
		k.mu.RLock()
		defer k.mu.RUnlock()
		for _, o := range k.keys {
			if o.id == id {
				return true
			}
		}
		return false
	}
	return knows() || k.reload() && knows()
}

// Follow reads the keys again when another key is the current one.
func (k *Keeper) Follow(id string) {
	if id != "" && id != k.ID() {
		k.reload()
	}
}

func (k *Keeper) reload() bool {
	if k.load == nil {
		return false
	}
	keys, err := k.load()
	return err == nil && k.set(keys) == nil
}

// Seal encrypts a value for one place, such as "program 7 activation key": it opens nowhere else.
func (k *Keeper) Seal(place string, value []byte) ([]byte, error) {
	k.mu.RLock()
	aead := k.keys[0].aead
	k.mu.RUnlock()
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(value)+aead.Overhead())
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, value, []byte(place)), nil
}

// Open decrypts a value sealed for a place. It fails with ErrSealed, after the keys were read again.
func (k *Keeper) Open(place string, sealed []byte) ([]byte, error) {
	value, err := k.open(place, sealed)
	if err != nil && k.reload() {
		value, err = k.open(place, sealed)
	}
	return value, err
}

func (k *Keeper) open(place string, sealed []byte) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, o := range k.keys {
		if n := o.aead.NonceSize(); len(sealed) >= n {
			if value, err := o.aead.Open(nil, sealed[:n], sealed[n:], []byte(place)); err == nil {
				return value, nil
			}
		}
	}
	return nil, ErrSealed
}

func shell(ctx context.Context, command string) *exec.Cmd {
	if os.PathSeparator == '\\' {
		return exec.CommandContext(ctx, "cmd", "/C", command)
	}
	return exec.CommandContext(ctx, "/bin/sh", "-c", command)
}

// KeyFile reports whether the keys come from a file, which this program may change.
func (k *Keeper) KeyFile() bool { return k.path != "" }
