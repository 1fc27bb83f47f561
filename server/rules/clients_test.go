package rules

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/store"
)

// CheckClient returns the invalid field.
func TestCheckClient(t *testing.T) {
	good := store.Client{Username: "anna", RegistrationName: "Anna Berg", Emails: []string{"anna@lumen.example"}}
	require.NoError(t, CheckClient(good))
	for name, c := range map[string]struct {
		change func(*store.Client)
		field  string
	}{
		"no user name":   {func(c *store.Client) { c.Username = "" }, "username"},
		"spaces":         {func(c *store.Client) { c.Username = "a b" }, "username"},
		"long user name": {func(c *store.Client) { c.Username = strings.Repeat("a", api.MaxField+1) }, "username"},
		"two lines":      {func(c *store.Client) { c.Company = "a\nb" }, "company"},
		"turned around":  {func(c *store.Client) { c.Contact.City = "\u202ecity" }, "city"},
		"paragraph":      {func(c *store.Client) { c.Contact.Phone = "1\u20292" }, "phone"},
		"no UTF-8":       {func(c *store.Client) { c.Contact.Fax = "\xff" }, "fax"},
		"long name":      {func(c *store.Client) { c.LastName = strings.Repeat("ü", api.MaxField+1) }, "last_name"},
		"three addresses": {
			func(c *store.Client) { c.Emails = []string{"a@b.example", "b@b.example", "c@b.example"} },
			"email",
		},
		"with a name":          {func(c *store.Client) { c.Emails[0] = "Anna <anna@lumen.example>" }, "email"},
		"a second header":      {func(c *store.Client) { c.Emails[0] = "a@b.example\r\nBcc: eve@evil.example" }, "email"},
		"encoded word":         {func(c *store.Client) { c.Emails[0] = "=?utf-8?q?a?=@b.example" }, "email"},
		"second one malformed": {func(c *store.Client) { c.Emails = append(c.Emails, "nothing") }, "email2"},
		"given twice":          {func(c *store.Client) { c.Emails = append(c.Emails, "ANNA@lumen.example") }, "email2"},
	} {
		t.Run(name, func(t *testing.T) {
			client := good
			client.Emails = []string{good.Emails[0]}
			c.change(&client)
			var fault *ClientFault
			require.True(t, errors.As(CheckClient(client), &fault))
			require.Equal(t, c.field, fault.Field)
		})
	}
	longest := strings.Repeat("ü", api.MaxField)
	require.NoError(t, CheckClient(store.Client{Username: longest, LastName: longest}))
}

// CheckContact returns the missing field.
func TestCheckContact(t *testing.T) {
	good := api.Contact{
		FirstName: "Anna",
		LastName:  "Berg",
		Address:   "Street 1",
		City:      "Bergen",
		Zip:       "5003",
		Country:   "Norway",
		Phone:     "1",
		Email:     "anna@lumen.example",
	}
	require.NoError(t, CheckContact(good))
	for field, change := range map[string]func(*api.Contact){
		"first_name": func(c *api.Contact) { c.FirstName = " " },
		"last_name":  func(c *api.Contact) { c.LastName = "" },
		"address":    func(c *api.Contact) { c.Address = "" },
		"city":       func(c *api.Contact) { c.City = "" },
		"zip":        func(c *api.Contact) { c.Zip = "" },
		"country":    func(c *api.Contact) { c.Country = "" },
		"phone":      func(c *api.Contact) { c.Phone = "" },
		"email":      func(c *api.Contact) { c.Email = "" },
	} {
		contact := good
		change(&contact)
		var fault *ClientFault
		require.True(t, errors.As(CheckContact(contact), &fault), field)
		require.Equal(t, field, fault.Field)
	}
}
