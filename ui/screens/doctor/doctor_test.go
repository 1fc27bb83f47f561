package doctor_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// intercepted are the findings for a server behind a proxy that inspects TLS.
var intercepted = []manager.Finding{
	{
		Check:   "address",
		Verdict: manager.VerdictGood,
		What:    manager.Say("The address is https://licenses.lumen.example."),
	},
	{
		Check:   "proxy",
		Verdict: manager.VerdictWarning,
		What:    manager.Say("A proxy is set up."),
		Next:    manager.Say("Ask about it."),
	},
	{
		Check:   "encryption",
		Verdict: manager.VerdictBad,
		What:    manager.Say("The certificate was issued by \"Corp Inspection\"."),
		Next:    manager.Say("Install its certificate."),
	},
	{Check: "server", Verdict: manager.VerdictSkipped, What: manager.Say("Not looked at.")},
	{Check: "clock", Verdict: manager.VerdictSkipped, What: manager.Say("Not looked at.")},
}

// examiner is an Examiner that reports the given findings. If held is not nil, the last one waits until it is closed or
// the examination is canceled.
type examiner struct {
	mu       sync.Mutex
	findings []manager.Finding
	held     chan struct{}
	late     chan struct{} // closed after a finding that followed the cancellation
	servers  []string
}

func (e *examiner) Examine(ctx context.Context, server string, found func(manager.Finding)) []manager.Finding {
	e.mu.Lock()
	list, held := e.findings, e.held
	e.servers = append(e.servers, server)
	e.mu.Unlock()
	for i, f := range list {
		if i == len(list)-1 && held != nil {
			select {
			case <-held:
			case <-ctx.Done():
				found(f)
				close(e.late)
				return list
			}
		}
		found(f)
	}
	return list
}

func (e *examiner) DoctorReport(findings []manager.Finding) string {
	return fmt.Sprintf("report of %d steps", len(findings))
}

func (e *examiner) setFindings(findings []manager.Finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.findings = findings
}

// open opens the dialog in a window; saved is its Options.Save.
func open(t *testing.T, e *examiner, server string, saved func(name, text string, done func(error))) (s *uitest.Stage,
	noNetwork *int) {
	t.Helper()
	s, noNetwork = uitest.New(t), new(int)
	s.Window.SetContent(container.NewStack())
	doctor.Open(doctor.Options{
		Dialogs:     s.Dialogs,
		Work:        s.Work,
		Examiner:    e,
		Copy:        s.App.Clipboard().SetContent,
		Explain:     explain.Error,
		Save:        saved,
		Now:         func() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) },
		OnNoNetwork: func() { *noNetwork++ },
	}, server)
	return s, noNetwork
}

func TestSteps(t *testing.T) {
	e := &examiner{findings: intercepted, held: make(chan struct{})}
	s, _ := open(t, e, "", nil)
	s.WaitFor("Testing the connection…")
	s.WaitFor("issued by \"Corp Inspection\"")
	require.False(t, s.Shows("fails at this step"), "it has not ended")
	close(e.held)
	s.WaitFor("The connection to the license server fails at this step: Encryption.")
	require.True(t, s.Shows("Install its certificate."))
	require.True(t, s.Shows("Server, clock"), "the steps that were not looked at share a line")

	s.Press("Copy")
	require.Equal(t, "report of 5 steps", s.App.Clipboard().Content())
	require.True(t, s.Shows("Copied"))
	e.setFindings(intercepted[:2])
	s.Press("Try again")
	s.WaitFor("Please check: Proxy.")
	require.False(t, s.Shows("Corp Inspection"), "the steps of the earlier attempt are gone")
	e.setFindings(intercepted[:1])
	s.Press("Try again")
	s.WaitFor("no problems were found")
	s.Key(fyne.KeyEscape)
	require.False(t, s.Shows("no problems were found"))
}

func TestStop(t *testing.T) {
	e := &examiner{findings: intercepted, held: make(chan struct{}), late: make(chan struct{})}
	s, _ := open(t, e, "licenses.lumen.example", nil)
	s.WaitFor("Server")
	require.Equal(t, []string{"licenses.lumen.example"}, e.servers)
	s.Key(fyne.KeyEscape)
	s.WaitFor("Stopped.")
	<-e.late
	s.RunQueued()
	require.False(t, s.Shows("clock"), "what comes late is not shown")
}

func TestOfferNoNetwork(t *testing.T) {
	s, noNetwork := open(t, &examiner{findings: intercepted}, "", nil)
	s.Press("Continue without a network…")
	require.Equal(t, 1, *noNetwork)
	require.Nil(t, s.Dialogs.Visible())
}

func TestSaveReport(t *testing.T) {
	var names []string
	s, _ := open(t, &examiner{findings: intercepted[:1]}, "", func(name, text string, done func(error)) {
		require.Equal(t, "report of 1 steps", text)
		names = append(names, name)
		done(manager.ErrUnreachable)
	})
	s.WaitFor("no problems were found")
	s.Press("Save report…")
	require.Equal(t, []string{"connection-2026-11-24.txt"}, names)
	require.True(t, s.Shows("There is no connection to the license server."), "why it was not saved")
}
