//go:build startprofile && linux

package main

import (
	"os"

	"github.com/acen-desktop/acen/internal/startprofile"
)

func init() { startprofile.Begin(os.Getenv("ACEN_STARTPROFILE")) }
