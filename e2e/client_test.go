package e2e_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
)

// TestServerAnswersValid checks that the client accepts every answer of a real server: its checks require only what a
// server never omits.
func TestServerAnswersValid(t *testing.T) {
	s := servertest.Start(t)
	ctx := t.Context()
	newClient := func(tokens client.Tokens) *client.Client {
		c, err := client.New(client.Options{Server: s.URL, Tokens: tokens, Now: s.Clock.Now})
		require.NoError(t, err)
		return c
	}
	number := func(id string) api.VerificationAnswer {
		s.AddVerification(id, "123456")
		return api.VerificationAnswer{ID: id, Number: "123456"}
	}
	serials, err := sample.FreeSerials(ctx, s.Data, sample.SerialProgram, 2)
	require.NoError(t, err)
	c := newClient(client.Tokens{})

	_, err = c.Server(ctx)
	require.NoError(t, err)
	for _, sound := range []bool{false, true} {
		_, err = c.Verification(ctx, sound)
		require.NoError(t, err)
	}
	require.NoError(t, c.RequestPasswordReset(ctx, uuid.NewString(), api.PasswordReset{
		Login: s.Login.Username, Verification: number("reset"),
	}))
	_, err = c.SignIn(ctx, api.SessionRequest{Username: s.Login.Username, Password: s.Login.Password, DeviceName: "test"})
	require.NoError(t, err)
	c = newClient(client.Tokens{Refresh: c.Tokens().Refresh})
	require.NoError(t, c.Renew(ctx))

	programs, err := c.Programs(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, programs)
	orders, _, err := c.Orders(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, orders)
	for _, o := range orders {
		_, err := c.History(ctx, o.ID)
		require.NoError(t, err)
		if o.RequiresActivation {
			_, err = c.Licenses(ctx, o.ID, true)
			require.NoError(t, err)
		}
	}

	codes := otherPC("A", 1)
	pc := api.PCCodes{SiteCode: codes.Site.String(), MachineID: codes.Machine.String()}
	r := api.NewLicense{SiteCode: pc.SiteCode, MachineID: pc.MachineID}
	l, err := c.NewLicense(ctx, uuid.NewString(), studioOrder, r)
	require.NoError(t, err)
	require.Equal(t, int64(studioOrder), l.OrderID)
	var studio int64
	for _, p := range programs {
		if p.Name == sample.SerialProgram {
			studio = p.ID
		}
	}
	more, err := c.NewOrder(ctx, uuid.NewString(), api.NewOrder{
		ProgramID: studio, SerialNumber: serials[0], Verification: number("order"),
	})
	require.NoError(t, err)
	same, err := c.NewLicense(ctx, uuid.NewString(), more.ID, api.NewLicense{SiteMID: codes.Merged()})
	require.NoError(t, err, "the PC has a license of another order")
	require.Equal(t, l.ID, same.ID)

	note := "Büro 2"
	_, err = c.ChangeLicense(ctx, l.ID, api.LicenseChange{Note: &note})
	require.NoError(t, err)
	_, err = c.Compare(ctx, l.ID, pc)
	require.NoError(t, err)
	_, content, err := c.LicenseFile(ctx, l.ID)
	require.NoError(t, err)
	require.NotEmpty(t, content)
	preview, err := c.EmailPreview(ctx, l.ID)
	require.NoError(t, err)
	require.NoError(t, c.SendEmail(ctx, uuid.NewString(), l.ID, api.EmailRequest{To: preview.To[:1]}))
	same, err = c.Reactivate(ctx, uuid.NewString(), l.ID, api.Reactivation{SiteCode: pc.SiteCode, MachineID: pc.MachineID})
	require.NoError(t, err, "the license's own codes")
	require.Equal(t, l.ID, same.ID)
	next, err := c.Reactivate(ctx, uuid.NewString(), l.ID, api.Reactivation{SiteMID: otherPC("A", 2).Merged()})
	require.NoError(t, err)
	require.NotEqual(t, l.ID, next.ID)

	account, err := c.Account(ctx)
	require.NoError(t, err)
	_, err = c.ChangeAccount(ctx, api.AccountChange{City: &account.City})
	require.NoError(t, err)
	_, err = c.NewAccount(ctx, uuid.NewString(), api.NewAccount{
		ProgramID: studio, SerialNumber: serials[1], Verification: number("account"), Username: "berta",
		Password: "correct horse battery", RegistrationName: "Berta Berg", Contact: api.Contact{
			FirstName: "Berta", LastName: "Berg", Address: "A 1", City: "B", Zip: "1", Country: "D", Phone: "1",
			Email: "b@lumen.example",
		},
	})
	require.NoError(t, err)
	require.NoError(t, c.ChangePassword(ctx, api.PasswordChange{
		CurrentPassword: s.Login.Password, NewPassword: s.Login.Password + " staple",
	}))
	require.NoError(t, c.SignOut(ctx))
}
