// Command acen-demo starts a real license server with sample orders on this PC and opens the app's window on it. It
// parses the command line and calls package internal/demo.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/acen-desktop/acen/internal/app"
	"github.com/acen-desktop/acen/internal/demo"
)

func main() {
	o := demo.Options{Getenv: os.Getenv}
	flag.StringVar(&o.Listen, "listen", "127.0.0.1:0", "loopback address of the server; port 0 takes a free one")
	flag.StringVar(&o.Data, "data", demo.DefaultData(), "folder for everything of the trial")
	flag.StringVar(&o.SMTP, "smtp", "", "mail server, host:port, that gets the mails")
	flag.StringVar(&o.MailDir, "mail-dir", "",
		"folder in which mails are written as files (default: mail in the data folder)")
	flag.StringVar(&o.Language, "language", "",
		"language of the window: en, de, fr, es or ja (default: what you chose in it, else the system's)")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(),
			"Usage: acen-demo [flags]\n\nTry everything: a server with sample orders on this PC, and the window on it.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || o.SMTP != "" && o.MailDir != "" {
		fmt.Fprintln(os.Stderr, "acen-demo: give flags only, and either --smtp or --mail-dir")
		os.Exit(2)
	}
	if err := demo.Run(o); err != nil {
		app.Fail(err)
	}
}
