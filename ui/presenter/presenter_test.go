package presenter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2/container"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/statusbar"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

var unreachable = &manager.NetworkError{
	Kind: manager.NetworkConnect,
	Host: "licenses.lumen.example",
	Err:  context.DeadlineExceeded,
}

// stage is a window with a Shell and a settable clock. calls records the calls of the peers.
type stage struct {
	*uitest.Stage
	shell  *Shell
	now    time.Time
	facts  statusbar.Facts
	opener *fakeOpener
	calls  []string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{Stage: uitest.New(t), now: start, opener: &fakeOpener{}}
	now := func() time.Time { return s.now }
	status := NewStatus(now, statusPeers{s})
	s.Window.SetContent(container.NewVBox(status.Draw()))
	s.shell = &Shell{
		App:        s.App,
		Window:     s.Window,
		Dialogs:    s.Dialogs,
		Work:       s.Work,
		Status:     status,
		Files:      NewFiles(s.Window, s.Work, status),
		Opener:     s.opener,
		Now:        now,
		Requests:   s.Work.NewSlot(),
		DeviceName: "Anna's PC",
	}
	return s
}

// call records a call of a peer.
func (s *stage) call(format string, args ...any) {
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

func (s *stage) called(call string) bool { return slices.Contains(s.calls, call) }

type statusPeers struct{ *stage }

func (p statusPeers) ShowJobs()              { p.call("ShowJobs") }
func (p statusPeers) SwitchToJobs()          { p.call("SwitchToJobs") }
func (p statusPeers) ShowDismissedNotices()  { p.call("ShowDismissedNotices") }
func (p statusPeers) Facts() statusbar.Facts { return p.facts }

// fakeOpener is an Opener that records the opened addresses.
type fakeOpener struct {
	mu     sync.Mutex
	opened []string
	err    error
}

func (o *fakeOpener) Open(_ context.Context, address string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opened = append(o.opened, address)
	return o.err
}

func (o *fakeOpener) MaxMailto() int                                   { return 2000 }
func (o *fakeOpener) Play([]byte) error                                { return nil }
func (o *fakeOpener) OpenPage(context.Context, []byte) error           { return nil }
func (o *fakeOpener) ClipboardPicture(context.Context) ([]byte, error) { return nil, nil }

func testOrder(id int64) api.Order {
	return api.Order{
		ID:                 id,
		ProgramID:          1,
		ProgramName:        "Lumen Studio 7",
		LicensesTotal:      5,
		LicensesActivated:  2,
		RequiresActivation: true,
		CanManage:          true,
		Allowed:            api.Allowed{Add: &api.Allowance{OK: true}},
		Subscription:       api.Subscription{State: api.SubscriptionNone},
	}
}

func testLicense(id, order int64, note string) manager.License {
	ok := &api.Allowance{OK: true}
	return manager.License{License: api.License{
		ID:             id,
		OrderID:        order,
		SiteCode:       "7183EC4D",
		MachineID:      "83A9-3429-0090-B3F5",
		ActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
		Note:           note,
		ActivatedAt:    start,
		Status:         api.StatusActive,
		Allowed:        &api.LicenseAllowed{Transfer: ok, Remove: ok, Reactivate: ok},
	}}
}
