package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// shownFor is how long a remark such as "Copied." stays in the status line.
const shownFor = 4 * time.Second

// statusBar is the line at the bottom: server, age of the tables, work in progress, what waits.
type statusBar struct {
	window   *Window
	dot      *dot
	server   *widget.Label
	age      *widget.Label
	remark   *widget.Label
	progress *widget.Activity
	jobs     *dialogs.Hyperlink
	others   *dialogs.Hyperlink
	notices  *dialogs.Hyperlink
	object   fyne.CanvasObject

	work     string
	said     string
	saidTill time.Time
}

func newStatusBar(w *Window) *statusBar {
	s := &statusBar{window: w, dot: newDot(), progress: widget.NewActivity()}
	s.server, s.age, s.remark = widget.NewLabel(""), theme.NewCaption(""), widget.NewLabel("")
	for _, l := range []*widget.Label{s.server, s.age, s.remark} {
		l.SizeName, l.Importance = "", widget.LowImportance
	}
	s.jobs = dialogs.NewHyperlink("", w.showJobs)
	s.others = dialogs.NewHyperlink("", w.goElsewhere)
	s.notices = dialogs.NewHyperlink("", w.recallNotices)
	s.progress.Hide()
	left := container.NewHBox(container.NewCenter(s.dot), theme.Tight(s.server), spacer(theme.Gap), theme.Tight(s.age))
	right := container.NewHBox(theme.Tight(s.remark), container.NewCenter(s.progress), theme.Tight(s.jobs), theme.Tight(s.others), theme.Tight(s.notices))
	bar := container.New(layout.NewCustomPaddedLayout(5, 5, theme.Margin, theme.Margin), container.NewBorder(nil, nil, left, right))
	s.object = theme.NewSurface(theme.ColorNameStatusBar, container.NewVBox(widget.NewSeparator(), bar))
	return s
}

func spacer(width float32) fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSize(width, 0))
	return r
}

// working tells what is being done; "" when it is done.
func (s *statusBar) working(text string) {
	s.work = text
	s.refresh()
}

// say shows a remark for a few seconds.
func (s *statusBar) say(text string) {
	s.said, s.saidTill = text, s.window.options.Now().Add(shownFor)
	s.refresh()
}

// refresh brings the line in line with the state of the window.
func (s *statusBar) refresh() {
	w := s.window
	now := w.options.Now()
	if s.said != "" && now.After(s.saidTill) {
		s.said = ""
	}
	name := host(w.state.account.Server)
	switch {
	case w.state.fault.What != "":
		s.dot.set(theme.Bad)
		setText(s.server, tr.T("No answer from %s", name))
	case !w.state.signedIn || w.state.fetchedAt.IsZero():
		s.dot.set(theme.Muted)
		connecting := tr.T("Connecting…")
		if name != "" {
			connecting = tr.T("Connecting… %s", name)
		}
		setText(s.server, connecting)
	default:
		s.dot.set(theme.Good)
		setText(s.server, tr.T("Connected to %s", name))
	}
	age := w.age()
	if age != "" {
		age = tr.T("Updated %s", age)
	}
	setText(s.age, age)

	remark := s.said
	if remark == "" {
		remark = s.work
	}
	setText(s.remark, remark)
	if s.work != "" && !s.progress.Visible() {
		s.progress.Show()
		s.progress.Start()
	} else if s.work == "" && s.progress.Visible() {
		s.progress.Stop()
		s.progress.Hide()
	}
	setLink(s.jobs, waiting(w.state.openJobs))
	setLink(s.others, waitingElsewhere(w.elsewhere))
	setLink(s.notices, w.unseenText())
}

func setText(l *widget.Label, text string) {
	if l.Text != text {
		l.SetText(text)
	}
}

func setLink(h *dialogs.Hyperlink, text string) {
	h.Hidden = text == ""
	if h.Text != text {
		h.SetText(text)
	}
}

// waiting says what open jobs there are: "1 email and 2 tasks wait for the server".
func waiting(jobs []manager.Job) string {
	mails, tasks := 0, 0
	for _, j := range jobs {
		if j.Task == api.TaskEmail {
			mails++
		} else {
			tasks++
		}
	}
	var parts []string
	if mails > 0 {
		parts = append(parts, tr.N(mails, "%d email", "%d emails"))
	}
	if tasks > 0 {
		parts = append(parts, tr.N(tasks, "%d task", "%d tasks"))
	}
	if len(parts) == 0 {
		return ""
	}
	if mails+tasks == 1 {
		return tr.T("%s waits for the server", words.And(parts))
	}
	return tr.T("%s wait for the server", words.And(parts))
}

// dot is a small disk in the color of a tone; the words beside it say the same.
type dot struct {
	widget.BaseWidget
	tone theme.Tone
}

func newDot() *dot {
	d := &dot{tone: theme.Muted}
	d.ExtendBaseWidget(d)
	return d
}

func (d *dot) set(tone theme.Tone) {
	if d.tone != tone {
		d.tone = tone
		d.Refresh()
	}
}

// CreateRenderer is called by Fyne.
func (d *dot) CreateRenderer() fyne.WidgetRenderer {
	disk := canvas.NewCircle(d.tone.Text())
	return &dotRenderer{WidgetRenderer: widget.NewSimpleRenderer(disk), dot: d, disk: disk}
}

type dotRenderer struct {
	fyne.WidgetRenderer
	dot  *dot
	disk *canvas.Circle
}

func (r *dotRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(9) }

func (r *dotRenderer) Refresh() {
	r.disk.FillColor = r.dot.tone.Text()
	r.disk.Refresh()
}
