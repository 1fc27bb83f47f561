package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"

	"github.com/keygen-sh/keygen-go/v3"

	"github.com/acen-desktop/acen/bench/peers"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/protect"
)

// mutants is the number of random malformed licenses of each format, in addition to the license truncated at each byte.
const mutants = 20_000

// layer is one encoding layer of a license: the text, or the content encoded in it. Each layer is mutated separately.
type layer struct {
	content []byte
	wrap    func(content []byte) string
}

// corpus returns malformed licenses, the same ones in every run.
func corpus(layers ...layer) (list []string) {
	random := rand.New(rand.NewChaCha8([32]byte{7}))
	for _, l := range layers {
		for cut := range len(l.content) {
			list = append(list, l.wrap(l.content[:cut]))
		}
		for _, v := range values {
			list = append(list, l.wrap([]byte(v)))
		}
	}
	for n := range mutants {
		l := layers[n%len(layers)]
		list = append(list, l.wrap(mutate(random, slices.Clone(l.content))))
	}
	return list
}

// values replace JSON values.
var values = []string{"null", "{}", "[]", "0", "-1", "1e400", `""`, `"x"`, "true", strings.Repeat("[", 2000),
	`"\ud800"`}

// mutate changes a content in one to four places.
func mutate(random *rand.Rand, b []byte) []byte {
	for range 1 + random.IntN(4) {
		if len(b) < 2 {
			return b
		}
		at := random.IntN(len(b))
		end := min(len(b), at+1+random.IntN(16))
		switch random.IntN(7) {
		case 0:
			b[at] ^= 1 << random.IntN(8)
		case 1:
			b[at] = byte(random.Uint32())
		case 2:
			b = slices.Delete(b, at, end)
		case 3:
			b = slices.Insert(b, at, slices.Clone(b[at:end])...)
		case 4:
			b = b[:at]
		case 5: // a separator deleted or duplicated
			if i := bytes.IndexAny(b[at:], ".+:,-/\n"); i >= 0 {
				if random.IntN(2) == 0 {
					b = slices.Delete(b, at+i, at+i+1)
				} else {
					b = slices.Insert(b, at+i, b[at+i])
				}
			}
		case 6: // a value of another type
			if i := bytes.IndexByte(b[at:], ':'); i >= 0 {
				from := at + i + 1
				to := from + max(0, bytes.IndexAny(b[from:], ",}"))
				b = slices.Replace(b, from, to, []byte(values[random.IntN(len(values))])...)
			}
		}
	}
	return b
}

func unchanged(content []byte) string { return string(content) }

// decoded decodes base64 text.
func decoded(e *base64.Encoding, text string) []byte {
	b, err := e.DecodeString(text)
	if err != nil {
		panic(err) // the text was encoded by this program
	}
	return b
}

// countPanics verifies licenses and counts panics and accepted licenses. first is the first panic.
func countPanics(list []string, verify func(text string) error) (panics, accepted int, first string) {
	for _, text := range list {
		func() {
			defer func() {
				if fault := recover(); fault != nil {
					if panics++; first == "" {
						first = fmt.Sprint(fault)
					}
				}
			}()
			if verify(text) == nil {
				accepted++
			}
		}()
	}
	return panics, accepted, first
}

func measureMalformed(r *run, s *section) error {
	var table strings.Builder
	table.WriteString("| verifier | malformed licenses | panics | accepted | the first panic |\n|---|---|---|---|---|\n")
	add := func(name string, list []string, verify func(string) error) int {
		panics, accepted, first := countPanics(list, verify)
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %s |\n", name, len(list), panics, accepted,
			strings.ReplaceAll(first, "|", `\|`))
		return panics
	}

	reading, err := fingerprinttest.PC("a").Read(r)
	if err != nil {
		return err
	}
	key, content, err := ourLicense(reading)
	if err != nil {
		return err
	}
	public := key.Public()
	parts := strings.Split(content, ".")
	raw := base64.RawURLEncoding
	tokens := func(payload, footer []byte) string {
		return "v4.public." + raw.EncodeToString(payload) + "." + raw.EncodeToString(footer)
	}
	payload, footer := decoded(raw, parts[2]), decoded(raw, parts[3])
	list := different(content, corpus(
		layer{[]byte(content), unchanged},
		layer{payload, func(b []byte) string { return tokens(b, footer) }},
		layer{footer, func(b []byte) string { return tokens(payload, b) }},
	))
	ourPanics := add("ours: `license.Verify`", list, func(text string) error {
		_, idErr := license.FileKeyID(text)
		_, claimErr := license.UnverifiedFile(text)
		_, err := public.Verify(text)
		return errors.Join(err, unexpected(err == nil && (idErr != nil || claimErr != nil)))
	})
	program := protect.Program{Name: "Notepad", Signature: string(benchSignature), PublicKeys: []string{public.String()}}
	ourPanics += add("ours: `protect`, the whole activation", everyTenth(list), func(text string) error {
		l := program.Open(r, protect.Options{
			Folder:       r.temp + "/malformed",
			ExtraFolders: []string{},
			Fingerprint:  fixedLocks{reading},
		})
		_, err := l.Activate(r, text)
		return err
	})

	keygenKey, keygenText := keygenFile()
	keygen.PublicKey = keygenKey
	std := base64.StdEncoding
	armored := func(certificate []byte) string {
		return "-----BEGIN LICENSE FILE-----\n" + std.EncodeToString(certificate) + "\n-----END LICENSE FILE-----\n"
	}
	certificate := decoded(std, strings.Split(keygenText, "\n")[1])
	var fields map[string]string
	if err := json.Unmarshal(certificate, &fields); err != nil {
		return err
	}
	add("`keygen-go`: license file", different(keygenText, corpus(
		layer{[]byte(keygenText), unchanged},
		layer{certificate, armored},
		layer{decoded(std, fields["enc"]), func(b []byte) string {
			changed, _ := json.Marshal(map[string]string{
				"enc": std.EncodeToString(b),
				"sig": fields["sig"],
				"alg": fields["alg"],
			})
			return armored(changed)
		}},
		layer{[]byte(fields["alg"]), func(b []byte) string {
			changed, _ := json.Marshal(map[string]string{"enc": fields["enc"], "sig": fields["sig"], "alg": string(b)})
			return armored(changed)
		}},
	)), checkKeygen)
	licenseKey := "key/" + base64.URLEncoding.EncodeToString([]byte(`{"id":7,"end":"2027-01-01"}`)) + "." +
		base64.URLEncoding.EncodeToString(make([]byte, 64))
	add("`keygen-go`: signed license key", corpus(layer{[]byte(licenseKey), unchanged}), func(text string) error {
		_, err := (&keygen.License{Scheme: keygen.SchemeCodeEd25519, Key: text}).Verify()
		return err
	})

	lkPublic, lkText, err := lkFile()
	if err != nil {
		return err
	}
	add("`hyperboloide/lk`", different(lkText, corpus(
		layer{[]byte(lkText), unchanged},
		layer{decoded(std, lkText), std.EncodeToString},
	)), func(text string) error { return checkLK(lkPublic, text) })

	if r.fLicense == "" {
		table.WriteString("| `f-license` | – | – | – | not measured: give F_LICENSE=… (a checkout) |\n")
	} else {
		line, err := fLicenseSurvived(r)
		if err != nil {
			line = fmt.Sprintf("| `f-license` | – | – | – | not measured: %s |", strings.ReplaceAll(err.Error(), "|", " "))
		}
		table.WriteString(line + "\n")
	}
	reached := "reached"
	if ourPanics > 0 {
		reached = "**not reached**"
	}
	s.text = append(s.text, strings.TrimRight(table.String(), "\n"))
	s.say("To reach: no panic of ours (%s). Licenses are cut off at every byte, replaced by values such as `null`, and "+
		"%d times changed by chance in one to four ways: in their text, in what is encoded in it, and in keygen's name of "+
		"the algorithm, which its signature does not cover. "+
		"Accepted are those whose change means nothing, such as a space that every verifier strips, or a bit of the "+
		"base64 text that stands for no byte.", reached, mutants)
	return nil
}

// different removes the copies that the mutation left unchanged.
func different(original string, list []string) []string {
	return slices.DeleteFunc(list, func(text string) bool { return text == original })
}

// everyTenth returns every tenth license, for slow verifiers.
func everyTenth(list []string) (some []string) {
	for i := 0; i < len(list); i += 10 {
		some = append(some, list[i])
	}
	return some
}

func unexpected(yes bool) error {
	if yes {
		return errors.New("accepted an unreadable license")
	}
	return nil
}

// fLicenseSurvived verifies malformed licenses with f-license in a child process.
func fLicenseSurvived(r *run) (string, error) {
	program, err := buildPeer(r, "flicense", "github.com/furkansenharputlu/f-license", r.fLicense, peers.FLicense)
	if err != nil {
		return "", err
	}
	const secret = "a secret of the benchmark"
	raw := base64.RawURLEncoding
	head, body := []byte(`{"alg":"HS256","typ":"JWT","app":"notepad"}`),
		[]byte(`{"name":"Anna","exp":4102444800,"features":5}`)
	token := func(head, body []byte) string {
		signed := raw.EncodeToString(head) + "." + raw.EncodeToString(body)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(signed))
		return signed + "." + raw.EncodeToString(mac.Sum(nil))
	}
	original := token(head, body)
	list := different(original, corpus(
		layer{[]byte(original), unchanged},
		layer{head, func(b []byte) string { return token(b, body) }},
	))
	var in strings.Builder
	for _, text := range list {
		in.WriteString(base64.StdEncoding.EncodeToString([]byte(text)) + "\n")
	}
	cmd := exec.CommandContext(r, program, secret)
	cmd.Stdin = strings.NewReader(in.String())
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	var tried, panics, accepted int
	if _, err := fmt.Sscan(string(out), &tried, &panics, &accepted); err != nil {
		return "", err
	}
	return fmt.Sprintf("| `f-license` | %d | %d | %d | |", tried, panics, accepted), nil
}
