package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"time"

	"github.com/hyperboloide/lk"
	"github.com/keygen-sh/keygen-go/v3"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/protect"
)

const benchSignature license.Signature = "NOTEPAD1"

// fixedLocks returns a reading from before.
type fixedLocks struct{ reading fingerprint.Reading }

func (s fixedLocks) Read(context.Context) (fingerprint.Reading, error) { return s.reading, nil }

// uncachedLocks reads the locks each time. The product reads them once per process.
type uncachedLocks struct{ *fingerprint.Reader }

// ourLicense signs a license of a PC that expires in a year.
func ourLicense(reading fingerprint.Reading) (key license.SigningKey, content string, err error) {
	key = license.SigningKeyFromSeed([32]byte{1})
	activation, k := license.NewActivationKey([32]byte{2}), benchSignature.Key()
	now := time.Now()
	f := license.File{
		Issuer: "Vendor", ID: 7, IssuedAt: now.AddDate(0, 0, -10), Expires: now.AddDate(1, 0, 0), ProgramID: 3,
		ProgramName: "Notepad", Signature: benchSignature, Order: 5,
		Codes: k.Codes(0x123, reading.Block(k)), Features: 5, Policy: license.DefaultPolicy(), Note: "Studio PC",
	}
	if f.ActivationCode, err = activation.Activate(f.Codes, license.Grant{
		Features: f.Features,
		Expires:  f.Expires,
		Issue:    7,
	}); err != nil {
		return key, "", err
	}
	f.Seed = activation.RemovalSeed(f.ActivationCode)
	content, err = key.Sign(f)
	return key, content, err
}

// ours prepares a PC with a license, and returns a function that checks it as a program does when it starts.
func ours(r *run, locks protect.Fingerprint) (check func() error, err error) {
	reading, err := locks.Read(r)
	if err != nil {
		return nil, err
	}
	key, content, err := ourLicense(reading)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(r.temp, "protect")
	if err != nil {
		return nil, err
	}
	elsewhere := filepath.Join(folder, "program")
	if err := os.Mkdir(elsewhere, 0o700); err != nil {
		return nil, err
	}
	store := installed.Open(filepath.Join(folder, "licenses"), installed.Options{})
	if err := store.Put(r, benchSignature, "notepad-7.acen", content+"\n"); err != nil {
		return nil, err
	}
	program := protect.Program{
		Name:       "Notepad",
		Signature:  string(benchSignature),
		PublicKeys: []string{key.Public().String()},
	}
	options := protect.Options{Folder: store.Dir(), ExtraFolders: []string{elsewhere}, Fingerprint: locks}
	return func() error {
		if v := program.Open(r, options).Verdict(); !v.Valid() {
			return errors.New(v.Text("en"))
		}
		return nil
	}, nil
}

// bare verifies one signature over as many bytes as a license file has.
func bare() func() error {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	message := make([]byte, 760)
	signature := ed25519.Sign(key, message)
	public := key.Public().(ed25519.PublicKey)
	return func() error {
		if !ed25519.Verify(public, message, signature) {
			return errors.New("not valid")
		}
		return nil
	}
}

// keygenFile returns a license file as keygen's server makes it, signed with a key of our own.
func keygenFile() (public string, content string) {
	now := time.Now().UTC()
	document, _ := json.Marshal(map[string]any{
		"data": map[string]any{
			"id": "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "type": "licenses",
			"attributes": map[string]any{
				"name": "Studio PC", "key": "B8A5BC-9D6C5C-0A0D9B-2D7A6C-V3", "expiry": now.AddDate(1, 0, 0),
				"scheme": "ED25519_SIGN", "requireCheckIn": false, "metadata": map[string]any{"order": 5},
				"created": now.AddDate(0, 0, -10), "updated": now.AddDate(0, 0, -10), "lastValidated": now,
				"requireHeartbeat": false,
			},
			"relationships": map[string]any{"policy": map[string]any{"data": map[string]any{"type": "policies", "id": "1"}}},
		},
		"included": []any{map[string]any{
			"id":         "1",
			"type":       "entitlements",
			"attributes": map[string]any{"name": "Features", "code": "FEATURES_5"},
		}},
		"meta": map[string]any{"issued": now.AddDate(0, 0, -10), "expiry": now.AddDate(1, 0, 0), "ttl": 31536000},
	})
	enc := base64.StdEncoding.EncodeToString(document)
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
	signature := ed25519.Sign(key, []byte(keygen.LicenseFileSigningPrefix+enc))
	certificate, _ := json.Marshal(map[string]string{
		"enc": enc,
		"sig": base64.StdEncoding.EncodeToString(signature),
		"alg": "base64+ed25519",
	})
	return fmt.Sprintf("%x", key.Public()),
		"-----BEGIN LICENSE FILE-----\n" + base64.StdEncoding.EncodeToString(certificate) + "\n-----END LICENSE FILE-----\n"
}

// checkKeygen verifies and reads a license file as in keygen's documentation.
func checkKeygen(content string) error {
	file := &keygen.LicenseFile{Certificate: content}
	if err := file.Verify(); err != nil {
		return err
	}
	dataset, err := file.Decode()
	if err != nil {
		return err
	}
	if dataset.License.Expiry != nil && dataset.License.Expiry.Before(time.Now()) {
		return errors.New("expired")
	}
	return nil
}

// lkLicense is a license as in lk's documentation, with our claims.
type lkLicense struct {
	Email, Site, Machine, Note string
	Features                   uint16
	End                        time.Time
}

func lkFile() (public, content string, err error) {
	key, err := lk.NewPrivateKey()
	if err != nil {
		return "", "", err
	}
	data, err := json.Marshal(lkLicense{"anna@example.com", "7183EC4D", "83A9-3429-0090-B3F5", "Studio PC", 5,
		time.Now().AddDate(1, 0, 0)})
	if err != nil {
		return "", "", err
	}
	l, err := lk.NewLicense(key, data)
	if err != nil {
		return "", "", err
	}
	content, err = l.ToB64String()
	return key.GetPublicKey().ToB64String(), content, err
}

// checkLK verifies and reads a license as in lk's documentation.
func checkLK(public, content string) error {
	key, err := lk.PublicKeyFromB64String(public)
	if err != nil {
		return err
	}
	l, err := lk.LicenseFromB64String(content)
	if err != nil {
		return err
	}
	if ok, err := l.Verify(key); err != nil || !ok {
		return errors.Join(err, errors.New("not valid"))
	}
	var claims lkLicense
	if err := json.Unmarshal(l.Data, &claims); err != nil {
		return err
	}
	if claims.End.Before(time.Now()) {
		return errors.New("expired")
	}
	return nil
}

func measureProtect(r *run, s *section) error {
	reading, err := fingerprinttest.PC("a").Read(r)
	if err != nil {
		return err
	}
	withoutLocks, err := ours(r, fixedLocks{reading})
	if err != nil {
		return err
	}
	withLocks, err := ours(r, uncachedLocks{fingerprint.System()})
	if err != nil {
		withLocks = nil // a machine without enough readable locks, such as a container
	}
	var keygenText string
	keygen.PublicKey, keygenText = keygenFile()
	lkPublic, lkText, err := lkFile()
	if err != nil {
		return err
	}
	keygenPath, lkPath := filepath.Join(r.temp, "keygen.lic"), filepath.Join(r.temp, "lk.lic")
	if err := errors.Join(os.WriteFile(keygenPath, []byte(keygenText), 0o600),
		os.WriteFile(lkPath, []byte(lkText), 0o600)); err != nil {
		return err
	}
	from := func(path string, check func(content string) error) func() error {
		return func() error {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return check(string(content))
		}
	}
	candidates := []candidate{
		{"ours", withoutLocks},
		{"ed25519", bare()},
		{"keygen-go", from(keygenPath, checkKeygen)},
		{"lk", from(lkPath, func(content string) error { return checkLK(lkPublic, content) })},
	}
	if withLocks != nil && withLocks() == nil {
		candidates = append(candidates, candidate{"ours with locks", withLocks})
	}
	times, err := alternate(r, 15, 60*time.Millisecond, candidates...)
	if err != nil {
		return err
	}
	note := func(i int) string { return span(times[0].median()) + " to " + span(times[i].median()) }
	s.row("full check besides reading the locks", "`crypto/ed25519` verify alone", times[0].over(times[1]),
		goal{atMost: 2}, note(1))
	s.row("full check besides reading the locks", "`keygen-go` v3.3.0", times[0].over(times[2]), goal{below: 1}, note(2))
	s.row("full check besides reading the locks", "`hyperboloide/lk`", times[0].over(times[3]), goal{below: 1}, note(3))
	if len(times) > 4 {
		s.row("full check and all seven locks, read every time", "`crypto/ed25519` verify alone", times[4].over(times[1]),
			goal{}, span(times[4].median())+" to "+span(times[1].median()))
	} else {
		s.miss("full check and all seven locks, read every time", "`crypto/ed25519` verify alone", "–",
			"not measured: this machine shows too few hardware locks to be recognized")
	}
	s.say("Ours finds the license among the folders of the program, reads what the PC knows (spent Site codes, the " +
		"clock, what the server said), verifies the file, compares seven locks and judges the time. " +
		"keygen-go and lk read one file whose path is known, verify it, read its claims and look at the expiry. lk signs " +
		"with P-384, keygen-go and ours with Ed25519.")
	if times[0].over(times[1]).median() > 2 {
		profile, err := profiled(r, "protect", 3*time.Second, withoutLocks)
		if err != nil {
			return err
		}
		s.say("Besides the signature the time goes to the folders and files that are opened and read (four or three calls " +
			"of the system each), to the claims and to what the PC knows, which are read once, and to a dozen HMACs. " +
			"The bare loop verifies the same bytes again and again with warm caches. Where the time of ours goes (one " +
			"profile, cumulative):")
		s.code(profile)
	}
	return nil
}

// profiled runs a function for a while and returns the top of its profile.
func profiled(r *run, name string, d time.Duration, do func() error) (string, error) {
	path := filepath.Join(r.temp, name+".prof")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return "", err
	}
	for started := time.Now(); err == nil && time.Since(started) < d; {
		err = do()
	}
	pprof.StopCPUProfile()
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	return top(r, path)
}
