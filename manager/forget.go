package manager

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockName is the file in the data folder that the app that runs holds.
const lockName = "acen.lock"

// Forget removes what the app keeps of a person: its files in the data folder and, with clear, the secrets in the keyring. Licenses of
// this PC stay, because programs use them. What can be removed is removed whatever fails. It fails with ErrAlreadyRunning, and then has
// changed nothing, with ErrStorage or ErrKeyringUnavailable.
func Forget(ctx context.Context, dataDir string, clear func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	if _, err := os.Stat(dataDir); errors.Is(err, os.ErrNotExist) {
		return clear(ctx)
	}
	lock, err := lockFolder(dataDir)
	if err != nil {
		return err
	}
	err = clear(ctx)
	files, globErr := filepath.Glob(filepath.Join(dataDir, databaseName+"*")) // with those that were damaged
	err = errors.Join(err, globErr)
	for _, file := range files {
		err = errors.Join(err, storageError(os.Remove(file)))
	}
	return errors.Join(err, lock.Unlock(), storageError(os.Remove(lock.Path())))
}

// lockFolder keeps other apps out of a data folder. It fails with ErrAlreadyRunning or ErrStorage.
func lockFolder(dataDir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dataDir, lockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, storageError(err)
	}
	if !locked {
		return nil, ErrAlreadyRunning
	}
	return lock, nil
}
