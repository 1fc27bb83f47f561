package manager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/journal"
)

// task is what distinguishes the jobs of a task.
type task struct {
	// title is the title of its jobs, with their subject as %s.
	title client.Format
	// send sends the request of a job with its idempotency key.
	send func(ctx context.Context, c *client.Client, job *journal.Job, r request) (outcome, error)
	// withCodes returns the body of a request with other codes of the PC that it asks a license for; nil for a task that
	// asks for none.
	withCodes func(r request, codes api.PCCodes) (request, error)
	// final are the temporary errors that close its jobs all the same, because the input may be mistyped or waiting does
	// not help. They do not close a job that a license left for.
	final []error
	// resendFor limits how long after its creation a job that was sent is sent again; 0 means forever.
	resendFor time.Duration
	// noLicense is true if its jobs change no license and no order.
	noLicense bool
}

// answersKept is the minimum time for which a server stores the answer under an idempotency key (spec: api
// "Idempotency").
const answersKept = 24 * time.Hour

// tasks are the tasks that this version knows.
var tasks = map[api.Task]task{
	api.TaskNewLicense: {
		title:     "New license for %s",
		send:      sendNewLicense,
		withCodes: newLicenseWithCodes,
	},
	api.TaskReactivation: {
		title:     "Reactivation of %s",
		send:      sendReactivation,
		withCodes: reactivationWithCodes,
	},
	api.TaskTransfer: {
		title:     "Transfer of %s",
		send:      sendTransfer,
		withCodes: transferWithCodes,
		final:     []error{api.ErrHostBanned},
	},
	api.TaskRemoval: {
		title: "Removal of %s",
		send:  sendRemoval,
		final: []error{api.ErrHostBanned},
	},
	api.TaskRelease: {
		title: "Move of %s",
		send:  sendRelease,
	},
	api.TaskEmail: {
		title:     "Email of %s",
		send:      sendEmail,
		final:     []error{api.ErrUnavailable}, // the server has no mail service and queued nothing
		resendFor: answersKept,
		noLicense: true,
	},
	api.TaskNewOrder: {
		title: "New order with serial number %s",
		send:  sendNewOrder,
		final: []error{api.ErrHostBanned},
	},
}

// NewLicense is the request for a new license.
type NewLicense struct {
	OrderID int64
	Codes   license.Codes
	Note    string
	// ThisPC is true if the codes are this PC's.
	ThisPC bool
}

// Reactivate is the request to give a license to the new codes of its PC.
type Reactivate struct {
	License License
	Codes   license.Codes
	// Note replaces the note of the license, unless "".
	Note string
	// ThisPC is true if the codes are this PC's.
	ThisPC bool
}

// Transfer is the request to give a license to another PC.
type Transfer struct {
	License License
	Codes   license.Codes // of the other PC
	// RemovalCode may be zero for a license of this PC, whose code is known here, and for a released one.
	RemovalCode license.RemovalCode
	// Note replaces the note of the license, unless "".
	Note string
}

// Remove is the request to end a license, which frees its seat.
type Remove struct {
	License License
	// RemovalCode may be zero for a license of this PC, whose code is known here.
	RemovalCode license.RemovalCode
}

// SendEmail is the request for a mail with an activation code.
type SendEmail struct {
	LicenseID int64
	To        []string
	Message   string
}

// NewLicense activates a PC for an order. A call with the order and codes of an open job joins that job. After a
// network error the job stays open, and ResumeJobs sends it again. If the server refuses this PC's Site code as
// spent, this PC takes a new one and the job is sent with it (spec: api 21).
func (m *Manager) NewLicense(ctx context.Context, r NewLicense) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) { return s.newLicense(ctx, r) })
}

// newLicense is NewLicense for the account of the session.
func (s *acting) newLicense(ctx context.Context, r NewLicense) (License, error) {
	return s.runForLicense(ctx, journal.Draft{
		Task:    api.TaskNewLicense,
		Title:   tasks[api.TaskNewLicense].titleOf(r.Codes.Site.String()),
		OrderID: r.OrderID,
		Intent:  fmt.Sprintf("order %d", r.OrderID) + intentCodes(r.Codes),
	}, request{OrderID: r.OrderID}, api.NewLicense{
		SiteCode:  r.Codes.Site.String(),
		MachineID: r.Codes.Machine.String(),
		Note:      r.Note,
	})
}

// Reactivate gives a license to the new codes of its PC. The job, and this PC's codes, work like those of NewLicense.
func (m *Manager) Reactivate(ctx context.Context, r Reactivate) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) { return s.reactivate(ctx, r) })
}

// reactivate is Reactivate for the account of the session.
func (s *acting) reactivate(ctx context.Context, r Reactivate) (License, error) {
	return s.runForLicense(ctx, journal.Draft{
		Task:      api.TaskReactivation,
		Title:     tasks[api.TaskReactivation].titleOf(r.License.Name()),
		OrderID:   r.License.OrderID,
		LicenseID: r.License.ID,
		Intent:    fmt.Sprintf("license %d", r.License.ID) + intentCodes(r.Codes),
	}, request{LicenseID: r.License.ID}, api.Reactivation{
		SiteCode:  r.Codes.Site.String(),
		MachineID: r.Codes.Machine.String(),
		Note:      r.Note,
	})
}

// intentCodes returns the end of the intent of a job that requests a license for codes.
func intentCodes(codes license.Codes) string { return ", codes " + codes.Merged() }

// Transfer gives a license to another PC. The job works like that of NewLicense; its removal code is sealed. A
// license of this PC leaves it first, as with Move.
func (m *Manager) Transfer(ctx context.Context, r Transfer) (License, error) {
	return asCurrent(m, func(s *acting) (License, error) { return s.transfer(ctx, r) })
}

// transfer is Transfer for the account of the session.
func (s *acting) transfer(ctx context.Context, r Transfer) (License, error) {
	leaves, err := s.newDeparture(ctx, r.License)
	if err != nil {
		return License{}, err
	}
	return s.runForLicense(ctx, journal.Draft{
		Task:      api.TaskTransfer,
		Title:     tasks[api.TaskTransfer].titleOf(r.License.Name()),
		OrderID:   r.License.OrderID,
		LicenseID: r.License.ID,
		Intent:    fmt.Sprintf("license %d", r.License.ID) + intentCodes(r.Codes),
	}, removalRequest(r.License, leaves, r.RemovalCode),
		api.Transfer{SiteCode: r.Codes.Site.String(), MachineID: r.Codes.Machine.String(), Note: r.Note})
}

// removalRequest returns the request of a task that needs the removal code of a license: that of the departure if the
// license leaves this PC, else the typed one.
func removalRequest(l License, leaves departure, typed license.RemovalCode) request {
	r := request{LicenseID: l.ID, Leaves: leaves}
	if leaves.Signature == "" {
		r.typed = codeText(typed)
	}
	return r
}

// Remove ends a license and returns its order. The job works like that of Transfer.
func (m *Manager) Remove(ctx context.Context, r Remove) (api.Order, error) {
	return asCurrent(m, func(s *acting) (api.Order, error) {
		leaves, err := s.newDeparture(ctx, r.License)
		if err != nil {
			return api.Order{}, err
		}
		out, err := s.remove(ctx, r.License, removalRequest(r.License, leaves, r.RemovalCode))
		return out.order, err
	})
}

func (s *acting) remove(ctx context.Context, l License, r request) (outcome, error) {
	return s.run(ctx, journal.Draft{
		Task:      api.TaskRemoval,
		Title:     tasks[api.TaskRemoval].titleOf(l.Name()),
		OrderID:   l.OrderID,
		LicenseID: l.ID,
		Intent:    fmt.Sprintf("license %d", l.ID),
	}, r)
}

// SendEmail asks the server to mail an activation code. A call with the content of an open job joins that job.
func (m *Manager) SendEmail(ctx context.Context, r SendEmail) error {
	content, err := request{LicenseID: r.LicenseID}.withBody(api.EmailRequest{To: r.To, Message: r.Message})
	if err != nil {
		return err
	}
	s, err := m.begin()
	if err != nil {
		return err
	}
	_, err = s.run(ctx, journal.Draft{
		Task:      api.TaskEmail,
		Title:     tasks[api.TaskEmail].titleOf(License{License: api.License{ID: r.LicenseID}}.Name()),
		LicenseID: r.LicenseID,
		Intent:    fmt.Sprintf("license %d, to %q, message %q", r.LicenseID, r.To, r.Message),
	}, content)
	return err
}

// NewOrder creates an order from a serial number. With the same serial number and another verification number it
// replaces an open job that was never sent; an open job that was sent is sent again first.
func (m *Manager) NewOrder(ctx context.Context, r api.NewOrder) (api.Order, error) {
	content, err := request{}.withBody(r)
	if err != nil {
		return api.Order{}, err
	}
	s, err := m.begin()
	if err != nil {
		return api.Order{}, err
	}
	out, err := s.run(ctx, journal.Draft{
		Task: api.TaskNewOrder, Title: tasks[api.TaskNewOrder].titleOf(r.SerialNumber),
		Intent: fmt.Sprintf("program %d, serial %s", r.ProgramID, r.SerialNumber),
	}, content)
	return out.order, err
}

// The senders of the tasks.

func sendNewLicense(ctx context.Context, c *client.Client, job *journal.Job, r request) (out outcome, err error) {
	var body api.NewLicense
	if err = r.read(&body); err == nil {
		out.license, err = c.NewLicense(ctx, job.Key, r.OrderID, body)
	}
	return out, err
}

func sendReactivation(ctx context.Context, c *client.Client, job *journal.Job, r request) (out outcome, err error) {
	var body api.Reactivation
	if err = r.read(&body); err == nil {
		out.license, err = c.Reactivate(ctx, job.Key, r.LicenseID, body)
	}
	return out, err
}

func sendTransfer(ctx context.Context, c *client.Client, job *journal.Job, r request) (outcome, error) {
	var body api.Transfer
	if err := r.read(&body); err != nil {
		return outcome{}, err
	}
	if r.code != "" {
		body.RemovalCode = r.code
	}
	answer, err := c.Transfer(ctx, job.Key, r.LicenseID, body)
	return outcome{license: answer.License, receipt: answer.Receipt}, err
}

func sendRemoval(ctx context.Context, c *client.Client, job *journal.Job, r request) (outcome, error) {
	body := api.Removal{RemovalCode: r.code}
	if r.code == "" { // an older version's
		if err := r.read(&body); err != nil {
			return outcome{}, err
		}
	}
	answer, err := c.Remove(ctx, job.Key, r.LicenseID, body)
	return outcome{order: answer.Order, receipt: answer.Receipt}, err
}

func sendRelease(ctx context.Context, c *client.Client, job *journal.Job, r request) (outcome, error) {
	answer, err := c.Release(ctx, job.Key, r.LicenseID, api.Release{RemovalCode: r.code})
	return outcome{license: answer.License, receipt: answer.Receipt}, err
}

func sendEmail(ctx context.Context, c *client.Client, job *journal.Job, r request) (outcome, error) {
	var body api.EmailRequest
	if err := r.read(&body); err != nil {
		return outcome{}, err
	}
	return outcome{}, c.SendEmail(ctx, job.Key, r.LicenseID, body)
}

func sendNewOrder(ctx context.Context, c *client.Client, job *journal.Job, r request) (out outcome, err error) {
	var body api.NewOrder
	if err = r.read(&body); err == nil {
		out.order, err = c.NewOrder(ctx, job.Key, body)
	}
	return out, err
}

// The functions below return a request with other codes of the PC. They encode the body as the task encodes it, because
// sameRequest compares it.

func newLicenseWithCodes(r request, codes api.PCCodes) (request, error) {
	var body api.NewLicense
	if err := r.read(&body); err != nil {
		return r, err
	}
	body.SiteCode, body.MachineID = codes.SiteCode, codes.MachineID
	return r.withBody(body)
}

func reactivationWithCodes(r request, codes api.PCCodes) (request, error) {
	var body api.Reactivation
	if err := r.read(&body); err != nil {
		return r, err
	}
	body.SiteCode, body.MachineID = codes.SiteCode, codes.MachineID
	return r.withBody(body)
}

func transferWithCodes(r request, codes api.PCCodes) (request, error) {
	var body api.Transfer
	if err := r.read(&body); err != nil {
		return r, err
	}
	body.SiteCode, body.MachineID = codes.SiteCode, codes.MachineID
	return r.withBody(body)
}

// runForLicense runs a job that returns a license, and sets the license's state on this PC.
func (s *acting) runForLicense(ctx context.Context, d journal.Draft, r request, body any) (License, error) {
	var err error
	if body != nil {
		if r, err = r.withBody(body); err != nil {
			return License{}, err
		}
	}
	out, err := s.run(ctx, d, r)
	if err != nil {
		return License{}, err
	}
	return s.view.Row(ctx, d.OrderID, out.license), nil
}

// titleOf returns the title of a job in English.
func (t task) titleOf(subject string) string { return Say(t.title, subject).String() }

// About returns the title of a job, for translating it, and its subject: the note of a license, or "" for a license
// without one; the Site code of a new license; the serial number of a new order. It is false for any other title.
func (j Job) About() (title client.Format, name string, ok bool) {
	t, known := tasks[j.Task]
	name, ok = strings.CutPrefix(j.Title, t.titleOf(""))
	if !ok || !known {
		return "", "", false
	}
	if name == (License{License: api.License{ID: j.LicenseID}}).Name() {
		return t.title, "", true
	}
	if j.Task == api.TaskNewLicense || j.Task == api.TaskNewOrder {
		return t.title, name, true
	}
	note, quoted := strings.CutPrefix(strings.TrimSuffix(name, "”"), "“")
	return t.title, note, quoted
}
