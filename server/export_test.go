package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/server/store"
)

var errFound = errors.New("found")

// SolveVerification finds the number of a picture by trying all of them; the number stays good.
func SolveVerification(ctx context.Context, s store.Store, id string) (number string, err error) {
	err = s.Write(ctx, func(tx store.Tx) error {
		v, err := tx.TakeVerification(ctx, id)
		if err != nil {
			return err
		}
		for n := range 1_000_000 {
			if number = fmt.Sprintf("%06d", n); bytes.Equal(v.NumberHash, hashOf(id, number)) {
				return errFound // undoes the taking
			}
		}
		return errors.New("the hash is of no number")
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return number, err
}

// KnowVerification gives a picture's row a number that the test knows, which is quicker than finding the one that it has.
func KnowVerification(ctx context.Context, s store.Store, id string) (number string, err error) {
	const known = "314159"
	return known, s.Write(ctx, func(tx store.Tx) error {
		v, err := tx.TakeVerification(ctx, id)
		if err != nil {
			return err
		}
		v.NumberHash = hashOf(id, known)
		return tx.AddVerification(ctx, v)
	})
}

func hashOf(id, number string) []byte {
	sum := sha256.Sum256([]byte(id + " " + number))
	return sum[:]
}
