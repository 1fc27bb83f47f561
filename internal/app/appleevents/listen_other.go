//go:build !darwin

package appleevents

// Listen does nothing: other systems pass links and documents as arguments.
func Listen(func(Event)) error { return nil }
