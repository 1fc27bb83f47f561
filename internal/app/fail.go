package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/acen-desktop/acen"
)

// Fail prints err to standard error and exits with status 1. On Windows, where the app has no terminal, it also shows
// err in a message box, unless a window has shown it.
func Fail(err error) {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	fmt.Fprintf(os.Stderr, "%s: %s.\n", strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"),
		strings.TrimSuffix(text, "."))
	if !errors.As(err, &shownError{}) {
		messageBox(acen.About().Name, text)
	}
	os.Exit(1)
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
