// Package secrets keeps the server's master key and seals the programs' keys with it.
package secrets

import (
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrSealed is returned for a sealed value that this master key does not open or that was moved to another place.
var ErrSealed = errors.New("a program's key cannot be opened with this master key: it was sealed with another one, or the database was changed by hand")

// Keeper seals and opens with the master key.
type Keeper struct {
	aead   cipher.AEAD
	random io.Reader
}

// New makes a Keeper from a master key of 32 bytes and a source of randomness for nonces.
func New(key [chacha20poly1305.KeySize]byte, random io.Reader) (*Keeper, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	return &Keeper{aead, random}, nil
}

// File opens the master key file, or makes one (mode 0600) with a new key when there is none. Without this file the
// programs' keys in the database are lost.
func File(path string, random io.Reader) (*Keeper, error) {
	key, err := readKey(path)
	if errors.Is(err, os.ErrNotExist) {
		key, err = makeKey(path, random)
		if errors.Is(err, os.ErrExist) { // another server was quicker
			key, err = readKey(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the master key file %s cannot be used: %w", path, err)
	}
	return New(key, random)
}

func readKey(path string) (key [chacha20poly1305.KeySize]byte, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return key, err
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(decoded) != len(key) {
		return key, errors.New("it holds no key of 32 bytes; restore it from a backup")
	}
	copy(key[:], decoded)
	return key, nil
}

// makeKey writes a whole file under its final name or none at all.
func makeKey(path string, random io.Reader) (key [chacha20poly1305.KeySize]byte, err error) {
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return key, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".master-*") // mode 0600
	if err != nil {
		return key, err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return key, err
	}
	return key, os.Link(f.Name(), path)
}

// Seal encrypts a value for one place, such as "program 7 activation key": it opens nowhere else.
func (k *Keeper) Seal(place string, value []byte) ([]byte, error) {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(value)+k.aead.Overhead())
	if _, err := io.ReadFull(k.random, nonce); err != nil {
		return nil, err
	}
	return k.aead.Seal(nonce, nonce, value, []byte(place)), nil
}

// Open decrypts a value sealed for a place. It fails with ErrSealed.
func (k *Keeper) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < k.aead.NonceSize() {
		return nil, ErrSealed
	}
	value, err := k.aead.Open(nil, sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():], []byte(place))
	if err != nil {
		return nil, ErrSealed
	}
	return value, nil
}
