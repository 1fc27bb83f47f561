// Package paths returns the folders of a person's data, which the window and acenctl share, so that a PC has one Site
// code for both.
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

// DefaultData returns the app's folder in the system's folder for application data of the person.
func DefaultData() string { return filepath.Join(xdg.DataHome, "acen-desktop") }

// Licenses opens the license folder: for DefaultData the one that all programs read, and for any other data folder one
// inside it, so that a trial does not affect programs.
func Licenses(data string) *installed.Store {
	folder := filepath.Join(data, "licenses")
	if filepath.Clean(data) == filepath.Clean(DefaultData()) {
		folder = installed.UserFolder()
	}
	return installed.Open(folder, installed.Options{})
}

// DeviceName returns the host name of this PC, or "" if it is unknown.
func DeviceName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

// Version returns the version of the release, from FyneApp.toml.
func Version() string { return acen.About().Version }
