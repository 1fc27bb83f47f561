package server_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/acen-desktop/acen/server/store"
)

var errFound = errors.New("found")

// solveVerification finds the number of a verification by trying all of them. The number stays valid.
func solveVerification(ctx context.Context, s store.Store, id string) (number string, err error) {
	err = s.Write(ctx, store.NoLock, func(tx store.Tx) error {
		v, err := tx.Attempts.TakeVerification(ctx, id)
		if err != nil {
			return err
		}
		for n := range 1_000_000 {
			number = fmt.Sprintf("%06d", n)
			if hash := sha256.Sum256([]byte(id + " " + number)); bytes.Equal(v.NumberHash, hash[:]) {
				return errFound // rolls back TakeVerification
			}
		}
		return errors.New("the hash is of no number")
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return number, err
}
