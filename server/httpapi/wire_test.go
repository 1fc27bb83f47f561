package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/request"
	"github.com/acen-desktop/acen/server/store"
)

// Contact data survives the way from the wire to the store and back, without white space around it.
func TestContact(t *testing.T) {
	plain := api.Contact{
		FirstName: "Anna",
		LastName:  "Berg",
		Company:   "Lumen",
		Address:   "Lindenweg 4",
		City:      "Bern",
		Zip:       "3000",
		State:     "BE",
		Country:   "CH",
		Phone:     "1",
		Fax:       "2",
		Email:     "anna@lumen.example",
		Email2:    "it@lumen.example",
	}
	spaced := plain
	for _, field := range []*string{
		&spaced.FirstName, &spaced.LastName, &spaced.Company, &spaced.Address, &spaced.City, &spaced.Zip,
		&spaced.State, &spaced.Country, &spaced.Phone, &spaced.Fax, &spaced.Email, &spaced.Email2,
	} {
		*field = " \t" + *field + "\n"
	}
	second := api.Contact{Email2: "it@lumen.example"}
	for name, row := range map[string]struct{ in, out api.Contact }{
		"plain":           {plain, plain},
		"spaces":          {spaced, plain},
		"empty":           {api.Contact{}, api.Contact{}},
		"only the second": {second, api.Contact{Email: "it@lumen.example"}},
		"blank email":     {api.Contact{Email: " ", Email2: " "}, api.Contact{}},
	} {
		c := store.Client{Emails: []string{"former@lumen.example"}}
		setContact(&c, row.in)
		require.Equal(t, row.out, contactOf(c), name)
	}
}

func TestSamePolicy(t *testing.T) {
	base := license.Policy{
		Enabled:            true,
		MaxHardwareChanges: 2,
		Changeable:         []license.Lock{license.HDID, license.NETID},
	}
	for name, row := range map[string]struct {
		change func(*license.Policy)
		same   bool
	}{
		"same":       {func(*license.Policy) {}, true},
		"off":        {func(p *license.Policy) { p.Enabled = false }, false},
		"more":       {func(p *license.Policy) { p.MaxHardwareChanges++ }, false},
		"other lock": {func(p *license.Policy) { p.Changeable = []license.Lock{license.HDID, license.OSID} }, false},
		"fewer":      {func(p *license.Policy) { p.Changeable = p.Changeable[:1] }, false},
	} {
		other := base
		row.change(&other)
		require.Equal(t, row.same, samePolicy(base, other), name)
	}
}

// Lists on the wire are arrays, also without elements.
func TestEmptyListsAreArrays(t *testing.T) {
	text, err := json.Marshal(wirePolicy(license.Policy{}))
	require.NoError(t, err)
	require.Contains(t, string(text), `"changeable":[]`)
	require.Equal(t, []string{license.HDID.String(), license.OSID.String()},
		lockNames([]license.Lock{license.HDID, license.OSID}))
	require.Nil(t, formerKeys(store.Program{}), "the member is optional")
}

// A program on the wire has its public keys and no secret.
func TestWireProgram(t *testing.T) {
	s := newServer(t)
	client := addClient(t, s, store.Client{Username: "anna", Active: true})
	_, p := addOrder(t, s, client.ID)
	p.FormerKeys = []license.PublicKey{{1}, {2}}
	w := wireProgram(p)
	require.Equal(t, api.Program{
		ID:                   p.ID,
		Name:                 "Lumen Studio 7",
		RequiresActivation:   true,
		ApplicationSignature: "LUMENST7",
		PublicKey:            p.PublicKey.String(),
		FormerKeys:           []string{license.PublicKey{1}.String(), license.PublicKey{2}.String()},
		KeyID:                p.PublicKey.KeyID(),
		AcceptsSerials:       true,
		FlexibleLocking:      wirePolicy(license.DefaultPolicy()),
	}, w)
}

// The description of the server lists the keys of all programs, but only those programs that accept serial numbers;
// with none, accounts cannot be opened.
func TestDescribe(t *testing.T) {
	s := newServer(t, func(c *Config) { c.Version, c.Contact = "1.2.3", "help@lumen.example" })
	out, err := s.describe(t.Context())
	require.NoError(t, err)
	require.Equal(t, api.Server{
		Name:            "Lumen licenses",
		Version:         "1.2.3",
		Contact:         "help@lumen.example",
		Time:            now,
		KeyFingerprints: []api.KeyFingerprint{},
		SerialPrograms:  []api.SerialProgram{},
	}, out)

	client := addClient(t, s, store.Client{Username: "anna", Active: true})
	_, closed := addOrder(t, s, client.ID)
	closed.AcceptsSerials = false
	write(t, s, func(tx store.Tx) error { return tx.Programs.Change(t.Context(), closed) })
	out, err = s.describe(t.Context())
	require.NoError(t, err)
	require.False(t, out.Registration)
	require.Empty(t, out.SerialPrograms)
	require.Equal(t, []api.KeyFingerprint{{
		ProgramID:   closed.ID,
		KeyID:       closed.PublicKey.KeyID(),
		Fingerprint: closed.PublicKey.Fingerprint(),
	}}, out.KeyFingerprints)

	closed.AcceptsSerials = true
	write(t, s, func(tx store.Tx) error { return tx.Programs.Change(t.Context(), closed) })
	out, err = s.describe(t.Context())
	require.NoError(t, err)
	require.True(t, out.Registration)
	require.Equal(t, []api.SerialProgram{{ID: closed.ID, Name: closed.Name}}, out.SerialPrograms)
	for _, accepting := range []bool{false, true} {
		list, err := s.programs(t.Context(), accepting)
		require.NoError(t, err)
		require.Len(t, list.Programs, 1)
	}
	closed.AcceptsSerials = false
	write(t, s, func(tx store.Tx) error { return tx.Programs.Change(t.Context(), closed) })
	list, err := s.programs(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, []api.Program{}, list.Programs)
}

// Orders that are inactive, invisible or of another client are like missing ones.
func TestOwnOrder(t *testing.T) {
	s := newServer(t)
	anna := addClient(t, s, store.Client{Username: "anna", Active: true})
	bruno := addClient(t, s, store.Client{Username: "bruno", Active: true})
	order, program := addOrder(t, s, anna.ID)
	for name, row := range map[string]struct {
		caller store.Client
		id     int64
		change func(*store.Order)
		found  bool
	}{
		"own":           {anna, order.ID, func(*store.Order) {}, true},
		"read-only":     {anna, order.ID, func(o *store.Order) { o.CanManage = false }, true},
		"inactive":      {anna, order.ID, func(o *store.Order) { o.Active = false }, false},
		"invisible":     {anna, order.ID, func(o *store.Order) { o.Visible = false }, false},
		"another's":     {bruno, order.ID, func(*store.Order) {}, false},
		"not signed in": {store.Client{}, order.ID, func(*store.Order) {}, false},
		"missing":       {anna, order.ID + 1, func(*store.Order) {}, false},
		"license 0":     {anna, 0, func(*store.Order) {}, false},
	} {
		changed := order
		row.change(&changed)
		write(t, s, func(tx store.Tx) error { return tx.Orders.Change(t.Context(), changed) })
		ctx := request.WithCaller(t.Context(), request.Caller{Client: row.caller})
		err := s.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
			o, p, err := ownOrder(ctx, tx, row.id)
			if err == nil {
				require.Equal(t, order.ID, o.ID, name)
				require.Equal(t, program.ID, p.ID, name)
			}
			return err
		})
		if row.found {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, error(notFound()), err, name)
	}
}

// The state of a license on its PC is that of the license, but a released one is on no PC (spec: codes "Validation
// answer").
func TestStateOnThePC(t *testing.T) {
	for _, status := range []api.LicenseStatus{
		api.StatusActive, api.StatusRemoved, api.StatusTransferred, api.StatusReactivated, "Lost",
	} {
		c := checked{license: store.License{Status: status}}
		require.Equal(t, license.ValidationState(status), c.state())
		c.license.ReleasedAt = &now
		want := license.ValidationState(status)
		if status == api.StatusActive {
			want = license.StateReleased
		}
		require.Equal(t, want, c.state())
	}
}
