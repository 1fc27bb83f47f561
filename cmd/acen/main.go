// Command acen is the desktop app with which people look after their licenses.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"

	"github.com/acen-desktop/acen/cmd/desktop"
	"github.com/acen-desktop/acen/cmd/place"
)

func main() {
	data := flag.String("data", place.DefaultData(), "folder with your data")
	server := flag.String("server", "", "address of the license server, filled in for signing in")
	version := flag.Bool("version", false, "print the version and end")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), "Usage: acen [flags]\n\nLook after your licenses: on this PC and on your other PCs.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "acen: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	if *version {
		fmt.Println("acen", place.Version())
		return
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := desktop.Run(desktop.Program{ID: desktop.ID, Data: *data, Server: *server, Logger: logger}); err != nil {
		desktop.Fail(err)
	}
}
