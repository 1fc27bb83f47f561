package faults

import (
	"testing"
)

// scenario is one fault, and a row of docs/faults.md.
type scenario struct {
	// name describes the fault.
	name string
	// outcome is what a person sees afterwards.
	outcome string
	// limit is what neither the PC nor the server can prevent, or "".
	limit string
	run   func(t *testing.T)
}

// runScenarios runs scenarios in parallel.
func runScenarios(t *testing.T, list []scenario) {
	t.Helper()
	for _, s := range list {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}
