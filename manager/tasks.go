package manager

import (
	"context"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
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

// The requests as they are written down.
type (
	newLicenseRequest struct {
		OrderID int64          `json:"order_id"`
		Body    api.NewLicense `json:"body"`
	}
	reactivationRequest struct {
		LicenseID int64            `json:"license_id"`
		Body      api.Reactivation `json:"body"`
	}
	transferRequest struct {
		LicenseID int64        `json:"license_id"`
		Body      api.Transfer `json:"body"`
		Leaves    leaving      `json:"leaves"`
	}
	removalRequest struct {
		LicenseID int64       `json:"license_id"`
		Body      api.Removal `json:"body"`
		Leaves    leaving     `json:"leaves"`
	}
	releaseRequest struct {
		LicenseID int64       `json:"license_id"`
		Body      api.Release `json:"body"`
		Leaves    leaving     `json:"leaves"`
	}
	emailRequest struct {
		LicenseID int64            `json:"license_id"`
		Body      api.EmailRequest `json:"body"`
	}
)

// NewLicense activates a PC for an order. The same order and codes while a job is open join that job. On a network error the
// job stays open and goes on with ResumeJobs. This PC's codes are renewed when the server knows that their Site code is spent.
func (m *Manager) NewLicense(ctx context.Context, r NewLicense) (License, error) {
	return m.withCodes(ctx, r.OrderID, r.Codes, func(codes license.Codes) (License, error) {
		r.Codes = codes
		return m.newLicense(ctx, r)
	})
}

func (m *Manager) newLicense(ctx context.Context, r NewLicense) (License, error) {
	request := newLicenseRequest{OrderID: r.OrderID, Body: api.NewLicense{SiteCode: r.Codes.Site.String(), MachineID: r.Codes.Machine.String(), Note: r.Note}}
	return m.licensed(ctx, Job{
		Task: TaskNewLicense, Title: beginnings[TaskNewLicense] + r.Codes.Site.String(), OrderID: r.OrderID,
		intent: fmt.Sprintf("order %d, codes %s", r.OrderID, r.Codes.Merged()),
	}, request)
}

func sendNewLicense(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (out outcome, err error) {
	r, err := readRequest[newLicenseRequest](request)
	if err == nil {
		out.license, err = c.NewLicense(ctx, job.Key, r.OrderID, r.Body)
	}
	return out, err
}

// Reactivate gives a license to the new codes of the PC it was made for. The job, and this PC's codes, work like those of
// NewLicense.
func (m *Manager) Reactivate(ctx context.Context, r Reactivate) (License, error) {
	return m.withCodes(ctx, r.License.OrderID, r.Codes, func(codes license.Codes) (License, error) {
		r.Codes = codes
		return m.reactivate(ctx, r)
	})
}

func (m *Manager) reactivate(ctx context.Context, r Reactivate) (License, error) {
	request := reactivationRequest{LicenseID: r.License.ID, Body: api.Reactivation{SiteCode: r.Codes.Site.String(), MachineID: r.Codes.Machine.String(), Note: r.Note}}
	return m.licensed(ctx, Job{
		Task: TaskReactivate, Title: beginnings[TaskReactivate] + nameOf(r.License), OrderID: r.License.OrderID, LicenseID: r.License.ID,
		intent: fmt.Sprintf("license %d, codes %s", r.License.ID, r.Codes.Merged()),
	}, request)
}

func sendReactivation(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (out outcome, err error) {
	r, err := readRequest[reactivationRequest](request)
	if err == nil {
		out.license, err = c.Reactivate(ctx, job.Key, r.LicenseID, r.Body)
	}
	return out, err
}

// Transfer gives a license to another PC. The job works like that of NewLicense; the removal code in it is sealed. A license
// of this PC leaves it first, as with Move.
func (m *Manager) Transfer(ctx context.Context, r Transfer) (License, error) {
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	leaves, err := m.leaving(ctx, r.License)
	if err != nil {
		return License{}, err
	}
	request := transferRequest{LicenseID: r.License.ID, Leaves: leaves, Body: api.Transfer{
		SiteCode: r.Codes.Site.String(), MachineID: r.Codes.Machine.String(), RemovalCode: codeText(r.RemovalCode, leaves), Note: r.Note,
	}}
	return m.licensed(ctx, Job{
		Task: TaskTransfer, Title: beginnings[TaskTransfer] + nameOf(r.License), OrderID: r.License.OrderID, LicenseID: r.License.ID,
		intent: fmt.Sprintf("license %d, codes %s", r.License.ID, r.Codes.Merged()),
	}, request)
}

// codeText is the removal code that a request carries: the one given, else that of the license that leaves, else none.
func codeText(given license.RemovalCode, leaves leaving) string {
	if given == 0 {
		return leaves.RemovalCode
	}
	return given.String()
}

func sendTransfer(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (out outcome, err error) {
	r, err := readRequest[transferRequest](request)
	if err == nil {
		var answer api.LicenseReceipt
		answer, err = c.Transfer(ctx, job.Key, r.LicenseID, r.Body)
		out.license = answer.License
	}
	return out, err
}

// Remove ends a license and returns its order. The job works like that of Transfer.
func (m *Manager) Remove(ctx context.Context, r Remove) (api.Order, error) {
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return api.Order{}, m.fail(ctx, err)
	}
	leaves, err := m.leaving(ctx, r.License)
	if err != nil {
		return api.Order{}, err
	}
	return m.remove(ctx, r.License, codeText(r.RemovalCode, leaves), leaves)
}

func (m *Manager) remove(ctx context.Context, l License, code string, leaves leaving) (api.Order, error) {
	out, err := m.run(ctx, Job{
		Task: TaskRemove, Title: beginnings[TaskRemove] + nameOf(l), OrderID: l.OrderID, LicenseID: l.ID, intent: fmt.Sprintf("license %d", l.ID),
	}, removalRequest{LicenseID: l.ID, Leaves: leaves, Body: api.Removal{RemovalCode: code}})
	return out.order, err
}

func sendRemoval(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (out outcome, err error) {
	r, err := readRequest[removalRequest](request)
	if err == nil {
		var answer api.OrderReceipt
		answer, err = c.Remove(ctx, job.Key, r.LicenseID, r.Body)
		out.order = answer.Order
	}
	return out, err
}

// SendEmail asks the server to mail an activation code. The same mail while a job is open joins that job.
func (m *Manager) SendEmail(ctx context.Context, r SendEmail) error {
	request := emailRequest{LicenseID: r.LicenseID, Body: api.EmailRequest{To: r.To, Message: r.Message}}
	_, err := m.run(ctx, Job{
		Task: TaskEmail, Title: beginnings[TaskEmail] + nameOf(License{License: api.License{ID: r.LicenseID}}), LicenseID: r.LicenseID,
		intent: fmt.Sprintf("license %d, to %q, message %q", r.LicenseID, r.To, r.Message),
	}, request)
	return err
}

func sendEmail(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (outcome, error) {
	r, err := readRequest[emailRequest](request)
	if err != nil {
		return outcome{}, err
	}
	return outcome{}, c.SendEmail(ctx, job.Key, r.LicenseID, r.Body)
}

// NewOrder makes an order of a serial number. The same serial number while a job is open joins that job, whose verification
// number then counts.
func (m *Manager) NewOrder(ctx context.Context, r api.NewOrder) (api.Order, error) {
	out, err := m.run(ctx, Job{
		Task: TaskNewOrder, Title: beginnings[TaskNewOrder] + r.SerialNumber,
		intent: fmt.Sprintf("program %d, serial %s", r.ProgramID, r.SerialNumber),
	}, r)
	return out.order, err
}

func sendNewOrder(ctx context.Context, _ *Manager, c *client.Client, job *Job, request []byte) (out outcome, err error) {
	r, err := readRequest[api.NewOrder](request)
	if err == nil {
		out.order, err = c.NewOrder(ctx, job.Key, r)
	}
	return out, err
}

// licensed runs a job that brings a license and finds out whether it is this PC's, and whether its file is in place.
func (m *Manager) licensed(ctx context.Context, job Job, request any) (License, error) {
	ctx, _, _, err := m.as(ctx)
	if err != nil {
		return License{}, m.fail(ctx, err)
	}
	out, err := m.run(ctx, job, request)
	if err != nil {
		return License{}, err
	}
	rows := m.mark(ctx, job.OrderID, []api.License{out.license})
	m.settle(ctx, rows, false)
	return rows[0], nil
}

// beginnings are what the titles of jobs begin with; what they are about follows.
var beginnings = map[Task]string{
	TaskNewLicense: "New license for ", TaskReactivate: "Reactivation of ", TaskTransfer: "Transfer of ", TaskRemove: "Removal of ",
	TaskRelease: "Move of ", TaskEmail: "Email of ", TaskNewOrder: "New order with serial number ",
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
	if j.Task == TaskNewLicense || j.Task == TaskNewOrder {
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
