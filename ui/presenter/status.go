package presenter

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/screens/statusbar"
)

// remarkTime is how long a remark such as "Copied." stays in the status bar.
const remarkTime = 4 * time.Second

// StatusPeers is what the status bar needs of the other presenters.
type StatusPeers interface {
	statusbar.Actions
	// Facts tells how things stand, besides remark and work in progress.
	Facts() statusbar.Facts
}

// Status presents the line at the bottom of the window.
type Status struct {
	peers       StatusPeers
	now         func() time.Time
	bar         *statusbar.Bar
	working     string
	remark      string
	remarkUntil time.Time
}

// NewStatus returns the presenter of an empty status bar. UI thread.
func NewStatus(now func() time.Time, peers StatusPeers) *Status {
	return &Status{peers: peers, now: now}
}

// Draw makes the status bar and returns it. UI thread, before all other methods.
func (s *Status) Draw() fyne.CanvasObject {
	s.bar = statusbar.New(s.peers)
	return s.bar.Object()
}

// Working tells what is being done; "" when it is done.
func (s *Status) Working(text string) {
	s.working = text
	s.Refresh()
}

// Say shows a remark for a few seconds.
func (s *Status) Say(text string) {
	s.remark, s.remarkUntil = text, s.now().Add(remarkTime)
	s.Refresh()
}

// Refresh shows how things stand now.
func (s *Status) Refresh() {
	if s.remark != "" && s.now().After(s.remarkUntil) {
		s.remark = ""
	}
	f := s.peers.Facts()
	f.Remark, f.Working = s.remark, s.working
	s.bar.Show(f)
}
