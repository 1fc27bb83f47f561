package secrets

import (
	"errors"
	"io"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/store"
)

// keyPurpose returns the purpose for which a program's key is sealed. It contains the application signature, because a
// new program has no id yet.
func keyPurpose(p store.Program, key string) string {
	return "acen/v1 program " + string(p.Signature) + " " + key
}

// NewProgramKeys makes new keys for a program and stores them sealed in p.
func (k *Keeper) NewProgramKeys(p *store.Program) error {
	var activation, serial [32]byte
	for _, key := range []*[32]byte{&activation, &serial} {
		if _, err := io.ReadFull(k.random, key[:]); err != nil {
			return err
		}
	}
	var err error
	if p.SealedActivation, err = k.Seal(keyPurpose(*p, "activation"), activation[:]); err != nil {
		return err
	}
	if p.SealedSerial, err = k.Seal(keyPurpose(*p, "serial"), serial[:]); err != nil {
		return err
	}
	p.PublicKey, p.SealedSigning, err = k.newSigningKey(*p, "signing")
	return err
}

func (k *Keeper) newSigningKey(p store.Program, name string) (public license.PublicKey, sealed []byte, err error) {
	signing, err := license.NewSigningKey(k.random)
	if err != nil {
		return public, nil, err
	}
	seed := signing.Seed()
	sealed, err = k.Seal(keyPurpose(p, name), seed[:])
	return signing.Public(), sealed, err
}

// PrepareSigningKey makes the next signing key. It signs nothing before UseNextKey, so that programs can be shipped
// with its public key first.
func (k *Keeper) PrepareSigningKey(p *store.Program) (err error) {
	_, p.SealedNext, err = k.newSigningKey(*p, "next")
	return err
}

// NextKey returns the public key of the prepared signing key, or nil if there is none.
func (k *Keeper) NextKey(p store.Program) (*license.PublicKey, error) {
	if p.SealedNext == nil {
		return nil, nil
	}
	seed, err := k.open32(keyPurpose(p, "next"), p.SealedNext)
	if err != nil {
		return nil, err
	}
	public := license.SigningKeyFromSeed(seed).Public()
	return &public, nil
}

// UseNextKey makes the prepared key the signing key. The former public key is kept: license files signed with that key
// stay valid.
func (k *Keeper) UseNextKey(p *store.Program) error {
	if p.SealedNext == nil {
		return errors.New("no signing key is prepared")
	}
	seed, err := k.open32(keyPurpose(*p, "next"), p.SealedNext)
	if err != nil {
		return err
	}
	if p.SealedSigning, err = k.Seal(keyPurpose(*p, "signing"), seed[:]); err != nil {
		return err
	}
	p.FormerKeys = append(p.FormerKeys, p.PublicKey)
	p.PublicKey, p.SealedNext = license.SigningKeyFromSeed(seed).Public(), nil
	return nil
}

// ActivationKey returns the program's activation key.
func (k *Keeper) ActivationKey(p store.Program) (license.ActivationKey, error) {
	b, err := k.open32(keyPurpose(p, "activation"), p.SealedActivation)
	return license.NewActivationKey(b), err
}

// SerialSeed returns the program's serial seed.
func (k *Keeper) SerialSeed(p store.Program) (license.SerialSeed, error) {
	b, err := k.open32(keyPurpose(p, "serial"), p.SealedSerial)
	return license.NewSerialSeed(b), err
}

// SigningKey returns the program's signing key.
func (k *Keeper) SigningKey(p store.Program) (license.SigningKey, error) {
	b, err := k.open32(keyPurpose(p, "signing"), p.SealedSigning)
	return license.SigningKeyFromSeed(b), err
}

// Serial returns the serial number that made an order of the program, or "" if none did. It is not stored, but computed
// from its id, its features and the seed (spec: codes "Serial number").
func (k *Keeper) Serial(p store.Program, o store.Order) (string, error) {
	if o.SerialID == 0 {
		return "", nil
	}
	seed, err := k.SerialSeed(p)
	if err != nil {
		return "", err
	}
	number, err := seed.Serial(uint32(p.ID), o.SerialID, o.SerialFeatures)
	if err != nil {
		return "", err
	}
	return number.String(), nil
}

// open32 opens a sealed value of 32 bytes.
func (k *Keeper) open32(purpose string, sealed []byte) (b [32]byte, err error) {
	value, err := k.Open(purpose, sealed)
	if err != nil || len(value) != len(b) {
		return b, ErrSealed
	}
	copy(b[:], value)
	return b, nil
}
