package presenter

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/screens/actions"
)

// thisPCBackend is a ThisPCBackend in memory.
type thisPCBackend struct {
	found manager.Found
	kept  []manager.KeptCode
	fault error // of LicenseOf
	err   error // of Find
}

func (b *thisPCBackend) Find(context.Context) (manager.Found, error) { return b.found, b.err }

func (b *thisPCBackend) ThisPC(context.Context, int64) (manager.ThisPC, error) {
	return manager.ThisPC{}, nil
}

func (b *thisPCBackend) KeptCodes(context.Context) ([]manager.KeptCode, error) { return b.kept, nil }

func (b *thisPCBackend) LicenseOf(context.Context, manager.KeptCode) (manager.License, api.Order, error) {
	return testLicense(9, 1042, "Studio PC"), testOrder(1042), b.fault
}

func (b *thisPCBackend) HandIn(context.Context, manager.KeptCode) (api.Order, error) {
	return testOrder(1042), nil
}

func (b *thisPCBackend) Offer(context.Context, manager.KeptCode) (manager.License, error) {
	return testLicense(9, 1042, "Studio PC"), nil
}

// thisPCPeers records its calls.
type thisPCPeers struct {
	*stage
	signedOut bool
	hidden    bool
	licensed  int64
	address   string
}

func (p *thisPCPeers) SignedIn() bool                             { return !p.signedOut }
func (p *thisPCPeers) ShowsAccount() bool                         { return !p.hidden }
func (p *thisPCPeers) Account() manager.Account                   { return anna }
func (p *thisPCPeers) LicensedOrder(int64) int64                  { return p.licensed }
func (p *thisPCPeers) MarksChanged()                              { p.call("marks") }
func (p *thisPCPeers) RefreshNotices()                            { p.call("notices") }
func (p *thisPCPeers) Do(a actions.ID, s actions.Subject)         { p.call("%s %d", a.Label(), s.License.ID) }
func (p *thisPCPeers) ShowOrder(o api.Order)                      { p.call("order %d", o.ID) }
func (p *thisPCPeers) ShowLicense(_ api.Order, l manager.License) { p.call("license %d", l.ID) }
func (p *thisPCPeers) VendorAddress() string                      { return p.address }
func (p *thisPCPeers) LoadVendorAddress()                         { p.call("vendor") }
func (p *thisPCPeers) ContactVendor(subject, text string)         { p.call("contact %s: %s", subject, text) }

// newTestThisPC returns a presenter that has searched b.
func newTestThisPC(t *testing.T, b *thisPCBackend) (*stage, *ThisPC, *thisPCPeers) {
	t.Helper()
	s := newStage(t)
	peers := &thisPCPeers{stage: s}
	p := NewThisPC(s.shell, b, peers)
	p.Find()
	s.WaitUntil("what is found", p.Searched)
	return s, p, peers
}

func released(id int64, leftHere bool) manager.Released {
	l := testLicense(id, 1042, "Studio PC")
	at := start
	l.ReleasedAt, l.LeftThisPC = &at, leftHere
	return manager.Released{Order: testOrder(1042), License: l}
}

func expiring(id int64, program string, days, step int) manager.Expiring {
	o, l := testOrder(1042), testLicense(id, 1042, "Studio PC")
	at := start.AddDate(0, 0, days)
	o.ProgramName, l.ExpiresAt = program, &at
	return manager.Expiring{Order: o, License: l, Step: step}
}

func TestOffers(t *testing.T) {
	stranded := func(id int64) manager.Stranded {
		return manager.Stranded{Order: testOrder(1042), License: testLicense(id, 1042, "Studio PC")}
	}
	same := license.Block(12345)
	bringBack := manager.BringBack{
		Order:      testOrder(1042),
		License:    testLicense(7, 1042, "Studio PC"),
		Comparison: license.Compare(same, same, license.DefaultPolicy()),
	}
	refused := bringBack
	refused.Refusal = api.NewProblem(api.ErrSubscriptionExpired, "The subscription has ended.")
	forgotten := manager.Forgotten{Order: testOrder(1042)}
	full := forgotten
	full.Refusal = api.ErrLicensesInUse
	keptCode := manager.KeptCode{Program: "Lumen Studio 7"}
	for _, test := range []struct {
		name string
		b    thisPCBackend
		want []string // what each offer says
		does string   // what the first button of the first offer does; "" for no button
	}{
		{"nothing", thisPCBackend{}, nil, ""},
		{
			"a license that waits", thisPCBackend{found: manager.Found{Released: []manager.Released{released(1, false)}}},
			[]string{"A license of Lumen Studio 7 waits to be picked up: “Studio PC”."}, "Pick up on this PC… 1",
		},
		{"one that this PC released", thisPCBackend{found: manager.Found{Released: []manager.Released{released(1, true)}}},
			nil, ""},
		{
			"two that wait",
			thisPCBackend{found: manager.Found{Released: []manager.Released{released(1, false), released(2, false)}}},
			[]string{"2 licenses wait to be picked up."}, "license 1",
		},
		{
			"a license that this PC had", thisPCBackend{found: manager.Found{BringBacks: []manager.BringBack{bringBack}}},
			[]string{"This PC had a license of Lumen Studio 7: “Studio PC”."}, "Reactivate… 7",
		},
		{
			"one that is refused", thisPCBackend{found: manager.Found{BringBacks: []manager.BringBack{refused}}},
			[]string{"This PC had a license of Lumen Studio 7: “Studio PC”."}, "",
		},
		{
			"a stranded license that this PC had", thisPCBackend{found: manager.Found{
				Stranded: []manager.Stranded{stranded(7)}, BringBacks: []manager.BringBack{bringBack},
			}},
			[]string{"A license of Lumen Studio 7 left this PC, and the server does not know."}, "dialog",
		},
		{
			"a forgotten license", thisPCBackend{found: manager.Found{Forgotten: []manager.Forgotten{forgotten}}},
			[]string{"The license server does not know the license of Lumen Studio 7 on this PC."}, "Activate this PC 0",
		},
		{
			"two forgotten licenses", thisPCBackend{found: manager.Found{Forgotten: []manager.Forgotten{forgotten, full}}},
			[]string{"The license server does not know 2 licenses of this PC."}, "order 1042",
		},
		{
			"a license that ends",
			thisPCBackend{found: manager.Found{Expiring: []manager.Expiring{expiring(3, "Lumen Studio 7", 12, 14)}}},
			[]string{"A license of Lumen Studio 7 ends in 12 days: “Studio PC”."}, "license 3",
		},
		{
			"two that end alike", thisPCBackend{found: manager.Found{Expiring: []manager.Expiring{
				expiring(3, "Lumen Studio 7", 12, 14), expiring(4, "Lumen Studio 7", 12, 14),
			}}},
			[]string{"2 licenses of Lumen Studio 7 end in 12 days."}, "license 3",
		},
		{
			"two that end differently", thisPCBackend{found: manager.Found{Expiring: []manager.Expiring{
				expiring(3, "Lumen Studio 7", 2, 7), expiring(4, "Tide Survey", 12, 14),
			}}},
			[]string{"2 licenses end soon."}, "license 3",
		},
		{
			"a kept removal code", thisPCBackend{kept: []manager.KeptCode{keptCode}},
			[]string{"A license of Lumen Studio 7 left this PC."}, "dialog",
		},
		{"one that a task sends", thisPCBackend{kept: []manager.KeptCode{{Purpose: api.TaskRemoval}}}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, p, peers := newTestThisPC(t, &test.b)
			var got []string
			offers := p.Offers()
			for _, o := range offers {
				got = append(got, o.Message.What)
				require.Contains(t, o.Key, "1 ", "the account is in the key")
			}
			require.Equal(t, test.want, got)
			peers.hidden = true
			require.Empty(t, p.Offers())
			if test.want == nil {
				return
			}
			if test.does == "" {
				require.Empty(t, offers[0].Actions)
				return
			}
			s.calls = nil
			offers[0].Actions[0].Do()
			if test.does != "dialog" {
				require.Equal(t, []string{test.does}, s.calls)
			}
		})
	}
}

func TestLicensedPCPicksUpNoOther(t *testing.T) {
	_, p, peers := newTestThisPC(t, &thisPCBackend{found: manager.Found{Released: []manager.Released{released(1, false)}}})
	require.Len(t, p.Offers(), 1)
	peers.licensed = 1037
	require.Empty(t, p.Offers())
}

func TestForgottenLicenseNamesVendor(t *testing.T) {
	forgotten := manager.Forgotten{Order: testOrder(1042), Refusal: api.ErrLicensesInUse}
	s, p, peers := newTestThisPC(t, &thisPCBackend{found: manager.Found{Forgotten: []manager.Forgotten{forgotten}}})
	require.True(t, s.called("vendor"), "its address is asked for")
	require.NotContains(t, p.Offers()[0].Message.Why, "support@lumen.example")
	peers.address = "support@lumen.example"
	o := p.Offers()[0]
	require.Contains(t, o.Message.Why, "support@lumen.example")
	o.Actions[0].Do()
	require.Contains(t, s.calls[len(s.calls)-1], "contact A license that the server does not know: Order 1042")
}

func TestStrandedLicenses(t *testing.T) {
	one := manager.Stranded{Order: testOrder(1042), License: testLicense(7, 1042, "Studio PC")}
	one.License.ThisPC, one.License.LeftThisPC = true, true
	one.License.Allowed.Remove = &api.Allowance{Reason: api.ErrTaskDisabled}
	s, p, peers := newTestThisPC(t, &thisPCBackend{found: manager.Found{Stranded: []manager.Stranded{one}}})
	p.showStranded()
	require.True(t, s.Shows("Lumen Studio 7 · “Studio PC” · order 1042"))
	require.True(t, s.Enabled("Bring back…"))
	require.False(t, s.Enabled("Hand in…"))
	s.Press("Bring back…")
	require.True(t, s.called("Reactivate… 7"))
	require.False(t, s.Shows("order 1042"), "the dialog is closed")

	peers.licensed = 1037
	p.showStranded()
	require.False(t, s.Enabled("Bring back…"))
	require.True(t, s.Shows("this PC is licensed in order 1037"))
	s.Press("Contact the vendor…")
	require.Contains(t, s.calls[len(s.calls)-1], "Order 1042, license 7, Lumen Studio 7, Site code 7183EC4D")
}

func TestMarks(t *testing.T) {
	b := &thisPCBackend{found: manager.Found{BringBacks: []manager.BringBack{{
		Order:   testOrder(1042),
		License: testLicense(7, 1042, ""),
	}}}}
	b.kept = []manager.KeptCode{{}}
	s, p, _ := newTestThisPC(t, b)
	bringBacks, keptCodes := p.Marks()
	require.Equal(t, map[int64]bool{7: true}, bringBacks)
	require.Equal(t, map[int64]bool{9: true}, keptCodes)
	require.True(t, s.called("marks"))

	s.calls, p.searched = nil, false
	p.Find()
	s.WaitUntil("the same", p.Searched)
	require.False(t, s.called("marks"), "nothing is drawn anew")

	b.err, p.searched = unreachable, false
	b.found = manager.Found{}
	p.Find()
	s.WaitUntil("the failure", p.Searched)
	bringBacks, _ = p.Marks()
	require.NotEmpty(t, bringBacks, "what is shown stays")

	p.Reset()
	bringBacks, keptCodes = p.Marks()
	require.Empty(t, bringBacks)
	require.Empty(t, keptCodes)
}

func TestPassDay(t *testing.T) {
	s, p, peers := newTestThisPC(t, &thisPCBackend{})
	p.RefreshDay()
	require.False(t, p.finding.Busy())
	s.now = s.now.AddDate(0, 0, 1)
	p.RefreshDay()
	require.True(t, p.finding.Busy(), "the licenses end a day sooner")
	p.Reset()
	peers.signedOut = true
	p.Find()
	require.False(t, p.finding.Busy(), "nobody is signed in")
}

func TestHandInOffer(t *testing.T) {
	s, p, _ := newTestThisPC(t, &thisPCBackend{kept: []manager.KeptCode{{Program: "Lumen Studio 7"}}})
	o := p.Offers()[0]
	require.Equal(t, "Hand in", o.Actions[0].Label)
	o.Actions[0].Do()
	require.True(t, s.Shows("Telling the server…"))
	s.WaitFor("The server has the removal code")
}
