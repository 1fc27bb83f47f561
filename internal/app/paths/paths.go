// Package paths returns where the programs store the data of a person. The window and acenctl share it, so that a PC
// has one Site code for both.
package paths

import (
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/license/installed"
)

// KeyringService is the name under which the keyring shows the credentials.
const KeyringService = "ACEN Desktop"

// DefaultData is the person's folder for application data, as the system has it.
func DefaultData() string { return filepath.Join(xdg.DataHome, "acen-desktop") }

// Licenses is where the licenses of this PC lie: for the person's own data where all programs find them, and for data in
// another folder within that, so that trying something touches no program.
func Licenses(data string) *installed.Store {
	folder := filepath.Join(data, "licenses")
	if filepath.Clean(data) == filepath.Clean(DefaultData()) {
		folder = installed.User()
	}
	return installed.Open(folder, installed.Options{})
}

// DeviceName is what this PC is called; "" when the system does not say.
func DeviceName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

// Version is that of the release, as FyneApp.toml has it.
func Version() string { return acen.About().Version }
