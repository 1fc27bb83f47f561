//go:build startprofile && linux

package main

import "github.com/acen-desktop/acen/cmd/startprofile"

func init() { startprofile.Begin() } // of the last package: all others are ready, and main comes next
