package guard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/dchest/captcha"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/picture"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/store"
)

// verificationLifetime is the time after which a verification number expires (spec: api 10).
const verificationLifetime = 5 * time.Minute

// NewVerification makes a verification number and returns its picture and, if sound is set, its sound.
func (g *Guard) NewVerification(ctx context.Context, sound bool) (out api.Verification, err error) {
	id, _, err := request.NewToken(g.random)
	if err != nil {
		return out, err
	}
	digits := make([]byte, api.VerificationDigits)
	for i := range digits {
		if digits[i], err = g.digit(); err != nil {
			return out, err
		}
	}
	out = api.Verification{ID: id, ExpiresAt: g.now().Add(verificationLifetime).UTC()}
	var seed [32]byte
	if _, err := io.ReadFull(g.random, seed[:]); err != nil {
		return out, err
	}
	if out.Image, err = picture.PNG(seed, digits); err != nil {
		return out, err
	}
	if sound {
		var wav bytes.Buffer
		if _, err := captcha.NewAudio(id, digits, "en").WriteTo(&wav); err != nil {
			return out, err
		}
		out.Sound = wav.Bytes()
	}
	number := make([]byte, len(digits))
	for i, d := range digits {
		number[i] = '0' + d
	}
	err = g.store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		now := g.now()
		return errors.Join(tx.Attempts.Prune(ctx, now, now.Add(-attemptRetention)),
			tx.Attempts.AddVerification(ctx, store.Verification{
				ID:         id,
				NumberHash: numberHash(id, string(number)),
				ExpiresAt:  out.ExpiresAt,
			}))
	})
	return out, err
}

// digit returns a uniformly distributed digit from 0 to 9.
func (g *Guard) digit() (byte, error) {
	var b [1]byte
	for {
		if _, err := io.ReadFull(g.random, b[:]); err != nil {
			return 0, err
		}
		if b[0] < 250 {
			return b[0] % 10, nil
		}
	}
}

func numberHash(id, number string) []byte {
	sum := sha256.Sum256([]byte(id + " " + number))
	return sum[:]
}

// Verify checks a verification number, which cannot be used again, right or wrong. A wrong number counts as a failure,
// a missing one does not.
func (g *Guard) Verify(ctx context.Context, tx store.Tx, a Attempt, answer api.VerificationAnswer) error {
	if answer == (api.VerificationAnswer{}) {
		return refuseVerification("The verification number is missing. Type the number in the picture.")
	}
	v, err := tx.Attempts.TakeVerification(ctx, answer.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	number := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, answer.Number)
	if err == nil && g.now().Before(v.ExpiresAt) &&
		subtle.ConstantTimeCompare(v.NumberHash, numberHash(v.ID, number)) == 1 {
		return nil
	}
	refusal := refuseVerification("The verification number does not match the picture, or the picture is too old.")
	return g.Fail(ctx, tx, a, store.FailureVerification, 0, refusal)
}

func refuseVerification(detail string) *api.Problem {
	refusal := api.NewProblem(api.ErrVerificationFailed, detail)
	refusal.Errors = []api.FieldError{{Location: "body.verification.number", Message: detail}}
	return refusal
}
