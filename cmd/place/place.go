// Package place says where the programs of this PC keep what is one person's: the window and acenctl share it, so that a PC
// has one Site code whoever asks.
package place

import (
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/adrg/xdg"
)

// KeyringService is the name under which the keyring shows the credentials.
const KeyringService = "ACEN Desktop"

// release is told where the module was not built as one.
const release = "0.1.0"

// DefaultData is the person's folder for application data, as the system has it.
func DefaultData() string { return filepath.Join(xdg.DataHome, "acen-desktop") }

// DeviceName is what this PC is called; "" when the system does not say.
func DeviceName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

// Version is that of the module when it was built as one, else that of the latest release.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return release
}

// Release is the version of the latest release.
func Release() string { return release }
