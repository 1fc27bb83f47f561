//go:build startprofile && linux

package main

import (
	"os"

	"github.com/acen-desktop/acen/internal/startprofile"
)

// init is the last one to run before main, because package main is initialized last.
func init() { startprofile.Begin(os.Getenv("ACEN_STARTPROFILE")) }
