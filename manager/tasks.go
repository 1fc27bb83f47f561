package manager

import (
	"context"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
)

// NewLicense is the request of a new license.
type NewLicense struct {
	OrderID int64
	Codes   license.Codes
	Note    string
	// ThisPC tells that the codes are this PC's.
	ThisPC bool
}

// Reactivate is the request to give a license to the new codes of its PC.
type Reactivate struct {
	License License
	Codes   license.Codes
	// Note replaces the license's; "" keeps it.
	Note string
	// ThisPC tells that the codes are this PC's.
	ThisPC bool
}

// Transfer is the request to give a license to another PC.
type Transfer struct {
	License License
	Codes   license.Codes // of the other PC
	// RemovalCode may be zero for a license of this PC, which makes it, and for one that is released.
	RemovalCode license.RemovalCode
	// Note replaces the license's; "" keeps it.
	Note string
}

// Remove is the request to end a license, which gives its order one back.
type Remove struct {
	License License
	// RemovalCode may be zero for a license of this PC, which makes it.
	RemovalCode license.RemovalCode
}

// SendEmail is the request of a mail with an activation code.
type SendEmail struct {
	LicenseID int64
	To        []string
	Message   string
}

// NewLicense activates a PC for an order. The same order and codes while a job is open join that job. On a network error the
// job stays open and goes on with ResumeJobs. If the server refuses this PC's Site code as spent, this PC takes a new
// one and the job asks again (spec: api 21).
func (m *Manager) NewLicense(ctx context.Context, r NewLicense) (License, error) {
	return m.licensed(ctx, Job{
		Task:    api.TaskNewLicense,
		Title:   beginnings[api.TaskNewLicense] + r.Codes.Site.String(),
		OrderID: r.OrderID,
		intent:  fmt.Sprintf("order %d", r.OrderID) + intentCodes(r.Codes),
	}, request{OrderID: r.OrderID}, api.NewLicense{SiteCode: r.Codes.Site.String(), MachineID: r.Codes.Machine.String(), Note: r.Note})
}

// Reactivate gives a license to the new codes of the PC it was made for. The job, and this PC's codes, work like those of
// NewLicense.
func (m *Manager) Reactivate(ctx context.Context, r Reactivate) (License, error) {
	return m.licensed(ctx, Job{
		Task:      api.TaskReactivation,
		Title:     beginnings[api.TaskReactivation] + nameOf(r.License),
		OrderID:   r.License.OrderID,
		LicenseID: r.License.ID,
		intent:    fmt.Sprintf("license %d", r.License.ID) + intentCodes(r.Codes),
	}, request{LicenseID: r.License.ID}, api.Reactivation{SiteCode: r.Codes.Site.String(), MachineID: r.Codes.Machine.String(), Note: r.Note})
}

// intentCodes is the end of the intent of a job that asks for a license for codes.
func intentCodes(codes license.Codes) string { return ", codes " + codes.Merged() }

// Transfer gives a license to another PC. The job works like that of NewLicense; the removal code in it is sealed. A license
// of this PC leaves it first, as with Move.
func (m *Manager) Transfer(ctx context.Context, r Transfer) (License, error) {
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	leaves, err := m.newDeparture(ctx, r.License)
	if err != nil {
		return License{}, err
	}
	return m.licensed(ctx, Job{
		Task: api.TaskTransfer, Title: beginnings[api.TaskTransfer] + nameOf(r.License), OrderID: r.License.OrderID, LicenseID: r.License.ID,
		intent: fmt.Sprintf("license %d", r.License.ID) + intentCodes(r.Codes),
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
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return api.Order{}, m.fail(ctx, err)
	}
	leaves, err := m.newDeparture(ctx, r.License)
	if err != nil {
		return api.Order{}, err
	}
	out, err := m.remove(ctx, r.License, removalRequest(r.License, leaves, r.RemovalCode))
	return out.order, err
}

func (m *Manager) remove(ctx context.Context, l License, r request) (outcome, error) {
	return m.run(ctx, Job{
		Task: api.TaskRemoval, Title: beginnings[api.TaskRemoval] + nameOf(l), OrderID: l.OrderID, LicenseID: l.ID, intent: fmt.Sprintf("license %d", l.ID),
	}, r)
}

// SendEmail asks the server to mail an activation code. The same mail while a job is open joins that job.
func (m *Manager) SendEmail(ctx context.Context, r SendEmail) error {
	content, err := request{LicenseID: r.LicenseID}.withBody(api.EmailRequest{To: r.To, Message: r.Message})
	if err != nil {
		return err
	}
	_, err = m.run(ctx, Job{
		Task: api.TaskEmail, Title: beginnings[api.TaskEmail] + nameOf(License{License: api.License{ID: r.LicenseID}}), LicenseID: r.LicenseID,
		intent: fmt.Sprintf("license %d, to %q, message %q", r.LicenseID, r.To, r.Message),
	}, content)
	return err
}

// NewOrder makes an order of a serial number. With the same serial number and another verification number it replaces
// an open job that was never sent; an open job that was sent is sent again first.
func (m *Manager) NewOrder(ctx context.Context, r api.NewOrder) (api.Order, error) {
	content, err := request{}.withBody(r)
	if err != nil {
		return api.Order{}, err
	}
	out, err := m.run(ctx, Job{
		Task: api.TaskNewOrder, Title: beginnings[api.TaskNewOrder] + r.SerialNumber,
		intent: fmt.Sprintf("program %d, serial %s", r.ProgramID, r.SerialNumber),
	}, content)
	return out.order, err
}

// licensed runs a job that brings a license and finds out whether it is this PC's, and whether its file is in place.
func (m *Manager) licensed(ctx context.Context, job Job, r request, body any) (License, error) {
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	if body != nil {
		if r, err = r.withBody(body); err != nil {
			return License{}, err
		}
	}
	out, err := m.run(ctx, job, r)
	if err != nil {
		return License{}, err
	}
	rows := m.mark(ctx, job.OrderID, []api.License{out.license})
	m.settle(ctx, rows, false)
	return rows[0], nil
}

// beginnings are what the titles of jobs begin with; what they are about follows.
var beginnings = map[api.Task]string{
	api.TaskNewLicense: "New license for ", api.TaskReactivation: "Reactivation of ", api.TaskTransfer: "Transfer of ", api.TaskRemoval: "Removal of ",
	api.TaskRelease: "Move of ", api.TaskEmail: "Email of ", api.TaskNewOrder: "New order with serial number ",
}

// About returns what a job is about, for who says its title in another language: the note of a license, or "" for a license without
// one, the Site code of a new license, or the serial number of a new order. It is false for a title of another kind.
func (j Job) About() (name string, ok bool) {
	name, ok = strings.CutPrefix(j.Title, beginnings[j.Task])
	if !ok || beginnings[j.Task] == "" {
		return "", false
	}
	if name == nameOf(License{License: api.License{ID: j.LicenseID}}) {
		return "", true
	}
	if j.Task == api.TaskNewLicense || j.Task == api.TaskNewOrder {
		return name, true
	}
	note, quoted := strings.CutPrefix(strings.TrimSuffix(name, "”"), "“")
	return note, quoted
}

// nameOf names a license in the title of a job.
func nameOf(l License) string {
	if l.Note != "" {
		return fmt.Sprintf("“%s”", l.Note)
	}
	return fmt.Sprintf("license %d", l.ID)
}
