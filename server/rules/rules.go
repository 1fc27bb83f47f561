// Package rules decides what is allowed: who may activate, move and remove licenses, how often, and which data are
// valid. It is independent of HTTP and SQL. A refusal is an *api.Problem.
package rules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/store"
)

// Rules are the rules for calls of clients and for the administration.
type Rules struct {
	Secrets *secrets.Keeper
	Now     func() time.Time
	// Zone is the time zone in which limits count calendar days and months; nil means the system's.
	Zone *time.Location
}

// InvalidField returns the refusal of a field of a request, such as "body.note".
func InvalidField(location, message string) *api.Problem {
	p := api.NewProblem(api.ErrValidation, message)
	p.Errors = []api.FieldError{{Location: location, Message: message}}
	return p
}

// Subscription returns the state of the subscription of an order.
func (r Rules) Subscription(o store.Order) api.SubscriptionState {
	switch {
	case !o.HasSubscription:
		return api.SubscriptionNone
	case o.SubscriptionExpiresAt != nil && r.Now().After(*o.SubscriptionExpiresAt):
		return api.SubscriptionExpired
	default:
		return api.SubscriptionValid
	}
}

// NeedsNoActivation returns the refusal of a task on licenses of a program without activation.
func NeedsNoActivation(p store.Program) *api.Problem {
	return api.NewProblem(api.ErrTaskDisabled,
		fmt.Sprintf("%s needs no activation, so this order has no licenses.", p.Name))
}

// ReadOnly returns the refusal of a change of an order that the client may not manage.
func ReadOnly() *api.Problem {
	return api.NewProblem(api.ErrOrderReadOnly,
		"This order is read-only: you can view it and email its activation codes.")
}

// inUse returns the refusal of a new license of an order without a free seat.
func inUse(o store.Order) *api.Problem {
	detail := fmt.Sprintf("All %d licenses of this order are in use. Remove one or order more.", o.LicensesTotal)
	if o.LicensesTotal == 1 {
		detail = "The only license of this order is in use. Remove it or order more."
	}
	return api.NewProblem(api.ErrLicensesInUse, detail)
}

// lastMoment returns the last second of the day of t in UTC.
func lastMoment(t time.Time) time.Time {
	return license.Grant{Expires: t}.ValidThrough().Truncate(time.Second)
}

// ReadNote normalizes and checks a note, which has at most 30 code points and no control characters (spec: api 8).
func ReadNote(note string) (string, error) {
	note = strings.TrimSpace(norm.NFC.String(note))
	switch {
	case !utf8.ValidString(note):
		return "", InvalidField("body.note", "The note is not valid text.")
	case utf8.RuneCountInString(note) > api.MaxNote:
		return "", InvalidField("body.note", fmt.Sprintf("A note has at most %d characters.", api.MaxNote))
	case strings.ContainsFunc(note, isControl):
		return "", InvalidField("body.note", "A note cannot contain line breaks or other control characters.")
	}
	return note, nil
}

// Malformed converts a *license.CodeError to a refusal, and returns other errors unchanged. location is the field of a
// code whose kind does not imply its field.
func Malformed(err error, location string) error {
	var fault *license.CodeError
	if !errors.As(err, &fault) {
		return err
	}
	switch fault.Kind {
	case license.KindMerged:
		location = "body.site_mid"
	case license.KindMachineID:
		location = "body.machine_id"
	}
	problem := api.NewProblem(api.ErrCodeMalformed, fault.Error())
	problem.Errors = []api.FieldError{{Location: location, Message: fault.Error()}}
	return problem
}

// readCodes parses the codes of a request, in either form, and checks that they belong together and to the program.
func readCodes(p store.Program, r api.PCCodes) (license.Codes, error) {
	codes, err := parseCodes(r)
	if err != nil {
		return codes, Malformed(err, "body.site_code")
	}
	switch _, err := p.Signature.Key().Open(codes); {
	case errors.Is(err, license.ErrOlderCodes):
		return codes, api.NewProblem(api.ErrSiteMIDMismatch,
			"The Site code and the Machine ID were made by an older trial version. Update the program and copy them again.")
	case err != nil:
		return codes, api.NewProblem(api.ErrSiteMIDMismatch,
			fmt.Sprintf("The Site code and the Machine ID do not belong together, or they belong to another program than %s.",
				p.Name))
	}
	return codes, nil
}

// parseCodes parses the codes of a request, in either form.
func parseCodes(r api.PCCodes) (license.Codes, error) {
	switch {
	case r.SiteMID == "":
		return license.ParseCodes(r.SiteCode, r.MachineID)
	case r.SiteCode != "" || r.MachineID != "":
		return license.Codes{}, InvalidField("body.site_mid", "Give either site_mid or site_code and machine_id.")
	}
	return license.ParseMerged(r.SiteMID)
}

// Site returns the Site code of a request for a new license; ok is false if the codes cannot be parsed.
func Site(r api.NewLicense) (site license.SiteCode, ok bool) {
	codes, err := parseCodes(pcCodes(r.SiteCode, r.MachineID, r.SiteMID))
	return codes.Site, err == nil
}

func pcCodes(site, machine, merged string) api.PCCodes {
	return api.PCCodes{SiteCode: site, MachineID: machine, SiteMID: merged}
}

// NewLicense activates a PC for an order of the program. If the codes have a license already, it returns that one and
// made is false. It refuses, with an *api.Problem, in this order: program without activation; codes malformed; codes do
// not belong together; note; Site code spent; Site code in use; refusals of refuse (spec: api 1, api 2, api 7, api 21).
func (r Rules) NewLicense(
	ctx context.Context, tx store.Tx, order store.Order, program store.Program, request api.NewLicense,
) (l store.License, made bool, err error) {
	if !program.RequiresActivation {
		return l, false, NeedsNoActivation(program)
	}
	codes, err := readCodes(program, pcCodes(request.SiteCode, request.MachineID, request.SiteMID))
	if err != nil {
		return l, false, err
	}
	note, err := ReadNote(request.Note)
	if err != nil {
		return l, false, err
	}
	existing, err := existingLicense(ctx, tx, order, program, codes)
	if err != nil {
		return l, false, err
	}
	if existing != nil {
		return *existing, false, nil
	}
	// Refused without uses first: that needs no query. The reads below have the order of store.LicenseReads.
	if refusal := r.refuse(api.TaskNewLicense, order, program, store.Use{}); refusal != nil {
		return l, false, refusal
	}
	fresh := store.License{
		Codes:     codes,
		Note:      note,
		Features:  order.Features,
		Policy:    order.Policy,
		ExpiresAt: order.LicensesExpireAt,
	}
	if fresh.ID, err = tx.Licenses.NextID(ctx); err != nil {
		return l, false, err
	}
	use, err := r.Uses(ctx, tx, order, program)
	if err != nil {
		return l, false, err
	}
	if refusal := r.refuse(api.TaskNewLicense, order, program, use.order[api.TaskNewLicense]); refusal != nil {
		return l, false, refusal
	}
	l, err = r.grant(ctx, tx, order, program, fresh)
	if errors.Is(err, store.ErrNoSeat) {
		return l, false, inUse(order)
	}
	return l, err == nil, err
}

// existingLicense returns the license that the same codes have already, or nil: a repeated request succeeds and does
// not count (spec: api 2).
func existingLicense(
	ctx context.Context, tx store.Tx, o store.Order, p store.Program, codes license.Codes,
) (*store.License, error) {
	l, err := tx.Licenses.BySite(ctx, o.ID, codes.Site)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case l.SpendsSite():
		return nil, siteSpent()
	case l.Codes != codes:
		return nil, siteOfAnother()
	}
	owner := o
	if l.OrderID != o.ID {
		if owner, err = tx.Orders.Get(ctx, l.OrderID); err != nil {
			return nil, err
		}
	}
	if owner.ClientID == o.ClientID && owner.Active && owner.Visible {
		return &l, nil
	}
	return nil, api.NewProblem(api.ErrSiteCodeInUse, "This PC already has a license of this program.")
}

// siteSpent returns the refusal of a spent Site code.
func siteSpent() *api.Problem {
	return api.NewProblem(api.ErrSiteCodeSpent, "This Site code belonged to a license that was removed, transferred or "+
		"released. The program or the app on that PC shows the new one.")
}

// siteOfAnother returns the refusal of a Site code that another PC has by chance. The PC that asks must make a new one
// (spec: api 21). api.ErrSiteCodeInUse is for the same codes only.
func siteOfAnother() *api.Problem {
	return api.NewProblem(api.ErrSiteCodeSpent, "Another PC has this Site code by chance, so it cannot be used. "+
		"ACEN Desktop on that PC makes a new one and retries.")
}

// grant completes a license with id, activation code and status, and adds it. Codes, note, features, policy, end and,
// within a family, OriginalID must be set; the id may be.
func (r Rules) grant(
	ctx context.Context, tx store.Tx, o store.Order, p store.Program, l store.License,
) (store.License, error) {
	key, err := r.Secrets.ActivationKey(p)
	if err != nil {
		return l, err
	}
	if l.ID == 0 {
		if l.ID, err = tx.Licenses.NextID(ctx); err != nil {
			return l, err
		}
	}
	if l.OriginalID == 0 {
		l.OriginalID = l.ID
	}
	l.OrderID, l.ProgramID, l.ActivatedAt, l.Status = o.ID, p.ID, r.Now().Truncate(time.Second), api.StatusActive
	grant := license.Grant{Features: l.Features, Issue: uint16(l.ID % (license.MaxIssue + 1))}
	if l.ExpiresAt != nil {
		grant.Expires = *l.ExpiresAt
		expires := lastMoment(grant.Expires)
		l.ExpiresAt = &expires
	}
	if l.Activation, err = key.Activate(l.Codes, grant); err != nil {
		return l, err
	}
	return l, tx.Licenses.Add(ctx, l)
}
