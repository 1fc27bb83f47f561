// Package secrets loads the server's master key and seals secrets in the database with it: keys of programs, stored
// answers and queued mails.
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

	"github.com/acen-desktop/acen/redact"
)

// ErrSealed is the error of a sealed value that no known master key opens, or that was sealed for another purpose.
var ErrSealed = errors.New("a sealed value cannot be opened with this master key: it was sealed with another one, " +
	"or the database was changed by hand")

// Option is the option of a database that contains the ID of its master key. A server with another key refuses to
// start, and running servers notice a new key.
const Option = "master-key"

// masterKey is a master key, which is hidden from logs and encoders.
type masterKey struct {
	redact.Value[[chacha20poly1305.KeySize]byte]
}

func (k masterKey) bytes() []byte {
	b := k.Reveal()
	return b[:]
}

// id returns an identifier that does not reveal the key: 16 hex digits.
func (k masterKey) id() string {
	sum := sha256.Sum256(append([]byte("acen/v1 master key id"), k.bytes()...))
	return hex.EncodeToString(sum[:8])
}

func (k masterKey) text() string { return base64.StdEncoding.EncodeToString(k.bytes()) }

// Keeper seals with the current master key and opens with the current or a former one. Any goroutine.
type Keeper struct {
	random io.Reader
	load   func() ([]masterKey, error) // reads the keys; nil = they never change
	path   string                      // key file; "" = none

	mu   sync.RWMutex
	keys []opener // the current one first
}

// opener opens values with one master key.
type opener struct {
	id   string
	aead redact.Value[cipher.AEAD] // hidden, because package fmt would print the key
}

func (k *Keeper) set(keys []masterKey) error {
	var openers []opener
	for _, key := range keys {
		aead, err := chacha20poly1305.NewX(key.bytes())
		if err != nil {
			return err
		}
		openers = append(openers, opener{key.id(), redact.Of(aead)})
	}
	if len(openers) == 0 {
		return errors.New("it contains no key")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = openers
	return nil
}

// File returns a Keeper for a master key file, which it creates with a new key (mode 0600) if it does not exist. The
// file has one base64 key a line, the current one first. Without the file, sealed values in the database are lost.
func File(path string, random io.Reader) (*Keeper, error) {
	keys, err := readKeys(path)
	if errors.Is(err, os.ErrNotExist) {
		keys, err = makeKey(path, random)
		if errors.Is(err, os.ErrExist) { // another server has just created it
			keys, err = readKeys(path)
		}
	}
	k := &Keeper{random: random, path: path, load: func() ([]masterKey, error) { return readKeys(path) }}
	if err == nil {
		err = k.set(keys)
	}
	if err != nil {
		return nil, fmt.Errorf("the master key file %s cannot be used: %w", path, err)
	}
	return k, nil
}

// Command returns a Keeper for the master keys that a shell command prints in the format of the key file, such as the
// client of a key service. Its standard error is discarded, because it may contain secrets.
func Command(ctx context.Context, command string, random io.Reader) (*Keeper, error) {
	load := func() ([]masterKey, error) {
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

func readKeys(path string) ([]masterKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseKeys(data)
}

func parseKeys(data []byte) (keys []masterKey, err error) {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		decoded, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(decoded) != chacha20poly1305.KeySize {
			return nil, errors.New("it contains no key of 32 bytes; restore it from a backup")
		}
		keys = append(keys, masterKey{redact.Of([chacha20poly1305.KeySize]byte(decoded))})
	}
	if len(keys) == 0 {
		return nil, errors.New("it contains no key of 32 bytes; restore it from a backup")
	}
	return keys, nil
}

func newKey(random io.Reader) (masterKey, error) {
	var material [chacha20poly1305.KeySize]byte
	_, err := io.ReadFull(random, material[:])
	return masterKey{redact.Of(material)}, err
}

// makeKey atomically creates a key file with a new key. It fails with os.ErrExist if the file exists.
func makeKey(path string, random io.Reader) ([]masterKey, error) {
	key, err := newKey(random)
	if err != nil {
		return nil, err
	}
	return []masterKey{key}, writeKeys(path, os.Link, key)
}

// writeKeys writes keys to a temporary file, which put links or renames to path.
func writeKeys(path string, put func(from, to string) error, keys ...masterKey) error {
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

// AddKey inserts a new key at the beginning of the key file and seals with it from then on. Other servers on the same
// file read it as soon as they open a value that was sealed with it.
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
	keys = append([]masterKey{key}, keys...)
	if err := writeKeys(k.path, os.Rename, keys...); err != nil {
		return fmt.Errorf("the master key file %s cannot be written: %w", k.path, err)
	}
	return k.set(keys)
}

// ForgetKeys deletes all keys but the current one from the key file. Values sealed with other keys are lost.
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

// ID returns the ID of the current key.
func (k *Keeper) ID() string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[0].id
}

// Knows reports whether id is the ID of the current or a former key. It reloads the keys before it returns false.
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

// Follow reloads the keys if id is not the ID of the current one.
func (k *Keeper) Follow(id string) {
	if id != "" && id != k.ID() {
		k.reload()
	}
}

// reload reads the keys and reports whether it succeeded.
func (k *Keeper) reload() bool {
	if k.load == nil {
		return false
	}
	keys, err := k.load()
	return err == nil && k.set(keys) == nil
}

// Seal encrypts a value for one purpose, such as "program 7 activation key". It can be opened for the same purpose
// only.
func (k *Keeper) Seal(purpose string, value []byte) ([]byte, error) {
	k.mu.RLock()
	aead := k.keys[0].aead.Reveal()
	k.mu.RUnlock()
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(value)+aead.Overhead())
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, value, []byte(purpose)), nil
}

// Open decrypts a value sealed for a purpose. If no key opens it, Open reloads the keys before it fails with ErrSealed.
func (k *Keeper) Open(purpose string, sealed []byte) ([]byte, error) {
	value, err := k.open(purpose, sealed)
	if err != nil && k.reload() {
		value, err = k.open(purpose, sealed)
	}
	return value, err
}

func (k *Keeper) open(purpose string, sealed []byte) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, o := range k.keys {
		aead := o.aead.Reveal()
		if n := aead.NonceSize(); len(sealed) >= n {
			if value, err := aead.Open(nil, sealed[:n], sealed[n:], []byte(purpose)); err == nil {
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

// KeyFile reports whether the keys are in a file, which AddKey and ForgetKeys can change.
func (k *Keeper) KeyFile() bool { return k.path != "" }
