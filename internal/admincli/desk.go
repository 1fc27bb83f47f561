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

// desk holds what the commands of one kind of row share.
type desk struct {
	service.Place
	asJSON bool
	// dryRun tries changes and undoes them; yes goes on without being asked.
	dryRun, yes bool
}

// group is a command with verbs below it.
func (d *desk) group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return usageError{fmt.Errorf("say what to do: %s", strings.Join(verbNames(verbs), ", "))}
		},
	}
	d.alone(c)
	c.AddCommand(verbs...)
	return c
}

// alone gives a command the flags of the administration.
func (d *desk) alone(c *cobra.Command) *cobra.Command {
	f := c.PersistentFlags()
	placeFlags(f, &d.Place)
	f.BoolVar(&d.asJSON, "json", false, "print JSON")
	f.BoolVar(&d.dryRun, "dry-run", false, "try it, print what would be, and keep nothing")
	f.BoolVar(&d.yes, "yes", false, "go on without being asked")
	return c
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// placeFlags are the flags that say where the data lie.
func placeFlags(f *pflag.FlagSet, p *service.Place) {
	f.StringVar(&p.Folder, "data", defaultData, "folder with the database and the master key")
	f.StringVar(&p.Database, "database", "", "PostgreSQL database to use instead of the one in the folder, such as postgres://acen@db.example.com/acen")
	f.StringVar(&p.KeyCommand, "master-key-command", "", "command that prints the master key (base64), instead of the file master.key")
}

func verbNames(verbs []*cobra.Command) (names []string) {
	for _, v := range verbs {
		names = append(names, v.Name())
	}
	return names
}

// work is what a task does with an opened data folder.
type work func(c *cobra.Command, args []string, a admin.Admin) (printable, error)

// task is a command that works on a data folder with data in it: a mistyped one is not made.
func (d *desk) task(use, short string, args cobra.PositionalArgs, do work) *cobra.Command {
	c := d.first(use, short, args, do)
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !d.Exists() {
			return fmt.Errorf("there is no data in the folder %s: name the right one with --data, or add a program first", d.Folder)
		}
		return run(c, args)
	}
	return c
}

// first is a task that may be the first on a new data folder.
func (d *desk) first(use, short string, args cobra.PositionalArgs, do work) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(c *cobra.Command, args []string) error {
		data, err := service.OpenData(c.Context(), d.Place)
		if err != nil {
			return err
		}
		out, err := do(c, args, admin.Admin{Data: data, Now: time.Now, DryRun: d.dryRun})
		if err = errors.Join(err, data.Store.Close()); err != nil {
			return err
		}
		if d.dryRun {
			if _, err := fmt.Fprintln(c.ErrOrStderr(), "This was a dry run: nothing was changed."); err != nil {
				return err
			}
		}
		return errors.Join(out.print(c.OutOrStdout(), d.asJSON), out.failed)
	}}
}

// printable is what a task prints: columns of text, or the values as JSON.
type printable struct {
	lines  [][]string
	values any
	// data is printed as it is, instead of all else.
	data []byte
	// failed is why the command fails although it prints.
	failed error
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

// view says how rows of one kind are shown: in a table of the first columns, and alone with every line of detail.
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

// show is the task that shows one row by its id.
func show[T any](d *desk, what string, v view[T], get func(admin.Admin, context.Context, int64) (T, error)) *cobra.Command {
	return d.task("show ID", "Show "+what, oneID, func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
		return v.one(get(a, c.Context(), id(args)))
	})
}

// oneID checks that the only argument is an id.
func oneID(c *cobra.Command, args []string) error {
	if err := cobra.ExactArgs(1)(c, args); err != nil {
		return err
	}
	if n, err := strconv.ParseInt(args[0], 10, 64); err != nil || n < 1 {
		return fmt.Errorf("%q is no id", args[0])
	}
	return nil
}

// id is the argument that oneID has checked.
func id(args []string) int64 {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	return n
}

// parseDay reads a day such as 2027-12-31; "never" means none.
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

// require marks flags without which a command makes no sense.
func require(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // no such flag: a fault of this program
		}
	}
}
