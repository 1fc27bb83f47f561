package license

import (
	"errors"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

var mutations = flag.Int("mutations", 3000, "how many mutated tokens of each kind are verified")

// Few inputs of a fuzzer pass the checks before the signature. Here all do: tokens with mutated claims, signature or
// footer, or composed of two tokens, are refused as any kind and do not panic.
func TestMutatedTokens(t *testing.T) {
	signer, f := testFile()
	other := f
	other.ID, other.Features = f.ID+1, ^f.Features
	_, r := testReceipt()
	_, v := testValidation()
	sign := func(text string, err error) token {
		require.NoError(t, err)
		e, err := open(text)
		require.NoError(t, err)
		return e
	}
	kinds := []token{
		sign(signer.Sign(f)), sign(signer.SignReceipt(r)), sign(signer.SignValidation(v)), sign(signer.Sign(other)),
	}
	public := byKey(signer.Public())
	random := rand.New(rand.NewPCG(2, 17)) // deterministic
	reached := 0
	for i, original := range kinds[:3] {
		for n := range *mutations {
			e := mutated(random, original, kinds[random.IntN(len(kinds))])
			token := header + strict.EncodeToString(append(append([]byte{}, e.claims...), e.signature...)) + "." +
				strict.EncodeToString(e.footer)
			_, fileErr := VerifyFile(token, public)
			_, receiptErr := VerifyReceipt(token, public)
			_, validationErr := VerifyValidation(token, v.Nonce, public)
			if fileErr == nil || receiptErr == nil || validationErr == nil {
				t.Fatalf("kind %d, mutation %d is accepted: %s", i, n, token)
			}
			if errors.Is(fileErr, ErrFileSignature) && !errors.Is(fileErr, ErrFileKey) {
				reached++
			}
		}
	}
	require.Greater(t, reached, 3**mutations*3/4, "most reach the signature")
}

// mutated returns a token with changes, sometimes with a part of another one. It never equals either of the two.
func mutated(random *rand.Rand, e, other token) token {
	clone := token{
		keyID:     e.keyID,
		claims:    append([]byte{}, e.claims...),
		signature: append([]byte{}, e.signature...),
		footer:    append([]byte{}, e.footer...),
	}
	same := string(other.signature) == string(e.signature)
	switch what := random.IntN(16); {
	case what == 0 && !same:
		clone.claims = append([]byte{}, other.claims...)
		return clone
	case what == 1 && !same:
		clone.signature = append([]byte{}, other.signature...)
		return clone
	case what == 2: // an added or removed byte
		at := random.IntN(len(clone.claims))
		if random.IntN(2) == 0 {
			clone.claims = append(clone.claims[:at], clone.claims[at+1:]...)
		} else {
			clone.claims = append(clone.claims[:at], append([]byte{byte(random.Uint32())}, clone.claims[at:]...)...)
		}
		return clone
	case what == 3: // a byte moved from the signature to the claims
		clone.claims, clone.signature = append(clone.claims, clone.signature[0]),
			append(clone.signature[1:], byte(random.Uint32()))
		return clone
	}
	flipped := map[int]bool{}
	for range 1 + random.IntN(3) {
		part := clone.claims
		switch random.IntN(16) {
		case 0, 1, 2, 3, 4, 5:
			part = clone.signature
		case 6:
			part = clone.footer
		}
		bit := random.IntN(8 * len(part))
		if key := bit<<2 | len(part)&3; !flipped[key] { // flipping a bit twice restores it
			flipped[key] = true
			part[bit/8] ^= 1 << (bit % 8)
		}
	}
	return clone
}
