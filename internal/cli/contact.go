package cli

import (
	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
)

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
