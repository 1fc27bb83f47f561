package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/manager"
)

// accountJSON is an account as --json prints it.
type accountJSON struct {
	Server      string `json:"server"`
	ServerName  string `json:"server_name"`
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
	Remembered  bool   `json:"remembered"`
}

func accountOf(a manager.Account) accountJSON {
	return accountJSON{a.Server, a.ServerName, a.Username, a.DisplayName, a.Remembered}
}

// accountName returns the user name and the server of an account.
func accountName(a manager.Account) string {
	server := a.ServerName
	if server == "" {
		server = a.Server
	}
	return a.Username + ", " + server
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
		Short: "List the accounts on this PC, or switch to another one",
		Args:  cobra.NoArgs,
		Long: `List the accounts on this PC. The commands work with the current one. --use switches to another one, whose
session must be in the keyring. "acenctl sign-in" adds an account.`,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := cs.open(c.Context())
			if err != nil {
				return err
			}
			if c.Flags().Changed("use") {
				_, err := m.Switch(c.Context(), use)
				if current, ok := m.Current(); err != nil && (!ok || current.ID != use) {
					return err
				}
				if err != nil { // the account has changed although its server does not answer
					fmt.Fprintln(cs.errors, "acenctl:", printable(sentence(err)))
				}
			} else if err := m.UseCached(c.Context()); err != nil && !errors.Is(err, manager.ErrSignedOut) {
				return err
			}
			return cs.printAccounts(c.Context(), m)
		},
	}
	c.Flags().Int64Var(&use, "use", 0, "switch to the account with this number")
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
	lines := [][]string{{"NUMBER", "USER NAME", "NAME", "SERVER", "REMEMBERED", "CURRENT", "OPEN TASKS"}}
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
		lines = [][]string{{"There is no account on this PC. \"acenctl sign-in SERVER USERNAME\" adds one."}}
	}
	return cs.print(struct {
		Accounts []knownJSON `json:"accounts"`
	}{out}, lines...)
}
