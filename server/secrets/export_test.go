package secrets

import "io"

// New returns a Keeper of master keys, the current one first. It takes its nonces from random.
func New(random io.Reader, keys ...Key) (*Keeper, error) {
	k := &Keeper{random: random}
	return k, k.set(keys)
}
