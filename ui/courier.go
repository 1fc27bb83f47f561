package ui

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	screen "github.com/acen-desktop/acen/ui/screens/carry"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

func (w *Window) offlineOptions() screen.Options {
	return screen.Options{
		Canvas: w.window.Canvas(), Dialogs: w.queue, Work: w.work, Manager: w.options.Backend, Copy: w.copy, Explain: explain.Error,
		DeviceName: w.options.DeviceName, Now: w.options.Now, After: time.After,
		Save: func(name, text string, done func(error)) { w.saveText(name, text, carry.Extension, done) }, Print: w.options.Opener.Show, Choose: w.chooseDocument, ChooseFolder: w.chooseFolder, Paste: func() string { return w.app.Clipboard().Content() },
		Picture: w.options.Opener.ClipboardPicture, SignedIn: func() (yes, soon bool) { return w.state.signedIn, w.state.waiting },
		OnCarried: w.refresh, OnTaken: func() {
			if w.state.signedIn {
				w.refresh()
			}
		},
	}
}

// given takes what the program was started with, here or once more, or what was dropped on the window, and raises the window.
// It shows it and does nothing else. Nothing at all just raises the window.
func (w *Window) given(content []byte) {
	w.window.RequestFocus()
	if len(content) == 0 {
		return
	}
	if link, err := carry.ParseLink(string(content)); err == nil && link.Part == nil {
		w.serverLink(link.Server)
		return
	}
	w.desk.Receive([][]byte{content}, nil)
}

// givenFolder takes a folder that the program was started with, as given does.
func (w *Window) givenFolder(path string) {
	w.window.RequestFocus()
	w.desk.Receive(nil, []string{path})
}

// refused says why something that the system asked the app to open cannot be opened, and raises the window.
func (w *Window) refused(err error) {
	w.window.RequestFocus()
	w.queue.Error(readFault(err))
}

// serverLink fills in the server of a link for signing in.
func (w *Window) serverLink(address string) {
	fill := func() {
		w.signIn.Fill(address, "")
		w.focusFirst()
	}
	if !w.state.signedIn && !w.state.waiting {
		fill()
		return
	}
	w.queue.Confirm(dialogs.Confirmation{
		Title: tr.T("A link to a license server"), Text: tr.T("It leads to %s. You can sign in there with another account; the one that is shown stays signed in.", address),
		Label: tr.T("Add an account…"), OnConfirm: func() { w.addAccount(); fill() },
	})
}

// drop is what was dropped on the window.
type drop struct {
	contents [][]byte
	folders  []string
}

// dropped reads files and takes folders that were dropped on the window.
func (w *Window) dropped(_ fyne.Position, files []fyne.URI) {
	slot := w.work.NewSlot()
	background.Run(slot, func(context.Context) (d drop, err error) {
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
	}, func(d drop, err error) {
		if err != nil {
			w.queue.Error(readFault(err))
		}
		if len(d.contents)+len(d.folders) > 0 {
			w.desk.Receive(d.contents, d.folders)
		}
	})
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

// Unreadable is what the program was started with and cannot be read. Err is a sentence that names it.
type Unreadable struct {
	Path string
	// Neither tells that it is neither a file nor a folder, such as a device.
	Neither bool
	Err     error
}

func (u *Unreadable) Error() string { return u.Err.Error() }
func (u *Unreadable) Unwrap() error { return u.Err }

// readFault explains why a file or a link from outside is not taken.
func readFault(err error) dialogs.Message {
	var damaged *carry.Fault
	if errors.Is(err, carry.ErrTooLarge) || errors.Is(err, carry.ErrLink) || errors.Is(err, carry.ErrServer) || errors.As(err, &damaged) {
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

// chooseDocument asks for a file and reads it.
func (w *Window) chooseDocument(done func([]byte, error)) {
	slot := w.work.NewSlot()
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
	}, w.window)
	d.SetFilter(storage.NewExtensionFileFilter([]string{carry.Extension, ".txt", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"}))
	w.showFiles(d)
}

// chooseFolder asks for a folder.
func (w *Window) chooseFolder(done func(string, error)) {
	w.showFiles(dialog.NewFolderOpen(func(chosen fyne.ListableURI, err error) {
		if err != nil || chosen != nil && chosen.Scheme() != "file" {
			done("", cmp.Or(err, errNoFile))
		} else if chosen != nil {
			done(chosen.Path(), nil)
		}
	}, w.window))
}

// showFiles shows a dialog for files within the window. The toolkit panics when it is resized before it is shown.
func (w *Window) showFiles(d *dialog.FileDialog) {
	d.Show()
	size := w.window.Canvas().Size()
	d.Resize(fyne.NewSize(min(760, size.Width-60), min(520, size.Height-60)))
}
