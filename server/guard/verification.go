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

// verificationLife is the time after which a verification number expires (spec: api 10).
const verificationLife = 5 * time.Minute

// NewVerification returns a picture, and on request a sound, of a new number that can be used for one attempt.
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
	out = api.Verification{ID: id, ExpiresAt: g.now().Add(verificationLife).UTC()}
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
	err = g.store.Write(ctx, func(tx store.Tx) error {
		now := g.now()
		return errors.Join(tx.PruneAttempts(ctx, now, now.Add(-attemptsKept)),
			tx.AddVerification(ctx, store.Verification{
				ID:         id,
				NumberHash: numberHash(id, string(number)),
				ExpiresAt:  out.ExpiresAt,
			}))
	})
	return out, err
}

// digit returns a random digit from 0 to 9, each as likely as the others.
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

// Verify checks a verification number and uses it up, right or wrong. A wrong one counts as a failure, a missing one
// does not.
func (g *Guard) Verify(ctx context.Context, tx store.Tx, a Attempt, answer api.VerificationAnswer) error {
	if answer == (api.VerificationAnswer{}) {
		return refuseVerification("The verification number is missing. Type the number in the picture.")
	}
	v, err := tx.TakeVerification(ctx, answer.ID)
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
	refusal := refuseVerification("The verification number is not the one in the picture, or the picture is too old.")
	return g.Fail(ctx, tx, a, store.FailureVerification, 0, refusal)
}

func refuseVerification(detail string) *api.Problem {
	refusal := api.NewProblem(api.ErrVerificationFailed, detail)
	refusal.Errors = []api.FieldError{{Location: "body.verification.number", Message: detail}}
	return refusal
}
