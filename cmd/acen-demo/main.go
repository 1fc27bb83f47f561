// Command acen-demo starts a real license server with sample orders on this PC and opens the app's window on it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"github.com/acen-desktop/acen/cmd/desktop"
	"github.com/acen-desktop/acen/cmd/place"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/mail"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
)

// sender stands in the mails of the trial; the domain is reserved for such use (RFC 2606).
const sender = "Lumen licenses <licenses@lumen.example>"

func main() {
	address := flag.String("listen", "127.0.0.1:0", "loopback address of the server; port 0 takes a free one")
	data := flag.String("data", filepath.Join(xdg.CacheHome, "acen-demo"), "folder for everything of the trial")
	smtp := flag.String("smtp", "", "mail server, host:port, that gets the mails")
	mailDir := flag.String("mail-dir", "", "folder in which mails are written as files (default: mail in the data folder)")
	language := flag.String("language", "", "language of the window: en, de, fr, es or ja (default: what you chose in it, else the system's)")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: acen-demo [flags]\n\nTry everything: a server with sample orders on this PC, and the window on it.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || *smtp != "" && *mailDir != "" {
		fmt.Fprintln(os.Stderr, "acen-demo: give flags only, and either --smtp or --mail-dir")
		os.Exit(2)
	}
	if err := run(*address, *data, *smtp, *mailDir, *language); err != nil {
		desktop.Fail(err)
	}
}

// start starts the server. A free port is the one of the latest start if it can be: a remembered session then goes on.
func start(o service.Options, login *sample.Login, cleared func() error) (*service.Service, error) {
	ctx, now := context.Background(), time.Now()
	note := filepath.Join(o.Folder, "address")
	host, port, err := net.SplitHostPort(o.Listening.Address)
	if latest, readErr := os.ReadFile(note); readErr == nil && err == nil && port == "0" {
		if latestHost, _, err := net.SplitHostPort(string(latest)); err == nil && latestHost == host {
			again := o
			again.Listening.Address = string(latest)
			if running, err := sample.Start(ctx, again, now, login, cleared); err == nil {
				return running, nil
			}
		}
	}
	running, err := sample.Start(ctx, o, now, login, cleared)
	if err != nil {
		return nil, err
	}
	_, address, _ := strings.Cut(running.URL, "://")
	// Without the note the next start takes another port.
	_ = os.WriteFile(note, []byte(address), 0o600)
	return running, nil
}

func run(address, data, smtp, mailDir, language string) error {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	folder := filepath.Join(data, "server")
	if mailDir == "" {
		mailDir = filepath.Join(data, "mail")
	}
	options := service.Options{
		Place: service.Place{Folder: folder}, Listening: listen.Config{Address: address}, Name: "Lumen licenses (trial)", Version: place.Version(),
		Mail: mail.Folder{Path: mailDir, From: sender}, Logger: logger, Contact: "support@lumen.example",
	}
	if smtp != "" {
		post := mail.SMTP{Address: smtp, From: sender}
		if err := post.Check(); err != nil {
			return err
		}
		options.Mail = post
	}
	var login sample.Login
	app := filepath.Join(data, "app")
	// The app's data are about the sample data, so they are removed with them.
	running, err := start(options, &login, func() error { return os.RemoveAll(app) })
	if err != nil {
		return err
	}
	if err := sample.Announce(os.Stdout, running.URL, login); err != nil {
		return errors.Join(err, running.Stop())
	}
	trial := &desktop.Trial{Password: login.Password, Program: sample.SerialProgram}
	if serials, err := sample.FreeSerials(context.Background(), running.Data, sample.SerialProgram, 1); err == nil && len(serials) > 0 {
		trial.Serial = serials[0]
	}
	err = desktop.Run(desktop.Program{
		ID:       desktop.ID + ".demo",
		Data:     app,
		Server:   running.URL,
		Username: login.Username,
		Trial:    trial,
		Language: language,
		Logger:   logger,
	})
	return errors.Join(err, running.Stop())
}
