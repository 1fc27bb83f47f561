package admincli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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

// require marks flags of c as required.
func require(c *cobra.Command, flags ...string) {
	for _, name := range flags {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // c has no such flag
		}
	}
}
