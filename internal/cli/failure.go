package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/api"
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
  6  not done yet; the task stays open, and "acenctl send" sends it again
  7  the local data or the keyring cannot be used; a task that was begun stays open`

// usageError is a fault in the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// errNotRecognized is the error of compare for a PC that the server would refuse for a reactivation.
var errNotRecognized = errors.New("the PC is not recognized: the server would refuse a reactivation")

// openTaskError wraps the error of a task that stays open.
type openTaskError struct{ error }

func (e openTaskError) Unwrap() error { return e.error }

// wrapOpenTask returns err as an openTaskError if its task stays open. licenseID is the task's license, or 0. For a
// license it checks the open tasks, because a task may stay open after a refusal: the vendor may have disabled the
// order for a while.
func wrapOpenTask(ctx context.Context, m *manager.Manager, err error, task api.Task, licenseID int64) error {
	if errors.Is(err, manager.ErrUnreachable) {
		return openTaskError{err}
	}
	if licenseID == 0 {
		return err
	}
	open, listErr := m.AllJobs(context.WithoutCancel(ctx))
	if listErr != nil {
		return err
	}
	current, _ := m.Current()
	if slices.ContainsFunc(open, func(j manager.Job) bool {
		return j.Account == current.ID && j.Task == task && j.LicenseID == licenseID
	}) {
		return openTaskError{err}
	}
	return err
}

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
		return fmt.Sprintf("%s. Nothing is lost: the task stays open, and \"acenctl send\" sends it again",
			strings.TrimSuffix(sentence(open.error), "."))
	case errors.As(err, &refusal) && refusal.Detail != "":
		text := refusal.Detail
		if refusal.RetryAfter > 0 {
			text += fmt.Sprintf(" Try again in %d seconds.", refusal.RetryAfter)
		}
		if refusal.Limit != nil && !refusal.Limit.ResetsAt.IsZero() {
			text += fmt.Sprintf(" The count is reset on %s.",
				refusal.Limit.ResetsAt.Local().Format("2 January 2006 at 15:04"))
		}
		return text
	case errors.Is(err, manager.ErrLeftThisPC):
		return err.Error() + ": \"acenctl send\" does it now, \"acenctl jobs\" lists open tasks"
	case errors.Is(err, manager.ErrJobSent):
		return err.Error() +
			": \"acenctl send\" asks the server. After a day, \"acenctl jobs --give-up TASK\" gives it up"
	case errors.Is(err, manager.ErrNewerHere), errors.Is(err, manager.ErrCodeShown):
		return err.Error() + ": \"acenctl removal-codes\" lists it"
	case errors.Is(err, manager.ErrAlreadyRunning):
		return "the desktop app is using the same data: close its window, or choose another folder with --data, where this " +
			"PC has other codes"
	case errors.Is(err, manager.ErrSignedOut):
		return "you are not signed in: run \"acenctl sign-in SERVER USERNAME\", or give --server and --username with the " +
			"command"
	}
	return err.Error()
}
