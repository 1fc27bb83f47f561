package desktop

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2/app"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/cmd/handover"
	"github.com/acen-desktop/acen/cmd/place"
	"github.com/acen-desktop/acen/manager"
)

// Forget removes everything that the app keeps of a person on this PC: accounts, tables, tasks that were not sent, crash reports, how the
// window looks, and what the keyring holds. Licenses that programs use stay. It fails with manager.ErrAlreadyRunning, and then has
// changed nothing.
func Forget(ctx context.Context, p Program) error {
	look := app.NewWithID(p.ID).Storage().RootURI().Path() // where the toolkit keeps its preferences
	return forget(ctx, p.Data, look, func(ctx context.Context) error { return keyring.Clear(ctx, place.KeyringService) })
}

func forget(ctx context.Context, data, look string, clear func(context.Context) error) error {
	err := manager.Forget(ctx, data, clear)
	if errors.Is(err, manager.ErrAlreadyRunning) {
		return err
	}
	reports, globErr := filepath.Glob(filepath.Join(data, crashReports))
	err = errors.Join(err, globErr)
	for _, path := range append(reports, filepath.Join(data, crashFile), look) {
		err = errors.Join(err, os.RemoveAll(path))
	}
	for _, box := range []*handover.Box{handover.In(data), handover.FoldersIn(data)} {
		err = errors.Join(err, box.Remove())
	}
	_ = os.Remove(data) // it stays when something else lies in it
	return err
}
