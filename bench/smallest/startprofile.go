//go:build startprofile && linux

package main

import "github.com/acen-desktop/acen/cmd/startprofile"

func init() { startprofile.Begin() }
