package presenter

import (
	"context"
	"errors"
	"io"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Files shows file dialogs, and reads and writes the chosen files.
type Files struct {
	window fyne.Window
	work   *background.Group
	saving *background.Slot
	status *Status
}

// NewFiles returns a presenter of file dialogs. UI thread.
func NewFiles(window fyne.Window, work *background.Group, status *Status) *Files {
	return &Files{
		window: window,
		work:   work,
		saving: work.NewSlot(),
		status: status,
	}
}

// Cancel cancels writing.
func (f *Files) Cancel() { f.saving.Cancel() }

// Save asks for a path and writes text there. It calls done unless the person canceled.
func (f *Files) Save(name, text, extension string, done func(error)) {
	d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
		if err != nil {
			done(err)
		} else if to != nil {
			f.write(to, text, done)
		}
	}, f.window)
	d.SetFileName(name)
	d.SetFilter(storage.NewExtensionFileFilter([]string{extension}))
	f.show(d)
}

// write writes text with mode 0600, because license files contain the removal seed.
func (f *Files) write(to fyne.URIWriteCloser, text string, done func(error)) {
	path := to.URI().Path()
	background.Run(f.saving, func(context.Context) (struct{}, error) {
		if err := os.Chmod(path, 0o600); err != nil && !os.IsNotExist(err) {
			_ = to.Close()
			return struct{}{}, err
		}
		_, err := to.Write([]byte(text))
		if closeErr := to.Close(); err == nil {
			err = closeErr
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err == nil {
			f.status.ShowRemark(tr.T("Saved as %s", path))
		}
		done(err)
	})
}

// Choose asks for a document or a picture and reads it. It calls done unless the person canceled.
func (f *Files) Choose(done func([]byte, error)) {
	slot := f.work.NewSlot()
	d := dialog.NewFileOpen(func(from fyne.URIReadCloser, err error) {
		if err != nil {
			done(nil, err)
			return
		}
		if from == nil {
			return
		}
		background.Run(slot, func(context.Context) ([]byte, error) {
			content, err := readLimited(from)
			return content, errors.Join(err, from.Close())
		}, done)
	}, f.window)
	extensions := []string{carry.Extension, ".txt", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}
	d.SetFilter(storage.NewExtensionFileFilter(extensions))
	f.show(d)
}

// ChooseFolder asks for a folder. It calls done with its path unless the person canceled.
func (f *Files) ChooseFolder(done func(string, error)) {
	f.show(dialog.NewFolderOpen(func(chosen fyne.ListableURI, err error) {
		if err != nil || chosen != nil {
			done(folderPath(chosen, err))
		}
	}, f.window))
}

// folderPath returns the path of a folder that a dialog returned, or an error for one that is not in the file system.
func folderPath(chosen fyne.URI, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case chosen.Scheme() != "file":
		return "", errNoFolder
	}
	return chosen.Path(), nil
}

// show shows a file dialog and resizes it to fit the window. The toolkit panics if it is resized first.
func (f *Files) show(d *dialog.FileDialog) {
	d.Show()
	size := f.window.Canvas().Size()
	d.Resize(fyne.NewSize(min(760, size.Width-60), min(520, size.Height-60)))
}

// dropped is the content of files and the paths of folders that were dropped on the window.
type dropped struct {
	contents [][]byte
	folders  []string
}

// readDropped reads dropped files. On an error it also returns what it has read before. Not on the UI thread.
func readDropped(files []fyne.URI) (d dropped, err error) {
	for _, f := range files {
		if f.Scheme() != "file" {
			return d, errNoFile
		}
		if info, err := os.Stat(f.Path()); err == nil && info.IsDir() {
			d.folders = append(d.folders, f.Path())
			continue
		}
		content, err := readFile(f.Path())
		if err != nil {
			return d, err
		}
		d.contents = append(d.contents, content)
	}
	return d, nil
}

var (
	errNoFile   = errors.New("what was dropped is no file of this PC")
	errNoFolder = errors.New("the chosen folder is not on this PC")
)

// readFile reads a regular file of limited size.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f)
}

func readLimited(from io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, carry.MaxPictureFile+1))
	if err == nil && len(content) > carry.MaxPictureFile {
		err = carry.ErrTooLarge
	}
	return content, err
}

// ArgumentError is the error for an argument of the app that cannot be read. Err is a sentence that contains the path.
type ArgumentError struct {
	Path string
	// NotFile reports that Path is neither a file nor a folder, but such as a device.
	NotFile bool
	Err     error
}

func (u *ArgumentError) Error() string { return u.Err.Error() }
func (u *ArgumentError) Unwrap() error { return u.Err }

// OpenErrorMessage returns the message for a file or link that cannot be opened.
func OpenErrorMessage(err error) dialogs.Message {
	var damaged *carry.DocumentError
	if errors.Is(err, carry.ErrTooLarge) || errors.Is(err, carry.ErrLink) || errors.Is(err, carry.ErrServer) ||
		errors.As(err, &damaged) {
		return explain.Error(err)
	}
	what, why := tr.T("The file cannot be read."), words.FileError(err)
	named := &ArgumentError{}
	if errors.As(err, &named) {
		what = tr.T("%s cannot be read.", named.Path)
	}
	switch {
	case named.NotFile:
		why = tr.T("It is neither a file nor a folder.")
	case errors.Is(err, errNoFile):
		why = tr.T("What was dropped is no file of this PC.")
	}
	return dialogs.Message{What: what, Why: why, Next: tr.T("Copy it to this PC and try again.")}
}
