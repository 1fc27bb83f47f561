package manager

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/vault"
)

// lockName is the name of the lock file in the data folder, which the running app holds.
const lockName = "acen.lock"

// ForgetOptions configure Forget.
type ForgetOptions struct {
	// DataDir is the person's folder for the app's data.
	DataDir string
	// Installed is the license folder; nil means a folder in DataDir.
	Installed *installed.Store
	Keyring   keyring.Store
	// Clear removes the app's secrets from the keyring.
	Clear func(context.Context) error
}

// Rest is what Forget leaves to the person.
type Rest struct {
	// Jobs are the open jobs that were deleted.
	Jobs []Job
	// Codes are the removal codes of licenses that left this PC and that the server has not confirmed. They stay in the
	// license folder.
	Codes []KeptCode
}

// Forget removes the app's data of a person: its files in the data folder and its secrets in the keyring. License files
// stay, because programs use them. Removal codes of licenses that left this PC stay too: Forget first copies them into
// the license folder. It removes as much as it can and joins the errors: ErrStorage or ErrKeyringUnavailable. It fails
// with ErrAlreadyRunning before it removes anything.
func Forget(ctx context.Context, o ForgetOptions) (rest Rest, err error) {
	ctx, cancel := context.WithTimeout(ctx, keyringTime)
	defer cancel()
	if _, err := os.Stat(o.DataDir); errors.Is(err, os.ErrNotExist) {
		return rest, o.Clear(ctx)
	}
	m, err := Open(ctx, Options{
		DataDir:     o.DataDir,
		Installed:   o.Installed,
		Keyring:     o.Keyring,
		Fingerprint: fingerprint.System(),
	})
	if err != nil {
		return rest, err
	}
	if rest, err = m.rescueCodes(ctx); err != nil {
		return rest, errors.Join(err, m.Close())
	}
	err = errors.Join(m.db.Close(), o.Clear(ctx))
	files, globErr := filepath.Glob(filepath.Join(o.DataDir, databaseName+"*")) // damaged ones included
	older, olderErr := filepath.Glob(filepath.Join(o.DataDir, oldName, "*"+databaseName+"*"))
	err = errors.Join(err, globErr, olderErr)
	files = append(files, older...)
	for _, file := range files {
		err = errors.Join(err, storage.Wrap(os.Remove(file)))
	}
	_ = os.Remove(filepath.Join(o.DataDir, oldName)) // fails if it is missing or not empty
	return rest, errors.Join(err, m.lock.Unlock(), storage.Wrap(os.Remove(m.lock.Path())))
}

// rescueCodes copies the removal codes of the vault into the license folder, where older versions did not store them.
// It fails with ErrKeyringUnavailable if that needs a key that cannot be read now.
func (m *Manager) rescueCodes(ctx context.Context) (rest Rest, err error) {
	sealed, err := m.pc.SealedCodes(ctx)
	if err != nil {
		return rest, err
	}
	for _, k := range sealed {
		state, err := m.options.Installed.State(k.Signature)
		if err != nil {
			return rest, storage.WrapInstalled(err)
		}
		spent, ok := state.FindSpent(k.Codes.Site)
		switch {
		case !ok || spent.Settled || spent.RemovalCode != 0: // the license has not left, or its departure is complete
			continue
		case k.Code == 0 && !m.vault.Lasts():
			return rest, vault.ErrKeyMissing
		case k.Code == 0:
			continue
		}
		departed := installed.Spent{Codes: k.Codes, LicenseID: k.LicenseID, RemovalCode: k.Code}
		if err := m.options.Installed.Leave(ctx, k.Signature, departed); err != nil {
			return rest, storage.WrapInstalled(err)
		}
	}
	if rest.Jobs, err = m.AllJobs(ctx); err != nil {
		return rest, err
	}
	rest.Codes, err = m.KeptCodes(ctx)
	return rest, err
}

// lockFolder locks a data folder against other apps. It fails with ErrAlreadyRunning or ErrStorage.
func lockFolder(dataDir string) (*flock.Flock, error) {
	path := filepath.Join(dataDir, lockName)
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() { // a FIFO would block
		return nil, storage.Wrap(&os.PathError{Op: "lock", Path: path, Err: errors.New("not a regular file")})
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, storage.Wrap(err)
	}
	if !locked {
		return nil, ErrAlreadyRunning
	}
	return lock, nil
}
