package admincli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/service"
)

// commandSet holds the flags that the commands for one kind of row share.
type commandSet struct {
	service.Place
	asJSON bool
	dryRun bool // roll changes back
	yes    bool // do not ask for confirmation
}

// group returns a command with subcommands.
func (cs *commandSet) group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return usageError{fmt.Errorf("missing command: %s", strings.Join(verbNames(verbs), ", "))}
		},
	}
	cs.withFlags(c)
	c.AddCommand(verbs...)
	return c
}

// withFlags adds the flags of the administration to c and returns it.
func (cs *commandSet) withFlags(c *cobra.Command) *cobra.Command {
	f := c.PersistentFlags()
	dataFlags(f, &cs.Place)
	f.BoolVar(&cs.asJSON, "json", false, "print JSON")
	f.BoolVar(&cs.dryRun, "dry-run", false, "print the result and change nothing")
	f.BoolVar(&cs.yes, "yes", false, "do not ask for confirmation")
	return c
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// dataFlags adds the flags that name the database and the master key.
func dataFlags(f *pflag.FlagSet, p *service.Place) {
	f.StringVar(&p.Folder, "data", defaultData, "folder with the database and the master key")
	f.StringVar(&p.Database, "database", "",
		"PostgreSQL database to use instead of the one in the folder, such as postgres://acen@db.example.com/acen")
	f.StringVar(&p.KeyCommand, "master-key-command", "",
		"command that prints the master key (base64), instead of the file master.key")
}

func verbNames(verbs []*cobra.Command) (names []string) {
	for _, v := range verbs {
		names = append(names, v.Name())
	}
	return names
}

// handler runs a command on an open data folder.
type handler func(c *cobra.Command, args []string, a admin.Admin) (printable, error)

// task returns a command that needs an existing data folder, so that a mistyped one is not created.
func (cs *commandSet) task(use, short string, args cobra.PositionalArgs, run handler) *cobra.Command {
	c := cs.setupTask(use, short, args, run)
	runE := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !cs.Exists() {
			return fmt.Errorf("there is no data in the folder %s: choose another one with --data, or add a program first",
				cs.Folder)
		}
		return runE(c, args)
	}
	return c
}

// setupTask returns a command that creates the data folder if necessary.
func (cs *commandSet) setupTask(use, short string, args cobra.PositionalArgs, run handler) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  args,
		RunE: func(c *cobra.Command, args []string) error {
			data, err := service.OpenData(c.Context(), cs.Place)
			if err != nil {
				return err
			}
			out, err := run(c, args, admin.Admin{Data: data, Now: time.Now, DryRun: cs.dryRun})
			if err = errors.Join(err, data.Store.Close()); err != nil {
				return err
			}
			if cs.dryRun {
				if _, err := fmt.Fprintln(c.ErrOrStderr(), "This was a dry run: nothing was changed."); err != nil {
					return err
				}
			}
			return errors.Join(out.print(c.OutOrStdout(), cs.asJSON), out.failed)
		},
	}
}

// printable is the output of a command: columns of text, or the values as JSON.
type printable struct {
	lines  [][]string
	values any
	data   []byte // printed unchanged, instead of lines and values
	failed error  // error of the command, after its output
}

func (p printable) print(w io.Writer, asJSON bool) error {
	if p.data != nil {
		_, err := w.Write(p.data)
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(p.values)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range p.lines {
		if _, err := fmt.Fprintln(tw, strings.Join(line, "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

// view formats rows of type T: many in a table with header and row, one as lines with detail added, both in JSON as
// wire.
type view[T any] struct {
	header []string
	row    func(T) []string
	detail func(T) [][2]string
	wire   func(T) any
}

func (v view[T]) many(list []T, err error) (printable, error) {
	out := printable{lines: [][]string{v.header}}
	values := make([]any, 0, len(list))
	for _, one := range list {
		out.lines = append(out.lines, v.row(one))
		values = append(values, v.wire(one))
	}
	out.values = values
	return out, err
}

func (v view[T]) one(value T, err error) (printable, error) {
	if err != nil {
		return printable{}, err
	}
	out := printable{values: v.wire(value)}
	for i, text := range v.row(value) {
		out.lines = append(out.lines, []string{v.header[i], text})
	}
	for _, line := range v.detail(value) {
		out.lines = append(out.lines, line[:])
	}
	return out, nil
}

// show returns a command that prints one row by its id.
func show[T any](cs *commandSet, what string, v view[T],
	get func(admin.Admin, context.Context, int64) (T, error)) *cobra.Command {
	return cs.task("show ID", "Show "+what, idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return v.one(get(a, c.Context(), id(args)))
		})
}

// idArg checks that the only argument is an id.
func idArg(c *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(c, args); err != nil {
		return err
	}
	if n, err := strconv.ParseInt(args[0], 10, 64); err != nil || n < 1 {
		return fmt.Errorf("%q is not an ID", args[0])
	}
	return nil
}

// id returns the argument that idArg has checked.
func id(args []string) int64 {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	return n
}

// parseDay parses a day such as 2027-12-31. It returns nil for "never".
func parseDay(text string) (*time.Time, error) {
	if text == "never" {
		return nil, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, usageError{fmt.Errorf("%q is neither a day such as 2027-12-31 nor \"never\"", text)}
	}
	return &t, nil
}

func showDay(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.UTC().Format(time.DateOnly)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// require marks flags of c as required.
func require(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // c has no such flag
		}
	}
}
