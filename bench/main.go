// Command bench measures ACEN Desktop next to its peers and to lower bounds, on one machine in one run, and writes
// docs/benchmarks.md. It is a module of its own: no product package imports it, and no peer is in the product's go.mod.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

// run is one run of the benchmarks.
type run struct {
	context.Context
	root string // root of the repository
	temp string
	// Peers whose modules cannot be downloaded; "" if not given.
	relay, slashdevops, fLicense string
}

// topic is one question, with the rows of the table that answer it.
type topic struct {
	name    string
	title   string
	measure func(*run, *section) error
}

var topics = []topic{
	{"window", "The window", measureWindow},
	{"tables", "Tables of 100,000 licenses", measureTables},
	{"locks", "Reading the locks", measureLocks},
	{"stability", "Fingerprints that stay", measureStability},
	{"protect", "The offline check", measureProtect},
	{"malformed", "Malformed licenses", measureMalformed},
	{"licenses", "New licenses", measureLicenses},
	{"listing", "Listing", measureListing},
	{"growth", "Growing data", measureGrowth},
}

func main() {
	if len(os.Args) > 1 {
		if child, ok := children[os.Args[1]]; ok {
			exit(child(os.Args[2:]))
			return
		}
	}
	exit(bench())
}

// children are the commands that this program runs as its own child processes, such as a server.
var children = map[string]func(args []string) error{}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench() error {
	r := &run{}
	rows := flag.String("rows", "",
		"topics to measure, separated by commas; all when empty, and only then docs/benchmarks.md is written")
	flag.StringVar(&r.root, "root", "..", "folder of the repository")
	flag.StringVar(&r.relay, "keygen-relay", "", "program of keygen-relay")
	flag.StringVar(&r.slashdevops, "slashdevops-machineid", "", "checkout of slashdevops/machineid")
	flag.StringVar(&r.fLicense, "f-license", "", "checkout of f-license")
	flag.Parse()

	var chosen []topic
	for _, t := range topics {
		if *rows == "" || slices.Contains(strings.Split(*rows, ","), t.name) {
			chosen = append(chosen, t)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no topic %q", *rows)
	}
	for _, path := range []*string{&r.root, &r.relay, &r.slashdevops, &r.fLicense} {
		if *path == "" {
			continue
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r.Context = ctx
	var err error
	if r.temp, err = os.MkdirTemp("", "acen-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.temp)

	report := report{machine: describeMachine(r), complete: *rows == ""}
	for _, t := range chosen {
		fmt.Fprintf(os.Stderr, "bench: %s …\n", t.name)
		s := &section{title: t.title}
		if err := t.measure(r, s); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted; nothing was written")
			}
			s.miss(t.title, "", "", fmt.Sprintf("not measured: %v", err))
		}
		report.sections = append(report.sections, s)
	}
	text := report.markdown()
	fmt.Print(text)
	if !report.complete {
		return nil
	}
	return os.WriteFile(filepath.Join(r.root, "docs", "benchmarks.md"), []byte(text), 0o644)
}
