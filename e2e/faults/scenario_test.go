package faults

import (
	"testing"
)

// scenario is one attack, and a row of docs/faults.md.
type scenario struct {
	// name says what is done.
	name string
	// seen says what a person sees of it afterwards.
	seen string
	// limit says what no code on the PC or the server can prevent; "" for nothing.
	limit string
	run   func(t *testing.T)
}

// attack runs scenarios side by side.
func attack(t *testing.T, list []scenario) {
	t.Helper()
	for _, s := range list {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}
