// Command manual writes the manual pages of the programs, compressed as packages hold them:
//
//	go run ./packaging/manual FOLDER
//
// The pages of the app and of acenctl go into FOLDER/acen/man1, those of acen-server into FOLDER/acen-server/man8. There
// is one for each command, made from what the command says of itself; that of the app is acen.1.
package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/acen-desktop/acen"
	"github.com/acen-desktop/acen/internal/admincli"
	"github.com/acen-desktop/acen/internal/cli"
)

//go:embed acen.1
var appPage string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manual FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

// write writes all pages below folder.
func write(folder string) error {
	released, err := releaseDate()
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range []struct {
		folder, section string
		pages           map[string][]byte
	}{
		{"acen", "1", map[string][]byte{"acen": fillIn(appPage, released)}},
		{"acen", "1", pages(cli.Command(), "1", released)},
		{"acen-server", "8", pages(admincli.Command(), "8", released)},
	} {
		to := filepath.Join(folder, one.folder, "man"+one.section)
		errs = append(errs, os.MkdirAll(to, 0o755))
		for name, page := range one.pages {
			errs = append(errs, os.WriteFile(filepath.Join(to, name+"."+one.section+".gz"), compress(page), 0o644))
		}
	}
	return errors.Join(errs...)
}

// releaseDate returns the day of the release that is built. It is part of the pages, which are the same whenever they
// are made.
func releaseDate() (time.Time, error) {
	about := acen.About()
	data, err := os.ReadFile(filepath.Join("packaging", "linux", about.ID+".metainfo.xml"))
	if err != nil {
		return time.Time{}, err
	}
	release := regexp.MustCompile(`<release version="` + regexp.QuoteMeta(about.Version) + `" date="([^"]*)"`)
	found := release.FindSubmatch(data)
	if found == nil {
		return time.Time{}, fmt.Errorf("the metainfo names no release %s", about.Version)
	}
	return time.Parse(time.DateOnly, string(found[1]))
}

// fillIn puts date and version into the header of a page.
func fillIn(page string, released time.Time) []byte {
	r := strings.NewReplacer("@DATE@", released.Format("Jan 2006"), "@VERSION@", acen.About().Version)
	return []byte(r.Replace(page))
}

// pages returns a page for root and for each command below it, by names such as acen-server-order-add.
func pages(root *cobra.Command, section string, released time.Time) map[string][]byte {
	root.DisableAutoGenTag = true
	all := map[string][]byte{}
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		if c != root && !c.IsAvailableCommand() {
			return
		}
		prepare(c)
		header := &doc.GenManHeader{
			Section: section,
			Date:    &released,
			Source:  acen.About().Name + " " + acen.About().Version,
			Manual:  acen.About().Name,
		}
		var b bytes.Buffer
		if err := doc.GenMan(c, header, &b); err != nil {
			panic(err) // a buffer takes everything
		}
		all[strings.ReplaceAll(c.CommandPath(), " ", "-")] = b.Bytes()
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	root.InitDefaultCompletionCmd()
	visit(root)
	return all
}

// prepare makes Markdown of what c says of itself, which the generator expects, and keeps the home folder of whoever
// makes the pages out of them.
func prepare(c *cobra.Command) {
	c.Short = markdown(c.Short)
	c.Long = markdown(c.Long)
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		f.Usage = markdown(f.Usage)
		// A line of a list can only be broken at a space.
		f.DefValue = strings.NewReplacer(xdg.Home, "~", ",", ", ").Replace(f.DefValue)
	})
}

var special = regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|~&]")

// markdown returns Markdown that shows text as it is. Indented lines become blocks of their own.
func markdown(text string) string {
	var b strings.Builder
	block := true
	for i, line := range strings.Split(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		if i > 0 {
			b.WriteByte('\n')
		}
		if indented && !block {
			b.WriteByte('\n')
		}
		if block = indented || line == ""; indented {
			b.WriteString("    " + line)
		} else {
			b.WriteString(special.ReplaceAllString(line, `\$0`))
		}
	}
	return b.String()
}

// compress compresses a page as Debian asks for it: as small as can be, without a name and a time.
func compress(page []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(page)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}
