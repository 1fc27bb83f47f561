package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/acen-desktop/acen"
)

// Fail tells a person why the program ends and ends it with status 1: on standard error, and in a message box where
// programs have no terminal and no window has told it.
func Fail(err error) {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	fmt.Fprintf(os.Stderr, "%s: %s.\n", strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"), strings.TrimSuffix(text, "."))
	if !errors.As(err, &told{}) {
		messageBox(acen.About().Name, text)
	}
	os.Exit(1)
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
