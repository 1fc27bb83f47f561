package license

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"aidanwoods.dev/go-paseto"
	"github.com/stretchr/testify/require"
)

func testFile() (SigningKey, File) {
	key := SigningKeyFromSeed([32]byte{1, 2, 3})
	return key, File{
		Issuer:         "Lumen",
		ID:             20871,
		IssuedAt:       time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		Expires:        time.Date(2027, 1, 1, 23, 59, 59, 0, time.UTC),
		ProgramID:      7,
		ProgramName:    "Lumen Render Node",
		Signature:      "LUMENRND",
		Order:          1037,
		Codes:          Codes{0x7183EC4D, 0x83A934290090B3F5},
		ActivationCode: ActivationCode{1, 2, 3},
		Features:       5,
		Policy:         DefaultPolicy(),
		Seed:           NewRemovalSeed([16]byte{9, 9}),
		Note:           "Büro \"Süd\" 🖥",
	}
}

// A license file that was signed is parsed back (spec: codes "License file", files "License file").
func TestLicenseFile(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	got, err := key.Public().Verify("\ufeff " + token[:40] + "\r\n" + token[40:] + "\n")
	require.NoError(t, err)
	require.Equal(t, f, got)
	id, err := FileKeyID(token)
	require.NoError(t, err)
	require.Equal(t, key.Public().KeyID(), id)

	_, err = SigningKeyFromSeed([32]byte{4}).Public().Verify(token)
	require.ErrorIs(t, err, ErrFileSignature)
	for i := 20; i < len(token); i += 7 {
		changed := []byte(token)
		changed[i] ^= 1
		_, err := key.Public().Verify(string(changed))
		require.Error(t, err, "byte %d", i)
	}
	for _, damaged := range []string{"", "v4.public.", "v4.public.AAAA.e30", "v4.local.AAAA.e30",
		strings.Repeat("x", MaxFile+1), token + "x", token[:len(token)-1]} {
		_, err := key.Public().Verify(damaged)
		require.Error(t, err)
	}
	require.Equal(t, "lumen-render-node-20871.acen", FileName("Lumen Render Node", 20871))
	require.Equal(t, "license-1.acen", FileName("../..", 1))
	require.Equal(t, "日本語-2.acen", FileName("日本語", 2))
}

// A license file of the older scheme is recognized only if the program's key signed it (spec: files "License file").
func TestOlderLicenseFile(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	parser := paseto.NewParserWithoutExpiryCheck()
	public, err := paseto.NewV4AsymmetricPublicKeyFromBytes(func() []byte { p := key.Public(); return p[:] }())
	require.NoError(t, err)
	parsed, err := parser.ParseV4Public(public, token, []byte(files.assertion))
	require.NoError(t, err)
	sign := func(by SigningKey, assertion string) string {
		private, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(by.private())
		require.NoError(t, err)
		older, err := paseto.NewTokenFromClaimsJSON(parsed.ClaimsJSON(), parsed.Footer())
		require.NoError(t, err)
		return older.V4Sign(private, []byte(assertion))
	}
	older := sign(key, "acen/v1 license")
	got, err := key.Public().Verify(older)
	require.ErrorIs(t, err, ErrOlderVersion)
	require.ErrorIs(t, err, ErrFileSignature, "it is refused like any file that is not signed for this version")
	require.Zero(t, got, "nothing of it is read")
	_, err = VerifyFile(older, func(string) (PublicKey, bool) { return PublicKey{}, false })
	require.ErrorIs(t, err, ErrFileKey)
	require.NotErrorIs(t, err, ErrOlderVersion)

	changed := []byte(older)
	changed[len(header)+20] ^= 1
	for name, other := range map[string]string{
		"another key": sign(SigningKeyFromSeed([32]byte{4}), "acen/v1 license"),
		"a receipt":   sign(key, "acen/v1 receipt"),
		"no scheme":   sign(key, ""),
		"a later one": sign(key, "acen/v3 license"),
		"changed":     string(changed),
	} {
		_, err := key.Public().Verify(other)
		require.ErrorIs(t, err, ErrFileSignature, name)
		require.NotErrorIs(t, err, ErrOlderVersion, name)
	}
}

func TestVerifyFileKeys(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	known := map[string]PublicKey{key.Public().KeyID(): key.Public()}
	find := func(id string) (PublicKey, bool) { p, ok := known[id]; return p, ok }
	got, err := VerifyFile(token, find)
	require.NoError(t, err)
	require.Equal(t, f, got)

	stranger, err := SigningKeyFromSeed([32]byte{4}).Sign(f)
	require.NoError(t, err)
	_, err = VerifyFile(stranger, find)
	require.ErrorIs(t, err, ErrFileKey)
	require.ErrorIs(t, err, ErrFileSignature)
	_, err = VerifyFile("v4.public.AAAA.e30", func(string) (PublicKey, bool) {
		t.Error("a key is looked for")
		return PublicKey{}, false
	})
	require.ErrorIs(t, err, ErrFileDamaged)
}

func FuzzLicenseFile(f *testing.F) {
	key, file := testFile()
	token, err := key.Sign(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("v4.public..")
	for _, body := range []string{
		`{"iss":"Lumen","jti":"1","iat":"2026-11-24T12:00:00Z","program":{"id":7,"name":"x"},` +
			`"signature":"LUMENRND","order":1,"site":"7183EC4D","mid":"83A9-3429-0090-B3F5",` +
			`"code":"01020300-00000000-00000000-00000000","features":5,` +
			`"policy":{"enabled":true,"max_hardware_changes":1,"changeable":["HD_ID"]},` +
			`"seed":"CQkAAAAAAAAAAAAAAAAAAA","note":""}`,
		`{"program":null}`, `[]`, `{"iat":"+10000-01-01T00:00:00Z"}`,
	} {
		if _, err := fileFromClaims([]byte(body)); len(body) > 100 && err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	public := key.Public()
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = FileKeyID(text)
		if _, err := public.Verify(text); err == nil &&
			strings.Join(strings.Fields(strings.ReplaceAll(text, "\ufeff", "")), "") != token {
			t.Fatal("another file than the signed one was accepted")
		}
		_, _ = fileFromClaims([]byte(text))
	})
}

func BenchmarkVerifyFile(b *testing.B) {
	key, f := testFile()
	token, err := key.Sign(f)
	if err != nil {
		b.Fatal(err)
	}
	public := key.Public()
	for b.Loop() {
		if _, err := public.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

// A signed token with a missing, ill-typed or out-of-range claim is refused with the claim's name (spec: files
// "License file").
func TestMalformedClaims(t *testing.T) {
	key, file := testFile()
	token, err := key.Sign(file)
	require.NoError(t, err)
	parser := paseto.NewParserWithoutExpiryCheck()
	public, err := paseto.NewV4AsymmetricPublicKeyFromBytes(func() []byte { p := key.Public(); return p[:] }())
	require.NoError(t, err)
	parsed, err := parser.ParseV4Public(public, token, []byte(files.assertion))
	require.NoError(t, err)
	private, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(key.private())
	require.NoError(t, err)
	sign := func(body []byte, assertion string) string {
		changed, err := paseto.NewTokenFromClaimsJSON(body, parsed.Footer())
		require.NoError(t, err)
		return changed.V4Sign(private, []byte(assertion))
	}
	_, err = key.Public().Verify(sign(parsed.ClaimsJSON(), files.assertion))
	require.NoError(t, err)
	_, err = key.Public().Verify(sign(parsed.ClaimsJSON(), ""))
	require.ErrorIs(t, err, ErrFileSignature, "a token made for something else")

	optional := map[string]bool{"exp": true, "note": true}
	wrong := map[string][]any{
		"iss": {1, nil}, "jti": {"", "0", "-1", "x", 7, "99999999999999999999"},
		"iat":       {"", "yesterday", 0, "0001-01-01T00:00:00Z"},
		"exp":       {"", "never", 0, "0001-01-01T00:00:00Z"},
		"program":   {nil, 7, map[string]any{}, map[string]any{"id": -1, "name": "x"}},
		"signature": {"", "SHORT", "Ünïcode", 1}, "order": {0, -1, "1", 1.5}, "site": {"", "7183ec4d", "7183EC4", 1},
		"mid":  {"", "83A934290090B3F5", nil},
		"code": {"", "01020300", "01020300000000000000000000000000"}, "features": {-1, 65536, "x", nil, 1.5},
		"policy": {nil, 1, map[string]any{"max_hardware_changes": -1}, map[string]any{"max_hardware_changes": 8},
			map[string]any{"changeable": []string{"GPU"}}, map[string]any{"changeable": []string{"HD_ID", "HD_ID"}}},
		"seed": {"", "AAAA", "!!", "CQkAAAAAAAAAAAAAAAAAAA=="}, "note": {1, []string{}},
	}
	claimed := map[string]any{}
	require.NoError(t, json.Unmarshal(parsed.ClaimsJSON(), &claimed))
	for name := range claimed {
		require.Contains(t, wrong, name, "no test changes this claim")
		without := map[string]any{}
		for k, v := range claimed {
			if k != name {
				without[k] = v
			}
		}
		body, err := json.Marshal(without)
		require.NoError(t, err)
		_, err = key.Public().Verify(sign(body, files.assertion))
		if optional[name] {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, ErrFileDamaged, name)
		}
		for _, value := range wrong[name] {
			without[name] = value
			body, err := json.Marshal(without)
			require.NoError(t, err)
			_, err = key.Public().Verify(sign(body, files.assertion))
			require.ErrorIs(t, err, ErrFileDamaged, "%s = %v", name, value)
		}
	}
}

// Sign does not produce a file that Verify refuses.
func TestSignInvalid(t *testing.T) {
	key, good := testFile()
	for name, spoil := range map[string]func(*File){
		"id":        func(f *File) { f.ID = 0 },
		"order":     func(f *File) { f.Order = 0 },
		"program":   func(f *File) { f.ProgramID = 0 },
		"signature": func(f *File) { f.Signature = "X" },
		"issued":    func(f *File) { f.IssuedAt = time.Time{} },
		"policy":    func(f *File) { f.Policy.MaxHardwareChanges = 8 },
		"lock":      func(f *File) { f.Policy.Changeable = []Lock{9} },
		"UTF-8":     func(f *File) { f.Note = "\xff" },
		"size":      func(f *File) { f.ProgramName = strings.Repeat("x", MaxFile) },
		"year":      func(f *File) { f.Expires = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		f := good
		spoil(&f)
		_, err := key.Sign(f)
		require.Error(t, err, name)
	}
	good.Policy.Changeable = []Lock{NETID, NETID}
	good.Expires = time.Time{}
	token, err := key.Sign(good)
	require.NoError(t, err)
	read, err := key.Public().Verify(token)
	require.NoError(t, err)
	require.Equal(t, []Lock{NETID}, read.Policy.Changeable)
	require.True(t, read.Expires.IsZero())
	require.False(t, read.Expired(time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)))
}

func TestKeys(t *testing.T) {
	_, err := NewSigningKey(strings.NewReader("too short"))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	key, err := NewSigningKey(strings.NewReader(strings.Repeat("k", 32)))
	require.NoError(t, err)
	public := key.Public()
	require.Equal(t, public, SigningKeyFromSeed(key.Seed()).Public())
	parsed, err := ParsePublicKey(public.String())
	require.NoError(t, err)
	require.Equal(t, public, parsed)
	require.True(t, strings.HasPrefix(public.Fingerprint(), public.KeyID()))
	require.Len(t, public.KeyID(), 16)
	for _, bad := range []string{"", "zz", public.String()[:62], public.String() + "00"} {
		_, err := ParsePublicKey(bad)
		require.ErrorIs(t, err, ErrKey)
	}
	require.NotPanics(t, func() { _ = SigningKey{}.Public() })
}

// A key ID is read before verification, so it must be safe for logs and queries (spec: files "License file").
func TestUnverifiedKeyID(t *testing.T) {
	key, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(SigningKeyFromSeed([32]byte{}).private())
	require.NoError(t, err)
	for foot, ok := range map[string]bool{
		`{"kid":"k4.pid.9ShR3xc8-qVJ_di0tc9nx0IDIqbatdeM2mqLFBJsKRHs"}`: true,
		`{"kid":""}`: false, `{"kid":1}`: false, `{}`: false, `kid`: false, ``: false, `{"kid":"a\nb"}`: false,
		fmt.Sprintf(`{"kid":%q}`, strings.Repeat("a", 129)): false,
	} {
		token, err := paseto.NewTokenFromClaimsJSON([]byte(`{}`), []byte(foot))
		require.NoError(t, err)
		id, err := FileKeyID(token.V4Sign(key, nil))
		require.Equal(t, ok, err == nil, foot)
		require.Equal(t, ok, id != "", foot)
		if err != nil {
			require.ErrorIs(t, err, ErrFileDamaged)
		}
	}
}

func TestUnverifiedFile(t *testing.T) {
	key, f := testFile()
	token, err := key.Sign(f)
	require.NoError(t, err)
	claimed, err := UnverifiedFile(token)
	require.NoError(t, err)
	require.Equal(t, f, claimed)
	parts := strings.Split(token, ".")
	for name, text := range map[string]string{
		"nothing": "", "no footer": strings.Join(parts[:3], "."), "no claims": "v4.public.AAAA." + parts[3],
		"no base64": "v4.public.!!!." + parts[3],
		"too large": strings.Repeat("A", MaxFile+1),
	} {
		_, err := UnverifiedFile(text)
		require.ErrorIs(t, err, ErrFileDamaged, name)
	}
}
