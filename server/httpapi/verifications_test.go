package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/servertest"
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

func TestVerificationSound(t *testing.T) {
	w := servertest.NewWorld(t)
	status, body := servertest.Client{Server: w.Server, T: t}.Call("POST", "/verifications?sound=true", nil)
	require.Equal(t, 201, status)
	var v api.Verification
	require.NoError(t, json.Unmarshal(body, &v))
	require.Equal(t, "RIFF", string(v.Sound[:4]))
	require.Equal(t, w.Clock.Now().Add(5*time.Minute), v.ExpiresAt)
	_, body = servertest.Client{Server: w.Server, T: t}.Call("POST", "/verifications", nil)
	require.NotContains(t, string(body), "sound")
	number, err := solveVerification(t.Context(), w.Store, v.ID)
	require.NoError(t, err, "the server stores the hash of six digits")
	require.Len(t, number, api.VerificationDigits)
}
