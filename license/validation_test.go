package license

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"aidanwoods.dev/go-paseto"
	"github.com/stretchr/testify/require"
)

func testValidation() (SigningKey, Validation) {
	return SigningKeyFromSeed([32]byte{1, 2, 3}), Validation{
		LicenseID: 20219,
		Site:      0xA91039B5,
		Nonce:     Nonce{1, 2, 3},
		IssuedAt:  time.Date(2027, 1, 5, 10, 0, 0, 0, time.UTC),
		State:     StateActive,
		Features:  54570,
	}
}

// byKey returns a key lookup with one key.
func byKey(p PublicKey) func(string) (PublicKey, bool) {
	return func(id string) (PublicKey, bool) { return p, id == p.KeyID() }
}

// A validation answer that was signed is parsed back, and others are refused (spec: codes "Validation answer").
func TestValidation(t *testing.T) {
	key, plain := testValidation()
	file, claims := testFile()
	license, err := file.Sign(claims)
	require.NoError(t, err)
	for name, change := range map[string]func(*Validation){
		"active":          func(*Validation) {},
		"ended":           func(v *Validation) { v.State = StateLost },
		"unknown word":    func(v *Validation) { v.State = "Paused" },
		"no features":     func(v *Validation) { v.Features = 0 },
		"all features":    func(v *Validation) { v.Features = 0xFFFF },
		"an end":          func(v *Validation) { v.Ends = time.Date(2031, 5, 4, 23, 59, 59, 0, time.UTC) },
		"an end long ago": func(v *Validation) { v.Ends = time.Date(2001, 5, 4, 23, 59, 59, 0, time.UTC) },
		"a new file":      func(v *Validation) { v.File = license },
		"a large file":    func(v *Validation) { v.File = strings.Repeat("x", MaxFile) },
	} {
		want := plain
		change(&want)
		v := want
		v.IssuedAt = v.IssuedAt.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))
		token, err := key.SignValidation(v)
		require.NoError(t, err, name)
		got, err := VerifyValidation(token, v.Nonce, byKey(key.Public()))
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)

		_, err = VerifyValidation(token, Nonce{1, 2, 4}, byKey(key.Public()))
		require.ErrorIs(t, err, ErrValidationNonce, name)
		_, err = VerifyReceipt(token, byKey(key.Public()))
		require.Error(t, err, "%s: an answer is not a receipt", name)
		_, err = key.Public().Verify(token)
		require.Error(t, err, "%s: an answer is not a license file", name)
	}
}

func TestSignValidationRefuses(t *testing.T) {
	key, good := testValidation()
	for name, spoil := range map[string]func(*Validation){
		"id":       func(v *Validation) { v.LicenseID = 0 },
		"no state": func(v *Validation) { v.State = "" },
		"no time":  func(v *Validation) { v.IssuedAt = time.Time{} },
		"year":     func(v *Validation) { v.Ends = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"size":     func(v *Validation) { v.File = strings.Repeat("x", 2*MaxFile) },
	} {
		v := good
		spoil(&v)
		_, err := key.SignValidation(v)
		require.ErrorIs(t, err, ErrValidationDamaged, name)
	}
}

func TestVerifyValidationKeys(t *testing.T) {
	key, want := testValidation()
	token, err := key.SignValidation(want)
	require.NoError(t, err)
	stranger := SigningKeyFromSeed([32]byte{4}).Public()
	_, err = VerifyValidation(token, want.Nonce, byKey(stranger))
	require.ErrorIs(t, err, ErrValidationKey)
	require.ErrorIs(t, err, ErrValidationSignature)
	_, err = VerifyValidation(token, want.Nonce, func(string) (PublicKey, bool) { return stranger, true })
	require.ErrorIs(t, err, ErrValidationSignature)
	require.NotErrorIs(t, err, ErrValidationKey)
	for _, text := range []string{"", token + "\n", " " + token, token + "==",
		token + strings.Repeat("A", MaxValidation)} {
		_, err := VerifyValidation(text, want.Nonce, byKey(key.Public()))
		require.ErrorIs(t, err, ErrValidationDamaged, "%.20q", text)
	}
}

// A signed token with a missing or ill-typed claim, or of another kind, is refused (spec: codes "Validation answer").
func TestMalformedValidations(t *testing.T) {
	key, v := testValidation()
	private, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(key.private())
	require.NoError(t, err)
	good := map[string]any{
		"jti": "20219", "site": "A91039B5", "nonce": v.Nonce.String(), "iat": "2027-01-05T10:00:00Z", "state": "Active",
		"features": 7,
	}
	verify := func(name string, value any, assertion string) error {
		claims := map[string]any{}
		for k, v := range good {
			claims[k] = v
		}
		if delete(claims, name); value != nil {
			claims[name] = value
		}
		body, err := json.Marshal(claims)
		require.NoError(t, err)
		token, err := paseto.NewTokenFromClaimsJSON(body, []byte(`{"kid":"`+key.Public().KeyID()+`"}`))
		require.NoError(t, err)
		_, err = VerifyValidation(token.V4Sign(private, []byte(assertion)), v.Nonce, byKey(key.Public()))
		return err
	}
	require.NoError(t, verify("x", nil, validations.assertion))
	require.NoError(t, verify("reason", "a claim of a newer server", validations.assertion), "fields are additive")
	require.NoError(t, verify("exp", "2001-01-01T00:00:00Z", validations.assertion), "no rule of time applies")
	for _, assertion := range []string{"", receipts.assertion, files.assertion, "acen/v1 validation"} {
		require.ErrorIs(t, verify("x", nil, assertion), ErrValidationSignature, assertion)
	}
	for name, values := range map[string][]any{
		"jti":      {"", "0", "-1", "+1", "007", "x", 7},
		"site":     {"", "a91039b5", "A91039B", "A910-39B5", 1},
		"nonce":    {"", "AQID", v.Nonce.String() + "==", v.Nonce.String()[:21] + "B", 16},
		"iat":      {"", "yesterday", 0, "2027-01-05T10:00:00.5Z", "2027-01-05T11:00:00+01:00"},
		"state":    {"", 1, []string{"Active"}},
		"features": {-1, 65536, 0.5, "7", true},
		"ends":     {"", "never", 0, "2031-05-04T23:59:59.5Z"},
		"file":     {"", 1},
	} {
		if name != "ends" && name != "file" {
			values = append(values, nil)
		}
		for _, value := range append(values, json.RawMessage("null")) {
			require.ErrorIs(t, verify(name, value, validations.assertion), ErrValidationDamaged, "%s = %v", name, value)
		}
	}
}

func TestNonce(t *testing.T) {
	n, err := NewNonce(strings.NewReader("0123456789abcdefg"))
	require.NoError(t, err)
	require.Equal(t, Nonce([]byte("0123456789abcdef")), n)
	read, err := ParseNonce(n.String())
	require.NoError(t, err)
	require.Equal(t, n, read)
	_, err = NewNonce(strings.NewReader("short"))
	require.Error(t, err)
	for _, text := range []string{"", "AAAA", n.String() + "=", n.String()[:4] + "\n" + n.String()[4:],
		n.String()[:21] + "h"} {
		_, err := ParseNonce(text)
		require.Error(t, err, "%q", text)
	}
}

// No other text than the signed one is accepted.
func FuzzValidation(f *testing.F) {
	key, v := testValidation()
	token, err := key.SignValidation(v)
	require.NoError(f, err)
	f.Add(token)
	f.Add("v4.public..")
	public := byKey(key.Public())
	f.Fuzz(func(t *testing.T, text string) {
		got, err := VerifyValidation(text, v.Nonce, public)
		switch {
		case err == nil && (text != token || got != v):
			t.Fatalf("%q is accepted as %+v", text, got)
		case err != nil && !errors.Is(err, ErrValidationDamaged) && !errors.Is(err, ErrValidationSignature):
			t.Fatalf("%q: %v", text, err)
		}
	})
}
