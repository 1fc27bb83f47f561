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

// ID is the app's id, under which the toolkit keeps its preferences.
var ID = acen.About().ID

// Program is what one of the programs runs.
type Program struct {
	// ID keeps the window's look of one program apart from that of the other.
	ID string
	// Data is the folder with the person's data.
	Data string
	// Server and Username fill the sign-in screen.
	Server, Username string
	// Trial is what the sign-in screen tells of a trial's server; nil for none.
	Trial *Trial
	// Given is the content of the file, or the link, that the program is started with; nil for none.
	Given []byte
	// Folder is the absolute path of the folder that the program is started with; "" for none.
	Folder string
	// Refused is why what the program is started with cannot be given to it; the person is told, and nothing else happens.
	Refused error
	// Language of the window by its code, such as "de"; "" leaves it to the person's own choice and the system.
	Language string
	Logger   *slog.Logger
	// Getenv is os.Getenv: the display and the locale are taken from the environment.
	Getenv func(string) string
}

// Trial is what a person needs to try everything.
type Trial struct {
	Password string
	// Program takes Serial, a serial number for a new order; "" when there is none left.
	Program, Serial string
}

// hint says it in the language of the window.
func (t *Trial) hint() string {
	switch {
	case t == nil:
		return ""
	case t.Serial == "":
		return tr.T("The password of this trial is %s", t.Password)
	}
	return tr.T("The password of this trial is %s", t.Password) + "\n" + tr.T("A serial number of %s for a new order: %s", t.Program, t.Serial)
}

// Run shows the window until the person closes it; where it is running already, that window is raised instead. It must be called
// on the main goroutine. An error is a sentence for the person; where there is no display or no OpenGL it is ErrNoDisplay or
// ErrNoOpenGL.
func Run(p Program) (err error) {
	if err := checkDisplay(p.Getenv); err != nil {
		return errors.Join(p.Refused, err)
	}
	collect := collectLater()
	defer collect()
	if cache, err := os.UserCacheDir(); err == nil {
		_ = os.MkdirAll(cache, 0o700) // the toolkit expects it and complains otherwise
	}
	about := acen.About()
	app.SetMetadata(fyne.AppMetadata{ID: p.ID, Name: about.Name, Version: about.Version, Build: about.Build, Migrations: about.Migrations})
	a := app.NewWithID(p.ID)
	if err := ui.Speak(a, p.Language, dates(p.Getenv)); err != nil {
		return err
	}
	if p.Refused != nil {
		return p.tell(a, ui.NewRefusal(a, p.Refused), p.Refused)
	}

	notices, err := keepCrashes(p.Data)
	if err != nil {
		p.Logger.Warn("a crash would leave no report", "error", err)
	}
	m, err := manager.Open(context.Background(), manager.Options{
		Notices: notices,
		DataDir: p.Data, Installed: paths.Licenses(p.Data), Keyring: keyring.System(paths.KeyringService), Fingerprint: fingerprint.System(),
		DeviceName: paths.DeviceName(), Version: paths.Version(), Logger: p.Logger,
	})
	if errors.Is(err, manager.ErrAlreadyRunning) {
		return handOver(p)
	}
	if err != nil {
		return p.tell(a, ui.NewFailure(a, err), err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()

	programs := opener.System()
	defer func() { err = errors.Join(err, programs.Close()) }()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	looking, lookingForFolders := time.NewTicker(time.Second/4), time.NewTicker(time.Second/4)
	defer looking.Stop()
	defer lookingForFolders.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	opened := newOpened()
	if err := appleevents.Listen(opened.add); err != nil { // before the window: macOS sends the first event while it is made
		p.Logger.Warn("links and files from other programs are not opened", "error", err)
	}
	contents, folders, refused := opened.deliver(ctx)
	w, err := ui.New(a, ui.Options{
		Backend: m, Opener: programs, Do: fyne.Do, Now: time.Now, After: time.After, Ticks: ticker.C, Version: paths.Version(),
		Given:        watchGiven(ctx, handover.In(p.Data), p.Given, contents, looking.C, p.Logger),
		GivenFolders: watchGiven(ctx, handover.FoldersIn(p.Data), p.Folder, folders, lookingForFolders.C, p.Logger),
		Refused:      refused,
		DeviceName:   paths.DeviceName(), Server: p.Server, Username: p.Username, Hint: p.Trial.hint(),
	})
	if err != nil {
		return err
	}
	stopMapping := mapWidgets(w.Fyne(), p.Getenv)
	defer stopMapping()
	defer func() { w.End(); w.Wait() }()
	return show(a, w.Fyne(), w.Show, collect, time.After)
}

// told is an error that the person has read in a window.
type told struct{ error }

// tell shows a window that tells why the app does not go on, and returns the cause; standard error gets it when the program ends.
func (p Program) tell(a fyne.App, w fyne.Window, cause error) error {
	stopMapping := mapWidgets(w, p.Getenv)
	defer stopMapping()
	if err := show(a, w, w.Show, func() {}, time.After); err != nil {
		return errors.Join(cause, err)
	}
	return told{cause}
}
