// Package licenses implements the screen with the licenses of one order: the table, the buttons below it, and the panel
// about one license.
package licenses

import (
	"context"
	"strconv"
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
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// Rechecker compares the current locks of this PC with a license; *manager.Manager implements it. RecheckThisPC may
// block and is called off the UI thread.
type Rechecker interface {
	RecheckThisPC(ctx context.Context, l manager.License) (license.Comparison, error)
}

// Actions is what the screen needs of the window. Its methods are called on the UI thread.
type Actions interface {
	// Do opens the dialog of an action, or shows why it is not possible.
	Do(action actions.ID, s actions.Subject)
	// RetryLicenses loads the licenses again.
	RetryLicenses()
	// ShowEnded shows or hides ended licenses.
	ShowEnded(on bool)
	// ShowHistory shows the whole history of an order.
	ShowHistory(order api.Order)
	// ShowRemovalCodes lists the kept removal codes.
	ShowRemovalCodes()
	// ShowJobs lists the open jobs.
	ShowJobs()
	// StoreLicensesTable is called after the person changed the sort order or a column width of one of the two tables.
	StoreLicensesTable(merged bool, s table.State)
	// PointerMoved is called while the pointer moves over the rows.
	PointerMoved()
	Copy(text string)
	// ClearSearch clears the search text.
	ClearSearch()
}

// Options configures a Screen. Functions are called on the UI thread.
type Options struct {
	Now     func() time.Time
	Work    *background.Group
	Recheck Rechecker
	Actions Actions
	Explain func(error) dialogs.Message
}

// Content is the state of the screen: an order and its licenses.
type Content struct {
	Order    api.Order
	Program  api.Program // zero while unknown
	Licenses []manager.License
	Loaded   bool // Licenses is set, from the server or the cache
	// OtherLicensedOrder is the id of another order with a license of the same program for this PC, or 0.
	OtherLicensedOrder int64
	// BringBacks are the ids of the licenses that can be brought back; KeptCodes are those of the licenses that left
	// this PC and whose kept removal codes no job sends.
	BringBacks, KeptCodes map[int64]bool
}

// Screen shows the licenses of the selected order. Its methods run on the UI thread.
type Screen struct {
	options       Options
	content       Content
	shown         bool // an order is selected
	selectInitial bool // the rows of the order have not been shown yet

	tables  [2]*table.Table[manager.License] // with two codes, with merged codes
	merged  int
	heading *heading
	notice  *fyne.Container
	empty   *widget.Label
	object  fyne.CanvasObject
	search  string
	buttons *buttons
	ended   *dialogs.Check
	details *Details
}

// New returns a screen without an order. An error means that a table is defined incorrectly, a bug. UI thread.
func New(o Options) (*Screen, error) {
	s := &Screen{options: o, heading: newHeading(), notice: container.NewStack()}
	s.details = NewDetails(o)
	selected := func(l manager.License, ok bool) { s.selected(l, ok) }
	for i := range s.tables {
		s.empty = widget.NewLabel("")
		s.empty.Alignment, s.empty.Importance = fyne.TextAlignCenter, widget.LowImportance
		s.empty.SetText(
			tr.T("No license of this order is activated yet.\nActivate this PC, or add a license for another PC."))
		var err error
		s.tables[i], err = s.newTable(i == 1, s.empty, selected, func(l manager.License) { s.selected(l, true) })
		if err != nil {
			return nil, err
		}
	}
	s.buttons = newButtons(s.do)
	s.ended = dialogs.NewCheck(tr.T("Show ended"), o.Actions.ShowEnded)
	top := container.NewBorder(nil, nil, nil, theme.Unpadded(s.ended), theme.Unpadded(s.heading.text))
	s.object = layouts.Column(
		container.New(layout.NewCustomPaddedLayout(theme.Gap+2, theme.Gap, theme.Margin-4, theme.Margin), top),
		container.NewStack(s.tables[0], s.tables[1], s.notice),
		container.New(layout.NewCustomPaddedLayout(theme.Gap, theme.Gap, theme.Margin-4, theme.Margin-4), s.buttons.object))
	s.ShowNone()
	return s, nil
}

// Object returns the table with its heading and buttons.
func (s *Screen) Object() fyne.CanvasObject { return s.object }

// DetailsObject returns the panel about the selected license.
func (s *Screen) DetailsObject() fyne.CanvasObject { return s.details.Object() }

// ShowNone shows that no order is selected.
func (s *Screen) ShowNone() {
	s.shown, s.content = false, Content{}
	s.heading.set(tr.T("Licenses"), "")
	s.setRows(nil)
	s.showText(tr.T("Select an order above to see its licenses."))
	s.refreshActions()
}

// Show shows an order and its licenses. The selection remains if the order is the same.
func (s *Screen) Show(c Content) {
	changed := !s.shown || s.content.Order.ID != c.Order.ID
	s.shown, s.content = true, c
	s.heading.set(tr.T("Licenses of order %d", c.Order.ID), c.Order.ProgramName)
	merged := 0
	if c.Program.MergedCodes {
		merged = 1
	}
	if changed || merged != s.merged {
		s.table().Unselect()
		s.setRows(nil)
		s.merged = merged
	}
	s.selectInitial = s.selectInitial || changed
	switch {
	case !c.Order.RequiresActivation:
		s.setRows(nil)
		s.showText(tr.T("%s needs no activation.\nInstall it and use it; there are no licenses to look after.",
			c.Order.ProgramName))
	case !c.Loaded:
		s.setRows(nil)
		s.showText(tr.T("Loading licenses…"))
	default:
		s.setRows(c.Licenses)
		s.filter()
		s.tableOnly()
		if s.selectInitial {
			s.selectInitial = false
			s.selectFirst()
		}
		if l, ok := s.Selected(); ok && s.details.isStale(c) {
			s.details.Show(l, c)
		}
	}
	s.refreshActions()
}

// ShowError shows why the licenses of the order could not be loaded.
func (s *Screen) ShowError(m dialogs.Message) {
	if m.Action == nil {
		m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: s.options.Actions.RetryLicenses}
	}
	s.setRows(nil)
	s.notice.Objects = []fyne.CanvasObject{container.NewPadded(container.NewVBox(dialogs.Notice(theme.Bad, m)))}
	s.noticeOnly()
	s.refreshActions()
}

// Order returns the selected order.
func (s *Screen) Order() (api.Order, bool) { return s.content.Order, s.shown }

// Select selects a license by id and reports whether the order has it.
func (s *Screen) Select(id int64) bool { return s.table().Select(strconv.FormatInt(id, 10)) }

// Comparing reports whether a comparison with the selected license is under way.
func (s *Screen) Comparing() bool { return s.details.slot.Busy() }

// Selected returns the selected license.
func (s *Screen) Selected() (manager.License, bool) { return s.table().Selected() }

// SetFilter shows only the licenses that match text, or all if none does, because then the order itself matched.
func (s *Screen) SetFilter(text string) {
	s.search = text
	s.filter()
}

// Focus gives the table the focus.
func (s *Screen) Focus() { s.table().Focus() }

// Restore restores the sort order and column widths of one of the two tables.
func (s *Screen) Restore(merged bool, state table.State) {
	if merged {
		s.tables[1].Restore(state)
		return
	}
	s.tables[0].Restore(state)
}

// CanCreate reports whether the order accepts a new license.
func (s *Screen) CanCreate() bool { return s.buttons.byAction[actions.NewLicense].enabled() }

func (s *Screen) table() *table.Table[manager.License] { return s.tables[s.merged] }

func (s *Screen) setRows(list []manager.License) {
	s.table().SetRows(list)
	if len(list) == 0 {
		s.details.Clear(s.placeholder())
	}
}

// placeholder returns the text of the panel without a license.
func (s *Screen) placeholder() string {
	if s.shown && (!s.content.Order.RequiresActivation || s.content.Loaded && len(s.content.Licenses) == 0) {
		return tr.T("There is no license to show.")
	}
	return tr.T(selectLicense)
}

// filter applies the search text to the table, unless no license matches.
func (s *Screen) filter() {
	t := s.table()
	t.SetFilter(s.search)
	if t.Shown() == 0 && t.Rows() > 0 {
		t.SetFilter("")
	}
}

// selectFirst selects the license of this PC, or else the newest one.
func (s *Screen) selectFirst() {
	best := -1
	for i, l := range s.content.Licenses {
		if l.Status != api.StatusActive {
			continue
		}
		if best < 0 || l.ThisPC && !s.content.Licenses[best].ThisPC ||
			l.ThisPC == s.content.Licenses[best].ThisPC && l.ActivatedAt.After(s.content.Licenses[best].ActivatedAt) {
			best = i
		}
	}
	if best >= 0 && s.search == "" {
		s.Select(s.content.Licenses[best].ID)
	}
}

func (s *Screen) selected(l manager.License, ok bool) {
	if ok {
		s.details.Show(l, s.content)
	} else {
		s.details.Clear(s.placeholder())
	}
	s.refreshActions()
}

// do runs an action on the order or the selected license.
func (s *Screen) do(action actions.ID) {
	l, ok := s.Selected()
	if ok || !action.NeedsLicense() {
		s.options.Actions.Do(action, s.content.subject(l))
	}
}

// ShowsEnded reports whether ended licenses are shown.
func (s *Screen) ShowsEnded() bool { return s.ended.Checked }

// SetHistory sets the history in the panel, if order is the selected one.
func (s *Screen) SetHistory(order int64, entries []api.HistoryEntry, err error) {
	if s.shown && s.content.Order.ID == order {
		s.details.SetHistory(entries, err)
	}
}

func (s *Screen) showText(text string) {
	l := widget.NewLabel(text)
	l.Alignment, l.Importance = fyne.TextAlignCenter, widget.LowImportance
	s.notice.Objects = []fyne.CanvasObject{container.NewCenter(l)}
	s.noticeOnly()
}

func (s *Screen) noticeOnly() {
	s.tables[0].Hide()
	s.tables[1].Hide()
	s.notice.Show()
	s.notice.Refresh()
}

func (s *Screen) tableOnly() {
	s.notice.Hide()
	s.tables[1-s.merged].Hide()
	s.table().Show()
}

// heading is the title of the screen with the name of the program.
type heading struct {
	text            *widget.RichText
	title, subtitle string // as they were drawn
}

func newHeading() *heading { return &heading{text: widget.NewRichText()} }

func (h *heading) set(title, subtitle string) {
	if h.title == title && h.subtitle == subtitle {
		return
	}
	h.title, h.subtitle = title, subtitle
	h.text.Segments = []widget.RichTextSegment{
		&widget.TextSegment{Text: title, Style: widget.RichTextStyle{
			Inline:    true,
			SizeName:  fynetheme.SizeNameSubHeadingText,
			TextStyle: fyne.TextStyle{Bold: true},
			ColorName: fynetheme.ColorNameForeground,
		}},
		&widget.TextSegment{Text: "  " + strings.TrimSpace(subtitle), Style: widget.RichTextStyle{
			Inline: true, SizeName: fynetheme.SizeNameSubHeadingText, ColorName: theme.ColorNameMuted,
		}},
	}
	h.text.Truncation = fyne.TextTruncateEllipsis
	h.text.Refresh()
}
