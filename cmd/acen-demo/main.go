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
	flag.StringVar(&o.Listen, "listen", "127.0.0.1:0", "loopback address of the server; port 0 is any free one")
	flag.StringVar(&o.Data, "data", demo.DefaultData(), "folder for the data of the trial")
	flag.StringVar(&o.SMTP, "smtp", "", "mail server, host:port, to which mails are sent")
	flag.StringVar(&o.MailDir, "mail-dir", "",
		"folder to which mails are written as files (default: mail in the data folder)")
	flag.StringVar(&o.Language, "language", "",
		"language of the window: en, de, fr, es or ja (default: the one chosen in the window, otherwise the system's)")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(),
			"Usage: acen-demo [flags]\n\nTry ACEN Desktop with a server on this PC that has sample orders.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 || o.SMTP != "" && o.MailDir != "" {
		fmt.Fprintln(os.Stderr, "acen-demo: give no arguments, and only one of --smtp and --mail-dir")
		os.Exit(2)
	}
	if err := demo.Run(o); err != nil {
		app.Fail(err)
	}
}
