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

// opened takes any v4.public token apart, also one without a footer, which no license file is; else it returns nothing.
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

// asTheLibrary requires that our verification and the library's say the same of a token, and that a license file that
// is read was accepted by the library.
func asTheLibrary(t *testing.T, key PublicKey, token, assertion string) (accepted bool) {
	t.Helper()
	public, err := paseto.NewV4AsymmetricPublicKeyFromBytes(key[:])
	require.NoError(t, err)
	parser := paseto.NewParserWithoutExpiryCheck()
	parsed, err := parser.ParseV4Public(public, token, []byte(assertion))
	accepted = err == nil
	if e, damaged := openFile(token); damaged == nil && !hasStray(token) {
		var members map[string]json.RawMessage // the library refuses a token that is properly signed and holds no object
		require.Equal(t, accepted, e.signedBy(key, assertion) && json.Unmarshal(e.claims, &members) == nil, token)
		if accepted {
			require.Equal(t, parsed.Footer(), e.footer)
			if members != nil { // not null
				require.JSONEq(t, string(parsed.ClaimsJSON()), string(e.claims))
			}
		}
	}
	if _, err := key.Verify(token); err == nil && !hasStray(token) {
		_, err := parser.ParseV4Public(public, token, []byte(files.assertion))
		require.NoError(t, err, token)
	}
	return accepted
}

// TestVerifiedAsByTheLibrary covers that our verification and the PASETO library agree (spec: codes "License file").
func TestVerifiedAsByTheLibrary(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	public, other := key.Public(), SigningKeyFromSeed([32]byte{4}).Public()
	require.True(t, asTheLibrary(t, public, token, files.assertion))
	require.False(t, asTheLibrary(t, public, token, ""), "a token made for something else")
	require.False(t, asTheLibrary(t, other, token, files.assertion))
	require.False(t, asTheLibrary(t, PublicKey{}, token, files.assertion))
	for end := 0; end < len(token); end += 3 {
		require.False(t, asTheLibrary(t, public, token[:end], files.assertion), "cut off at %d", end)
		changed := []byte(token)
		changed[end] ^= 1
		require.False(t, asTheLibrary(t, public, string(changed), files.assertion), "changed at %d", end)
	}
	secret, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(key.private())
	require.NoError(t, err)
	for _, foot := range []string{`{"kid":"a"}`, `{"kid":"b","x":1}`, `{}`, ``} {
		for _, body := range []string{`{}`, `{"iss":"x","n":[1,2,{"m":null}]}`} {
			made, err := paseto.NewTokenFromClaimsJSON([]byte(body), []byte(foot))
			require.NoError(t, err)
			for _, assertion := range []string{files.assertion, "", "x"} {
				require.True(t, asTheLibrary(t, public, made.V4Sign(secret, []byte(assertion)), assertion), "%s %s", body, foot)
			}
		}
	}
	parts := strings.Split(token, ".")
	for _, moved := range []string{ // what is signed tells its parts apart
		"v4.public." + parts[2] + "." + parts[3] + "AA", "v4.public." + parts[2] + "." + parts[3] + ".",
		"v3.public." + parts[2] + "." + parts[3], "v4.local." + parts[2] + "." + parts[3],
		"v4.public." + parts[2] + ".", "v4.public." + parts[2], "V4.public." + parts[2] + "." + parts[3],
	} {
		require.False(t, asTheLibrary(t, public, moved, files.assertion), moved)
	}
}

// Whatever stands in the place of claims, footer, assertion and signature: the library and ours say the same.
func FuzzVerifiedAsByTheLibrary(f *testing.F) {
	key, file := testFile()
	signed, err := key.Sign(file)
	require.NoError(f, err)
	e := opened(signed)
	f.Add(signed, e.claims, e.footer, files.assertion, byte(0))
	f.Add("v4.public..", []byte(`{}`), []byte(`{"kid":"x"}`), "", byte(1))
	f.Add(signed+"\n", []byte(`null`), []byte(`{"kid":"x"}`), "x", byte(0))
	f.Add("v4.public.AAAA.e30", []byte(`[]`), []byte{}, "acen", byte(64))
	f.Fuzz(func(t *testing.T, original string, body, foot []byte, assertion string, flip byte) {
		asTheLibrary(t, key.Public(), original, assertion)
		made := token{claims: body, footer: foot}
		made.signature = ed25519.Sign(key.private(), made.signed(assertion))
		made.signature[flip%ed25519.SignatureSize] ^= flip
		text := header + base64.RawURLEncoding.EncodeToString(append(bytes.Clone(body), made.signature...)) + "." +
			base64.RawURLEncoding.EncodeToString(foot)
		require.Equal(t, flip == 0, made.signedBy(key.Public(), assertion))
		asTheLibrary(t, key.Public(), text, assertion)
	})
}
