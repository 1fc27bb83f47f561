// Package cli implements the commands of acenctl, which does in a terminal what the desktop app does: for scripts, PCs
// without a screen, and screen readers. It parses arguments, reads secrets and prints; package manager does the tasks.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// The exit statuses, which exitHelp explains.
const (
	exitFailed    = 1
	exitUsage     = 2
	exitSignedOut = 3
	exitRefused   = 4
	exitNetwork   = 5
	exitOpenTask  = 6
	exitLocal     = 7
)

const exitHelp = `Exit status:
  0  done
  1  failed for another reason
  2  wrong command line, or a code that cannot be read
  3  not signed in, or the sign-in was refused
  4  refused: by the license server, or because it cannot be done here or now
  5  no connection to the license server
  6  not done yet; the task is kept and goes on with "acenctl send"
  7  the local data or the keyring cannot be used; a task that was begun is kept`

// systemKeyring returns the keyring of this PC; the tests replace it.
var systemKeyring = func() keyring.Store { return keyring.System(paths.KeyringService) }

// localLicenses opens the license folder of this PC; the tests replace it.
var localLicenses = paths.OpenLicenses

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

// usageError is a fault in the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// errNotRecognized is the error of compare for a PC that the server would refuse for a reactivation.
var errNotRecognized = errors.New("the PC is not recognized: the server would refuse a reactivation")

// openTaskError wraps the error of a task that stays open.
type openTaskError struct{ error }

func (e openTaskError) Unwrap() error { return e.error }

func exitStatus(err error) int {
	var usage usageError
	var open openTaskError
	var refusal *api.Problem
	switch {
	case errors.As(err, &usage), errors.Is(err, license.ErrMalformed), errors.Is(err, license.ErrMismatch),
		errors.Is(err, manager.ErrAddress), unreadable(err):
		return exitUsage
	case errors.Is(err, manager.ErrStorage), errors.Is(err, manager.ErrAlreadyRunning),
		errors.Is(err, manager.ErrKeyringUnavailable) && !errors.Is(err, manager.ErrSignedOut),
		errors.Is(err, manager.ErrNewer):
		return exitLocal
	case errors.As(err, &open):
		return exitOpenTask
	case errors.Is(err, manager.ErrSignedOut), errors.Is(err, api.ErrAuthorization),
		errors.Is(err, api.ErrCredentialsMissing):
		return exitSignedOut
	case errors.Is(err, manager.ErrUnreachable):
		return exitNetwork
	case errors.As(err, &refusal), slices.ContainsFunc(refusals,
		func(refusal error) bool { return errors.Is(err, refusal) }):
		return exitRefused
	}
	return exitFailed
}

// refusals are the errors for which a command exits with exitRefused.
var refusals = []error{
	errNotRecognized, errSomeRefused, license.ErrFileSignature,
	manager.ErrNotThisPC, manager.ErrLeftThisPC, manager.ErrReleased, manager.ErrNotReleased, manager.ErrOtherPC,
	manager.ErrNoTypedCodes, manager.ErrNoReceipt,
	manager.ErrJobSent, manager.ErrTooLate, manager.ErrNewerHere, manager.ErrTooEarly,
}

// failure is an error as --json prints it.
type failure struct {
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Status  int          `json:"exit_status"`
	Problem *api.Problem `json:"problem,omitempty"`
}

func (cs *commandSet) printError(err error) {
	f := failure{Code: "failed", Message: sentence(err), Status: exitStatus(err)}
	f.Code = map[int]string{
		exitUsage:     "usage",
		exitSignedOut: "signed_out",
		exitRefused:   "refused",
		exitNetwork:   "no_connection",
		exitOpenTask:  "kept",
		exitLocal:     "local",
	}[f.Status]
	if f.Code == "" {
		f.Code = "failed"
	}
	if errors.As(err, &f.Problem) {
		f.Code = string(f.Problem.Code)
	}
	if !cs.asJSON {
		fmt.Fprintln(cs.errors, "acenctl:", printable(f.Message))
		return
	}
	_ = json.NewEncoder(cs.errors).Encode(struct { // there is nowhere to report a failure
		Error failure `json:"error"`
	}{f})
}

// sentence returns the text of an error for a person, with the command that helps. For a refusal it is the detail, with
// the time of the next attempt.
func sentence(err error) string {
	var refusal *api.Problem
	var open openTaskError
	switch {
	case errors.As(err, &open):
		return fmt.Sprintf("%s. Nothing is lost: the task is kept, and \"acenctl send\" sends it again",
			strings.TrimSuffix(sentence(open.error), "."))
	case errors.As(err, &refusal) && refusal.Detail != "":
		text := refusal.Detail
		if refusal.RetryAfter > 0 {
			text += fmt.Sprintf(" Try again in %d seconds.", refusal.RetryAfter)
		}
		if refusal.Limit != nil && !refusal.Limit.ResetsAt.IsZero() {
			text += fmt.Sprintf(" The count starts anew on %s.",
				refusal.Limit.ResetsAt.Local().Format("2 January 2006 at 15:04"))
		}
		return text
	case errors.Is(err, manager.ErrLeftThisPC):
		return err.Error() + ": \"acenctl send\" does it now, \"acenctl jobs\" lists what waits"
	case errors.Is(err, manager.ErrJobSent):
		return err.Error() +
			": \"acenctl send\" asks. A task that waits for a day can be given up: \"acenctl jobs --give-up TASK\""
	case errors.Is(err, manager.ErrNewerHere), errors.Is(err, manager.ErrCodeShown):
		return err.Error() + ": \"acenctl removal-codes\" lists it"
	case errors.Is(err, manager.ErrAlreadyRunning):
		return "the desktop app is running on the same data: close its window, or name other data with --data (this PC has " +
			"other codes there)"
	case errors.Is(err, manager.ErrSignedOut):
		return "nobody is signed in: acenctl sign-in SERVER USERNAME, or give --server and --username with the command"
	}
	return err.Error()
}

func command(cs *commandSet) *cobra.Command {
	root := &cobra.Command{
		Use:   "acenctl",
		Short: "Look after licenses in a terminal",
		Long: `acenctl does in a terminal what the ACEN desktop app does, on the same data of the same person.

Passwords and removal codes never stand in arguments: they are asked for at the terminal or read from standard input,
one a line. With --json every command prints JSON, on standard output its result and on standard error its fault.

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
	f.StringVar(&cs.server, "server", "", "sign in to this server for this one command")
	f.StringVar(&cs.username, "username", "", "user name to sign in with")
	f.BoolVar(&cs.passwordStdin, "password-stdin", false, "read the password from standard input")
	root.AddCommand(
		cs.signInCommand(), cs.signOutCommand(), cs.whoamiCommand(), cs.accountCommand(), cs.passwordCommand(),
		cs.ordersCommand(), cs.licensesCommand(), cs.historyCommand(), cs.thisPCCommand(), cs.fileCommand(),
		cs.newCommand(), cs.reactivateCommand(), cs.transferCommand(), cs.removeCommand(), cs.moveCommand(),
		cs.pickUpCommand(), cs.bringBackCommand(), cs.removalCodesCommand(), cs.noteCommand(), cs.emailCommand(),
		cs.statusCommand(), cs.offlineProgramsCommand(), cs.requestCommand(), cs.requestsCommand(), cs.carryCommand(),
		cs.takeCommand(), cs.enterCodeCommand(), cs.letGoCommand(), cs.verificationCommand(), cs.newOrderCommand(),
		cs.compareCommand(), cs.decodeCommand(), cs.jobsCommand(), cs.sendCommand(), cs.accountsCommand(),
		cs.doctorCommand(), cs.expiringCommand(),
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
