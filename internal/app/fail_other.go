//go:build !windows

package app

// messageBox does nothing. The text is on standard error.
func messageBox(title, text string) {}
