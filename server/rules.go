package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
)

// Rules decide about licenses, for the calls of clients and for the administration alike.
type Rules struct {
	Secrets *secrets.Keeper
	Now     func() time.Time
}

func (r Rules) subscription(o store.Order) api.SubscriptionState {
	switch {
	case !o.HasSubscription:
		return api.SubscriptionNone
	case o.SubscriptionExpiresAt != nil && r.Now().After(*o.SubscriptionExpiresAt):
		return api.SubscriptionExpired
	default:
		return api.SubscriptionValid
	}
}

func needsNoActivation(p store.Program) *api.Problem {
	return api.NewProblem(api.ErrTaskDisabled, fmt.Sprintf("%s needs no activation, so this order has no licenses.", p.Name))
}

func readOnly() *api.Problem {
	return api.NewProblem(api.ErrOrderReadOnly, "This order can be looked at and its activation codes emailed; the vendor allows no changes to it.")
}

// refuseNewLicense says why an order takes no new license now; nil when it does. Orders are listed with the same
// answer, so that the app knows before it asks (api.md rules 1, 2 and 7).
func (r Rules) refuseNewLicense(o store.Order, p store.Program) *api.Problem {
	switch {
	case !p.RequiresActivation:
		return needsNoActivation(p)
	case !o.CanManage:
		return readOnly()
	case r.subscription(o) == api.SubscriptionExpired:
		return api.NewProblem(api.ErrSubscriptionExpired, "The subscription of this order has ended. Renew it with the vendor to add licenses.")
	case o.LicensesExpireAt != nil && r.Now().After(lastMoment(*o.LicensesExpireAt)):
		return api.NewProblem(api.ErrTaskDisabled, fmt.Sprintf("The licenses of this order ended on %s. Ask the vendor to extend them.", o.LicensesExpireAt.UTC().Format("2 January 2006")))
	case o.LicensesActive >= o.LicensesTotal:
		return inUse(o)
	}
	return nil
}

func inUse(o store.Order) *api.Problem {
	detail := fmt.Sprintf("All %d licenses of this order are in use. Remove one or order more.", o.LicensesTotal)
	if o.LicensesTotal == 1 {
		detail = "The only license of this order is in use. Remove it or order more."
	}
	return api.NewProblem(api.ErrLicensesInUse, detail)
}

// lastMoment is the end of the expiry day in UTC, to the second.
func lastMoment(t time.Time) time.Time {
	return license.Grant{Expires: t}.ValidThrough().Truncate(time.Second)
}

// ReadNote checks a note: at most 30 code points of any language, no control characters (api.md rule 8).
func ReadNote(note string) (string, error) {
	note = strings.TrimSpace(norm.NFC.String(note))
	switch {
	case !utf8.ValidString(note):
		return "", field("body.note", "The note is not valid text.")
	case utf8.RuneCountInString(note) > api.MaxNote:
		return "", field("body.note", fmt.Sprintf("A note has at most %d characters.", api.MaxNote))
	case strings.ContainsFunc(note, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }):
		return "", field("body.note", "A note has no line breaks or other control characters.")
	}
	return note, nil
}

// readCodes reads the codes of a request, in either form, and checks that they belong together and to the program.
func readCodes(p store.Program, r api.NewLicense) (license.Codes, error) {
	var codes license.Codes
	var err error
	if r.SiteMID != "" {
		if r.SiteCode != "" || r.MachineID != "" {
			return codes, field("body.site_mid", "Give either site_mid or site_code and machine_id.")
		}
		codes, err = license.ParseMerged(r.SiteMID)
	} else {
		codes, err = license.ParseCodes(r.SiteCode, r.MachineID)
	}
	var fault *license.CodeError
	if errors.As(err, &fault) {
		location := map[license.CodeKind]string{license.KindMerged: "body.site_mid", license.KindMachineID: "body.machine_id"}[fault.Kind]
		if location == "" {
			location = "body.site_code"
		}
		problem := api.NewProblem(api.ErrCodeMalformed, fault.Error())
		problem.Errors = []api.FieldError{{Location: location, Message: fault.Error()}}
		return codes, problem
	}
	if err != nil {
		return codes, err
	}
	if _, err := p.Signature.Key().Open(codes); err != nil {
		return codes, api.NewProblem(api.ErrSiteMIDMismatch,
			fmt.Sprintf("The Site code and the Machine ID do not belong together, or they belong to another program than %s.", p.Name))
	}
	return codes, nil
}

// NewLicense activates a PC for an order of the program. It refuses, with an *api.Problem, in this order: codes malformed,
// codes do not belong together, note, then — unless the pair has a license already, which is returned — Site code in use,
// Site code spent, and what refuseNewLicense says (api.md rule 2).
func (r Rules) NewLicense(ctx context.Context, tx store.Tx, order store.Order, program store.Program, request api.NewLicense) (l store.License, err error) {
	if !program.RequiresActivation {
		return l, needsNoActivation(program)
	}
	codes, err := readCodes(program, request)
	if err != nil {
		return l, err
	}
	note, err := ReadNote(request.Note)
	if err != nil {
		return l, err
	}
	existing, err := existingLicense(ctx, tx, order, program, codes)
	if err != nil {
		return l, err
	}
	if existing != nil {
		return *existing, nil
	}
	if refusal := r.refuseNewLicense(order, program); refusal != nil {
		return l, refusal
	}
	l, err = r.grant(ctx, tx, order, program, codes, note)
	if errors.Is(err, store.ErrNoSeat) {
		return l, inUse(order)
	}
	return l, err
}

// existingLicense returns the license that the same pair has already: sending it again is a success and free (api.md rule 2).
func existingLicense(ctx context.Context, tx store.Tx, o store.Order, p store.Program, codes license.Codes) (*store.License, error) {
	l, err := tx.ActiveLicenseBySite(ctx, p.ID, codes.Site)
	if err == nil {
		owner, err := tx.Order(ctx, l.OrderID)
		if err != nil {
			return nil, err
		}
		if l.Codes == codes && owner.ClientID == o.ClientID && owner.Active && owner.Visible {
			return &l, nil
		}
		return nil, api.NewProblem(api.ErrSiteCodeInUse, "This Site code has a license of this program already.")
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	spent, err := tx.SiteSpent(ctx, p.ID, codes.Site)
	if err == nil && spent {
		err = api.NewProblem(api.ErrSiteCodeSpent, "This Site code belonged to a license that has ended. The program or the app on that PC shows a new one.")
	}
	return nil, err
}

// grant makes and adds a license with the order's features, expiry and policy.
func (r Rules) grant(ctx context.Context, tx store.Tx, o store.Order, p store.Program, codes license.Codes, note string) (store.License, error) {
	key, err := r.Secrets.ActivationKey(p)
	if err != nil {
		return store.License{}, err
	}
	id, err := tx.NextLicenseID(ctx)
	if err != nil {
		return store.License{}, err
	}
	l := store.License{ID: id, OrderID: o.ID, ProgramID: p.ID, OriginalID: id, Codes: codes, Note: note, Features: o.Features, Policy: o.Policy,
		ActivatedAt: r.Now().Truncate(time.Second), Status: api.StatusActive}
	grant := license.Grant{Features: o.Features, Issue: uint16(id % (license.MaxIssue + 1))}
	if o.LicensesExpireAt != nil {
		grant.Expires = *o.LicensesExpireAt
		expires := lastMoment(grant.Expires)
		l.ExpiresAt = &expires
	}
	if l.Activation, err = key.Activate(codes, grant); err != nil {
		return l, err
	}
	return l, tx.AddLicense(ctx, l)
}
