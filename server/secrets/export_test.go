package secrets

import (
	"io"

	"github.com/acen-desktop/acen/redact"
)

// MasterKey is a master key.
type MasterKey = masterKey

// NewMasterKey returns the master key of 32 bytes.
func NewMasterKey(b [32]byte) MasterKey { return masterKey{redact.Of(b)} }

// New returns a Keeper of master keys, the current one first. It takes its nonces from random.
func New(random io.Reader, keys ...MasterKey) (*Keeper, error) {
	k := &Keeper{random: random}
	return k, k.set(keys)
}
