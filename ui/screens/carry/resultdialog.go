package carry

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/carry/folder"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const saveAllLabel tr.Text = "Save all answers in the folder"

// resultDialog is the open dialog with the answers to carried requests.
type resultDialog struct {
	screen   *Screen
	planned  []*plannedRequest
	remarks  []remark
	answers  []carry.Answer // parallel to planned, possibly shorter; one without results is no answer
	dialog   *dialogs.Dialog
	handouts []*handout
	files    *fyne.Container // a line for each file of a folder
	slot     *background.Slot
}

// showCarried shows the outcome of requests and the answers to bring back; err is why the rest was not carried out.
func (d *Screen) showCarried(planned []*plannedRequest, remarks []remark, answers []carry.Answer, err error) {
	c := &resultDialog{
		screen:  d,
		planned: planned,
		remarks: remarks,
		answers: answers,
		files:   rows(theme.Gap),
		slot:    d.options.Work.NewSlot(),
	}
	list := rows(theme.Section)
	if err != nil {
		m := d.options.Explain(err)
		if errors.Is(err, context.Canceled) {
			m = dialogs.Message{What: tr.T("Canceled before all was done.")}
		}
		m.Next = tr.T("Carry it once more for the rest. What is done already is not done twice, and no license is lost.")
		list.Add(dialogs.Notice(theme.Warning, m))
	}
	title, subtitle := tr.T("Bring the answer back"), tr.T("To the PC that asked: the file, a photograph of each "+
		"picture, or the text. Its license files hold a secret of their PC, so give them to nobody else.")
	answered := c.count(func(*plannedRequest) bool { return true })
	if answered > 1 {
		title, subtitle = tr.T("Bring the answers back"), tr.T("Each to the PC that asked: the file, a photograph of each "+
			"picture, or the text. The license files hold a secret of their PC, so give them to nobody else.")
	}
	if answered == 0 {
		title, subtitle = tr.T("There is no answer yet"), ""
	}
	toSave := c.count(func(l *plannedRequest) bool { return l.dir != "" })
	if c.fromFolder() {
		c.showFiles(nil)
		box := rows(theme.Margin, bold(tr.T("What became of the files")), c.files)
		if toSave > 0 {
			box.Add(muted(tr.T("Each answer is saved beside its request, and no file is written over: an answer that lies " +
				"there already with the same results stays; beside one with other results, the new one gets a number.")))
		}
		if len(remarks) > 0 {
			box.Add(rows(2, remarkLines(remarks)...))
		}
		list.Add(box)
		if answered > 0 {
			list.Add(widget.NewSeparator())
		}
	}
	for i, a := range answers {
		if len(a.Results) > 0 {
			list.Add(c.section(planned[i], a, answered == 1))
		}
	}
	buttons := []dialogs.Button{{Text: tr.T("Close"), Default: err == nil && toSave == 0, Cancel: true}}
	if toSave > 0 {
		buttons = append(buttons, dialogs.Button{Text: tr.T(saveAllLabel), Default: err == nil, OnTapped: c.save})
	}
	if err != nil {
		buttons = append(buttons, dialogs.Button{Text: tr.T("Carry once more"), Default: true, OnTapped: c.retry})
	}
	c.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    title,
		Subtitle: subtitle,
		Content:  scrollPadded(list),
		Width:    handoutWidth,
		Buttons:  buttons,
		OnClosed: func() {
			c.slot.Cancel()
			for _, h := range c.handouts {
				h.close()
			}
		},
	})
	d.options.Canvas.Unfocus() // Enter presses the button
}

func (c *resultDialog) retry() {
	c.dialog.Close()
	b := batch{remarks: c.remarks}
	for _, l := range c.planned {
		b.requests = append(b.requests, l.incoming)
	}
	c.screen.carry(b)
}

// answer returns the answer to request n, if there is one.
func (c *resultDialog) answer(n int) (carry.Answer, bool) {
	if n >= len(c.answers) || len(c.answers[n].Results) == 0 {
		return carry.Answer{}, false
	}
	return c.answers[n], true
}

// count returns the number of matching requests that have an answer.
func (c *resultDialog) count(matches func(*plannedRequest) bool) (count int) {
	for n, l := range c.planned {
		if _, ok := c.answer(n); ok && matches(l) {
			count++
		}
	}
	return count
}

// fromFolder reports whether any request was read from a folder.
func (c *resultDialog) fromFolder() bool {
	for _, l := range c.planned {
		if l.dir != "" {
			return true
		}
	}
	return false
}

// section returns an answer with its results and the buttons to hand it out.
func (c *resultDialog) section(l *plannedRequest, a carry.Answer, open bool) fyne.CanvasObject {
	one := rows(theme.Gap, bold(tr.T("Answer for %s", requestLine(l.request, c.screen))))
	for _, r := range a.Results {
		one.Add(dialogs.Notice(carriedText(r, c.screen)))
	}
	if left := len(l.request.Items) - len(a.Results); left > 0 {
		one.Add(muted(tr.N(left, "%d program is left open.", "%d programs are left open.")))
	}
	h := c.screen.newHandout(a, open && l.dir == "", func(m dialogs.Message) { c.dialog.SetError(m) })
	c.handouts = append(c.handouts, h)
	one.Add(h.object)
	return one
}

// saved is the outcome of saving an answer.
type saved struct {
	folder.Written
	err error
}

// showFiles lists the files of folders with their outcomes, as far as they are known.
func (c *resultDialog) showFiles(outcomes map[int]saved) {
	c.files.RemoveAll()
	for n, l := range c.planned {
		if l.dir == "" {
			continue
		}
		a, ok := c.answer(n)
		tone, text := theme.Warning, tr.T("Nothing was done for it, and there is no answer.")
		if ok {
			tone, text = theme.Accent, tr.T("Its answer is not saved yet.")
			if s, done := outcomes[n]; done {
				tone, text = c.savedText(s)
			}
			summary, all := results(a, len(l.request.Items))
			if text = summary + " " + text; tone == theme.Good && !all {
				tone = theme.Warning
			}
		}
		c.files.Add(dialogs.Notice(tone, dialogs.Message{What: l.file, Why: text}))
	}
	c.files.Refresh()
}

func (c *resultDialog) savedText(s saved) (theme.Tone, string) {
	switch {
	case s.err != nil:
		m := c.screen.explain(s.err)
		return theme.Bad, strings.Join(strings.Fields(tr.T("The answer could not be saved. %s %s", m.Why, m.Next)), " ")
	case s.Unchanged:
		return theme.Good, tr.T("%s lies there already with the same results, and stays as it is.", s.Name)
	case s.Other != "":
		return theme.Good, tr.T("Saved as %s. %s was there already with other content, and stays as it is.", s.Name, s.Other)
	}
	return theme.Good, tr.T("Saved as %s.", s.Name)
}

// results summarizes an answer to a request with this number of items; all reports whether each succeeded.
func results(a carry.Answer, items int) (text string, all bool) {
	var licenses, done, refused int
	for _, r := range a.Results {
		switch r.Outcome {
		case carry.OutcomeLicense:
			licenses++
		case carry.OutcomeDone:
			done++
		default:
			refused++
		}
	}
	var parts []string
	for _, one := range []struct {
		count     int
		one, many tr.Text
	}{
		{licenses, "%d license file", "%d license files"}, {done, "%d removal code accepted", "%d removal codes accepted"},
		{refused, "%d refused", "%d refused"}, {items - len(a.Results), "%d left open", "%d left open"},
	} {
		if one.count > 0 {
			parts = append(parts, tr.N(one.count, one.one, one.many))
		}
	}
	return words.Sentence(words.List(parts)), licenses+done == items
}

// save saves the answers in the folders of their requests.
func (c *resultDialog) save() {
	c.dialog.SetBusy(tr.T("Saving the answers…"), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (map[int]saved, error) {
		outcomes := map[int]saved{}
		for n, l := range c.planned {
			a, ok := c.answer(n)
			if !ok || l.dir == "" {
				continue
			}
			if ctx.Err() != nil {
				return outcomes, ctx.Err()
			}
			w, err := folder.Write(l.dir, a)
			outcomes[n] = saved{w, err}
		}
		return outcomes, nil
	}, func(outcomes map[int]saved, err error) {
		c.dialog.SetIdle()
		c.showFiles(outcomes)
		failed := 0
		for _, s := range outcomes {
			if s.err != nil {
				failed++
			}
		}
		switch {
		case failed > 0:
			c.dialog.SetError(dialogs.Message{
				What: tr.T("%d of %s could not be saved.", failed, tr.N(len(outcomes), "%d answer", "%d answers")),
				Why:  tr.T("The list says why."),
				Next: tr.T("Put it right and save once more, or take the answer in another way."),
			})
		case err == nil:
			c.dialog.SetButtonLabel(tr.T(saveAllLabel), tr.T("Saved"))
			c.dialog.SetButton(tr.T(saveAllLabel), false, "")
		}
	})
}
