package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

// writeText writes a new file that only its owner can access.
func writeText(name, text string) error {
	return writeNew(name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// errBrokenConnection is the error of doctor for an unreachable license server.
var errBrokenConnection = fmt.Errorf("%w: the way to the license server is broken", manager.ErrUnreachable)

func (cs *commandSet) doctorCommand() *cobra.Command {
	var report string
	c := &cobra.Command{
		Use:   "doctor [SERVER]",
		Short: "Find out where the way to the license server is broken",
		Long: "Goes along the way to a license server, step by step: address, proxy, name, connection, encryption, server, " +
			"clock. Without SERVER it is\n" +
			"that of the account used last. Nothing is changed, and no password is sent.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			m, err := cs.open(c.Context())
			if err != nil {
				return err
			}
			server := ""
			if len(args) > 0 {
				server = args[0]
			} else if err := m.UseCached(c.Context()); errors.Is(err, manager.ErrSignedOut) {
				return usageError{errors.New("no account is known here: name the server")}
			} else if err != nil {
				return err
			}
			findings := m.Examine(c.Context(), server, func(f manager.Finding) {
				if !cs.asJSON {
					fmt.Fprintf(cs.out, "%-10s %-8s %s\n", f.Check, f.Verdict, f.What)
					if !f.Next.IsZero() {
						fmt.Fprintf(cs.out, "%-10s %-8s %s\n", "", "", f.Next)
					}
				}
			})
			if err := c.Context().Err(); err != nil {
				return err
			}
			if cs.asJSON {
				err = cs.print(struct {
					Findings []manager.Finding `json:"findings"`
				}{findings})
			}
			if report != "" {
				err = errors.Join(err, writeText(report, m.DoctorReport(findings)))
			}
			for _, f := range findings {
				if f.Verdict == manager.VerdictBad {
					return errors.Join(err, errBrokenConnection)
				}
			}
			return err
		},
	}
	c.Flags().StringVar(&report, "report", "", "also write what was found to this new file; it holds no secret")
	return c
}

// expiringJSON is a license that ends soon, as --json prints it.
type expiringJSON struct {
	LicenseID int64     `json:"license_id"`
	OrderID   int64     `json:"order_id"`
	Program   string    `json:"program"`
	Note      string    `json:"note,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
	Days      int       `json:"days"`
}

func expiringOf(e manager.Expiring) expiringJSON {
	return expiringJSON{
		LicenseID: e.License.ID,
		OrderID:   e.Order.ID,
		Program:   e.Order.ProgramName,
		Note:      e.License.Note,
		ExpiresAt: *e.License.ExpiresAt,
		Days:      e.Days,
	}
}

func (cs *commandSet) expiringCommand() *cobra.Command {
	var calendar int64
	c := cs.orCached("expiring", "List the licenses that end within 14 days, the soonest first", cobra.NoArgs, nil)
	c.Use = "expiring [--calendar LICENSE [FILE]]"
	c.Long = "List the licenses that end within 14 days, the soonest first: from the tables as they were last known, " +
		"after \"acenctl licenses\" or the app has\n" +
		"shown them. With --calendar the end of any license is written as a calendar file, which reminds 14, 7 and 1 " +
		"days before."
	c.Args = func(c *cobra.Command, args []string) error {
		if calendar == 0 {
			return cobra.NoArgs(c, args)
		}
		return cobra.MaximumNArgs(1)(c, args)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		m, err := cs.session(c.Context())
		if err != nil && !errors.Is(err, manager.ErrUnreachable) {
			return err
		}
		if calendar != 0 {
			return cs.writeCalendar(c.Context(), m, calendar, args)
		}
		list, err := m.Expiring(c.Context())
		if err != nil {
			return err
		}
		out := []expiringJSON{}
		lines := [][]string{{"LICENSE", "ORDER", "PROGRAM", "NOTE", "EXPIRES", "DAYS"}}
		for _, e := range list {
			out = append(out, expiringOf(e))
			lines = append(lines,
				[]string{
					strconv.FormatInt(e.License.ID, 10), strconv.FormatInt(e.Order.ID, 10), e.Order.ProgramName, e.License.Note,
					day(*e.License.ExpiresAt), strconv.Itoa(e.Days),
				})
		}
		if len(out) == 0 {
			lines = [][]string{{"No license that is known here ends within 14 days."}}
		}
		return cs.print(struct {
			Expiring []expiringJSON `json:"expiring"`
		}{out}, lines...)
	}
	c.Flags().Int64Var(&calendar, "calendar", 0,
		"write a calendar file with the end of this license to FILE, or - for standard output")
	return c
}

// writeCalendar writes the end of a license to a calendar file. args may have its name; "-" is standard output.
func (cs *commandSet) writeCalendar(ctx context.Context, m *manager.Manager, id int64, args []string) error {
	l, o, err := findKnownLicense(ctx, m, id)
	if err != nil {
		return err
	}
	if l.ExpiresAt == nil {
		return api.NewProblem(api.ErrNotFound, fmt.Sprintf("The license %d never ends.", id))
	}
	name, content := m.Calendar(o, l, nil)
	if len(args) > 0 {
		name = args[0]
	}
	if name == "-" {
		_, err := cs.out.Write(content)
		return err
	}
	if err := writeText(name, string(content)); err != nil {
		return err
	}
	return cs.printSentence(struct {
		File string `json:"file"`
	}{name}, "Written to "+name+".")
}

// knownJSON is an account of this PC, as --json prints it.
type knownJSON struct {
	accountJSON
	ID      int64 `json:"id"`
	Current bool  `json:"current"`
	Jobs    int   `json:"jobs"` // number of open tasks
}

func (cs *commandSet) accountsCommand() *cobra.Command {
	var use int64
	c := &cobra.Command{
		Use:   "accounts",
		Short: "List the accounts that are known here, and go on with another one",
		Args:  cobra.NoArgs,
		Long: "List the accounts that are known here. The commands work with the one marked as current; --use goes on with " +
			"another one, whose session the\n" +
			"keyring holds. \"acenctl sign-in\" adds an account.",
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := cs.open(c.Context())
			if err != nil {
				return err
			}
			if c.Flags().Changed("use") {
				if _, err := m.Switch(c.Context(), use); err != nil && !errors.Is(err, manager.ErrUnreachable) {
					return err
				}
			} else if err := m.UseCached(c.Context()); err != nil && !errors.Is(err, manager.ErrSignedOut) {
				return err
			}
			return cs.printAccounts(c.Context(), m)
		},
	}
	c.Flags().Int64Var(&use, "use", 0, "go on with the account that has this number")
	return c
}

func (cs *commandSet) printAccounts(ctx context.Context, m *manager.Manager) error {
	list, err := m.Accounts(ctx)
	if err != nil {
		return err
	}
	waiting, err := m.OtherJobs(ctx)
	if err != nil {
		return err
	}
	current, signedIn := m.Current()
	out := []knownJSON{}
	lines := [][]string{{"NUMBER", "USER NAME", "NAME", "SERVER", "REMEMBERED", "CURRENT", "TASKS WAIT"}}
	for _, a := range list {
		one := knownJSON{accountOf(a), a.ID, signedIn && a.ID == current.ID, 0}
		if one.Current {
			jobs, err := m.Jobs(ctx)
			if err != nil {
				return err
			}
			one.Jobs = len(jobs)
		}
		for _, w := range waiting {
			if w.Account.ID == a.ID {
				one.Jobs = w.Jobs
			}
		}
		out = append(out, one)
		lines = append(lines,
			[]string{
				strconv.FormatInt(a.ID, 10), a.Username, a.DisplayName, a.Server, yesNo(a.Remembered), yesNo(one.Current),
				strconv.Itoa(one.Jobs),
			})
	}
	if len(out) == 0 {
		lines = [][]string{{"No account is known here: acenctl sign-in SERVER USERNAME"}}
	}
	return cs.print(struct {
		Accounts []knownJSON `json:"accounts"`
	}{out}, lines...)
}
