package presenter

import (
	"time"

	"fyne.io/fyne/v2"

	"github.com/acen-desktop/acen/ui/screens/statusbar"
)

// remarkTime is how long a remark is shown.
const remarkTime = 4 * time.Second

// StatusPeers is what the status bar needs of the other presenters.
type StatusPeers interface {
	statusbar.Actions
	// Facts returns the state of the bar, except Remark and Working.
	Facts() statusbar.Facts
}

// Status is the presenter of the status bar.
type Status struct {
	peers       StatusPeers
	now         func() time.Time
	bar         *statusbar.Bar
	working     string
	remark      string
	remarkUntil time.Time
}

// NewStatus returns a presenter without a bar: call Draw. UI thread.
func NewStatus(now func() time.Time, peers StatusPeers) *Status {
	return &Status{peers: peers, now: now}
}

// Draw creates the status bar and returns it. It must be called before the other methods.
func (s *Status) Draw() fyne.CanvasObject {
	s.bar = statusbar.New(s.peers)
	return s.bar.Object()
}

// SetWorking shows the work in progress; "" means none.
func (s *Status) SetWorking(text string) {
	s.working = text
	s.Refresh()
}

// ShowRemark shows a remark for remarkTime.
func (s *Status) ShowRemark(text string) {
	s.remark, s.remarkUntil = text, s.now().Add(remarkTime)
	s.Refresh()
}

// Refresh updates the bar.
func (s *Status) Refresh() {
	if s.remark != "" && s.now().After(s.remarkUntil) {
		s.remark = ""
	}
	f := s.peers.Facts()
	f.Remark, f.Working = s.remark, s.working
	s.bar.Show(f)
}
