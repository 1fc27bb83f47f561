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

// accountName returns the user name and the server of an account.
func accountName(a manager.Account) string {
	server := a.ServerName
	if server == "" {
		server = a.Server
	}
	return a.Username + ", " + server
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
		Short: "List tasks that wait to be sent; send them, cancel one that never was, or give one up",
		Args:  cobra.NoArgs,
		Long: `List the tasks of all your accounts that wait: those that were never sent (pending), and those that were sent and whose answer
did not come (sent). No session and no connection is needed, except for --resume.

--cancel ends a task that was never sent: nothing was done, and a license that had left this PC for it comes back. One that its
program had let go before stays away, and its removal code stays here.

--give-up ends any task that has been open for a day, also one that was sent. The server may have done it, or not; nobody asks
again. A license that had left this PC for a task that was sent stays away, since another PC may have it, and its removal code
stays here: "acenctl removal-codes" lists it as soon as no task sends it, and hands it in or offers it.`,
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
				return cs.printJobs(ctx, m, jobs, "No task waits.")
			}
			i := slices.IndexFunc(jobs, func(j manager.Job) bool { return j.ID == cancel+giveUp })
			if i < 0 {
				return usageError{fmt.Errorf("no task %d waits: \"acenctl jobs\" lists them", cancel+giveUp)}
			}
			if giveUp != 0 {
				return cs.giveUpJob(ctx, m, jobs[i])
			}
			return cs.cancelJob(ctx, m, jobs[i])
		},
	}
	c.Flags().Int64Var(&cancel, "cancel", 0, "cancel the task with this number, which was never sent")
	c.Flags().Int64Var(&giveUp, "give-up", 0, "give up the task with this number, which has been open for a day")
	c.Flags().BoolVar(&resume, "resume", false, "send them, as \"acenctl send\" does")
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
	if err := m.CancelJob(ctx, j.ID); err != nil {
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
		outcome = "It was sent, and whether the server did it is not known. Nobody asks again: look at the order with " +
			"\"acenctl licenses\"."
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
			"The license stays away from this PC, and its removal code with the id %s stays here: \"acenctl removal-codes\" "+
				"hands it in or offers it.", out.KeptCode)})
	}
	return cs.print(out, lines...)
}

func (cs *commandSet) sendCommand() *cobra.Command {
	c := cs.orCached("send", "Send the tasks that wait", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			return cs.send(ctx, m)
		})
	c.Long = `Send the tasks of this account that wait, the oldest first, and print what came of each. One that fails holds up none behind it.
The exit status is 6 if a task waits on, else that of the first one that was refused.`
	return c
}

// send sends the open jobs of the current account and prints their results.
func (cs *commandSet) send(ctx context.Context, m *manager.Manager) error {
	done := cs.progress("Sending")
	jobs, err := m.ResumeJobs(ctx)
	done()
	if printErr := cs.printJobs(ctx, m, jobs, "No task waits."); printErr != nil {
		return printErr
	}
	if elsewhere, listErr := m.OtherJobs(ctx); listErr == nil && !cs.asJSON {
		for _, w := range elsewhere {
			fmt.Fprintf(cs.errors, "acenctl: tasks of %s wait as well: \"acenctl accounts --use %d\", then \"acenctl send\".\n",
				accountName(w.Account), w.Account.ID)
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
