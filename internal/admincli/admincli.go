// Package admincli implements the commands of acen-server: serving, and the administration of programs, clients,
// orders, licenses, keys and backups. It parses arguments, asks for confirmation and prints; package server/admin makes
// the changes.
package admincli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/internal/app/paths"
)

// The exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

// Run executes the command that args name and returns the exit status. getenv is os.Getenv. An error is written to
// errs.
func Run(ctx context.Context, args []string, getenv func(string) string, errs io.Writer) int {
	root := command(getenv)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(errs, "acen-server:", sentence(err))
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// Command returns acen-server with all its commands, for its manual pages.
func Command() *cobra.Command {
	return command(func(string) string { return "" })
}

// usageError is a fault in the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// sentence returns the text of an error for a person: the detail of a refusal, without its code, or err.Error().
func sentence(err error) string {
	var refusal *api.Problem
	if errors.As(err, &refusal) && refusal.Detail != "" {
		return refusal.Detail
	}
	return err.Error()
}

func command(getenv func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:   "acen-server",
		Short: "License server and its administration",
		Long: `acen-server serves licenses to the app ACEN Desktop and administers them.

The administration works on the data folder, also while a server is running. Every change is recorded in the
audit trail. Secrets are never arguments: they are asked for, or read from standard input or a file.

The flags of serve and demo, and --data, --database and --master-key-command of every command, can also be
set by environment variables: ACEN_ and the name in capitals with underscores, such as ACEN_DATA for --data
and ACEN_SMTP_PASSWORD_FILE for --smtp-password-file.

Exit status: 0 done, 1 failed, 2 wrong command line.`,
		Version:       paths.Version(),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(serveCommand(getenv), demoCommand(), programCommand(), serialCommand(), clientCommand(),
		orderCommand(), licenseCommand(), templateCommand(), optionCommand(), banCommand(), auditCommand(), keyCommand(),
		backupCommand(), restoreCommand(), restoredCommand(), upgradeCommand())
	prepare(root, getenv)
	return root
}

// prepare makes faults in the flags and arguments of c and its subcommands usage errors, and sets their flags from the
// environment.
func prepare(c *cobra.Command, getenv func(string) string) {
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil {
				err = c.ValidateRequiredFlags()
			}
			if err == nil {
				err = c.ValidateFlagGroups()
			}
			if err != nil {
				return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
			}
			return fromEnvironment(c, getenv)
		}
	}
	for _, child := range c.Commands() {
		prepare(child, getenv)
	}
}
