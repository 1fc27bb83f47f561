// Command acen is the desktop app with which people manage their licenses. It parses the command line and calls package
// internal/app.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/acen-desktop/acen/internal/app"
	"github.com/acen-desktop/acen/internal/app/paths"
)

// exitCodesStay is the exit status of --forget-everything if everything was removed but removal codes, which stay. The
// Windows installer checks it.
const exitCodesStay = 3

// forgetEverything removes the person's data, prints what is left to do and returns the exit status.
func forgetEverything(p app.Program) int {
	rest, err := app.RemoveData(context.Background(), p)
	for _, line := range app.RemainingSteps(rest, p.Data) {
		fmt.Println(line)
	}
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "acen: not everything was removed: %s.\n",
			strings.TrimSuffix(strings.ReplaceAll(err.Error(), "\n", "; "), "."))
		return 1
	case len(rest.Codes) > 0:
		return exitCodesStay
	}
	return 0
}

func main() {
	data := flag.String("data", paths.DefaultData(), "folder with your data")
	server := flag.String("server", "", "address of the license server, for the sign-in screen")
	language := flag.String("language", "",
		"language of the window: en, de, fr, es or ja (default: the one chosen in the window, otherwise the system's)")
	forget := flag.Bool("forget-everything", false,
		"remove your accounts, cached tables and open tasks from this PC and its keyring, and exit; licenses that programs\n"+
			"use stay, and so do removal codes that are not handed in, in which case the exit status is 3")
	version := flag.Bool("version", false, "print the version and exit")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(),
			"Usage: acen [flags] [FILE|FOLDER|LINK]\n\n"+
				"Manage your licenses, on this PC and on your other PCs. The argument may be a license file, a request, an\n"+
				"answer, a picture with QR codes, a folder with such files, or a link that begins with acen:. The window\n"+
				"shows it and does nothing with it automatically.\n\n")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 1 {
		fmt.Fprintf(os.Stderr, "acen: unexpected argument %q\n", flag.Arg(1))
		os.Exit(2)
	}
	if *version {
		fmt.Println("acen", paths.Version())
		return
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	program := app.Program{
		ID:       app.ID,
		Data:     *data,
		Server:   *server,
		Language: *language,
		Logger:   logger,
		Getenv:   os.Getenv,
	}
	if *forget {
		os.Exit(forgetEverything(program))
	}
	if flag.NArg() == 1 {
		program.Content, program.Folder, program.ArgumentError = app.ReadArgument(flag.Arg(0))
	}
	if err := app.Run(program); err != nil {
		app.Fail(err)
	}
}
