package protect_test

import (
	"crypto/ed25519"
	"testing"
)

// A complete check: folders, state, clock, one license file that ends, and a comparison of locks that were read
// before.
func BenchmarkCheck(b *testing.B) {
	d := newFixture(b)
	d.put(d.sign(signing, d.license(ends(noon.AddDate(1, 0, 0)))))
	d.program.ActivationKey = nil
	if v := d.open().Verdict(); !v.Valid() {
		b.Fatal(v)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !d.open().Verdict().Valid() {
			b.Fatal("not valid")
		}
	}
}

// The part of a check that is the signature.
func BenchmarkEd25519(b *testing.B) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	message := make([]byte, 1000)
	signed := ed25519.Sign(key, message)
	public := key.Public().(ed25519.PublicKey)
	for b.Loop() {
		if !ed25519.Verify(public, message, signed) {
			b.Fatal("not valid")
		}
	}
}

// A start without any license file.
func BenchmarkNoLicense(b *testing.B) {
	d := newFixture(b)
	d.open()
	for b.Loop() {
		d.open()
	}
}
