package license

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"aidanwoods.dev/go-paseto"
	"github.com/stretchr/testify/require"
)

var moreVectors = flag.String("vectors", "", "a further file of test vectors to run")

type vectorFile struct {
	Scheme      string             `json:"scheme"`
	Cases       []codeVector       `json:"cases"`
	Comparisons []comparisonVector `json:"comparisons"`
	RawValues   []rawVector        `json:"raw_values"`
	Tokens      []tokenVector      `json:"tokens"`
}

type codeVector struct {
	Signature         string            `json:"application_signature"`
	Locks             map[string]string `json:"locks"`
	LockValues        map[string]uint16 `json:"lock_values"`
	Generation        uint16            `json:"generation"`
	SiteCode          string            `json:"site_code"`
	MachineID         string            `json:"machine_id"`
	Merged            string            `json:"merged"`
	MismatchedMachine string            `json:"mismatched_machine_id"`
	ActivationKey     string            `json:"activation_key"`
	Features          uint16            `json:"features"`
	ExpiryDays        int               `json:"expiry_days_since_2020"`
	Issue             uint16            `json:"issue"`
	ActivationCode    string            `json:"activation_code"`
	RemovalSeed       string            `json:"removal_seed"`
	RemovalCode       string            `json:"removal_code"`
	SerialSeed        string            `json:"serial_seed"`
	ProgramID         uint32            `json:"program_id"`
	SerialID          uint32            `json:"serial_id"`
	SerialFeatures    uint16            `json:"serial_features"`
	SerialNumber      string            `json:"serial_number"`
}

// comparisonVector is a comparison of two blocks, each given as the values of its locks.
type comparisonVector struct {
	Then   []uint16 `json:"then"`
	Now    []uint16 `json:"now"`
	Policy struct {
		Enabled            bool   `json:"enabled"`
		MaxHardwareChanges int    `json:"max_hardware_changes"`
		Changeable         []Lock `json:"changeable"`
	} `json:"policy"`
	States          map[string]string `json:"states"`
	HardwareChanges int               `json:"hardware_changes"`
	Accepted        bool              `json:"accepted"`
	Reasons         []string          `json:"reasons"`
}

// rawVector is a raw lock value, its normal form, and for which locks it is unreadable.
type rawVector struct {
	Raw        string          `json:"raw"`
	Normalized string          `json:"normalized"`
	Unreadable map[string]bool `json:"unreadable"`
}

// tokenVector is a license file, a receipt or a validation answer, with its fault.
type tokenVector struct {
	Kind      string          `json:"kind"`
	PublicKey string          `json:"public_key"`
	KeyID     string          `json:"key_id"`
	Claims    json.RawMessage `json:"claims"`
	Nonce     string          `json:"nonce"`
	Token     string          `json:"token"`
	Valid     bool            `json:"valid"`
	Wrong     string          `json:"wrong"`
}

// TestVectors runs the test vectors of the scheme, and those of another file: go test ./license -run TestVectors
// -args -vectors=FILE (spec: codes "Keys of a program", codes "Lock values", codes "Site code and Machine ID", codes
// "Activation code", codes "License file", codes "Removal code", codes "Serial number").
func TestVectors(t *testing.T) {
	const edges = "../docs/spec/vectors/codes-edges.json" // has cases only
	files := []string{"../docs/spec/vectors/codes.json", edges}
	if *moreVectors != "" {
		files = append(files, *moreVectors)
	}
	for _, name := range files {
		var f vectorFile
		readVectors(t, name, &f)
		require.Equal(t, "acen/v2", f.Scheme)
		require.NotEmpty(t, f.Cases, name)
		if name != edges {
			require.NotEmpty(t, f.Comparisons, name)
			require.NotEmpty(t, f.RawValues, name)
			require.NotEmpty(t, f.Tokens, name)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			for _, v := range f.Cases {
				t.Run(v.SiteCode+"/"+v.MachineID, v.check)
			}
			for i, v := range f.Comparisons {
				t.Run(fmt.Sprintf("comparison/%d", i), v.check)
			}
			for i, v := range f.RawValues {
				t.Run(fmt.Sprintf("raw/%d", i), v.check)
			}
			for i, v := range f.Tokens {
				t.Run(fmt.Sprintf("token/%d_%s_%s", i, v.Kind, v.Wrong), v.check)
			}
		})
	}
}

func (v comparisonVector) check(t *testing.T) {
	policy := Policy{
		Enabled:            v.Policy.Enabled,
		MaxHardwareChanges: v.Policy.MaxHardwareChanges,
		Changeable:         v.Policy.Changeable,
	}
	require.Len(t, v.Then, LockCount)
	require.Len(t, v.Now, LockCount)
	for _, l := range v.Policy.Changeable {
		require.True(t, l.valid(), "lock %d", l)
	}
	got := Compare(newBlock([LockCount]uint16(v.Then)), newBlock([LockCount]uint16(v.Now)), policy)
	states, reasons := map[string]string{}, []string{}
	for _, l := range got.Locks {
		states[l.Lock.String()] = l.State.String()
	}
	for _, r := range got.Reasons {
		reasons = append(reasons, r.Name())
	}
	require.Equal(t, v.States, states)
	require.Equal(t, v.HardwareChanges, got.HardwareChanges)
	require.Equal(t, v.Reasons, reasons)
	require.Equal(t, v.Accepted, got.Accepted)
}

func (v rawVector) check(t *testing.T) {
	require.Equal(t, v.Normalized, Normalize(v.Raw))
	require.Len(t, v.Unreadable, LockCount)
	for name, unreadable := range v.Unreadable {
		l, err := ParseLock(name)
		require.NoError(t, err)
		normalized, ok := Readable(l, v.Raw)
		require.Equal(t, !unreadable, ok, "%s: %q", name, v.Raw)
		if ok {
			require.Equal(t, v.Normalized, normalized)
		}
	}
}

// check verifies the token as its kind. The content of a valid token, signed again, has the same claims.
func (v tokenVector) check(t *testing.T) {
	public, err := ParsePublicKey(v.PublicKey)
	require.NoError(t, err)
	require.Equal(t, v.Wrong != "key", v.KeyID == public.KeyID())
	byID := func(id string) (PublicKey, bool) { return public, id == v.KeyID }
	ours := SigningKeyFromSeed([32]byte{1})
	var read, signature, other error
	var again string
	switch v.Kind {
	case "license":
		f, err := VerifyFile(v.Token, byID)
		again, read, signature = resigned(t, err, f, ours.Sign), err, ErrFileSignature
		_, other = VerifyReceipt(v.Token, byID)
	case "receipt":
		r, err := VerifyReceipt(v.Token, byID)
		again, read, signature = resigned(t, err, r, ours.SignReceipt), err, ErrReceiptSignature
		_, other = VerifyFile(v.Token, byID)
	case "validation":
		nonce, err := ParseNonce(v.Nonce)
		require.NoError(t, err)
		a, err := VerifyValidation(v.Token, nonce, byID)
		again, read, signature = resigned(t, err, a, ours.SignValidation), err, ErrValidationSignature
		_, other = VerifyReceipt(v.Token, byID)
	default:
		t.Fatalf("unknown kind of token %q", v.Kind)
	}
	require.Error(t, other, "another kind of token")
	if v.Wrong != "bit" {
		require.JSONEq(t, `{"kid":"`+v.KeyID+`"}`, string(opened(v.Token).footer))
	}
	if v.Kind == "validation" && v.Wrong != "nonce" {
		require.Contains(t, string(v.Claims), v.Nonce)
	}
	require.Equal(t, v.Valid, v.Wrong == "")
	switch v.Wrong {
	case "":
		require.NoError(t, read)
		require.JSONEq(t, string(v.Claims), string(opened(again).claims))
		require.JSONEq(t, string(v.Claims), string(opened(v.Token).claims))
	case "bit":
		require.Error(t, read)
	case "key", "assertion":
		require.ErrorIs(t, read, signature)
		require.JSONEq(t, string(v.Claims), string(opened(v.Token).claims))
	case "nonce":
		require.ErrorIs(t, read, ErrValidationNonce)
		require.JSONEq(t, string(v.Claims), string(opened(v.Token).claims))
	default:
		t.Fatalf("unknown fault of a token %q", v.Wrong)
	}
}

// resigned signs the content of a token again if parsing succeeded.
func resigned[T any](t *testing.T, err error, content T, sign func(T) (string, error)) string {
	t.Helper()
	if err != nil {
		require.Zero(t, content)
		return ""
	}
	token, err := sign(content)
	require.NoError(t, err)
	return token
}

// readVectors decodes a file of test vectors. It also tries a relative name in the parent folder: a test runs in the
// folder of its package, but -vectors is relative to the module.
func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(name) {
		data, err = os.ReadFile(filepath.Join("..", name))
	}
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(into))
}

func key32(t *testing.T, text string) (b [32]byte) {
	t.Helper()
	raw, err := hex.DecodeString(text)
	require.NoError(t, err)
	require.Len(t, raw, len(b))
	copy(b[:], raw)
	return b
}

func (v codeVector) check(t *testing.T) {
	signature, err := ParseSignature(v.Signature)
	require.NoError(t, err)
	key := signature.Key()

	var raw RawLocks
	for name, value := range v.Locks {
		l, err := ParseLock(name)
		require.NoError(t, err)
		raw[l-1] = value
	}
	block := key.Block(raw)
	require.Len(t, v.LockValues, LockCount)
	for name, want := range v.LockValues {
		l, err := ParseLock(name)
		require.NoError(t, err)
		require.Equal(t, want, key.LockValue(l, raw[l-1]), name)
		require.Equal(t, want, block.Value(l), name)
	}

	codes := key.Codes(v.Generation, block)
	require.Equal(t, v.SiteCode, codes.Site.String())
	require.Equal(t, v.MachineID, codes.Machine.String())
	require.Equal(t, v.Merged, codes.Merged())
	require.Equal(t, v.Generation, codes.Site.Generation())
	parsed, err := ParseMerged(v.Merged)
	require.NoError(t, err)
	require.Equal(t, codes, parsed)
	apart, err := ParseCodes(v.SiteCode, v.MachineID)
	require.NoError(t, err)
	require.Equal(t, codes, apart)
	opened, err := key.Open(codes)
	require.NoError(t, err)
	require.Equal(t, block, opened)
	if v.MismatchedMachine != "" {
		wrong, err := ParseCodes(v.SiteCode, v.MismatchedMachine)
		require.NoError(t, err)
		_, err = key.Open(wrong)
		require.ErrorIs(t, err, ErrMismatch)
	}

	activation := NewActivationKey(key32(t, v.ActivationKey))
	grant := Grant{Features: v.Features, Issue: v.Issue}
	if v.ExpiryDays != 0 {
		grant.Expires = time.Date(2020, 1, 1+v.ExpiryDays, 0, 0, 0, 0, time.UTC)
	}
	code, err := activation.Activate(codes, grant)
	require.NoError(t, err)
	require.Equal(t, v.ActivationCode, code.String())
	read, err := ParseActivationCode(v.ActivationCode)
	require.NoError(t, err)
	checked, err := activation.Check(codes, read)
	require.NoError(t, err)
	require.Equal(t, grant, checked)

	seed := activation.RemovalSeed(code)
	require.Equal(t, v.RemovalSeed, hex.EncodeToString(seed.bytes()))
	removal := seed.RemovalCode(codes)
	require.Equal(t, v.RemovalCode, removal.String())
	typed, err := ParseRemovalCode(v.RemovalCode)
	require.NoError(t, err)
	require.Equal(t, removal, typed)
	require.True(t, seed.Verify(codes, typed))

	serials := NewSerialSeed(key32(t, v.SerialSeed))
	serial, err := serials.Serial(v.ProgramID, v.SerialID, v.SerialFeatures)
	require.NoError(t, err)
	require.Equal(t, v.SerialNumber, serial.String())
	typedSerial, err := ParseSerialNumber(v.SerialNumber)
	require.NoError(t, err)
	id, features, err := serials.Open(v.ProgramID, typedSerial)
	require.NoError(t, err)
	require.Equal(t, v.SerialID, id)
	require.Equal(t, v.SerialFeatures, features)
	_, _, err = serials.Open(v.ProgramID+1, typedSerial)
	require.ErrorIs(t, err, ErrSerialInvalid)
}

// The test vectors of PASETO v4.public, for the library and this package.
func TestPASETOVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/paseto-v4-public.json")
	require.NoError(t, err)
	var f struct {
		Tests []struct {
			Name      string `json:"name"`
			Fails     bool   `json:"expect-fail"`
			PublicKey string `json:"public-key"`
			SecretKey string `json:"secret-key"`
			Token     string `json:"token"`
			Payload   string `json:"payload"`
			Footer    string `json:"footer"`
			Implicit  string `json:"implicit-assertion"`
		} `json:"tests"`
	}
	require.NoError(t, json.Unmarshal(data, &f))
	require.GreaterOrEqual(t, len(f.Tests), 4)
	for _, v := range f.Tests {
		t.Run(v.Name, func(t *testing.T) {
			parser := paseto.NewParserWithoutExpiryCheck()
			if v.PublicKey == "" {
				v.PublicKey = f.Tests[0].PublicKey
			}
			public, err := paseto.NewV4AsymmetricPublicKeyFromHex(v.PublicKey)
			require.NoError(t, err)
			token, err := parser.ParseV4Public(public, v.Token, []byte(v.Implicit))
			key, keyErr := ParsePublicKey(v.PublicKey)
			require.NoError(t, keyErr)
			require.Equal(t, !v.Fails, opened(v.Token).signedBy(key, v.Implicit), "ours")
			if v.Fails {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.JSONEq(t, v.Payload, string(token.ClaimsJSON()))
			secret, err := paseto.NewV4AsymmetricSecretKeyFromHex(v.SecretKey)
			require.NoError(t, err)
			again, err := paseto.NewTokenFromClaimsJSON([]byte(v.Payload), []byte(v.Footer))
			require.NoError(t, err)
			require.Equal(t, v.Token, again.V4Sign(secret, []byte(v.Implicit)))
		})
	}
}

// RFC 8032 section 7.1, tests 1 to 3, and signatures that a strict verifier must refuse: S not reduced, truncated, or
// of another message.
func TestEd25519Vectors(t *testing.T) {
	vectors := []struct{ seed, public, message, signature string }{
		{
			"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
				"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
		},
		{
			"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
				"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
		},
		{
			"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
				"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
		},
	}
	order, err := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	require.NoError(t, err)
	for _, v := range vectors {
		k := SigningKeyFromSeed(key32(t, v.seed))
		require.Equal(t, v.public, k.Public().String())
		message, err := hex.DecodeString(v.message)
		require.NoError(t, err)
		signature, err := hex.DecodeString(v.signature)
		require.NoError(t, err)
		seed := k.Seed()
		private := ed25519.NewKeyFromSeed(seed[:])
		require.Equal(t, signature, ed25519.Sign(private, message))
		p := k.Public()
		require.True(t, ed25519.Verify(p[:], message, signature))
		require.False(t, ed25519.Verify(p[:], append(message, 0), signature))
		require.False(t, ed25519.Verify(p[:], message, signature[:63]))
		malleable := append([]byte{}, signature...)
		carry := 0
		for i := range order {
			sum := int(malleable[32+i]) + int(order[i]) + carry
			malleable[32+i], carry = byte(sum), sum>>8
		}
		require.False(t, ed25519.Verify(p[:], message, malleable),
			"S plus the group order is the same point but not the signature")
	}
}

// Some vectors of Project Wycheproof: special values, truncation, garbage, changed R, and S that is not reduced.
func TestWycheproofEd25519(t *testing.T) {
	data, err := os.ReadFile("testdata/ed25519-wycheproof.json")
	require.NoError(t, err)
	var f struct {
		Tests []struct {
			ID                            int `json:"tcId"`
			Comment, PK, Msg, Sig, Result string
		}
	}
	require.NoError(t, json.Unmarshal(data, &f))
	require.NotEmpty(t, f.Tests)
	for _, v := range f.Tests {
		public, err := ParsePublicKey(v.PK)
		require.NoError(t, err)
		message, err := hex.DecodeString(v.Msg)
		require.NoError(t, err)
		signature, err := hex.DecodeString(v.Sig)
		require.NoError(t, err)
		require.Equal(t, v.Result == "valid", ed25519.Verify(public[:], message, signature), "%d %s", v.ID, v.Comment)
	}
}
