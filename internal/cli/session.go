package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) signInCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sign-in SERVER USERNAME",
		Short: "Sign in and store the session in the keyring",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			m, err := cs.open(c.Context())
			if err != nil {
				return err
			}
			password, err := cs.secret("password", cs.passwordStdin)
			if err != nil {
				return err
			}
			defer cs.progress("Signing in")()
			account, warning, err := m.SignIn(c.Context(),
				manager.SignIn{
					Server:   args[0],
					Username: args[1],
					Password: password,
					Remember: true,
				})
			if err != nil {
				return err
			}
			if warning != nil {
				cs.signOut = true
				return fmt.Errorf("signed in, but the session cannot be remembered: %w. Give --server and --username with each "+
					"command instead", warning)
			}
			return cs.printSentence(accountOf(account),
				fmt.Sprintf("Signed in to %s as %s.", account.ServerName, account.DisplayName))
		},
	}
}

func (cs *commandSet) signOutCommand() *cobra.Command {
	return cs.signedIn("sign-out", "Sign out and delete the stored session", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			account, _ := m.Current()
			if err := m.SignOut(ctx); err != nil {
				return err
			}
			return cs.printSentence(accountOf(account), "Signed out.")
		})
}

func (cs *commandSet) whoamiCommand() *cobra.Command {
	return cs.signedIn("whoami", "Show who is signed in", cobra.NoArgs,
		func(_ context.Context, m *manager.Manager, _ []string) error {
			account, _ := m.Current()
			return cs.printSentence(accountOf(account),
				fmt.Sprintf("%s (%s) at %s, %s", account.DisplayName, account.Username, account.ServerName, account.Server))
		})
}

func (cs *commandSet) passwordCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "password",
		Short: "Change your password and end all other sessions",
		Long: `Change your password and end all other sessions. The current and the new password are asked for, or read
from standard input, one per line.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := cs.session(c.Context())
			if err != nil {
				return err
			}
			current, err := cs.secret("current password", false)
			if err != nil {
				return err
			}
			next, err := cs.secret("new password", false)
			if err != nil {
				return err
			}
			if cs.in.terminal() {
				repeated, err := cs.secret("new password again", false)
				if err != nil {
					return err
				}
				if repeated != next {
					return usageError{errors.New("the two new passwords differ")}
				}
			}
			if err := m.ChangePassword(c.Context(), current, next); err != nil {
				return err
			}
			return cs.printSentence(struct{}{}, "The password is changed. All other sessions have ended.")
		},
	}
}
