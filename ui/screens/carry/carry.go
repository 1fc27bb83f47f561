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

const carrying tr.Text = "Carry out"

// leaveOpen is the choice that does nothing for an item.
const leaveOpen tr.Text = "Leave it open"

// load is one request with what can be done for it.
type load struct {
	incoming
	plan    []manager.CourierItem
	choices []int
}

// carriage is the open dialog in which requests are carried out.
type carriage struct {
	screen *Screen
	loads  []*load
	dialog *dialogs.Dialog
	list   *fyne.Container
	intake *intake
	slot   *background.Slot
}

// carry shows what requests ask for and what would be done, and does it when the person says so.
func (d *Screen) carry(h batch) {
	if yes, soon := d.options.Actions.SignedIn(); !yes {
		d.waiting.requests = append(d.waiting.requests, h.requests...)
		d.waiting.remarks = append(d.waiting.remarks, h.remarks...)
		if !soon {
			d.askToSignIn()
		}
		return
	}
	c := &carriage{screen: d, list: rows(theme.Section), slot: d.options.Work.NewSlot()}
	c.intake = d.newIntake(wantsRequests, c.more)
	c.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Carry for another PC"),
		Subtitle: tr.T("Nothing is done before you press Carry out. You then get the answer to bring back."),
		Content:  beside(rows(theme.Section, c.list, widget.NewSeparator(), bold(tr.T("Another request")), c.intake.object)),
		Width:    wide,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(carrying), Default: true, OnTapped: c.submit},
		},
		OnClosed: func() { c.intake.close(); c.slot.Cancel() },
	})
	c.intake.dialog = c.dialog
	c.more(h)
}

// more takes in further requests; an answer among them gets its own dialog afterwards.
func (c *carriage) more(h batch) {
	c.intake.remark(h.remarks)
	if len(h.others) > 0 {
		c.screen.route(batch{others: h.others})
	}
	for _, r := range h.requests {
		known := slices.IndexFunc(c.loads, func(l *load) bool { return l.request.ID == r.request.ID })
		switch {
		case known < 0:
			c.loads = append(c.loads, &load{incoming: r})
		case c.loads[known].dir == "" && sameDocument(c.loads[known].request, r.request):
			c.loads[known].incoming = r
		}
	}
	c.plan()
}

// plan asks the server for what can be done for the requests that have come since.
func (c *carriage) plan() {
	var fresh []*load
	for _, l := range c.loads {
		if l.plan == nil {
			fresh = append(fresh, l)
		}
	}
	c.show()
	if len(fresh) == 0 {
		return
	}
	c.dialog.SetBusy(tr.T("Asking the server what can be done…"), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (plans [][]manager.CourierItem, err error) {
		for _, l := range fresh {
			plan, err := c.screen.options.Manager.PlanCourier(ctx, l.request)
			if err != nil {
				return plans, err
			}
			plans = append(plans, plan)
		}
		return plans, nil
	}, func(plans [][]manager.CourierItem, err error) {
		c.dialog.SetIdle()
		for i, plan := range plans {
			fresh[i].plan = plan
			fresh[i].choices = make([]int, len(plan))
			for n, item := range plan {
				if item.Refusal != nil {
					fresh[i].choices[n] = -1
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
func (c *carriage) show() {
	c.list.RemoveAll()
	for _, l := range c.loads {
		c.list.Add(c.section(l))
	}
	c.list.Refresh()
	c.changed()
}

func (c *carriage) section(l *load) fyne.CanvasObject {
	head := rows(0, bold(requestLine(l.request, c.screen)))
	if l.dir != "" {
		head.Add(muted(tr.T("File %s in %s", l.file, l.dir)))
	}
	all := rows(theme.Margin, head)
	for n, item := range l.request.Items {
		one := rows(4, plain(asks(item)))
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

// item adds what will be done for an item, with the choice where there is one.
func (c *carriage) item(one *fyne.Container, l *load, n int) {
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
	aboutLine := theme.Tight(about)
	choice := dialogs.NewSelect(labels, nil)
	follow := func() {
		at := choice.SelectedIndex()
		l.choices[n] = at
		text := ""
		if at >= 0 && at < len(labels)-1 {
			text = optionAbout(item.Options[at])
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

// asks says what an item asks for.
func asks(i carry.Item) string {
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

// optionText is what an option does, in a few words; it differs from those of the others.
func optionText(o manager.CourierOption) string {
	which := tr.T("license %d", o.License.ID)
	if o.License.Note != "" {
		which = tr.T("license %d “%s”", o.License.ID, o.License.Note)
	}
	switch o.Action {
	case manager.CourierHave:
		return tr.T("Bring %s, which the PC has already", which)
	case manager.CourierReactivate:
		return tr.T("Bring back %s of order %d", which, o.Order.ID)
	case manager.CourierTransfer:
		return tr.T("Transfer %s of order %d", which, o.Order.ID)
	case manager.CourierRemove:
		return tr.T("Remove %s of order %d", which, o.Order.ID)
	case manager.CourierRemoved:
		return tr.T("Tell that %s has been removed", which)
	}
	return tr.T("New license of order %d (%d of %d left)", o.Order.ID, o.Order.LicensesTotal-o.Order.LicensesActivated,
		o.Order.LicensesTotal)
}

// optionAbout says more of an option; "" when there is nothing.
func optionAbout(o manager.CourierOption) string {
	switch o.Action {
	case manager.CourierReactivate:
		return compared(o.Comparison)
	case manager.CourierNew:
		return tr.T("One license of the order is used.")
	case manager.CourierTransfer:
		if o.License.ReleasedAt != nil {
			return tr.T("It was released by its old PC and waits for another one.")
		}
		return tr.T("The server tells whether the removal code belongs to it.")
	case manager.CourierRemove:
		return tr.T("The order has one license more to activate afterwards.")
	case manager.CourierHave, manager.CourierRemoved:
		return tr.T("It was done before; nothing is done twice.")
	}
	return ""
}

// compared says in words how a PC compares with the one that a license was made for.
func compared(c license.Comparison) string {
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

// todo counts the items for which something is done or told.
func (c *carriage) todo() (count int, known bool) {
	known = len(c.loads) > 0
	for _, l := range c.loads {
		known = known && l.plan != nil
		for n, item := range l.plan {
			if l.choices[n] >= 0 || item.Refusal != nil {
				count++
			}
		}
	}
	return count, known
}

func (c *carriage) changed() {
	count, known := c.todo()
	reason := ""
	if known && count == 0 {
		reason = tr.T("Choose what is to be done for at least one program.")
	}
	c.dialog.SetButton(tr.T(carrying), known && count > 0, reason)
}

func (c *carriage) submit() {
	total, known := c.todo()
	if !known || total == 0 {
		return
	}
	loads := c.loads
	text := func(done int) string { return tr.T("Carrying out %d of %d…", min(done+1, total), total) }
	c.dialog.SetBusy(text(0), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (answers []carry.Answer, err error) {
		before := 0
		for _, l := range loads {
			a, err := c.screen.options.Manager.CarryOut(ctx, l.request, l.plan, l.choices, func(count int) {
				done := before + count
				c.screen.options.Work.Do(func() { c.dialog.SetBusyText(text(done)) })
			})
			before += len(a.Results)
			answers = append(answers, a)
			if err != nil {
				return answers, err
			}
		}
		return answers, nil
	}, func(answers []carry.Answer, err error) {
		c.dialog.SetIdle()
		c.dialog.Close()
		c.screen.options.Actions.Carried()
		c.screen.showCarried(loads, c.intake.remarks, answers, err)
	})
}

// carriedText says what became of an item.
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
