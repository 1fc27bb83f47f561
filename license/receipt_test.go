package license

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"aidanwoods.dev/go-paseto"
	"github.com/stretchr/testify/require"
)

func testReceipt() (SigningKey, Receipt) {
	return SigningKeyFromSeed([32]byte{1, 2, 3}), Receipt{
		LicenseID: 20219,
		Site:      0xA91039B5,
		Task:      ReceiptTransfer,
		IssuedAt:  time.Date(2027, 1, 5, 11, 0, 0, 0, time.UTC),
		Epoch:     "BzgYEG0Z6z4FoXzi9BqoVg",
	}
}

// A receipt that was signed is parsed back (spec: api "Receipts").
func TestReceipt(t *testing.T) {
	key, want := testReceipt()
	for _, task := range []ReceiptTask{ReceiptRemoval, ReceiptRelease, ReceiptTransfer} {
		want.Task = task
		r := want
		r.IssuedAt = r.IssuedAt.Add(999 * time.Millisecond).In(time.FixedZone("", 3600))
		token, err := key.SignReceipt(r)
		require.NoError(t, err)
		got, err := VerifyReceipt(token, byKey(key.Public()))
		require.NoError(t, err)
		require.Equal(t, want, got)
		signed, err := key.SignReceipt(want)
		require.NoError(t, err)
		require.Equal(t, signed, token, "of one receipt there is one text")
	}
}

func TestSignReceiptRefuses(t *testing.T) {
	key, good := testReceipt()
	for name, spoil := range map[string]func(*Receipt){
		"id":                  func(r *Receipt) { r.LicenseID = 0 },
		"negative id":         func(r *Receipt) { r.LicenseID = -1 },
		"no task":             func(r *Receipt) { r.Task = "" },
		"another task":        func(r *Receipt) { r.Task = "reactivation" },
		"task in upper case":  func(r *Receipt) { r.Task = "Removal" },
		"no time":             func(r *Receipt) { r.IssuedAt = time.Time{} },
		"year":                func(r *Receipt) { r.IssuedAt = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no epoch":            func(r *Receipt) { r.Epoch = "" },
		"short epoch":         func(r *Receipt) { r.Epoch = "AAAA" },
		"padded epoch":        func(r *Receipt) { r.Epoch += "==" },
		"epoch with a break":  func(r *Receipt) { r.Epoch = r.Epoch[:4] + "\n" + r.Epoch[4:] },
		"epoch of loose bits": func(r *Receipt) { r.Epoch = r.Epoch[:21] + "h" },
	} {
		r := good
		spoil(&r)
		_, err := key.SignReceipt(r)
		require.ErrorIs(t, err, ErrReceiptDamaged, name)
	}
}

func TestVerifyReceiptKeys(t *testing.T) {
	key, want := testReceipt()
	token, err := key.SignReceipt(want)
	require.NoError(t, err)
	none := func(string) (PublicKey, bool) { return PublicKey{}, false }
	_, err = VerifyReceipt(token, none)
	require.ErrorIs(t, err, ErrReceiptKey)
	require.ErrorIs(t, err, ErrReceiptSignature)
	stranger := SigningKeyFromSeed([32]byte{4}).Public()
	_, err = VerifyReceipt(token, byKey(stranger))
	require.ErrorIs(t, err, ErrReceiptKey)
	_, err = VerifyReceipt(token, func(string) (PublicKey, bool) { return stranger, true })
	require.ErrorIs(t, err, ErrReceiptSignature)
	require.NotErrorIs(t, err, ErrReceiptKey)
	_, err = VerifyReceipt("v4.public.AAAA.e30", func(string) (PublicKey, bool) {
		t.Error("a key is looked up before the text is known to be a receipt")
		return PublicKey{}, false
	})
	require.ErrorIs(t, err, ErrReceiptDamaged)
}

// A receipt is refused in every other encoding of the same bytes.
func TestReceiptEncoding(t *testing.T) {
	key, r := testReceipt()
	r.Task = ReceiptRelease // this length has unused bits at the end of payload and footer
	token, err := key.SignReceipt(r)
	require.NoError(t, err)
	public := key.Public()
	for i := range len(token) {
		for _, change := range []string{
			token[:i] + token[i+1:], token[:i] + "\n" + token[i:], token[:i] + "=" + token[i:],
			token[:i] + string(token[i]^1) + token[i+1:], token[:i] + string(token[i]^0x20) + token[i+1:],
		} {
			_, err := VerifyReceipt(change, byKey(public))
			require.Error(t, err, change)
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	parts := strings.Split(token, ".")
	require.Len(t, parts, 4)
	for _, letter := range letters { // every last letter, whose low bits may be unused
		for _, part := range []int{2, 3} {
			changed := append([]string{}, parts...)
			changed[part] = parts[part][:len(parts[part])-1] + string(letter)
			text := strings.Join(changed, ".")
			_, err := VerifyReceipt(text, byKey(public))
			require.Equal(t, text == token, err == nil, text)
		}
	}
	for _, text := range []string{
		"", " " + token, token + "\n", token + "==", token + ".", "\ufeff" + token, strings.Join(parts[:3], "."),
		"v3.public." + parts[2] + "." + parts[3], "v4.local." + parts[2] + "." + parts[3],
		token + strings.Repeat("A", MaxReceipt),
	} {
		_, err := VerifyReceipt(text, byKey(public))
		require.ErrorIs(t, err, ErrReceiptDamaged, text)
	}
}

// A signed token of another kind, or with a missing or ill-typed claim, is refused with its name (spec: api
// "Receipts").
func TestMalformedReceipts(t *testing.T) {
	key, _ := testReceipt()
	public := key.Public()
	private, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(key.private())
	require.NoError(t, err)
	good := map[string]any{
		"jti": "20219", "site": "A91039B5", "task": "transfer", "iat": "2027-01-05T11:00:00Z",
		"epoch": "BzgYEG0Z6z4FoXzi9BqoVg",
	}
	foot := `{"kid":"` + public.KeyID() + `"}`
	sign := func(claims any, footer, assertion string) string {
		body, err := json.Marshal(claims)
		require.NoError(t, err)
		token, err := paseto.NewTokenFromClaimsJSON(body, []byte(footer))
		require.NoError(t, err)
		return token.V4Sign(private, []byte(assertion))
	}
	with := func(name string, value any) map[string]any {
		claims := map[string]any{}
		for k, v := range good {
			if k != name {
				claims[k] = v
			}
		}
		if value != nil {
			claims[name] = value
		}
		return claims
	}
	_, err = VerifyReceipt(sign(good, foot, receipts.assertion), byKey(public))
	require.NoError(t, err)
	_, err = VerifyReceipt(sign(with("reason", "a claim of a newer server"), foot, receipts.assertion), byKey(public))
	require.NoError(t, err, "fields are additive")
	_, err = VerifyReceipt(sign(with("exp", "2001-01-01T00:00:00Z"), foot, receipts.assertion), byKey(public))
	require.NoError(t, err, "no rule of time applies")

	others := []string{"", "acen/v2 validation", files.assertion, "acen/v2 receipt "}
	for _, assertion := range others {
		_, err := VerifyReceipt(sign(good, foot, assertion), byKey(public))
		require.ErrorIs(t, err, ErrReceiptSignature, assertion)
	}
	for _, other := range []string{
		"", "{}", `{"kid":"x","kid":"` + public.KeyID() + `"}`, `{"kid": "` + public.KeyID() + `"}`,
		`{"KID":"` + public.KeyID() + `"}`, `{"kid":"` + public.KeyID() + `","x":1}`, foot + " ",
	} {
		_, err := VerifyReceipt(sign(good, other, receipts.assertion), byKey(public))
		require.ErrorIs(t, err, ErrReceiptDamaged, other)
	}
	_, err = VerifyReceipt(sign(good, `{"kid":"0000000000000000"}`, receipts.assertion), byKey(public))
	require.ErrorIs(t, err, ErrReceiptKey)
	_, err = VerifyReceipt(sign(nil, foot, receipts.assertion), byKey(public))
	require.ErrorIs(t, err, ErrReceiptDamaged, "null")

	for name, values := range map[string][]any{
		"jti":  {"", "0", "-1", "+1", "007", "1.0", "x", 7, "99999999999999999999"},
		"site": {"", "a91039b5", "A91039B", "A910-39B5", "A91039BO", 1},
		"task": {"", "Removal", "reactivation", "removal ", 1, []string{"removal"}},
		"iat": {
			"", "yesterday", 0, "0001-01-01T00:00:00Z", "2027-01-05T11:00:00.5Z", "2027-01-05T11:00:00,5Z",
			"2027-01-05T12:00:00+01:00", "2027-01-05T11:00:00+00:00", "2027-01-05t11:00:00z",
		},
		"epoch": {
			"", "BzgYEG0Z6z4FoXzi9BqoVg==", "BzgYEG0Z6z4FoXzi9BqoVh", "BzgYEG0Z6z4FoXzi9Bqo",
			"Bzg\nYEG0Z6z4FoXzi9BqoVg", 16,
		},
	} {
		for _, value := range append(values, nil, json.RawMessage("null")) {
			_, err := VerifyReceipt(sign(with(name, value), foot, receipts.assertion), byKey(public))
			require.ErrorIs(t, err, ErrReceiptDamaged, "%s = %v", name, value)
		}
		upper := with(name, nil)
		upper[strings.ToUpper(name)] = good[name]
		_, err := VerifyReceipt(sign(upper, foot, receipts.assertion), byKey(public))
		require.ErrorIs(t, err, ErrReceiptDamaged, "%s in upper case", name)
	}
	file, claimed := testFile()
	token, err := file.Sign(claimed)
	require.NoError(t, err)
	_, err = VerifyReceipt(token, byKey(file.Public()))
	require.ErrorIs(t, err, ErrReceiptSignature, "a license file is no receipt")
}

// No other text than the signed one is accepted, and no signed claims cause a panic.
func FuzzReceipt(f *testing.F) {
	key, r := testReceipt()
	token, err := key.SignReceipt(r)
	require.NoError(f, err)
	e := opened(token)
	f.Add(token, e.claims)
	f.Add("v4.public..", []byte(`null`))
	f.Add(token+"=", []byte(`{"jti":"1","site":"A91039B5","task":"removal","iat":"2027-01-05T11:00:00Z",`+
		`"epoch":"AAAAAAAAAAAAAAAAAAAAAA"}`))
	private, err := paseto.NewV4AsymmetricSecretKeyFromEd25519(key.private())
	require.NoError(f, err)
	public := key.Public()
	f.Fuzz(func(t *testing.T, text string, body []byte) {
		if got, err := VerifyReceipt(text, byKey(public)); err == nil {
			require.Equal(t, token, text)
			require.Equal(t, r, got)
		}
		made, err := paseto.NewTokenFromClaimsJSON(body, []byte(`{"kid":"`+public.KeyID()+`"}`))
		if err != nil {
			return
		}
		got, err := VerifyReceipt(made.V4Sign(private, []byte(receipts.assertion)), byKey(public))
		if err != nil {
			return
		}
		again, err := key.SignReceipt(got)
		require.NoError(t, err)
		reread, err := VerifyReceipt(again, byKey(public))
		require.NoError(t, err)
		require.Equal(t, got, reread)
		require.Len(t, got.Epoch, base64.RawURLEncoding.EncodedLen(epochSize))
	})
}
