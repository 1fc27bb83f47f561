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

const savingAll tr.Text = "Save all answers in the folder"

// carried is the open dialog with what became of requests.
type carried struct {
	screen   *Screen
	loads    []*load
	remarks  []remark
	answers  []carry.Answer // of the first loads; one without results is none
	dialog   *dialogs.Dialog
	handouts []*handout
	files    *fyne.Container // what became of each file of a folder
	slot     *background.Slot
}

// showCarried lists what became of the requests, with the answers to bring back; err is what ended it early.
func (d *Screen) showCarried(loads []*load, remarks []remark, answers []carry.Answer, err error) {
	c := &carried{
		screen:  d,
		loads:   loads,
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
	whole := c.count(func(*load) bool { return true })
	if whole > 1 {
		title, subtitle = tr.T("Bring the answers back"), tr.T("Each to the PC that asked: the file, a photograph of each "+
			"picture, or the text. The license files hold a secret of their PC, so give them to nobody else.")
	}
	if whole == 0 {
		title, subtitle = tr.T("There is no answer yet"), ""
	}
	toSave := c.count(func(l *load) bool { return l.dir != "" })
	if c.fromFolder() {
		c.showFiles(nil)
		box := rows(theme.Margin, bold(tr.T("What became of the files")), c.files)
		if toSave > 0 {
			box.Add(muted(tr.T("Each answer is saved beside its request, and no file is written over: an answer that lies " +
				"there already with the same results stays; " +
				"beside one with other results, the new one gets a number.")))
		}
		if len(remarks) > 0 {
			box.Add(rows(2, passedOver(remarks)...))
		}
		list.Add(box)
		if whole > 0 {
			list.Add(widget.NewSeparator())
		}
	}
	for i, a := range answers {
		if len(a.Results) > 0 {
			list.Add(c.section(loads[i], a, whole == 1))
		}
	}
	buttons := []dialogs.Button{{Text: tr.T("Close"), Default: err == nil && toSave == 0, Cancel: true}}
	if toSave > 0 {
		buttons = append(buttons, dialogs.Button{Text: tr.T(savingAll), Default: err == nil, OnTapped: c.save})
	}
	if err != nil {
		buttons = append(buttons, dialogs.Button{Text: tr.T("Carry once more"), Default: true, OnTapped: c.again})
	}
	c.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    title,
		Subtitle: subtitle,
		Content:  beside(list),
		Width:    wide,
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

func (c *carried) again() {
	c.dialog.Close()
	h := batch{remarks: c.remarks}
	for _, l := range c.loads {
		h.requests = append(h.requests, l.incoming)
	}
	c.screen.carry(h)
}

// answer is that to a request, if there is one.
func (c *carried) answer(n int) (carry.Answer, bool) {
	if n >= len(c.answers) || len(c.answers[n].Results) == 0 {
		return carry.Answer{}, false
	}
	return c.answers[n], true
}

// count counts the requests of a kind that have an answer.
func (c *carried) count(of func(*load) bool) (count int) {
	for n, l := range c.loads {
		if _, ok := c.answer(n); ok && of(l) {
			count++
		}
	}
	return count
}

// fromFolder reports whether a request came from a folder.
func (c *carried) fromFolder() bool {
	for _, l := range c.loads {
		if l.dir != "" {
			return true
		}
	}
	return false
}

// section is one answer with its results and the ways to take it along.
func (c *carried) section(l *load, a carry.Answer, open bool) fyne.CanvasObject {
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

// saved is how the saving of an answer went.
type saved struct {
	folder.Written
	err error
}

// showFiles lists the files of folders with what became of them; of some it is known how the saving went.
func (c *carried) showFiles(outcomes map[int]saved) {
	c.files.RemoveAll()
	for n, l := range c.loads {
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
			said, all := results(a, len(l.request.Items))
			if text = said + " " + text; tone == theme.Good && !all {
				tone = theme.Warning
			}
		}
		c.files.Add(dialogs.Notice(tone, dialogs.Message{What: l.file, Why: text}))
	}
	c.files.Refresh()
}

func (c *carried) savedText(s saved) (theme.Tone, string) {
	switch {
	case s.err != nil:
		m := c.screen.explain(s.err)
		return theme.Bad, strings.Join(strings.Fields(tr.T("The answer could not be saved. %s %s", m.Why, m.Next)), " ")
	case s.Kept:
		return theme.Good, tr.T("%s lies there already with the same results, and stays as it is.", s.Name)
	case s.Other != "":
		return theme.Good, tr.T("Saved as %s. %s was there already with other content, and stays as it is.", s.Name, s.Other)
	}
	return theme.Good, tr.T("Saved as %s.", s.Name)
}

// results counts what is in an answer to a request with so many items; all tells that each got what it asked for.
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

// save writes the answers beside their requests.
func (c *carried) save() {
	c.dialog.SetBusy(tr.T("Saving the answers…"), c.slot.Interrupt)
	background.Run(c.slot, func(ctx context.Context) (map[int]saved, error) {
		outcomes := map[int]saved{}
		for n, l := range c.loads {
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
			c.dialog.SetButtonLabel(tr.T(savingAll), tr.T("Saved"))
			c.dialog.SetButton(tr.T(savingAll), false, "")
		}
	})
}
