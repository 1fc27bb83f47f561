// Package peers holds small programs around peers whose module does not download. They are built when a checkout of the
// peer is given; none of the peer's code is here.
package peers

import _ "embed"

// Slashdevops reads the machine's id with slashdevops/machineid.
//
//go:embed slashdevops/main.go
var Slashdevops string

// FLicense verifies licenses with f-license.
//
//go:embed flicense/main.go
var FLicense string
