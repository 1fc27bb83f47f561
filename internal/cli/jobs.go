package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/manager"
)

// jobJSON is a job, as --json prints it.
type jobJSON struct {
	ID        int64     `json:"id"`
	Task      string    `json:"task"`
	Title     string    `json:"title"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	Error     string    `json:"error,omitempty"`
	Account   int64     `json:"account"` // its number in the output of accounts
	OrderID   int64     `json:"order_id,omitempty"`
	LicenseID int64     `json:"license_id,omitempty"`
	MayGiveUp bool      `json:"may_give_up"` // it has been open for a day
}

func jobOf(j manager.Job) jobJSON {
	out := jobJSON{
		ID:        j.ID,
		Task:      string(j.Task),
		Title:     j.Title,
		State:     string(j.State),
		CreatedAt: j.CreatedAt,
		Account:   j.Account,
		OrderID:   j.OrderID,
		LicenseID: j.LicenseID,
		MayGiveUp: j.MayGiveUp(time.Now()),
	}
	if j.Err != nil {
		out.Error = sentence(j.Err)
	}
	return out
}

// printJobs prints jobs, with their accounts if there are several. Without jobs it prints the sentence none.
func (cs *commandSet) printJobs(ctx context.Context, m *manager.Manager, jobs []manager.Job, none string) error {
	accounts, err := m.Accounts(ctx)
	if err != nil {
		return err
	}
	out := []jobJSON{}
	header := []string{"TASK", "STATE", "SINCE", "WHAT"}
	if len(accounts) > 1 {
		header = append(header, "ACCOUNT")
	}
	lines := [][]string{header}
	for _, j := range jobs {
		one := jobOf(j)
		out = append(out, one)
		line := []string{strconv.FormatInt(j.ID, 10), one.State, one.CreatedAt.Local().Format(time.DateTime), one.Title}
		if len(accounts) > 1 {
			name := ""
			if i := slices.IndexFunc(accounts, func(a manager.Account) bool { return a.ID == j.Account }); i >= 0 {
				name = accountName(accounts[i])
			}
			line = append(line, name)
		}
		lines = append(lines, append(line, one.Error))
	}
	if len(jobs) == 0 {
		lines = [][]string{{none}}
	}
	return cs.print(struct {
		Jobs []jobJSON `json:"jobs"`
	}{out}, lines...)
}

func (cs *commandSet) jobsCommand() *cobra.Command {
	var cancel, giveUp int64
	var resume bool
	c := &cobra.Command{
		Use:   "jobs",
		Short: "List, send, cancel or give up open tasks",
		Args:  cobra.NoArgs,
		Long: `List the open tasks of all your accounts: those that were never sent (pending), and those that were sent and
not yet answered (sent). Only --resume needs a session and a connection.

--cancel ends a task that was never sent. The server did nothing, and a license that left this PC for the
task comes back. A license that its program removed before does not come back; its removal code stays on
this PC.

--give-up ends a task that has been open for a day, even if it was sent. It is not known whether the server
carried it out, and acenctl will not ask again. A license that left this PC for a task that was sent does
not come back, because another PC may have it. Its removal code stays on this PC: "acenctl removal-codes"
lists it as soon as no task sends it, and hands it in or offers the license to another PC.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			if resume {
				m, err := cs.session(ctx)
				if err != nil && !errors.Is(err, manager.ErrUnreachable) {
					return err
				}
				return cs.send(ctx, m)
			}
			m, err := cs.open(ctx)
			if err != nil {
				return err
			}
			jobs, err := m.AllJobs(ctx)
			if err != nil {
				return err
			}
			if cancel == 0 && giveUp == 0 {
				return cs.printJobs(ctx, m, jobs, noOpenTasks)
			}
			i := slices.IndexFunc(jobs, func(j manager.Job) bool { return j.ID == cancel+giveUp })
			if i < 0 {
				return usageError{fmt.Errorf("there is no open task %d: \"acenctl jobs\" lists open tasks", cancel+giveUp)}
			}
			if giveUp != 0 {
				return cs.giveUpJob(ctx, m, jobs[i])
			}
			return cs.cancelJob(ctx, m, jobs[i])
		},
	}
	c.Flags().Int64Var(&cancel, "cancel", 0, "cancel the task with this number, if it was never sent")
	c.Flags().Int64Var(&giveUp, "give-up", 0, "give up the task with this number, if it has been open for a day")
	c.Flags().BoolVar(&resume, "resume", false, "send open tasks, as \"acenctl send\" does")
	c.MarkFlagsMutuallyExclusive("cancel", "give-up", "resume")
	cs.registerCompletion(c, "cancel", jobIDs)
	cs.registerCompletion(c, "give-up", jobIDs)
	return c
}

// endedJSON is a job that was canceled or given up, as --json prints it.
type endedJSON struct {
	Canceled *jobJSON `json:"canceled,omitempty"`
	GivenUp  *jobJSON `json:"given_up,omitempty"`
	// OutcomeKnown reports that the server did nothing, because the task was never sent.
	OutcomeKnown bool `json:"outcome_known"`
	// KeptCode is the ID of the kept code of its license.
	KeptCode string `json:"kept_code,omitempty"`
}

// cancelJob cancels a job that was never sent.
func (cs *commandSet) cancelJob(ctx context.Context, m *manager.Manager, j manager.Job) error {
	if err := m.DropJob(ctx, j.ID); err != nil {
		return err
	}
	one := jobOf(j)
	return cs.printEnded(ctx, m, j, endedJSON{Canceled: &one, OutcomeKnown: true},
		[]string{fmt.Sprintf("Canceled: %s.", strings.TrimSuffix(j.Title, "."))})
}

// giveUpJob gives up a job that has been open for a day, and prints the consequences.
func (cs *commandSet) giveUpJob(ctx context.Context, m *manager.Manager, j manager.Job) error {
	err := m.GiveUp(ctx, j.ID)
	if errors.Is(err, manager.ErrTooEarly) {
		return fmt.Errorf("%w: on %s", err, j.GiveUpAt().Local().Format("2 January 2006 at 15:04"))
	}
	if err != nil {
		return err
	}
	one := jobOf(j)
	outcome := "It was never sent, so the server did nothing."
	if j.State != manager.JobPending {
		outcome = "It was sent, and it is not known whether the server carried it out. acenctl will not ask again: check " +
			"the order with \"acenctl licenses\"."
	}
	return cs.printEnded(ctx, m, j, endedJSON{GivenUp: &one, OutcomeKnown: j.State == manager.JobPending},
		[]string{fmt.Sprintf("Given up: %s.", strings.TrimSuffix(j.Title, "."))}, []string{outcome})
}

// printEnded prints a canceled or given-up job, and the kept code of its license.
func (cs *commandSet) printEnded(ctx context.Context, m *manager.Manager, j manager.Job, out endedJSON,
	lines ...[]string) error {
	codes, err := m.KeptCodes(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(codes, func(k manager.KeptCode) bool {
		return k.LicenseID == j.LicenseID && j.LicenseID != 0 && k.Purpose == ""
	})
	if i >= 0 {
		out.KeptCode = codes[i].Codes.Site.String()
		lines = append(lines, []string{fmt.Sprintf(
			"The license does not come back to this PC. Its removal code is kept under the ID %s: \"acenctl removal-codes\" "+
				"hands it in or offers the license to another PC.", out.KeptCode)})
	}
	return cs.print(out, lines...)
}

func (cs *commandSet) sendCommand() *cobra.Command {
	c := cs.orCached("send", "Send open tasks", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			return cs.send(ctx, m)
		})
	c.Long = `Send the open tasks of this account, oldest first, and print their results. A failed task does not stop the
others. The exit status is 6 if a task is still open, otherwise that of the first task that was refused.`
	return c
}

const noOpenTasks = "There are no open tasks."

// send sends the open jobs of the current account and prints their results.
func (cs *commandSet) send(ctx context.Context, m *manager.Manager) error {
	done := cs.progress("Sending")
	jobs, err := m.ResumeJobs(ctx)
	done()
	if printErr := cs.printJobs(ctx, m, jobs, noOpenTasks); printErr != nil {
		return printErr
	}
	if elsewhere, listErr := m.WaitingElsewhere(ctx); listErr == nil && !cs.asJSON {
		for _, w := range elsewhere {
			fmt.Fprintf(cs.errors, "acenctl: %s has open tasks, too: \"acenctl accounts --use %d\", then \"acenctl send\" "+
				"sends them.\n", accountName(w.Account), w.Account.ID)
		}
	}
	if err != nil {
		return wrapOpenTask(ctx, m, err, "", 0)
	}
	var refused error
	for _, j := range jobs {
		switch {
		case j.Err == nil:
		case j.State == manager.JobPending || j.State == manager.JobSent:
			return openTaskError{j.Err}
		case refused == nil:
			refused = j.Err
		}
	}
	return refused
}
