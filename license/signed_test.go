package license

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"aidanwoods.dev/go-paseto"
	"github.com/stretchr/testify/require"
)

// opened splits any v4.public token, with or without footer; it returns the zero token for other texts.
func opened(text string) token {
	parts := strings.Split(text, ".")
	if !strings.HasPrefix(text, header) || len(parts) > 4 {
		return token{}
	}
	signed, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(signed) < ed25519.SignatureSize {
		return token{}
	}
	end := len(signed) - ed25519.SignatureSize
	t := token{claims: signed[:end], signature: signed[end:]}
	if len(parts) == 4 {
		if t.footer, err = base64.RawURLEncoding.Strict().DecodeString(parts[3]); err != nil {
			return token{}
		}
	}
	return t
}

// matchesLibrary requires that this package and the PASETO library agree on a token, and that the library accepts every
// license file that this package parses.
func matchesLibrary(t *testing.T, key PublicKey, token, assertion string) (accepted bool) {
	t.Helper()
	public, err := paseto.NewV4AsymmetricPublicKeyFromBytes(key[:])
	require.NoError(t, err)
	parser := paseto.NewParserWithoutExpiryCheck()
	parsed, err := parser.ParseV4Public(public, token, []byte(assertion))
	accepted = err == nil
	if e, damaged := openFile(token); damaged == nil && !hasInvisible(token) {
		var members map[string]json.RawMessage // the library refuses a signed token whose payload is not an object
		require.Equal(t, accepted, e.signedBy(key, assertion) && json.Unmarshal(e.claims, &members) == nil, token)
		if accepted {
			require.Equal(t, parsed.Footer(), e.footer)
			if members != nil { // not null
				require.JSONEq(t, string(parsed.ClaimsJSON()), string(e.claims))
			}
		}
	}
	if _, err := key.Verify(token); err == nil && !hasInvisible(token) {
		_, err := parser.ParseV4Public(public, token, []byte(files.assertion))
		require.NoError(t, err, token)
	}
	return accepted
}

// This package and the PASETO library agree on signatures (spec: codes "License file").
func TestVerifyMatchesLibrary(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	public, other := key.Public(), SigningKeyFromSeed([32]byte{4}).Public()
	require.True(t, matchesLibrary(t, public, token, files.assertion))
	require.False(t, matchesLibrary(t, public, token, ""), "a token made for something else")
	require.False(t, matchesLibrary(t, other, token, files.assertion))
	require.False(t, matchesLibrary(t, PublicKey{}, token, files.assertion))
	for end := 0; end < len(token); end += 3 {
		require.False(t, matchesLibrary(t, public, token[:end], files.assertion), "cut off at %d", end)
		changed := []byte(token)
		changed[end] ^= 1
		require.False(t, matchesLibrary(t, public, string(changed), files.assertion), "changed at %d", end)
	}
	secret, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(key.private())
	require.NoError(t, err)
	for _, foot := range []string{`{"kid":"a"}`, `{"kid":"b","x":1}`, `{}`, ``} {
		for _, body := range []string{`{}`, `{"iss":"x","n":[1,2,{"m":null}]}`} {
			made, err := paseto.NewTokenFromClaimsJSON([]byte(body), []byte(foot))
			require.NoError(t, err)
			for _, assertion := range []string{files.assertion, "", "x"} {
				require.True(t, matchesLibrary(t, public, made.V4Sign(secret, []byte(assertion)), assertion), "%s %s", body, foot)
			}
		}
	}
	parts := strings.Split(token, ".")
	for _, moved := range []string{ // the signed message separates its parts
		"v4.public." + parts[2] + "." + parts[3] + "AA", "v4.public." + parts[2] + "." + parts[3] + ".",
		"v3.public." + parts[2] + "." + parts[3], "v4.local." + parts[2] + "." + parts[3],
		"v4.public." + parts[2] + ".", "v4.public." + parts[2], "V4.public." + parts[2] + "." + parts[3],
	} {
		require.False(t, matchesLibrary(t, public, moved, files.assertion), moved)
	}
}

// This package and the library agree for any claims, footer, assertion and signature.
func FuzzVerifyMatchesLibrary(f *testing.F) {
	key, file := testFile()
	signed, err := key.Sign(file)
	require.NoError(f, err)
	e := opened(signed)
	f.Add(signed, e.claims, e.footer, files.assertion, byte(0))
	f.Add("v4.public..", []byte(`{}`), []byte(`{"kid":"x"}`), "", byte(1))
	f.Add(signed+"\n", []byte(`null`), []byte(`{"kid":"x"}`), "x", byte(0))
	f.Add("v4.public.AAAA.e30", []byte(`[]`), []byte{}, "acen", byte(64))
	f.Fuzz(func(t *testing.T, original string, body, foot []byte, assertion string, flip byte) {
		matchesLibrary(t, key.Public(), original, assertion)
		made := token{claims: body, footer: foot}
		made.signature = ed25519.Sign(key.private(), made.signed(assertion))
		made.signature[flip%ed25519.SignatureSize] ^= flip
		text := header + base64.RawURLEncoding.EncodeToString(append(bytes.Clone(body), made.signature...)) + "." +
			base64.RawURLEncoding.EncodeToString(foot)
		require.Equal(t, flip == 0, made.signedBy(key.Public(), assertion))
		matchesLibrary(t, key.Public(), text, assertion)
	})
}
