package desktop

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/cmd/handover"
	"github.com/acen-desktop/acen/cmd/place"
	"github.com/acen-desktop/acen/manager"
)

// Forget removes everything that the app keeps of a person on this PC: accounts, tables, tasks that were not sent, crash reports, how the
// window looks, and what the keyring holds. Licenses that programs use stay. It fails with manager.ErrAlreadyRunning, and then has
// changed nothing.
func Forget(ctx context.Context, p Program) error {
	look, err := lookFolder(p.ID)
	if err != nil {
		return err
	}
	return forget(ctx, p.Data, look, func(ctx context.Context) error { return keyring.Clear(ctx, place.KeyringService) })
}

func forget(ctx context.Context, data, look string, clear func(context.Context) error) error {
	err := manager.Forget(ctx, data, clear)
	if errors.Is(err, manager.ErrAlreadyRunning) {
		return err
	}
	reports, globErr := filepath.Glob(filepath.Join(data, crashReports))
	err = errors.Join(err, globErr)
	inLook, globErr := filepath.Glob(filepath.Join(look, "*"))
	err = errors.Join(err, globErr)
	for _, box := range []*handover.Box{handover.In(data), handover.FoldersIn(data)} {
		err = errors.Join(err, box.Remove())
	}
	for _, path := range append(append(reports, filepath.Join(data, crashFile)), append(inLook, look)...) {
		if fault := os.Remove(path); !errors.Is(fault, fs.ErrNotExist) {
			err = errors.Join(err, fault)
		}
	}
	_ = os.Remove(data) // it stays when something else lies in it
	return err
}

// lookFolder is where the toolkit keeps its preferences of an app.
func lookFolder(id string) (string, error) {
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
