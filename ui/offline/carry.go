package offline

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
	"github.com/acen-desktop/acen/license/courier"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/background"
	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/words"
)

const carrying = "Carry out"

// leaveOpen is the choice that does nothing for an item.
const leaveOpen = "Leave it open"

// load is one request with what can be done for it.
type load struct {
	incoming
	plan    []manager.CourierItem
	choices []int
}

// carriage is the open dialog in which requests are carried out.
type carriage struct {
	desk   *Desk
	loads  []*load
	dialog *dialogs.Dialog
	list   *fyne.Container
	intake *intake
	slot   *background.Slot
}

// carry shows what requests ask for and what would be done, and does it when the person says so.
func (d *Desk) carry(h haul) {
	if yes, soon := d.options.SignedIn(); !yes {
		d.waiting.requests, d.waiting.remarks = append(d.waiting.requests, h.requests...), append(d.waiting.remarks, h.remarks...)
		if !soon {
			d.askToSignIn()
		}
		return
	}
	c := &carriage{desk: d, list: rows(theme.Section), slot: d.options.Work.NewSlot()}
	c.intake = d.newIntake(wantsRequests, c.more)
	c.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    "Carry for another PC",
		Subtitle: "Nothing is done before you press Carry out. You then get the answer to bring back.",
		Content:  beside(rows(theme.Section, c.list, widget.NewSeparator(), bold("Another request"), c.intake.object)),
		Width:    wide,
		Buttons:  []dialogs.Button{{Text: "Cancel", Cancel: true}, {Text: carrying, Default: true, OnTapped: c.submit}},
		OnClosed: func() { c.intake.close(); c.slot.Cancel() },
	})
	c.intake.dialog = c.dialog
	c.more(h)
}

// more takes in further requests; an answer among them gets its own dialog afterwards.
func (c *carriage) more(h haul) {
	c.intake.remark(h.remarks)
	if len(h.others) > 0 {
		c.desk.route(haul{others: h.others})
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
	c.dialog.SetBusy("Asking the server what can be done…", c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (plans [][]manager.CourierItem, err error) {
		for _, l := range fresh {
			plan, err := c.desk.options.Manager.PlanCourier(ctx, l.request)
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
		c.desk.options.Canvas.Unfocus() // Enter presses the button
		if err != nil {
			m := c.desk.options.Explain(err)
			if errors.Is(err, context.Canceled) {
				m = dialogs.Message{What: "Canceled.", Why: "What can be done was not asked for, and nothing was done."}
			}
			m.Action = &dialogs.Action{Label: "Try again", Do: c.plan}
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
	head := rows(0, bold(requestLine(l.request, c.desk)))
	if l.dir != "" {
		head.Add(muted(fmt.Sprintf("File %s in %s", l.file, l.dir)))
	}
	all := rows(theme.Margin, head)
	for n, item := range l.request.Items {
		one := rows(4, plain(asks(item)))
		switch {
		case l.plan == nil:
			one.Add(muted("What can be done is not known yet."))
		default:
			c.item(one, l, n)
		}
		badge := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Gap), container.NewVBox(theme.NewBadge(fmt.Sprint(n+1), theme.Accent)))
		all.Add(container.NewBorder(nil, nil, badge, nil, one))
	}
	return all
}

// item adds what will be done for an item, with the choice where there is one.
func (c *carriage) item(one *fyne.Container, l *load, n int) {
	item := l.plan[n]
	if item.Refusal != nil {
		m := c.desk.options.Explain(item.Refusal)
		one.Add(dialogs.Notice(theme.Warning, dialogs.Message{What: "This cannot be done now.", Why: strings.TrimSpace(m.Why), Next: "The answer tells it to the other PC."}))
		return
	}
	var labels []string
	var refused []string
	for _, o := range item.Options {
		if o.Refusal != nil {
			refused = append(refused, fmt.Sprintf("%s: %s", optionText(o), c.desk.options.Explain(o.Refusal).Why))
			continue
		}
		labels = append(labels, optionText(o))
	}
	labels = append(labels, leaveOpen)
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
			text = "The other PC gets no answer for this program yet; the request can be carried once more."
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
		one.Add(muted("Not possible: " + text))
	}
	follow()
}

// asks says what an item asks for.
func asks(i courier.Item) string {
	name := programName(i.Program, i.Signature)
	note := ""
	if i.Note != "" {
		note = fmt.Sprintf(" “%s”", i.Note)
	}
	switch i.Task {
	case courier.TaskRemove:
		return fmt.Sprintf("%s: hands in the removal code of its license, Site code %s.", name, i.Codes.Site)
	case courier.TaskTransfer:
		return fmt.Sprintf("%s: asks for the license of another PC, with that PC's removal code%s. Site code %s.", name, note, i.Codes.Site)
	}
	return fmt.Sprintf("%s: asks for a license%s. Site code %s.", name, note, i.Codes.Site)
}

// optionText is what an option does, in a few words; it differs from those of the others.
func optionText(o manager.CourierOption) string {
	which := fmt.Sprintf("license %d", o.License.ID)
	if o.License.Note != "" {
		which += fmt.Sprintf(" “%s”", o.License.Note)
	}
	switch o.Action {
	case manager.CourierHave:
		return fmt.Sprintf("Bring %s, which the PC has already", which)
	case manager.CourierReactivate:
		return fmt.Sprintf("Bring back %s of order %d", which, o.Order.ID)
	case manager.CourierTransfer:
		return fmt.Sprintf("Transfer %s of order %d", which, o.Order.ID)
	case manager.CourierRemove:
		return fmt.Sprintf("Remove %s of order %d", which, o.Order.ID)
	case manager.CourierRemoved:
		return fmt.Sprintf("Tell that %s has been removed", which)
	}
	return fmt.Sprintf("New license of order %d (%d of %d left)", o.Order.ID, o.Order.LicensesTotal-o.Order.LicensesActivated, o.Order.LicensesTotal)
}

// optionAbout says more of an option; "" when there is nothing.
func optionAbout(o manager.CourierOption) string {
	switch o.Action {
	case manager.CourierReactivate:
		return compared(o.Comparison)
	case manager.CourierNew:
		return "One license of the order is used."
	case manager.CourierTransfer:
		if o.License.ReleasedAt != nil {
			return "It was released by its old PC and waits for another one."
		}
		return "The server tells whether the removal code belongs to it."
	case manager.CourierRemove:
		return "The order has one license more to activate afterwards."
	case manager.CourierHave, manager.CourierRemoved:
		return "It was done before; nothing is done twice."
	}
	return ""
}

// compared says in words how a PC compares with the one that a license was made for.
func compared(c license.Comparison) string {
	var changed []string
	for _, l := range c.Locks {
		if l.State != license.Same && !l.Absent {
			changed = append(changed, words.Lock(l.Lock))
		}
	}
	text := fmt.Sprintf("The PC is recognized: %s the same", words.Count(c.Count(license.Same), "lock is", "locks are"))
	if len(changed) > 0 {
		text += ", changed: " + strings.Join(changed, ", ")
	}
	if c.HardwareChanges > 0 {
		text += fmt.Sprintf("; %d of %s", c.HardwareChanges, words.Count(c.MaxHardwareChanges, "allowed hardware change", "allowed hardware changes"))
	}
	return text + ". No license is used."
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
		reason = "Choose what is to be done for at least one program."
	}
	c.dialog.SetButton(carrying, known && count > 0, reason)
}

func (c *carriage) submit() {
	total, known := c.todo()
	if !known || total == 0 {
		return
	}
	loads := c.loads
	text := func(done int) string { return fmt.Sprintf("Carrying out %d of %d…", min(done+1, total), total) }
	c.dialog.SetBusy(text(0), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (answers []courier.Answer, err error) {
		before := 0
		for _, l := range loads {
			a, err := c.desk.options.Manager.CarryOut(ctx, l.request, l.plan, l.choices, func(count int) {
				done := before + count
				c.desk.options.Work.Do(func() { c.dialog.SetBusyText(text(done)) })
			})
			before += len(a.Results)
			answers = append(answers, a)
			if err != nil {
				return answers, err
			}
		}
		return answers, nil
	}, func(answers []courier.Answer, err error) {
		c.dialog.SetIdle()
		c.dialog.Close()
		c.desk.options.OnCarried()
		c.desk.showCarried(loads, c.intake.remarks, answers, err)
	})
}

// carriedText says what became of an item.
func carriedText(r courier.Result, d *Desk) (theme.Tone, dialogs.Message) {
	name := programName(r.Program, r.Signature)
	switch r.Outcome {
	case courier.OutcomeLicense:
		if f, err := r.File(); err == nil {
			return theme.Good, dialogs.Message{What: name + ": its license file is in the answer.", Why: capital(licenseText(f, d)) + "."}
		}
		return theme.Good, dialogs.Message{What: name + ": its license file is in the answer."}
	case courier.OutcomeDone:
		return theme.Good, dialogs.Message{What: name + ": the removal code was accepted."}
	}
	m := d.options.Explain(api.NewProblem(api.Code(r.Code), r.Sentence))
	m.What = fmt.Sprintf("%s: %s", name, lower(m.What))
	return theme.Bad, m
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
