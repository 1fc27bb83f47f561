package carry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const carryLabel tr.Text = "Carry out"

// leaveOpen is the option that skips an item.
const leaveOpen tr.Text = "Leave it open"

// plannedRequest is a request with its plan and the chosen option of each item, -1 for none.
type plannedRequest struct {
	incoming
	plan    []manager.CarryItem
	choices []int
}

// carryDialog is the open dialog that carries out requests.
type carryDialog struct {
	screen  *Screen
	planned []*plannedRequest
	dialog  *dialogs.Dialog
	list    *fyne.Container
	intake  *intake
	slot    *background.Slot
}

// carry shows requests and their plans, and carries them out when the person confirms. Without an account it stores
// them until the sign-in.
func (d *Screen) carry(b batch) {
	if yes, pending := d.options.Actions.SignedIn(); !yes {
		d.waiting.requests = append(d.waiting.requests, b.requests...)
		d.waiting.remarks = append(d.waiting.remarks, b.remarks...)
		if !pending {
			d.askToSignIn()
		}
		return
	}
	c := &carryDialog{screen: d, list: rows(theme.Section), slot: d.options.Work.NewSlot()}
	c.intake = d.newIntake(wantsRequests, c.more)
	c.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Carry for another PC"),
		Subtitle: tr.T("Nothing is done before you press Carry out. You then get the answer to bring back."),
		Content: scrollPadded(rows(theme.Section, c.list, widget.NewSeparator(), bold(tr.T("Another request")),
			c.intake.object)),
		Width: handoutWidth,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(carryLabel), Default: true, OnTapped: c.submit},
		},
		OnClosed: func() { c.intake.close(); c.slot.Cancel() },
	})
	c.intake.dialog = c.dialog
	c.more(b)
}

// more adds further requests; other documents get a dialog of their own.
func (c *carryDialog) more(b batch) {
	c.intake.addRemarks(b.remarks)
	if len(b.others) > 0 {
		c.screen.route(batch{others: b.others})
	}
	for _, r := range b.requests {
		known := slices.IndexFunc(c.planned, func(l *plannedRequest) bool { return l.request.ID == r.request.ID })
		switch {
		case known < 0:
			c.planned = append(c.planned, &plannedRequest{incoming: r})
		case c.planned[known].dir == "" && sameDocument(c.planned[known].request, r.request):
			c.planned[known].incoming = r
		}
	}
	c.plan()
}

// plan asks the server for the plans of new requests.
func (c *carryDialog) plan() {
	var unplanned []*plannedRequest
	for _, l := range c.planned {
		if l.plan == nil {
			unplanned = append(unplanned, l)
		}
	}
	c.show()
	if len(unplanned) == 0 {
		return
	}
	c.dialog.SetBusy(tr.T("Asking the server what can be done…"), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (plans [][]manager.CarryItem, err error) {
		for _, l := range unplanned {
			plan, err := c.screen.options.Manager.PlanCarry(ctx, l.request)
			if err != nil {
				return plans, err
			}
			plans = append(plans, plan)
		}
		return plans, nil
	}, func(plans [][]manager.CarryItem, err error) {
		c.dialog.SetIdle()
		for i, plan := range plans {
			unplanned[i].plan = plan
			unplanned[i].choices = make([]int, len(plan))
			for n, item := range plan {
				if item.Refusal != nil {
					unplanned[i].choices[n] = -1
				}
			}
		}
		c.show()
		c.screen.options.Canvas.Unfocus() // Enter presses the button
		if err != nil {
			m := c.screen.options.Explain(err)
			if errors.Is(err, context.Canceled) {
				m = dialogs.Message{What: tr.T("Canceled."), Why: tr.T("What can be done was not asked for, and nothing was done.")}
			}
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: c.plan}
			c.dialog.SetError(m)
		}
	})
}

// show lists the requests with their items.
func (c *carryDialog) show() {
	c.list.RemoveAll()
	for _, l := range c.planned {
		c.list.Add(c.section(l))
	}
	c.list.Refresh()
	c.changed()
}

func (c *carryDialog) section(l *plannedRequest) fyne.CanvasObject {
	head := rows(0, bold(requestLine(l.request, c.screen)))
	if l.dir != "" {
		head.Add(muted(tr.T("File %s in %s", l.file, l.dir)))
	}
	all := rows(theme.Margin, head)
	for n, item := range l.request.Items {
		one := rows(4, plain(itemText(item)))
		switch {
		case l.plan == nil:
			one.Add(muted(tr.T("What can be done is not known yet.")))
		default:
			c.item(one, l, n)
		}
		badge := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Gap),
			container.NewVBox(theme.NewBadge(fmt.Sprint(n+1), theme.Accent)))
		all.Add(container.NewBorder(nil, nil, badge, nil, one))
	}
	return all
}

// item adds the options of an item, or its refusal.
func (c *carryDialog) item(one *fyne.Container, l *plannedRequest, n int) {
	item := l.plan[n]
	if item.Refusal != nil {
		m := c.screen.options.Explain(item.Refusal)
		one.Add(dialogs.Notice(theme.Warning,
			dialogs.Message{
				What: tr.T("This cannot be done now."),
				Why:  strings.TrimSpace(m.Why),
				Next: tr.T("The answer tells it to the other PC."),
			}))
		return
	}
	var labels []string
	var refused []string
	for _, o := range item.Options {
		if o.Refusal != nil {
			refused = append(refused, tr.T("%s: %s", optionText(o), c.screen.options.Explain(o.Refusal).Why))
			continue
		}
		labels = append(labels, optionText(o))
	}
	labels = append(labels, tr.T(leaveOpen))
	about := widget.NewLabel("")
	about.Wrapping, about.Importance = fyne.TextWrapWord, widget.LowImportance
	aboutLine := theme.Unpadded(about)
	choice := dialogs.NewSelect(labels, nil)
	follow := func() {
		at := choice.SelectedIndex()
		l.choices[n] = at
		text := ""
		if at >= 0 && at < len(labels)-1 {
			text = optionDetail(item.Options[at])
		} else {
			l.choices[n] = -1
			text = tr.T("The other PC gets no answer for this program yet; the request can be carried once more.")
		}
		about.SetText(text)
		aboutLine.Hidden = text == ""
		c.changed()
	}
	selected := l.choices[n]
	if selected < 0 {
		selected = len(labels) - 1
	}
	choice.Selected = labels[selected]
	choice.OnChanged = func(string) { follow() }
	one.Add(choice)
	one.Add(aboutLine)
	for _, text := range refused {
		one.Add(muted(tr.T("Not possible: %s", text)))
	}
	follow()
}

// itemText returns the sentence about what an item asks for.
func itemText(i carry.Item) string {
	name := programName(i.Program, i.Signature)
	switch i.Task {
	case carry.TaskRemove:
		return tr.T("%s: hands in the removal code of its license, Site code %s.", name, i.Codes.Site)
	case carry.TaskTransfer:
		if i.Note != "" {
			return tr.T("%s: asks for the license of another PC, with that PC's removal code “%s”. Site code %s.", name, i.Note,
				i.Codes.Site)
		}
		return tr.T("%s: asks for the license of another PC, with that PC's removal code. Site code %s.", name, i.Codes.Site)
	}
	if i.Note != "" {
		return tr.T("%s: asks for a license “%s”. Site code %s.", name, i.Note, i.Codes.Site)
	}
	return tr.T("%s: asks for a license. Site code %s.", name, i.Codes.Site)
}

// optionText returns the label of an option, unique within its item.
func optionText(o manager.CarryOption) string {
	which := tr.T("license %d", o.License.ID)
	if o.License.Note != "" {
		which = tr.T("license %d “%s”", o.License.ID, o.License.Note)
	}
	switch o.Action {
	case manager.CarryHave:
		return tr.T("Bring %s, which the PC has already", which)
	case manager.CarryReactivate:
		return tr.T("Bring back %s of order %d", which, o.Order.ID)
	case manager.CarryTransfer:
		return tr.T("Transfer %s of order %d", which, o.Order.ID)
	case manager.CarryRemove:
		return tr.T("Remove %s of order %d", which, o.Order.ID)
	case manager.CarryRemoved:
		return tr.T("Tell that %s has been removed", which)
	}
	return tr.T("New license of order %d (%d of %d left)", o.Order.ID, o.Order.LicensesTotal-o.Order.LicensesActivated,
		o.Order.LicensesTotal)
}

// optionDetail returns the explanation of an option, or "".
func optionDetail(o manager.CarryOption) string {
	switch o.Action {
	case manager.CarryReactivate:
		return comparisonText(o.Comparison)
	case manager.CarryNew:
		return tr.T("One license of the order is used.")
	case manager.CarryTransfer:
		if o.License.ReleasedAt != nil {
			return tr.T("It was released by its old PC and waits for another one.")
		}
		return tr.T("The server tells whether the removal code belongs to it.")
	case manager.CarryRemove:
		return tr.T("The order has one license more to activate afterwards.")
	case manager.CarryHave, manager.CarryRemoved:
		return tr.T("It was done before; nothing is done twice.")
	}
	return ""
}

// comparisonText describes the comparison of a PC with that of a license.
func comparisonText(c license.Comparison) string {
	var different []string
	for _, l := range c.Locks {
		if l.Differs {
			different = append(different, words.Lock(l.Lock))
		}
	}
	text := tr.N(c.Count(license.Same), "The PC is recognized: %d lock is the same",
		"The PC is recognized: %d locks are the same")
	if len(different) > 0 {
		text = tr.T("%s, different: %s", text, words.List(different))
	}
	if c.HardwareChanges > 0 {
		text = tr.T("%s; %d of %s", text, c.HardwareChanges, words.AllowedChanges(c.MaxHardwareChanges))
	}
	return tr.T("%s. No license is used.", text)
}

// pendingItems counts the items that will get a result; known is false while a plan is missing.
func (c *carryDialog) pendingItems() (count int, known bool) {
	known = len(c.planned) > 0
	for _, l := range c.planned {
		known = known && l.plan != nil
		for n, item := range l.plan {
			if l.choices[n] >= 0 || item.Refusal != nil {
				count++
			}
		}
	}
	return count, known
}

func (c *carryDialog) changed() {
	count, known := c.pendingItems()
	reason := ""
	if known && count == 0 {
		reason = tr.T("Choose what is to be done for at least one program.")
	}
	c.dialog.SetButton(tr.T(carryLabel), known && count > 0, reason)
}

func (c *carryDialog) submit() {
	total, known := c.pendingItems()
	if !known || total == 0 {
		return
	}
	planned := c.planned
	text := func(done int) string { return tr.T("Carrying out %d of %d…", min(done+1, total), total) }
	c.dialog.SetBusy(text(0), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (answers []carry.Answer, err error) {
		previous := 0
		for _, l := range planned {
			a, err := c.screen.options.Manager.CarryOut(ctx, l.request, l.plan, l.choices, func(count int) {
				done := previous + count
				c.screen.options.Work.Do(func() { c.dialog.SetBusyText(text(done)) })
			})
			previous += len(a.Results)
			answers = append(answers, a)
			if err != nil {
				return answers, err
			}
		}
		return answers, nil
	}, func(answers []carry.Answer, err error) {
		c.dialog.SetIdle()
		c.dialog.Close()
		c.screen.options.Actions.OrdersChanged()
		c.screen.showCarried(planned, c.intake.remarks, answers, err)
	})
}

// carriedText returns the outcome of an item.
func carriedText(r carry.Result, d *Screen) (theme.Tone, dialogs.Message) {
	name := programName(r.Program, r.Signature)
	switch r.Outcome {
	case carry.OutcomeLicense:
		if f, err := r.File(); err == nil {
			return theme.Good, dialogs.Message{
				What: tr.T("%s: its license file is in the answer.", name),
				Why:  words.Sentence(licenseText(f, d)),
			}
		}
		return theme.Good, dialogs.Message{What: tr.T("%s: its license file is in the answer.", name)}
	case carry.OutcomeDone:
		return theme.Good, dialogs.Message{What: tr.T("%s: the removal code was accepted.", name)}
	}
	m := d.options.Explain(api.NewProblem(api.Code(r.Code), r.Sentence))
	m.What = tr.T("%s: %s", name, lower(m.What))
	return theme.Bad, m
}
