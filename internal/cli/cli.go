// Package cli implements the commands of acenctl, which does in a terminal what the desktop app does: for scripts, PCs
// without a screen, and screen readers. It parses arguments, reads secrets and prints; package manager does the tasks.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/internal/app/paths"
)

// systemKeyring returns the keyring of this PC; the tests replace it.
var systemKeyring = func() keyring.Store { return keyring.System(paths.KeyringService) }

// localLicenses opens the license folder of this PC; the tests replace it.
var localLicenses = paths.Licenses

// Run executes the command that args name and returns the exit status. It reads secrets from in, which may be a
// terminal.
func Run(ctx context.Context, args []string, in *os.File, out, errs io.Writer) int {
	cs := &commandSet{in: newInput(in), out: out, errors: errs}
	root := command(cs)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	cs.close()
	if err == nil {
		return 0
	}
	cs.printError(err)
	return exitStatus(err)
}

// Command returns acenctl with all its commands, for its manual pages.
func Command() *cobra.Command {
	return command(&commandSet{out: io.Discard, errors: io.Discard})
}

func command(cs *commandSet) *cobra.Command {
	root := &cobra.Command{
		Use:   "acenctl",
		Short: "Manage licenses in a terminal",
		Long: `acenctl does in a terminal what the ACEN Desktop app does, with the same data.

Passwords and removal codes are never arguments: they are asked for at the terminal or read from standard input, one
per line. With --json every command prints JSON: its result on standard output, its error on standard error.

` + exitHelp,
		Version:       paths.Version(),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	f := root.PersistentFlags()
	f.BoolVar(&cs.asJSON, "json", false, "print JSON")
	f.StringVar(&cs.data, "data", paths.DefaultData(), "folder with your data")
	f.StringVar(&cs.server, "server", "", "sign in to this server for this command only")
	f.StringVar(&cs.username, "username", "", "user name to sign in with")
	f.BoolVar(&cs.passwordStdin, "password-stdin", false, "read the password from standard input")
	root.AddCommand(
		cs.signInCommand(), cs.signOutCommand(), cs.whoamiCommand(), cs.accountCommand(), cs.passwordCommand(),
		cs.ordersCommand(), cs.licensesCommand(), cs.historyCommand(), cs.thisPCCommand(), cs.fileCommand(),
		cs.moveCommand(), cs.pickUpCommand(), cs.bringBackCommand(), cs.removalCodesCommand(), cs.statusCommand(),
		cs.offlineProgramsCommand(), cs.requestCommand(), cs.requestsCommand(), cs.carryCommand(), cs.takeCommand(),
		cs.enterCodeCommand(), cs.letGoCommand(), cs.decodeCommand(), cs.jobsCommand(), cs.sendCommand(),
		cs.accountsCommand(), cs.doctorCommand(), cs.expiringCommand(),
		&cobra.Command{
			Use:   "exit-codes",
			Short: "Explain the exit statuses",
			Args:  cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := io.WriteString(cs.out, exitHelp+"\n")
				return err
			},
		},
	)
	root.AddCommand(cs.licenseTasks()...)
	root.SetOut(cs.out)
	wrapUsageErrors(root)
	return root
}

// wrapUsageErrors makes faults in the flags and arguments of c and its subcommands usage errors.
func wrapUsageErrors(c *cobra.Command) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := errors.Join(check(c, args), c.ValidateRequiredFlags(), c.ValidateFlagGroups()); err != nil {
				return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, child := range c.Commands() {
		wrapUsageErrors(child)
	}
}
