package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/acen-desktop/acen/manager"
)

const (
	crashFile    = "crash.txt"
	crashReports = "crash-*.txt"
	keptCrashes  = 5
	crashTime    = "20060102-150405"
)

// keepCrashes lets a crash of this start write its report into the data folder. When the last start crashed, its report is put
// aside and a notice tells of it; nothing is sent. A report holds what the program was doing, and no data.
func keepCrashes(data string) (notices []manager.Notice, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(data, crashFile)
	info, err := os.Stat(path)
	if err == nil && info.Size() > 0 {
		aside := filepath.Join(data, "crash-"+info.ModTime().UTC().Format(crashTime)+".txt")
		if err := os.Rename(path, aside); err != nil {
			return nil, err
		}
		notices = append(notices, manager.Notice{
			Title:  manager.Say("ACEN Desktop ended unexpectedly the last time."),
			Detail: manager.Say("Open tasks go on now. A report lies in %s; nothing was sent. Attach it when you write to the vendor.", aside),
		})
		if err := dropOldCrashes(data); err != nil {
			return notices, err
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return notices, err
	}
	// The runtime keeps a handle of its own. An empty file means that nothing crashed, so what the report needs stands in
	// its name and in the stack.
	return notices, errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close())
}

// dropOldCrashes keeps the latest reports.
func dropOldCrashes(data string) error {
	list, err := filepath.Glob(filepath.Join(data, crashReports))
	if err != nil {
		return err
	}
	slices.Sort(list)
	for _, old := range list[:max(0, len(list)-keptCrashes)] {
		err = errors.Join(err, os.Remove(old))
	}
	return err
}
