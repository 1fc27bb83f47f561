// Command manual writes the manual pages of the programs, compressed for packages:
//
//	go run ./packaging/manual FOLDER
//
// The pages of the app and of acenctl are written to FOLDER/acen/man1, those of acen-server to FOLDER/acen-server/man8.
// Each command has a page, which is generated from its help; the page of the app is acen.1.
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
	for _, set := range []struct {
		folder, section string
		pages           map[string][]byte
	}{
		{"acen", "1", map[string][]byte{"acen": fillIn(appPage, released)}},
		{"acen", "1", pages(cli.Command(), "1", released)},
		{"acen-server", "8", pages(admincli.Command(), "8", released)},
	} {
		to := filepath.Join(folder, set.folder, "man"+set.section)
		errs = append(errs, os.MkdirAll(to, 0o755))
		for name, page := range set.pages {
			errs = append(errs, os.WriteFile(filepath.Join(to, name+"."+set.section+".gz"), compress(page), 0o644))
		}
	}
	return errors.Join(errs...)
}

// releaseDate returns the day of the current release. The pages contain it instead of the time of the build, so that
// builds are reproducible.
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

// fillIn replaces date and version in the header of a page.
func fillIn(page string, released time.Time) []byte {
	r := strings.NewReplacer("@DATE@", released.Format("Jan 2006"), "@VERSION@", acen.About().Version)
	return []byte(r.Replace(page))
}

// pages returns the pages of root and its subcommands, by names such as acen-server-order-add.
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
			panic(err) // a write to a buffer does not fail
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

// prepare converts the help of c to Markdown, which the generator expects, and replaces the home folder of the build by
// ~.
func prepare(c *cobra.Command) {
	c.Short = markdown(c.Short)
	c.Long = markdown(c.Long)
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		f.Usage = markdown(f.Usage)
		// Lines can only be broken at spaces.
		f.DefValue = strings.NewReplacer(xdg.Home, "~", ",", ", ").Replace(f.DefValue)
	})
}

var special = regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|~&]")

// markdown returns Markdown that renders as text. Indented lines become code blocks.
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

// compress compresses a page as Debian's policy requires: with the best compression, without a name and a time.
func compress(page []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(page)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a write to a buffer does not fail
	}
	return b.Bytes()
}
