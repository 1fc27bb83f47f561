package presenter

import (
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// maxNames limits the licenses or programs that a banner names.
const maxNames = 4

// firstNames lists the first maxNames names and counts the others.
func firstNames(names []string) string {
	if len(names) > maxNames {
		return tr.T("%s and %d more", words.List(names[:maxNames]), len(names)-maxNames)
	}
	return words.List(names)
}

func quoted(l manager.License) string { return words.LicenseName(l.ID, l.Note) }

func programOf(e removalcode.Entry) string {
	if e.Program == "" {
		return tr.T("a program")
	}
	return e.Program
}

// newOffer returns an offer about licenses or orders by their ids; prefix is unique for each kind of offer.
func newOffer(tone theme.Tone, prefix string, ids []string) Offer {
	return Offer{Banner: Banner{Key: prefix + strings.Join(ids, " "), Tone: tone}}
}

// do returns a button that opens the dialog of an action.
func (p *ThisPC) do(label string, action actions.ID, s actions.Subject) dialogs.Action {
	return dialogs.Action{Label: label, Do: func() { p.peers.Do(action, s) }}
}

// Offers returns offers for the results of the last search.
func (p *ThisPC) Offers() (list []Offer) {
	if !p.peers.ShowsAccount() {
		return nil
	}
	for _, found := range []func() (Offer, bool){p.strandedOffer, p.forgottenOffer, p.expiryOffer} {
		if o, ok := found(); ok {
			list = append(list, o)
		}
	}
	for _, b := range p.found.BringBacks {
		if !p.found.isStranded(b.License.ID) { // part of strandedOffer
			list = append(list, p.bringBackOffer(b))
		}
	}
	if o, ok := p.pickUpOffer(); ok {
		list = append(list, o)
	}
	if o, ok := p.keptCodesOffer(); ok {
		list = append(list, o)
	}
	for i := range list { // ids of licenses are unique only within an account
		list[i].Key = fmt.Sprintf("%d %s", p.peers.Account().ID, list[i].Key)
	}
	return list
}

// strandedOffer offers the steps for stranded licenses.
func (p *ThisPC) strandedOffer() (Offer, bool) {
	list := p.found.Stranded
	if len(list) == 0 {
		return Offer{}, false
	}
	var key, names []string
	for _, s := range list {
		key = append(key, fmt.Sprint(s.License.ID))
		names = append(names, quoted(s.License))
	}
	o := newOffer(theme.Warning, "stranded-", key)
	o.Message = dialogs.Message{
		What: tr.T("%d licenses left this PC, and the server does not know.", len(list)),
		Why:  tr.T("Nothing is lost: bring %s back, or tell the server.", firstNames(names)),
	}
	o.Actions = []dialogs.Action{{Label: tr.T("Put it right…"), Do: p.showStranded}}
	if len(list) == 1 {
		o.Message.What = tr.T("A license of %s left this PC, and the server does not know.", list[0].Order.ProgramName)
	}
	return o, true
}

// contactAboutStranded opens an email to the vendor about stranded licenses.
func (p *ThisPC) contactAboutStranded(list []manager.Stranded) {
	lines := []string{tr.T("These licenses left this PC, and the server lists them as in use:"), ""}
	for _, s := range list {
		lines = append(lines, tr.T("Order %d, license %d, %s, Site code %s",
			s.Order.ID, s.License.ID, s.Order.ProgramName, s.License.SiteCode))
	}
	p.peers.ContactVendor(tr.T("Licenses that left a PC"), strings.Join(lines, "\n"))
}

// forgottenOffer offers to activate this PC for forgotten licenses.
func (p *ThisPC) forgottenOffer() (Offer, bool) {
	list := p.found.Forgotten
	if len(list) == 0 {
		return Offer{}, false
	}
	var key, names []string
	for _, f := range list {
		key = append(key, fmt.Sprint(f.Order.ID))
		names = append(names, f.Order.ProgramName)
	}
	first := list[0]
	o := newOffer(theme.Warning, "forgotten-", key)
	if len(list) > 1 {
		o.Message = dialogs.Message{
			What: tr.T("The license server does not know %d licenses of this PC.", len(list)),
			Why:  tr.T("The programs run on: %s. Activate this PC again for each of them.", firstNames(names)),
		}
		o.Actions = []dialogs.Action{{Label: tr.T("Show the first"), Do: func() { p.peers.ShowOrder(first.Order) }}}
		return o, true
	}
	o.Message = dialogs.Message{
		What: tr.T("The license server does not know the license of %s on this PC.", first.Order.ProgramName),
		Why:  tr.T("The program runs on. Activate this PC again, so that the server knows it."),
	}
	again := p.do(tr.T("Activate this PC again…"), actions.ActivateThisPC, actions.Subject{Order: first.Order})
	o.Actions = []dialogs.Action{again}
	if first.Refusal != nil {
		reason := explain.Reason(first.Refusal)
		o.Message.Why = tr.T("The program runs on, but this PC cannot be activated again: %s. Ask the vendor.", reason)
		if address := p.peers.VendorAddress(); address != "" {
			o.Message.Why = tr.T("The program runs on, but this PC cannot be activated again: %s. Ask the vendor: %s.", reason,
				address)
		}
		o.Actions = []dialogs.Action{{Label: tr.T("Contact the vendor…"), Do: func() { p.contactAboutForgotten(first) }}}
	}
	return o, true
}

func (p *ThisPC) contactAboutForgotten(f manager.Forgotten) {
	p.peers.ContactVendor(tr.T("A license that the server does not know"),
		tr.T("Order %d, license %d, %s: the program runs on this PC, and the license server does not know the license.",
			f.Order.ID, f.ID, f.Order.ProgramName))
}

func (p *ThisPC) bringBackOffer(b manager.BringBack) Offer {
	var lines []string
	for _, s := range licenses.Sentences(b.Comparison, true) {
		lines = append(lines, words.Sentence(s.Text))
	}
	o := newOffer(theme.Accent, "lost-", []string{fmt.Sprint(b.License.ID)})
	o.Message = dialogs.Message{
		What: tr.T("This PC had a license of %s: %s.", b.Order.ProgramName, quoted(b.License)),
		Why:  tr.T("The license file is gone. %s", strings.Join(lines, " ")),
	}
	subject := actions.Subject{Order: b.Order, License: b.License}
	o.Actions = []dialogs.Action{p.do(tr.T("Bring back…"), actions.Reactivate, subject)}
	if b.Refusal != nil {
		m := explain.Error(b.Refusal)
		o.Message.Why, o.Actions = strings.TrimSpace(tr.T("It cannot be brought back now. %s %s", m.Why, m.Next)), nil
	}
	return o
}

// pickUpOffer offers to pick up released licenses, except those that this PC released.
func (p *ThisPC) pickUpOffer() (Offer, bool) {
	var open []manager.Released
	var key, names []string
	for _, one := range p.found.Released {
		licensed := p.peers.LicensedOrder(one.Order.ProgramID)
		if one.License.LeftThisPC || manager.PickUpRefusal(one.Order, one.License, licensed) != nil {
			continue
		}
		open = append(open, one)
		key = append(key, fmt.Sprint(one.License.ID))
		names = append(names, quoted(one.License))
	}
	if len(open) == 0 {
		return Offer{}, false
	}
	first := open[0]
	o := newOffer(theme.Accent, "waiting-", key)
	if len(open) == 1 {
		o.Message = dialogs.Message{
			What: tr.T("A license of %s waits to be picked up: %s.", first.Order.ProgramName, names[0]),
			Why:  tr.T("It was released for another PC on %s.", words.LongDate(*first.License.ReleasedAt, p.shell.Now())),
		}
		subject := actions.Subject{Order: first.Order, License: first.License}
		o.Actions = []dialogs.Action{p.do(actions.PickUp.Label(), actions.PickUp, subject)}
		return o, true
	}
	o.Message = dialogs.Message{
		What: tr.T("%d licenses wait to be picked up.", len(open)),
		Why:  words.Sentence(firstNames(names)),
	}
	show := func() { p.peers.ShowLicense(first.Order, first.License) }
	o.Actions = []dialogs.Action{{Label: tr.T("Show the first"), Do: show}}
	return o, true
}

// keptCodesOffer offers to hand in the kept removal codes that no job sends, because the program gave up its license or
// the job was given up or lost.
func (p *ThisPC) keptCodesOffer() (Offer, bool) {
	list := p.found.keptCodes
	if len(list) == 0 {
		return Offer{}, false
	}
	var key []string
	for _, e := range list {
		key = append(key, e.Codes.Site.String())
	}
	o := newOffer(theme.Warning, "let-go-", key)
	o.Message = dialogs.Message{
		What: tr.T("%d licenses left this PC.", len(list)),
		Why:  tr.T("The server does not know yet; their removal codes are kept here."),
	}
	o.Actions = []dialogs.Action{{Label: tr.T("Removal codes…"), Do: p.ShowRemovalCodes}}
	if e := list[0]; len(list) == 1 {
		o.Message = dialogs.Message{
			What: tr.T("A license of %s left this PC.", programOf(e)),
			Why:  tr.T("The server does not know yet; the removal code is kept here."),
		}
		if handIn, release := e.Refusals(); e.Fault == nil && handIn == nil && release == nil {
			o.Actions = []dialogs.Action{
				{Label: tr.T("Hand in"), Do: func() { p.handOver(e, removalcode.HandIn) }},
				{Label: tr.T("Offer to another PC"), Do: func() { p.handOver(e, removalcode.Offer) }},
			}
		}
	}
	return o, true
}

// expiryOffer offers the next steps for all licenses that end within 14 days, in one banner.
func (p *ThisPC) expiryOffer() (Offer, bool) {
	list := p.found.Expiring
	if len(list) == 0 {
		return Offer{}, false
	}
	now := p.shell.Now()
	first := list[0]
	o := newOffer(theme.Warning, "", nil)
	for _, e := range list {
		name := fmt.Sprintf("%s %d", p.peers.Account().Server, e.License.ID)
		o.Endings = append(o.Endings, Ending{Name: name, Step: e.Step, At: *e.License.ExpiresAt})
	}
	show := func() { p.peers.ShowLicense(first.Order, first.License) }
	if len(list) == 1 {
		o.Message = dialogs.Message{
			What: tr.T("A license of %s ends %s: %s.",
				first.Order.ProgramName, words.Expiry(first.License.ExpiresAt, now), quoted(first.License)),
			Why: tr.T("Its last day is %s. Ask the vendor in time if you want to go on.",
				words.LongDate(*first.License.ExpiresAt, now)),
		}
		subject := actions.Subject{Order: first.Order, License: first.License}
		calendar := p.do(actions.Calendar.Label(), actions.Calendar, subject)
		o.Actions = []dialogs.Action{{Label: tr.T("Show it"), Do: show}, calendar}
		return o, true
	}
	ends, alike := words.Expiry(first.License.ExpiresAt, now), true
	for _, e := range list {
		alike = alike && e.Order.ProgramName == first.Order.ProgramName && words.Expiry(e.License.ExpiresAt, now) == ends
	}
	var names []string
	for _, e := range list[:min(maxNames, len(list))] {
		name := quoted(e.License)
		if !alike {
			name = tr.T("%s of %s %s", name, e.Order.ProgramName, words.Expiry(e.License.ExpiresAt, now))
		}
		names = append(names, name)
	}
	why := words.List(names) + "."
	if n := len(list) - maxNames; n > 0 {
		why = tr.N(n, "%[2]s and %[1]d more.", "%[2]s and %[1]d more.", words.List(names))
	}
	what := tr.N(len(list), "%d license ends soon.", "%d licenses end soon.")
	if alike {
		what = tr.N(len(list), "%[1]d license of %[2]s ends %[3]s.", "%[1]d licenses of %[2]s end %[3]s.",
			first.Order.ProgramName, ends)
	}
	o.Message = dialogs.Message{What: what, Why: why}
	o.Actions = []dialogs.Action{{Label: tr.T("Show the first"), Do: show}}
	return o, true
}
