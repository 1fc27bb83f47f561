package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/journal"
	"github.com/acen-desktop/acen/manager/vault"
)

// outcome is the result of a job: a license or an order, and the server's receipt for a license that left a PC.
type outcome struct {
	license api.License
	order   api.Order
	receipt string
}

// step returns how the journal carries out the jobs of a task.
func (m *Manager) step(name api.Task) journal.Step[*acting, request, outcome] {
	t, known := tasks[name]
	step := journal.Step[*acting, request, outcome]{
		Encode:      m.encodeRequest,
		Same:        m.sameRequest,
		Replaceable: m.replaceable,
		Prepare: func(ctx context.Context, s *acting, job journal.Job) (request, error) {
			return s.prepare(ctx, job)
		},
		Done: func(ctx context.Context, s *acting, job *journal.Job, r request, out outcome) error {
			return s.done(ctx, t, job, r, out)
		},
		Finish: func(ctx context.Context, s *acting, job journal.Job, out outcome) {
			s.finish(ctx, t, job, out)
		},
		Judge:    func(_ journal.Job, r request, err error) journal.Failure { return t.judge(r, err) },
		Refused:  m.refused,
		Canceled: m.canceled,
	}
	if known {
		step.Send = func(ctx context.Context, s *acting, job *journal.Job, r *request) (outcome, error) {
			return s.send(ctx, t, job, r)
		}
	}
	if t.resendFor > 0 {
		step.Expired = t.expired
	}
	return step
}

// prepare decodes the request of a job and begins its departure, if any.
func (s *acting) prepare(ctx context.Context, job journal.Job) (request, error) {
	r, err := s.openRequest(ctx, job)
	if err == nil && r.leaves() {
		err = s.m.pc.Leave(ctx, s.account.ID, r.Leaves, job.Task)
	}
	return r, s.fail(err)
}

// maxRenewals limits how often a job takes a new Site code for this PC (spec: api 21).
const maxRenewals = 3

// send sends the request of a job and checks the answer. If the server refuses the Site code of this PC as spent,
// send takes a new one and retries: another PC may have the same Site code by chance, or it was spent without this
// PC's knowledge, because its data were restored from a backup or its license was removed from elsewhere.
func (s *acting) send(ctx context.Context, t task, job *journal.Job, r *request) (outcome, error) {
	for renewals := 0; ; renewals++ {
		out, err := t.send(ctx, s.client, job, *r)
		if err == nil {
			return out, s.checkOutcome(ctx, *job, r.Leaves, out)
		}
		if !errors.Is(err, api.ErrSiteCodeSpent) || renewals == maxRenewals {
			return out, s.fail(err)
		}
		renewed, failed := s.renewSite(context.WithoutCancel(ctx), t, job, r)
		if !renewed || failed != nil {
			return out, errors.Join(failed, err)
		}
	}
}

// renewSite takes a new Site code for this PC instead of the one in the request of a job, and stores the new codes
// and a new idempotency key in the job, because it is another request. It reports false if the codes are not this
// PC's, for a license that leaves this PC, and for a request that an older version sealed. After a crash in between,
// the job is sent with its old codes, refused, and renewed again.
func (s *acting) renewSite(ctx context.Context, t task, job *journal.Job, r *request) (bool, error) {
	old, err := r.codes()
	if err != nil || r.leaves() || t.withCodes == nil || !json.Valid(job.Request()) {
		return false, err
	}
	fresh, err := s.renewCodes(ctx, job.OrderID, old)
	if err != nil || fresh == old {
		return false, err
	}
	title := job.Title
	if job.Task == api.TaskNewLicense {
		title = t.titleOf(fresh.Site.String())
	}
	next, err := t.withCodes(*r, api.PCCodes{SiteCode: fresh.Site.String(), MachineID: fresh.Machine.String()})
	if err != nil {
		return false, err
	}
	content, err := next.encode()
	if err != nil {
		return false, err
	}
	of, _ := strings.CutSuffix(job.Intent(), intentCodes(old))
	if err := s.m.journal.Amend(ctx, job, title, of+intentCodes(fresh), content); err != nil {
		return false, err
	}
	*r = next
	s.m.jobChanged(*job)
	return true, nil
}

// checkOutcome checks an answer against its job. It fails with a *NetworkError for an answer about another order, and
// for one without a valid receipt for a license that left this PC: the job then stays open and is sent again.
func (s *acting) checkOutcome(ctx context.Context, job journal.Job, leaves departure, out outcome) error {
	if out.order.ID != 0 && job.OrderID != 0 && out.order.ID != job.OrderID {
		return invalidAnswer(s.account,
			fmt.Errorf("an answer about order %d to a request about order %d", out.order.ID, job.OrderID))
	}
	if leaves.Signature == "" {
		return nil
	}
	if err := s.m.catalog.CheckReceipt(ctx, s.view, leaves, out.receipt); err != nil {
		return invalidAnswer(s.account, err)
	}
	return nil
}

// invalidAnswer returns a *NetworkError for an answer that did not come from the account's license server.
func invalidAnswer(a Account, err error) error {
	host := a.Server
	if u, parseErr := url.Parse(a.Server); parseErr == nil {
		host = u.Hostname()
	}
	return &NetworkError{Kind: NetworkNotACEN, Host: host, Err: err}
}

// done stores the outcome of a job.
func (s *acting) done(ctx context.Context, t task, job *journal.Job, r request, out outcome) error {
	if !t.noLicense {
		s.view.Apply(ctx, catalog.Change{
			OrderID:   job.OrderID,
			LicenseID: job.LicenseID,
			License:   out.license,
			Order:     out.order,
		})
	}
	if out.license.ID != 0 {
		job.LicenseID = out.license.ID
	}
	if out.order.ID != 0 {
		job.OrderID = out.order.ID
	}
	if r.leaves() {
		return s.m.pc.Confirm(ctx, r.Leaves)
	}
	return nil
}

// finish installs the license that a job returned and publishes the changes.
func (s *acting) finish(ctx context.Context, t task, job journal.Job, out outcome) {
	if t.noLicense {
		return
	}
	s.view.Install(ctx, out.license)
	s.m.publish(Event{Kind: LicensesChanged, Account: s.account.ID, OrderID: job.OrderID})
	s.m.publish(Event{Kind: OrdersChanged, Account: s.account.ID})
}

// judge returns what an error of a job means. A temporary refusal does not close it, except for those in final. If a
// license left for the job, not found is temporary as well, since the vendor may have disabled the order for a while.
// Of the refusals with status 429, HOST_BANNED is temporary and LIMIT_REACHED closes the job. The next ResumeJobs, or a
// person, resends an open job with its key, except after not found.
func (t task) judge(r request, err error) journal.Failure {
	var network *NetworkError
	var refusal *api.Problem
	unsent := errors.As(err, &network) && network.NotSent
	refused := errors.As(err, &refusal)
	signedOut := errors.Is(err, ErrSignedOut)
	f := journal.Failure{
		NotDone:  unsent || signedOut || refused && refusal.Status < 500,
		Answered: errors.Is(err, api.ErrNotFound),
		Unsent:   errors.Is(err, ErrUnreachable) || signedOut,
		Stop:     unsent || signedOut,
	}
	switch {
	case errors.Is(err, vault.ErrLost), errors.Is(err, ErrOutcomeUnknown):
		f.Final = true
	case !refused || errors.Is(err, api.ErrAuthorization):
	case errors.Is(err, api.ErrNotFound):
		f.Final = !r.leaves()
	case errors.Is(err, api.ErrUnavailable), errors.Is(err, api.ErrHostBanned):
		f.Final = !r.leaves() && slices.ContainsFunc(t.final, func(one error) bool { return errors.Is(err, one) })
	default:
		f.Final = refusal.Status < 500
	}
	return f
}

// expired returns an ErrOutcomeUnknown for a job that was sent too long ago for the server to know its key.
func (t task) expired(job journal.Job, now time.Time) error {
	if now.Sub(job.CreatedAt) < t.resendFor {
		return nil
	}
	return fmt.Errorf("%w: the mail was asked for on %s; send it again if it did not arrive", ErrOutcomeUnknown,
		job.CreatedAt.Format("2 January 15:04"))
}

// refused reverts the departure of a job that the server refused. If the refusal says that the license has ended, it
// completes the departure instead.
func (m *Manager) refused(ctx context.Context, s *acting, _ journal.Job, r request, cause error) {
	leaves := r.Leaves
	if leaves.Signature == "" {
		return
	}
	var err error
	if errors.Is(cause, api.ErrLicenseEnded) {
		err = m.pc.Confirm(ctx, leaves)
	} else {
		err = m.undoLeave(ctx, s.view, leaves)
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrCodeShown):
		m.addNotice(Textf("The server refused to release a license."),
			Textf("The program has shown its removal code, so the license did not return to this PC. You still have "+
				"it: hand in the code, or bring the license back."))
	case errors.Is(err, ErrTooLate): // the server took it before this app's data were restored
	case errors.Is(err, ErrNewerLicense):
		m.addNotice(Textf("The server refused to release a license."),
			Textf("This PC has been activated again since, so the old license did not return to it. You still have "+
				"it: hand in its removal code, or bring it back."))
	default:
		m.options.Logger.Error("a license that the server did not let go could not be put back", "license",
			leaves.LicenseID, "error", err)
		m.addNotice(Textf("A license could not be restored on this PC."),
			Textf("The server refused to release it, so you still have it. Refresh the tables, or bring it back with "+
				"Reactivate."))
	}
}

// canceled reverts the departure of a job that a person closes. If the job was sent, the license does not return. The
// notice is ErrTooLate, ErrNewerLicense or ErrCodeShown if the license does not return.
func (m *Manager) canceled(ctx context.Context, job journal.Job) (notice, err error) {
	leaves, err := m.jobDeparture(ctx, job)
	if err != nil && !errors.Is(err, vault.ErrLost) {
		return nil, err
	}
	if leaves.Signature == "" || job.State != JobPending {
		return nil, nil
	}
	err = m.undoLeave(ctx, m.view(), leaves)
	if errors.Is(err, ErrTooLate) || errors.Is(err, ErrNewerLicense) || errors.Is(err, ErrCodeShown) {
		return err, nil
	}
	return nil, err
}

// replaceable reports whether no license of this PC leaves with a job.
func (m *Manager) replaceable(ctx context.Context, job journal.Job) bool {
	leaves, err := m.jobDeparture(ctx, job)
	return err == nil && leaves.Signature == ""
}
