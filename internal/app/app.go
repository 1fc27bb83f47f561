// Package app is the part that acen and acen-demo share. It ensures that one instance runs, checks the display, opens
// the license manager on a data folder, runs the window, and records crashes. The window itself is package ui.
package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/internal/app/appleevents"
	"github.com/acen-desktop/acen/internal/app/handover"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui"
	"github.com/acen-desktop/acen/ui/kit/opener"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// ID is the app's id, under which the toolkit stores its preferences.
var ID = acen.About().ID

// Program configures a run of acen or acen-demo.
type Program struct {
	// ID is the id under which the toolkit stores the program's preferences.
	ID string
	// Data is the folder with the person's data.
	Data string
	// Server and Username fill the sign-in screen.
	Server, Username string
	// Trial is shown by the sign-in screen. It is nil except in acen-demo.
	Trial *Trial
	// Content is the content of the file, or the link, in the program's argument; nil if there is none.
	Content []byte
	// Folder is the absolute path of the folder in the program's argument; "" if there is none.
	Folder string
	// Refused is the error of an argument that cannot be read. If it is not nil, Run shows it and does nothing else.
	Refused error
	// Language is the code of the window's language, such as "de". If it is "", the window uses the person's choice or
	// the system's language.
	Language string
	Logger   *slog.Logger
	// Getenv is os.Getenv. The display and the locale are in the environment.
	Getenv func(string) string
}

// Trial is what a person needs to sign in to a trial's server and to add an order.
type Trial struct {
	Password string
	// Serial is a serial number of Program for a new order; "" if there is none left.
	Program, Serial string
}

// hint returns the trial's text for the sign-in screen, in the language of the window.
func (t *Trial) hint() string {
	switch {
	case t == nil:
		return ""
	case t.Serial == "":
		return tr.T("The password of this trial is %s", t.Password)
	}
	return tr.T("The password of this trial is %s", t.Password) + "\n" +
		tr.T("A serial number of %s for a new order: %s", t.Program, t.Serial)
}

// Run shows the window until the person closes it. If the app is running already, Run hands the argument to it, which
// raises its window. It must be called on the main goroutine. It returns a sentence for the person, or ErrNoDisplay or
// ErrNoOpenGL.
func Run(p Program) (err error) {
	if err := checkDisplay(p.Getenv); err != nil {
		return errors.Join(p.Refused, err)
	}
	enableGC := disableGC()
	defer enableGC()
	if cache, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(cache, 0o700) // the toolkit logs an error if it is missing
	}
	about := acen.About()
	app.SetMetadata(fyne.AppMetadata{
		ID:         p.ID,
		Name:       about.Name,
		Version:    about.Version,
		Build:      about.Build,
		Migrations: about.Migrations,
	})
	a := app.NewWithID(p.ID)
	if err := ui.SetLanguage(a, p.Language, dates(p.Getenv)); err != nil {
		return err
	}
	opened := newOpened()
	if err := appleevents.Listen(opened.add); err != nil { // before the first window, even one that shows an error
		p.Logger.Warn("links and files from other programs are not opened", "error", err)
	}
	if p.Refused != nil {
		return p.showError(a, ui.NewOpenErrorWindow(a, p.Refused), p.Refused)
	}

	notices, err := recordCrashes(p.Data)
	if err != nil {
		p.Logger.Warn("a crash would leave no report", "error", err)
	}
	m, err := manager.Open(context.Background(), manager.Options{
		Notices:     notices,
		DataDir:     p.Data,
		Installed:   paths.Licenses(p.Data),
		Keyring:     keyring.System(paths.KeyringService),
		Fingerprint: fingerprint.System(),
		DeviceName:  paths.DeviceName(),
		Version:     paths.Version(),
		Logger:      p.Logger,
	})
	if errors.Is(err, manager.ErrAlreadyRunning) {
		return handOver(p)
	}
	if err != nil {
		return p.showError(a, ui.NewStartErrorWindow(a, err), err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()

	programs := opener.System()
	defer func() { err = errors.Join(err, programs.Close()) }()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	poll, pollFolders := time.NewTicker(time.Second/4), time.NewTicker(time.Second/4)
	defer poll.Stop()
	defer pollFolders.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	contents, folders, refused := opened.deliver(ctx)
	w, err := ui.New(a, ui.Options{
		Backend:    m,
		Opener:     programs,
		Do:         fyne.Do,
		Now:        time.Now,
		After:      time.After,
		Ticks:      ticker.C,
		Version:    paths.Version(),
		Documents:  watchStarts(ctx, handover.In(p.Data), p.Content, contents, poll.C, p.Logger),
		Folders:    watchStarts(ctx, handover.FoldersIn(p.Data), p.Folder, folders, pollFolders.C, p.Logger),
		OpenErrors: refused,
		DeviceName: paths.DeviceName(),
		Server:     p.Server,
		Username:   p.Username,
		Hint:       p.Trial.hint(),
	})
	if err != nil {
		return err
	}
	stopMapping := mapWidgets(w.Fyne(), p.Getenv)
	defer stopMapping()
	defer func() { w.Shutdown(); w.Wait() }()
	return show(a, w.Fyne(), w.Show, enableGC, time.After)
}

// shownError is an error that a window has shown.
type shownError struct{ error }

// showError shows w, which has the reason why the app ends, until the person closes it. It returns cause as a
// shownError. UI thread.
func (p Program) showError(a fyne.App, w fyne.Window, cause error) error {
	stopMapping := mapWidgets(w, p.Getenv)
	defer stopMapping()
	if err := show(a, w, w.Show, func() {}, time.After); err != nil {
		return errors.Join(cause, err)
	}
	return shownError{cause}
}
