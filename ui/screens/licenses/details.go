package licenses

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/layouts"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// detailsWidth is the minimum width of the panel, in device-independent pixels, enough for the longest line of a code.
const detailsWidth float32 = 250

// Details is the panel about one license. Its methods run on the UI thread.
type Details struct {
	options Options
	slot    *background.Slot
	shown   manager.License
	shownAs situation // of shown, when it was drawn
	content Content
	program api.Program
	rows    *fyne.Container
	thisPC  *fyne.Container
	history *fyne.Container
	order   api.Order
	entries []api.HistoryEntry
	fault   error // of loading the history
	object  fyne.CanvasObject
}

// NewDetails returns an empty panel. UI thread.
func NewDetails(o Options) *Details {
	d := &Details{
		options: o,
		slot:    o.Work.NewSlot(),
		rows:    container.New(layout.NewCustomPaddedVBoxLayout(theme.Section)),
		history: container.New(layout.NewCustomPaddedVBoxLayout(2)),
	}
	padded := container.New(layout.NewCustomPaddedLayout(theme.Margin, theme.Margin, theme.Margin, theme.Margin), d.rows)
	d.object = theme.NewSurface(theme.ColorNamePanel, container.NewVScroll(padded))
	d.Clear(tr.T(selectLicense))
	return d
}

// Object returns the content for the window.
func (d *Details) Object() fyne.CanvasObject { return d.object }

// selectLicense is shown while no license is selected.
const selectLicense tr.Text = "Select a license to see its codes and how this PC compares with it."

// isStale reports whether the situation of the shown license has changed since it was drawn.
func (d *Details) isStale(c Content) bool {
	return d.shown.ID != 0 && (d.shownAs != c.situation(d.shown) || d.content.LicensedOrder() != c.LicensedOrder())
}

// Clear shows a sentence instead of a license.
func (d *Details) Clear(text string) {
	d.slot.Cancel()
	d.shown = manager.License{}
	l := widget.NewLabel(text)
	l.Wrapping, l.Importance = fyne.TextWrapWord, widget.LowImportance
	d.set(theme.Unpadded(l))
}

// Show shows a license and, if it is active, starts the comparison of this PC with it.
func (d *Details) Show(l manager.License, c Content) {
	o, p := c.Order, c.Program
	same := d.shown.ID == l.ID && d.program.ID == p.ID && d.thisPC != nil
	if d.order.ID != o.ID {
		d.entries, d.fault = nil, nil
	}
	d.shown, d.program, d.order, d.content, d.shownAs = l, p, o, c, c.situation(l)
	if !same {
		d.thisPC = container.NewVBox(value(tr.T("Comparing…"), theme.Muted))
	}
	rows := []fyne.CanvasObject{d.heading(l)}
	if view := d.situationView(c, l); view != nil {
		rows = append(rows, view)
	}
	if p.MergedCodes {
		rows = append(rows, d.section(tr.T("Site code and Machine ID, merged"), theme.NewCode(breakAfter(Merged(l), 15)),
			d.link(tr.T("Copy"), func() { d.options.Actions.Copy(Merged(l)) })))
	} else {
		rows = append(rows,
			d.section(tr.T("Site code"), theme.NewCode(l.SiteCode),
				d.link(tr.T("Copy"), func() { d.options.Actions.Copy(l.SiteCode) })),
			d.section(tr.T("Machine ID"), theme.NewCode(l.MachineID),
				d.link(tr.T("Copy"), func() { d.options.Actions.Copy(l.MachineID) })))
	}
	active := l.Status == api.StatusActive
	links := []fyne.CanvasObject{d.link(tr.T("Copy"), func() { d.options.Actions.Copy(l.ActivationCode) })}
	if active {
		links = append(links, d.link(tr.T("Save file"), func() { d.options.Actions.Do(actions.SaveFile, c.subject(l)) }))
	}
	rows = append(rows, d.section(tr.T("Activation code"), theme.NewCode(breakAfter(l.ActivationCode, 18)), links...))
	if active {
		rows = append(rows, d.section(tr.T("This PC now"), d.thisPC))
	}
	now := d.options.Now()
	switch {
	case !active:
		text := expiryText(l, now)
		if l.EndedAt != nil {
			text = tr.T("%s on %s", text, words.LongDate(*l.EndedAt, now))
		}
		rows = append(rows, d.section(tr.T("Ended"), value(text, theme.Muted)))
	case l.ExpiresAt == nil:
		rows = append(rows, d.section(tr.T("Expires"), value(tr.T("never"), theme.Neutral)))
	default:
		tone := expiryTone(l.ExpiresAt, now)
		text := value(tr.T("%s, %s", words.LongDate(*l.ExpiresAt, now), words.Expiry(l.ExpiresAt, now)), tone)
		if icon := endIcon(tone); icon != nil {
			text = container.NewBorder(nil, nil, widget.NewIcon(fynetheme.NewColoredResource(icon, tone.TextName())), nil, text)
		}
		rows = append(rows,
			d.section(tr.T("Expires"), text,
				d.link(tr.T("Calendar file"), func() { d.options.Actions.Do(actions.Calendar, c.subject(l)) })))
	}
	rows = append(rows, d.section(tr.T("Activated"), value(words.LongDate(l.ActivatedAt, now), theme.Neutral)))
	rows = append(rows, d.section(tr.T("Order"), container.New(layout.NewCustomPaddedVBoxLayout(2),
		value(fmt.Sprintf("%d, %s", o.ID, o.ProgramName), theme.Neutral), subscription(o, now))))
	rows = append(rows,
		d.section(tr.T("History"), d.history, d.link(tr.T("All of the order"), func() { d.options.Actions.ShowHistory(o) })))
	d.set(rows...)
	d.showHistory()
	if active {
		d.compare(l)
	} else {
		d.slot.Cancel()
	}
}

// subscription returns the line about the subscription of an order, with an icon if it has ended or ends soon.
func subscription(o api.Order, now time.Time) fyne.CanvasObject {
	text, tone := Subscription(o, now)
	line := value(text, tone)
	if icon := endIcon(tone); icon != nil {
		line = container.NewBorder(nil, nil, widget.NewIcon(fynetheme.NewColoredResource(icon, tone.TextName())), nil, line)
	}
	return line
}

// Subscription returns the text about the subscription of an order, and its tone. Any goroutine.
func Subscription(o api.Order, now time.Time) (string, theme.Tone) {
	switch s := o.Subscription; {
	case s.State == api.SubscriptionNone || s.ExpiresAt == nil:
		return tr.T("no subscription"), theme.Muted
	case s.State == api.SubscriptionExpired:
		return tr.T("subscription ended on %s", words.LongDate(*s.ExpiresAt, now)), theme.Bad
	default:
		return tr.T("subscription until %s", words.LongDate(*s.ExpiresAt, now)), expiryTone(s.ExpiresAt, now)
	}
}

// maxHistory limits the history entries in the panel.
const maxHistory = 6

// SetHistory sets the history of the order; err is why it could not be loaded, or nil.
func (d *Details) SetHistory(entries []api.HistoryEntry, err error) {
	d.entries, d.fault = entries, err
	if d.shown.ID != 0 {
		d.showHistory()
		d.object.Refresh()
	}
}

// showHistory shows the latest successful entries of the shown license.
func (d *Details) showHistory() {
	d.history.RemoveAll()
	now, count := d.options.Now(), 0
	for _, e := range d.entries {
		if e.LicenseID != d.shown.ID || e.Outcome != api.OutcomeOK || count == maxHistory {
			continue
		}
		count++
		d.history.Add(value(historyLine(e, now), theme.Neutral))
	}
	switch {
	case d.fault != nil:
		d.history.Add(value(tr.T("Not known without a connection."), theme.Muted))
	case d.entries == nil:
		d.history.Add(value(tr.T("Loading…"), theme.Muted))
	case count == 0:
		d.history.Add(value(tr.T("Nothing yet."), theme.Muted))
	}
}

// historyLine returns a history entry as a line: "24 Nov 2026 · License transfer, from Studio PC".
func historyLine(e api.HistoryEntry, now time.Time) string {
	text := fmt.Sprintf("%s · %s", words.Date(e.Time, now), words.Task(api.TaskOfHistory(e.Task)))
	if e.DeviceName != "" {
		text = tr.T("%s, from %s", text, e.DeviceName)
	}
	return text
}

func (d *Details) set(rows ...fyne.CanvasObject) {
	strut := container.NewGridWrap(fyne.NewSize(detailsWidth, 0))
	d.rows.Objects = append([]fyne.CanvasObject{}, rows...)
	d.rows.Objects[0] = container.NewStack(strut, d.rows.Objects[0])
	d.object.Refresh()
}

func (d *Details) heading(l manager.License) fyne.CanvasObject {
	note := theme.NewHeading(words.Note(l.Note))
	note.Wrapping = fyne.TextWrapWord
	line := container.NewHBox(theme.Unpadded(d.link(tr.T("Change note"),
		func() { d.options.Actions.Do(actions.ChangeNote, d.content.subject(l)) })))
	if !inForce(l) {
		line = container.NewHBox(theme.NewBadge(words.Status(l.State()), theme.Neutral))
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Unpadded(note))
	if b, ok := badge(l); ok {
		text := b.Text
		if l.ReleasedAt != nil {
			text = tr.T("Moving: waits to be picked up")
		}
		mark := theme.NewBadge(text, b.Tone)
		if l.ThisPC && l.ReleasedAt == nil {
			line.Objects = append([]fyne.CanvasObject{mark}, line.Objects...)
		} else { // too wide for one line
			rows.Add(mark)
		}
	}
	rows.Add(line)
	return rows
}

// section returns a caption, with links at its right, above content.
func (d *Details) section(caption string, content fyne.CanvasObject, links ...fyne.CanvasObject) fyne.CanvasObject {
	right := make([]fyne.CanvasObject, len(links))
	for i, l := range links {
		right[i] = theme.Unpadded(l)
	}
	head := layouts.Flow(theme.Gap, []fyne.CanvasObject{theme.Unpadded(theme.NewCaption(caption))}, right)
	return container.New(layout.NewCustomPaddedVBoxLayout(2), head, content)
}

func (d *Details) link(text string, do func()) *dialogs.Hyperlink {
	return dialogs.NewHyperlink(text, do)
}

func value(text string, tone theme.Tone) fyne.CanvasObject {
	r := widget.NewRichText(&widget.TextSegment{Text: text, Style: widget.RichTextStyle{ColorName: tone.TextName()}})
	r.Wrapping = fyne.TextWrapWord
	return theme.Unpadded(r)
}

// breakAfter inserts a line break after the first n characters of a longer code.
func breakAfter(code string, n int) string {
	if len(code) <= n {
		return code
	}
	return code[:n] + "\n" + code[n:]
}

// compare compares this PC with the license in the background and shows the result.
func (d *Details) compare(l manager.License) {
	background.Run(d.slot, func(ctx context.Context) (license.Comparison, error) {
		return d.options.Recheck.RecheckThisPC(ctx, l)
	}, func(c license.Comparison, err error) {
		d.thisPC.RemoveAll()
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				m := d.options.Explain(err)
				d.thisPC.Add(value(strings.TrimSpace(m.What+" "+m.Why), theme.Muted))
			}
		} else {
			for _, line := range Sentences(c, l.ThisPC) {
				d.thisPC.Add(value(line.Text, line.Tone))
			}
		}
		d.object.Refresh()
	})
}

// Sentence is a line about a comparison.
type Sentence struct {
	Text string
	Tone theme.Tone
}

// Sentences describes a comparison of this PC with a license; own means that the license belongs to this PC. Any
// goroutine.
func Sentences(c license.Comparison, own bool) []Sentence {
	var changed, gone, uncompared []string
	same := 0
	for _, l := range c.Locks {
		switch {
		case l.State == license.Same:
			same++
		case l.State == license.Changed:
			changed = append(changed, words.Lock(l.Lock))
		case l.Differs:
			gone = append(gone, words.Lock(l.Lock))
		default:
			uncompared = append(uncompared, words.Lock(l.Lock))
		}
	}
	if !own && !c.Accepted {
		text := tr.T("This license belongs to another PC: %d of %d locks differ.", c.Differences(), c.Compared())
		return []Sentence{{text, theme.Muted}}
	}
	text := tr.N(same, "%d lock same", "%d locks same")
	if len(changed) > 0 {
		text += " · " + tr.T("%d changed (%s)", len(changed), words.List(changed))
	}
	if len(gone) > 0 {
		text += " · " + tr.T("%d no longer readable (%s)", len(gone), words.List(gone))
	}
	lines := []Sentence{{text, theme.Neutral}}
	if len(uncompared) > 0 {
		text := tr.T("Not compared, because not readable then or now: %s.", words.List(uncompared))
		lines = append(lines, Sentence{text, theme.Muted})
	}
	switch {
	case c.Accepted && c.HardwareChanges > 0:
		lines = append(lines, Sentence{allowed(c.MaxHardwareChanges), theme.Good})
	case c.Accepted:
		lines = append(lines, Sentence{tr.T("Recognized."), theme.Good})
	default:
		for _, r := range c.Reasons {
			lines = append(lines, Sentence{words.Refusal(r), theme.Bad})
		}
	}
	return lines
}

func allowed(n int) string {
	return tr.N(n, "Still recognized: %d hardware change is allowed.",
		"Still recognized: %d hardware changes are allowed.")
}
