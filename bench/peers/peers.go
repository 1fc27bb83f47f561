// Package peers contains small programs around peers whose modules cannot be downloaded. They are built if a checkout
// of the peer is given. None of the peers' code is here.
package peers

import _ "embed"

// Slashdevops is a program that prints the machine's ID with slashdevops/machineid.
//
//go:embed slashdevops/main.go
var Slashdevops string

// FLicense is a program that verifies licenses with f-license.
//
//go:embed flicense/main.go
var FLicense string
