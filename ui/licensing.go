package ui

import (
	"context"
	"fmt"
	"os"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/background"
	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/email"
	"github.com/acen-desktop/acen/ui/explain"
	"github.com/acen-desktop/acen/ui/tasks"
)

func (w *Window) taskOptions() tasks.Options {
	return tasks.Options{
		Canvas: w.window.Canvas(), Dialogs: w.queue, Work: w.work, Licenses: w.options.Backend, Copy: w.copy, Explain: explain.Error,
		DeviceName: w.options.DeviceName, OnLicense: w.licensed, OnEmail: w.emailCode, OnSaveFile: w.saveFile,
	}
}

// newLicense opens the dialog for a new license of the shown order.
func (w *Window) newLicense(thisPC bool) {
	c := w.state.content
	if !w.licenses.CanCreate() || c.Program.ID == 0 {
		return
	}
	if err := tasks.NewLicense(w.taskOptions(), c.Order, c.Program, thisPC); err != nil {
		w.queue.Error(explain.Error(err))
	}
}

func (w *Window) changeNote(l manager.License) {
	if err := manager.ChangeNoteRefusal(w.state.content.Order); err != nil {
		w.queue.Error(explain.Error(err))
		return
	}
	tasks.ChangeNote(w.taskOptions(), l)
}

// licensed shows a license that was made or changed at once; the tables follow when the server has been asked.
func (w *Window) licensed(l manager.License) {
	c := &w.state.content
	if c.Order.ID != l.OrderID {
		return
	}
	list := append([]manager.License(nil), c.Licenses...)
	found := false
	for i := range list {
		if list[i].ID == l.ID {
			list[i], found = l, true
		}
	}
	if !found {
		list = append(list, l)
	}
	c.Licenses, c.Loaded = list, true
	w.clearSearch()
	w.showContent()
	w.licenses.Select(l.ID)
}

func (w *Window) emailSelected() {
	if l, ok := w.licenses.Selected(); ok {
		w.emailCode(l)
	}
}

func (w *Window) emailCode(l manager.License) {
	if err := manager.EmailRefusal(l); err != nil {
		w.queue.Error(explain.Error(err))
		return
	}
	email.Open(email.Options{
		Canvas: w.window.Canvas(), Dialogs: w.queue, Work: w.work, Mailer: w.options.Backend, Opener: w.options.Opener, Copy: w.copy, Explain: explain.Error,
		OnSent: func(to []string) {
			w.status.say(fmt.Sprintf("The server sends the code to %s.", strings.Join(to, ", ")))
		},
	}, l, w.programName(l.OrderID))
}

func (w *Window) programName(order int64) string {
	for _, o := range w.state.orders {
		if o.ID == order {
			return o.ProgramName
		}
	}
	return fmt.Sprintf("order %d", order)
}

// licenseFile is a license file that was fetched and checked.
type licenseFile struct{ name, content string }

// saveFile fetches the license file and asks where to put it.
func (w *Window) saveFile(l manager.License) {
	w.status.working("Fetching the license file…")
	background.Run(w.saving, func(ctx context.Context) (f licenseFile, err error) {
		f.name, f.content, err = w.options.Backend.LicenseFile(ctx, l.ID)
		return f, err
	}, func(f licenseFile, err error) {
		w.status.working("")
		if err != nil {
			m := explain.Error(err)
			m.Action = &dialogs.Action{Label: "Try again", Do: func() { w.saveFile(l) }}
			w.queue.Error(m)
			return
		}
		d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
			if err != nil {
				w.queue.Error(explain.Error(err))
			} else if to != nil {
				w.write(to, f)
			}
		}, w.window)
		d.SetFileName(f.name)
		d.SetFilter(storage.NewExtensionFileFilter([]string{api.LicenseFileExtension}))
		size := w.window.Canvas().Size()
		d.Resize(fyne.NewSize(min(760, size.Width-60), min(520, size.Height-60)))
		d.Show()
	})
}

// write puts a license file where the person wants it. Others on the PC may not read it: it holds the removal seed.
func (w *Window) write(to fyne.URIWriteCloser, f licenseFile) {
	path := to.URI().Path()
	background.Run(w.saving, func(context.Context) (struct{}, error) {
		if err := os.Chmod(path, 0o600); err != nil && !os.IsNotExist(err) {
			_ = to.Close()
			return struct{}{}, err
		}
		_, err := to.Write([]byte(f.content))
		if closeErr := to.Close(); err == nil {
			err = closeErr
		}
		return struct{}{}, err
	}, func(_ struct{}, err error) {
		if err != nil {
			w.queue.Error(explain.Error(err))
			return
		}
		w.status.say("Saved as " + path)
	})
}
