package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
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

func (cs *commandSet) accountCommand() *cobra.Command {
	values := map[string]*string{}
	c := cs.signedIn("account", "Show your contact data, or change some of them", cobra.NoArgs, nil)
	for _, field := range contactFlags {
		values[field.flag] = c.Flags().String(field.flag, "", field.what)
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		m, err := cs.session(c.Context())
		if err != nil {
			return err
		}
		var change api.AccountChange
		changed := false
		for _, field := range contactFlags {
			if c.Flags().Changed(field.flag) {
				*field.to(&change), changed = values[field.flag], true
			}
		}
		var account api.Account
		if changed {
			account, err = m.ChangeAccount(c.Context(), change)
		} else {
			account, err = m.Account(c.Context())
		}
		if err != nil {
			return err
		}
		return cs.print(account,
			[]string{"User name", account.Username},
			[]string{"Registration name", account.RegistrationName},
			[]string{"First name", account.FirstName},
			[]string{"Last name", account.LastName},
			[]string{"Company", account.Company},
			[]string{"Address", account.Address},
			[]string{"City", account.City},
			[]string{"Zip code", account.Zip},
			[]string{"State", account.State},
			[]string{"Country", account.Country},
			[]string{"Phone", account.Phone},
			[]string{"Fax", account.Fax},
			[]string{"Email", account.Email},
			[]string{"Second email", account.Email2})
	}
	return c
}

// contactFlags are the flags of account with the fields that they change.
var contactFlags = []struct {
	flag, what string
	to         func(*api.AccountChange) **string
}{
	{"first-name", "first name", func(c *api.AccountChange) **string { return &c.FirstName }},
	{"last-name", "last name", func(c *api.AccountChange) **string { return &c.LastName }},
	{"company", "company", func(c *api.AccountChange) **string { return &c.Company }},
	{"address", "street and number", func(c *api.AccountChange) **string { return &c.Address }},
	{"city", "city", func(c *api.AccountChange) **string { return &c.City }},
	{"zip", "zip code", func(c *api.AccountChange) **string { return &c.Zip }},
	{"state", "state or region", func(c *api.AccountChange) **string { return &c.State }},
	{"country", "country", func(c *api.AccountChange) **string { return &c.Country }},
	{"phone", "phone number", func(c *api.AccountChange) **string { return &c.Phone }},
	{"fax", "fax number", func(c *api.AccountChange) **string { return &c.Fax }},
	{"email", "email address that codes and links are sent to", func(c *api.AccountChange) **string { return &c.Email }},
	{"email2", "second email address", func(c *api.AccountChange) **string { return &c.Email2 }},
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
