//go:build !windows

package app

// messageBox does nothing: without a display there is nowhere to show it, and standard error has the text.
func messageBox(title, text string) {}
