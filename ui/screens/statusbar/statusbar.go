// Package statusbar implements the status bar of the window: server, age of the tables, work in progress, open jobs.
package statusbar

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Actions is what the links of the bar do. Its methods are called on the UI thread.
type Actions interface {
	ShowJobs()
	SwitchToJobs()
	ShowDismissedNotices()
}

// Facts is the state of the bar. Empty texts are not shown.
type Facts struct {
	Server    string // host name of the current server
	Failed    bool   // the server did not answer the last request
	Connected bool   // the server has answered since the account became current
	Age       string // age of the tables, such as "3 hours ago"
	Remark    string // a temporary text, such as "Copied."
	Working   string // work in progress
	Jobs      string // open jobs
	OtherJobs string // open jobs of other accounts
	Notices   string // hidden notices
}

// Bar is the status bar. Its methods run on the UI thread.
type Bar struct {
	dot       *dot
	server    *widget.Label
	age       *widget.Label
	remark    *widget.Label
	progress  *widget.Activity
	jobs      *dialogs.Hyperlink
	otherJobs *dialogs.Hyperlink
	notices   *dialogs.Hyperlink
	object    fyne.CanvasObject
}

// New returns an empty bar. UI thread.
func New(actions Actions) *Bar {
	b := &Bar{
		dot:       newDot(),
		server:    widget.NewLabel(""),
		age:       theme.NewCaption(""),
		remark:    widget.NewLabel(""),
		progress:  widget.NewActivity(),
		jobs:      dialogs.NewHyperlink("", actions.ShowJobs),
		otherJobs: dialogs.NewHyperlink("", actions.SwitchToJobs),
		notices:   dialogs.NewHyperlink("", actions.ShowDismissedNotices),
	}
	for _, l := range []*widget.Label{b.server, b.age, b.remark} {
		l.SizeName, l.Importance = "", widget.LowImportance
	}
	b.progress.Hide()
	left := container.NewHBox(
		container.NewCenter(b.dot), theme.Unpadded(b.server), spacer(theme.Gap), theme.Unpadded(b.age))
	right := container.NewHBox(theme.Unpadded(b.remark), container.NewCenter(b.progress), theme.Unpadded(b.jobs),
		theme.Unpadded(b.otherJobs), theme.Unpadded(b.notices))
	line := container.New(layout.NewCustomPaddedLayout(5, 5, theme.Margin, theme.Margin),
		container.NewBorder(nil, nil, left, right))
	b.object = theme.NewSurface(theme.ColorNameStatusBar, container.NewVBox(widget.NewSeparator(), line))
	return b
}

// Object returns the content for the window.
func (b *Bar) Object() fyne.CanvasObject { return b.object }

func spacer(width float32) fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSize(width, 0))
	return r
}

// Show shows facts. It redraws only what changed.
func (b *Bar) Show(f Facts) {
	switch {
	case f.Failed:
		b.dot.set(theme.Bad)
		setText(b.server, tr.T("No answer from %s", f.Server))
	case !f.Connected:
		b.dot.set(theme.Muted)
		connecting := tr.T("Connecting…")
		if f.Server != "" {
			connecting = tr.T("Connecting… %s", f.Server)
		}
		setText(b.server, connecting)
	default:
		b.dot.set(theme.Good)
		setText(b.server, tr.T("Connected to %s", f.Server))
	}
	age := ""
	if f.Age != "" {
		age = tr.T("Updated %s", f.Age)
	}
	setText(b.age, age)
	remark := f.Remark
	if remark == "" {
		remark = f.Working
	}
	setText(b.remark, remark)
	if working := f.Working != ""; working && !b.progress.Visible() {
		b.progress.Show()
		b.progress.Start()
	} else if !working && b.progress.Visible() {
		b.progress.Stop()
		b.progress.Hide()
	}
	setLink(b.jobs, f.Jobs)
	setLink(b.otherJobs, f.OtherJobs)
	setLink(b.notices, f.Notices)
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

// dot is a small disk in the color of a tone. The text beside it has the same meaning.
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

// CreateRenderer implements fyne.Widget.
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
