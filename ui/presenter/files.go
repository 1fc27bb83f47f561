package presenter

import (
	"cmp"
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

// Files asks for files and folders, and reads and writes them.
type Files struct {
	window fyne.Window
	work   *background.Group
	saving *background.Slot
	status *Status
}

// NewFiles returns the file dialogs of a window. UI thread.
func NewFiles(window fyne.Window, work *background.Group, status *Status) *Files {
	return &Files{
		window: window,
		work:   work,
		saving: work.NewSlot(),
		status: status,
	}
}

// Cancel ends the writing that is under way.
func (f *Files) Cancel() { f.saving.Cancel() }

// Save asks where to put a text, and writes it there; done gets the outcome, unless the person chose no place.
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

// write writes a text to a file that no other user of the PC can read: license files hold the removal seed.
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
			f.status.Say(tr.T("Saved as %s", path))
		}
		done(err)
	})
}

// Choose asks for a document or a picture and reads it; done gets the outcome, unless the person chose none.
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
			content, err := readBounded(from)
			return content, errors.Join(err, from.Close())
		}, done)
	}, f.window)
	extensions := []string{carry.Extension, ".txt", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}
	d.SetFilter(storage.NewExtensionFileFilter(extensions))
	f.show(d)
}

// ChooseFolder asks for a folder; done gets its path, unless the person chose none.
func (f *Files) ChooseFolder(done func(string, error)) {
	f.show(dialog.NewFolderOpen(func(chosen fyne.ListableURI, err error) {
		if err != nil || chosen != nil && chosen.Scheme() != "file" {
			done("", cmp.Or(err, errNoFile))
		} else if chosen != nil {
			done(chosen.Path(), nil)
		}
	}, f.window))
}

// show shows a file dialog within the window. The toolkit panics when it is resized before it is shown.
func (f *Files) show(d *dialog.FileDialog) {
	d.Show()
	size := f.window.Canvas().Size()
	d.Resize(fyne.NewSize(min(760, size.Width-60), min(520, size.Height-60)))
}

// dropped is what was dropped on the window.
type dropped struct {
	contents [][]byte
	folders  []string
}

// readDropped reads the files and lists the folders that were dropped. What was read before an error is returned with
// it. Not on the UI thread.
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

var errNoFile = errors.New("what was dropped is no file of this PC")

// readFile reads a file that may be a document or a picture.
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
	return readBounded(f)
}

func readBounded(from io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, carry.MaxPictureFile+1))
	if err == nil && len(content) > carry.MaxPictureFile {
		err = carry.ErrTooLarge
	}
	return content, err
}

// Unreadable is an argument of the program that cannot be read. Err is a sentence that names it.
type Unreadable struct {
	Path string
	// Neither tells that it is neither a file nor a folder, such as a device.
	Neither bool
	Err     error
}

func (u *Unreadable) Error() string { return u.Err.Error() }
func (u *Unreadable) Unwrap() error { return u.Err }

// ReadFault explains why a file or a link from outside is not accepted.
func ReadFault(err error) dialogs.Message {
	var damaged *carry.Fault
	if errors.Is(err, carry.ErrTooLarge) || errors.Is(err, carry.ErrLink) || errors.Is(err, carry.ErrServer) ||
		errors.As(err, &damaged) {
		return explain.Error(err)
	}
	what, why := tr.T("The file cannot be read."), words.Cause(err)
	named := &Unreadable{}
	if errors.As(err, &named) {
		what = tr.T("%s cannot be read.", named.Path)
	}
	switch {
	case named.Neither:
		why = tr.T("It is neither a file nor a folder.")
	case errors.Is(err, errNoFile):
		why = tr.T("What was dropped is no file of this PC.")
	}
	return dialogs.Message{What: what, Why: why, Next: tr.T("Copy it to this PC and try again.")}
}
