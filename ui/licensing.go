package ui

import (
	"context"
	"os"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/screens/email"
	"github.com/acen-desktop/acen/ui/screens/tasks"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

func (w *Window) taskOptions() tasks.Options {
	return tasks.Options{
		Canvas: w.window.Canvas(), Dialogs: w.queue, Work: w.work, Licenses: w.options.Backend, Copy: w.copy, Explain: explain.Error,
		DeviceName: w.options.DeviceName, OnLicense: w.licensed, OnRemoved: w.removed, OnEmail: w.emailCode, OnSaveFile: w.saveFile,
		Now: w.options.Now, Shown: w.state.content.Licenses, ContactVendor: w.contactVendor, OnWaiting: w.showJobs, Removal: w.removalOptions(),
		Account: tr.T("%s at %s", w.state.account.Username, host(w.state.account.Server)),
	}
}

// task opens a dialog about a license, unless the server has said that it would refuse.
func (w *Window) task(l manager.License, refusal func(api.Order, manager.License) error, open func(tasks.Options, manager.License) error) {
	if err := refusal(w.state.content.Order, l); err != nil {
		w.queue.Error(explain.Error(err))
		return
	}
	if w.state.content.Program.ID == 0 {
		return
	}
	if err := open(w.taskOptions(), l); err != nil {
		w.queue.Error(explain.Error(err))
	}
}

// reactivate gives a license of the shown order to the new codes of its PC.
func (w *Window) reactivate(l manager.License) { w.bringBack(w.state.content.Order, l) }

func (w *Window) transfer(l manager.License) {
	w.task(l, manager.TransferRefusal, func(o tasks.Options, l manager.License) error {
		return tasks.Transfer(o, l, w.state.content.Program)
	})
}

func (w *Window) remove(l manager.License) {
	w.task(l, manager.RemovalRefusal, func(o tasks.Options, l manager.License) error {
		return tasks.Remove(o, l, w.state.content.Order, w.state.content.Program)
	})
}

// selected returns a function for a shortcut that does something with the selected license.
func (w *Window) selected(do func(manager.License)) func() {
	return func() {
		if l, ok := w.licenses.Selected(); ok {
			do(l)
		}
	}
}

// contactVendor opens the person's mail program with what the vendor needs, where the server names an address, and copies
// the text otherwise.
func (w *Window) contactVendor(subject, text string) {
	w.status.working(tr.T("Asking for the vendor's address…"))
	background.Run(w.contacting, func(ctx context.Context) (string, error) {
		about, err := w.options.Backend.About(ctx, "")
		if err != nil || about.Contact == "" {
			return "", err
		}
		address, err := opener.Mailto([]string{about.Contact}, subject, text, w.options.Opener.MaxMailto())
		if err != nil {
			return about.Contact, err
		}
		return about.Contact, w.options.Opener.Open(ctx, address)
	}, func(address string, err error) {
		w.status.working("")
		if err == nil && address != "" {
			w.status.say(tr.T("Your mail program writes to %s.", address))
			return
		}
		w.copy(subject + "\n\n" + text)
		to := tr.T("the vendor")
		if address != "" {
			to = address
		}
		w.queue.Info(tr.T("The text for the vendor is copied"), tr.T("Paste it into a mail to %s. It says what the vendor needs to know.", to))
	})
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

// licensed shows a license that was made or changed at once, in the place of one that it replaced; the tables follow when
// the server has been asked.
func (w *Window) licensed(replaced int64, l manager.License) {
	c := &w.state.content
	if c.Order.ID != l.OrderID {
		return
	}
	list := make([]manager.License, 0, len(c.Licenses)+1)
	found := false
	for _, known := range c.Licenses {
		switch {
		case known.ID == l.ID:
			list, found = append(list, l), true
		case known.ID != replaced:
			list = append(list, known)
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

// removed takes a license out of the table at once.
func (w *Window) removed(id int64) {
	c := &w.state.content
	c.Licenses = slices.DeleteFunc(slices.Clone(c.Licenses), func(l manager.License) bool { return l.ID == id })
	w.showContent()
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
			w.status.say(tr.T("The server sends the code to %s.", words.List(to)))
		},
	}, l, w.programName(l.OrderID))
}

func (w *Window) programName(order int64) string {
	for _, o := range w.state.orders {
		if o.ID == order {
			return o.ProgramName
		}
	}
	return tr.T("order %d", order)
}

// licenseFile is a license file that was fetched and checked.
type licenseFile struct{ name, content string }

// saveFile fetches the license file and asks where to put it.
func (w *Window) saveFile(l manager.License) {
	w.status.working(tr.T("Fetching the license file…"))
	background.Run(w.saving, func(ctx context.Context) (f licenseFile, err error) {
		f.name, f.content, err = w.options.Backend.LicenseFile(ctx, l.ID)
		return f, err
	}, func(f licenseFile, err error) {
		w.status.working("")
		if err != nil {
			m := explain.Error(err)
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: func() { w.saveFile(l) }}
			w.queue.Error(m)
			return
		}
		w.saveText(f.name, f.content, api.LicenseFileExtension, func(err error) {
			if err != nil {
				w.queue.Error(explain.Error(err))
			}
		})
	})
}

// saveText asks where to put a text, and puts it there; done hears how that went, unless the person chose no place.
func (w *Window) saveText(name, text, extension string, done func(error)) {
	d := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
		if err != nil {
			done(err)
		} else if to != nil {
			w.write(to, text, done)
		}
	}, w.window)
	d.SetFileName(name)
	d.SetFilter(storage.NewExtensionFileFilter([]string{extension}))
	w.showFiles(d)
}

// write puts a text where the person wants it. Others on the PC may not read it: license files hold the removal seed.
func (w *Window) write(to fyne.URIWriteCloser, text string, done func(error)) {
	path := to.URI().Path()
	background.Run(w.saving, func(context.Context) (struct{}, error) {
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
			w.status.say(tr.T("Saved as %s", path))
		}
		done(err)
	})
}
