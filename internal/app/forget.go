package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/internal/app/handover"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/manager"
)

// RemoveData removes the app's data of a person on this PC: accounts, tables, open tasks, crash reports, window
// settings and the secrets in the keyring. License files stay, and so do the removal codes of licenses that left this
// PC and that the server has not confirmed; the Rest lists them. It fails with manager.ErrAlreadyRunning before it
// removes anything.
func RemoveData(ctx context.Context, p Program) (manager.Remainder, error) {
	preferences, err := preferencesFolder(p.ID)
	if err != nil {
		return manager.Remainder{}, err
	}
	return forget(ctx, manager.ForgetOptions{
		DataDir:   p.Data,
		Installed: paths.OpenLicenses(p.Data),
		Keyring:   keyring.System(paths.KeyringService),
		Clear:     func(ctx context.Context) error { return keyring.Clear(ctx, paths.KeyringService) },
	}, preferences)
}

// forget is RemoveData with the folder of the toolkit's preferences.
func forget(ctx context.Context, o manager.ForgetOptions, preferences string) (manager.Remainder, error) {
	rest, err := manager.Forget(ctx, o)
	if errors.Is(err, manager.ErrAlreadyRunning) {
		return rest, err
	}
	reports, globErr := filepath.Glob(filepath.Join(o.DataDir, crashReports))
	err = errors.Join(err, globErr)
	settings, globErr := filepath.Glob(filepath.Join(preferences, "*"))
	err = errors.Join(err, globErr)
	for _, box := range []*handover.Box{handover.NewBox(o.DataDir), handover.NewFolderBox(o.DataDir)} {
		err = errors.Join(err, box.Remove())
	}
	for _, path := range append(append(reports, filepath.Join(o.DataDir, crashFile)), append(settings, preferences)...) {
		if fault := os.Remove(path); !errors.Is(fault, fs.ErrNotExist) {
			err = errors.Join(err, fault)
		}
	}
	_ = os.Remove(o.DataDir) // fails if it contains files of others
	return rest, err
}

// RemainingSteps returns what RemoveData left for the person to do, one sentence a line; none if there is nothing. The
// lines do not contain the removal codes, which are secrets.
func RemainingSteps(rest manager.Remainder, data string) (lines []string) {
	for _, j := range rest.Jobs {
		outcome := "it was never sent"
		if j.State != manager.JobPending {
			outcome = "it was sent, and it is not known whether the server did it"
		}
		lines = append(lines, fmt.Sprintf("A waiting task is deleted: %s; %s.", j.Title, outcome))
	}
	for _, k := range rest.Codes {
		name := k.Program
		if name == "" {
			name = string(k.Signature)
		}
		if k.Note != "" {
			name += fmt.Sprintf(" (%s)", k.Note)
		}
		lines = append(lines,
			fmt.Sprintf("A license of %s left this PC and is not handed in: its removal code stays, with the Site code %s.",
				name, k.Codes.Site))
	}
	if len(rest.Codes) > 0 {
		lines = append(lines,
			fmt.Sprintf("Removal codes are stored next to the license files in %s; keep that folder.",
				paths.OpenLicenses(data).Dir()),
			"To hand them in, sign in again on this PC and choose Removal codes, or run \"acenctl removal-codes\".")
	}
	return lines
}

// preferencesFolder returns the folder in which the toolkit stores the preferences of an app.
func preferencesFolder(id string) (string, error) {
	home, err := os.UserHomeDir()
	config := filepath.Join(home, "AppData", "Roaming")
	switch runtime.GOOS {
	case "windows":
	case "darwin":
		config = filepath.Join(home, "Library", "Preferences")
	default:
		config, err = os.UserConfigDir()
	}
	return filepath.Join(config, "fyne", id), err
}
