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
	maxReports   = 5
	crashTime    = "20060102-150405"
)

// recordCrashes makes the runtime write the report of a crash to the data folder. If there is a report of the last run,
// recordCrashes renames it and returns a notice. Nothing is sent. A report contains stacks of goroutines, and no data.
func recordCrashes(data string) (notices []manager.Notice, err error) {
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
			Title: manager.Textf("ACEN Desktop ended unexpectedly the last time."),
			Detail: manager.Textf("Open tasks continue now. A report is in %s; nothing was sent. Attach it when you write to "+
				"the vendor.", aside),
		})
		if err := removeOldReports(data); err != nil {
			return notices, err
		}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return notices, err
	}
	// The runtime duplicates the file descriptor. An empty file means that there was no crash, so nothing is written to it
	// in advance: the time is in the name of the report, everything else in its stacks.
	return notices, errors.Join(debug.SetCrashOutput(f, debug.CrashOptions{}), f.Close())
}

// removeOldReports removes all crash reports except the latest maxReports.
func removeOldReports(data string) error {
	list, err := filepath.Glob(filepath.Join(data, crashReports))
	if err != nil {
		return err
	}
	slices.Sort(list)
	for _, old := range list[:max(0, len(list)-maxReports)] {
		err = errors.Join(err, os.Remove(old))
	}
	return err
}
