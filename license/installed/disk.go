package installed

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

type systemDisk struct{}

func (systemDisk) Write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|freshFlags, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

func (systemDisk) Rename(from, to string) error {
	if err := renaming(func() error { return os.Rename(from, to) }); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // orders renames itself, and cannot sync folders
		return nil
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func (systemDisk) Remove(path string) error { return os.Remove(path) }
