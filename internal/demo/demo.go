// Package demo runs acen-demo: a license server with sample orders on this PC, and the app's window. All data are in
// one folder, and no mail leaves the PC unless a mail server is named.
package demo

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"github.com/acen-desktop/acen/internal/app"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
)

// sender is the sender of the trial's mails, with a reserved domain (RFC 2606).
const sender = "Lumen licenses <licenses@lumen.example>"

// Options are the options of acen-demo.
type Options struct {
	// Listen is the loopback address of the server; port 0 takes a free one.
	Listen string
	// Data is the folder for all data of the trial.
	Data string
	// SMTP is the mail server, host:port. If it is "", mails are written to MailDir.
	SMTP string
	// MailDir is the folder for mails; "" for the folder mail in Data.
	MailDir string
	// Language is the code of the window's language, such as "de". If it is "", the window uses the person's choice or
	// the system's language.
	Language string
	// Getenv is os.Getenv.
	Getenv func(string) string
}

// DefaultData returns the default folder of the trial.
func DefaultData() string { return filepath.Join(xdg.CacheHome, "acen-demo") }

// start starts the server. For port 0 it tries the port of the previous start first, at which a remembered session is
// valid.
func start(o service.Options, login *sample.Login, cleared func() error) (*service.Service, error) {
	ctx, now := context.Background(), time.Now()
	note := filepath.Join(o.Folder, "address")
	host, port, err := net.SplitHostPort(o.Listening.Address)
	if latest, readErr := os.ReadFile(note); readErr == nil && err == nil && port == "0" {
		if latestHost, _, err := net.SplitHostPort(string(latest)); err == nil && latestHost == host {
			sameAddress := o
			sameAddress.Listening.Address = string(latest)
			if running, err := sample.Start(ctx, sameAddress, now, login, cleared); err == nil {
				return running, nil
			}
		}
	}
	running, err := sample.Start(ctx, o, now, login, cleared)
	if err != nil {
		return nil, err
	}
	_, address, _ := strings.Cut(running.URL, "://")
	// If this fails, the next start uses another port.
	_ = os.WriteFile(note, []byte(address), 0o600)
	return running, nil
}

// Run starts the server and shows the window until the person closes it. It must be called on the main goroutine.
func Run(o Options) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	folder := filepath.Join(o.Data, "server")
	mailDir := cmp.Or(o.MailDir, filepath.Join(o.Data, "mail"))
	options := service.Options{
		Location:  service.Location{Folder: folder},
		Listening: listen.Config{Address: o.Listen},
		Name:      "Lumen licenses (trial)",
		Version:   paths.Version(),
		Mail:      mail.Folder{Path: mailDir, From: sender},
		Logger:    logger,
		Contact:   "support@lumen.example",
	}
	if o.SMTP != "" {
		post := mail.SMTP{Address: o.SMTP, From: sender}
		if err := post.Check(); err != nil {
			return err
		}
		options.Mail = post
	}
	var login sample.Login
	data := filepath.Join(o.Data, "app")
	// The app's data refer to the sample data and are removed with them.
	running, err := start(options, &login, func() error { return os.RemoveAll(data) })
	if err != nil {
		return err
	}
	if err := sample.Announce(os.Stdout, running.URL, login); err != nil {
		return errors.Join(err, running.Stop())
	}
	trial := &app.Trial{Password: login.Password, Program: sample.SerialProgram}
	if serials, err := sample.FreeSerials(context.Background(), running.Data, sample.SerialProgram, 1); err == nil &&
		len(serials) > 0 {
		trial.Serial = serials[0]
	}
	err = app.Run(app.Program{
		ID:       app.ID + ".demo",
		Data:     data,
		Server:   running.URL,
		Username: login.Username,
		Trial:    trial,
		Language: o.Language,
		Logger:   logger,
		Getenv:   o.Getenv,
	})
	return errors.Join(err, running.Stop())
}
