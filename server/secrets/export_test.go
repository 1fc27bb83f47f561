package secrets

import (
	"io"

	"github.com/acen-desktop/acen/redact"
)

// MasterKey is a master key.
type MasterKey = masterKey

// NewMasterKey returns a master key of 32 bytes.
func NewMasterKey(b [32]byte) MasterKey { return masterKey{redact.Of(b)} }

// New returns a Keeper of fixed master keys, the current one first. random provides its nonces.
func New(random io.Reader, keys ...MasterKey) (*Keeper, error) {
	k := &Keeper{random: random}
	return k, k.set(keys)
}
