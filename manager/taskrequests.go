package manager

import (
	"context"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager/journal"
)

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
		Title:   tasks[api.TaskNewLicense].title + r.Codes.Site.String(),
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
		Title:     tasks[api.TaskReactivation].title + r.License.Name(),
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
		Title:     tasks[api.TaskTransfer].title + r.License.Name(),
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
		Title:     tasks[api.TaskRemoval].title + l.Name(),
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
		Title:     tasks[api.TaskEmail].title + License{License: api.License{ID: r.LicenseID}}.Name(),
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
		Task: api.TaskNewOrder, Title: tasks[api.TaskNewOrder].title + r.SerialNumber,
		Intent: fmt.Sprintf("program %d, serial %s", r.ProgramID, r.SerialNumber),
	}, content)
	return out.order, err
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

// About returns the subject of a job, for translating its title: the note of a license, or "" for a license without
// one; the Site code of a new license; the serial number of a new order. It is false for any other title.
func (j Job) About() (name string, ok bool) {
	t, known := tasks[j.Task]
	name, ok = strings.CutPrefix(j.Title, t.title)
	if !ok || !known {
		return "", false
	}
	if name == (License{License: api.License{ID: j.LicenseID}}).Name() {
		return "", true
	}
	if j.Task == api.TaskNewLicense || j.Task == api.TaskNewOrder {
		return name, true
	}
	note, quoted := strings.CutPrefix(strings.TrimSuffix(name, "”"), "“")
	return note, quoted
}
