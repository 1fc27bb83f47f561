package carry

import (
	"context"
	"errors"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
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

const putLabel tr.Text = "Put on this PC"

// takeDialog is the open dialog that takes answers and license files.
type takeDialog struct {
	screen *Screen
	docs   []carry.Document
	dialog *dialogs.Dialog
	list   *fyne.Container
	intake *intake
	slot   *background.Slot
}

// take shows answers and license files, and takes them when the person confirms.
func (d *Screen) take(b batch) {
	t := &takeDialog{screen: d, list: rows(theme.Section), slot: d.options.Work.NewSlot()}
	t.intake = d.newIntake(wantsAnswers, t.more)
	t.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("Take what the courier brought?"),
		Subtitle: tr.T("Each license file is checked, and put where its program on this PC finds it. Nothing else changes."),
		Content: scrollPadded(rows(theme.Section, t.list, widget.NewSeparator(), bold(tr.T("Another answer")),
			t.intake.object)),
		Width: 680,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(putLabel), Default: true, OnTapped: t.submit},
		},
		OnClosed: func() { t.intake.close(); t.slot.Cancel() },
	})
	t.intake.dialog = t.dialog
	t.more(b)
	d.options.Canvas.Unfocus() // Enter presses the button
}

// more adds further documents; requests get a dialog of their own.
func (t *takeDialog) more(b batch) {
	t.intake.addRemarks(b.remarks)
	t.add(b.others)
	if len(b.requests) > 0 {
		t.screen.route(batch{requests: b.requests})
	}
}

func (t *takeDialog) add(docs []carry.Document) {
	for _, doc := range docs {
		if !t.has(doc) {
			t.docs = append(t.docs, doc)
		}
	}
	t.list.RemoveAll()
	label := tr.T("Take the answer")
	for _, doc := range t.docs {
		t.list.Add(preview(doc, t.screen))
		if hasLicense(doc) {
			label = tr.T(putLabel)
		}
	}
	t.list.Refresh()
	t.dialog.SetButtonLabel(tr.T(putLabel), label)
}

// has reports whether the dialog has an equal document.
func (t *takeDialog) has(doc carry.Document) bool {
	return slices.ContainsFunc(t.docs, func(known carry.Document) bool { return sameDocument(known, doc) })
}

// sameDocument reports whether two documents have the same encoding.
func sameDocument(a, b carry.Document) bool {
	one, oneErr := carry.Encode(a)
	other, otherErr := carry.Encode(b)
	return oneErr == nil && otherErr == nil && string(one) == string(other)
}

func hasLicense(doc carry.Document) bool {
	a, ok := doc.(carry.Answer)
	if !ok {
		return true
	}
	for _, r := range a.Results {
		if r.Outcome == carry.OutcomeLicense {
			return true
		}
	}
	return false
}

// preview describes an answer or a license file.
func preview(doc carry.Document, d *Screen) fyne.CanvasObject {
	switch doc := doc.(type) {
	case carry.Answer:
		head := tr.T("Answer to request %s", doc.Request)
		if doc.Server != "" {
			head = tr.T("%s from %s", head, doc.Server)
		}
		all := rows(theme.Gap, bold(head))
		for _, r := range doc.Results {
			all.Add(indented(plain(tr.T("%s: %s", programName(r.Program, r.Signature), resultPreview(r, d)))))
		}
		return all
	case carry.License:
		f, err := doc.File()
		if err != nil {
			return plain(d.options.Explain(err).What)
		}
		return rows(theme.Gap,
			bold(tr.T("License file for %s", programName(carry.Clean(f.ProgramName, carry.MaxName), f.Signature))),
			indented(plain(licenseText(f, d))))
	}
	return plain("")
}

func resultPreview(r carry.Result, d *Screen) string {
	switch r.Outcome {
	case carry.OutcomeLicense:
		if f, err := r.File(); err == nil {
			return licenseText(f, d)
		}
		return tr.T("a license file")
	case carry.OutcomeDone:
		return tr.T("the removal code was accepted")
	}
	return tr.T("refused. %s", d.options.Explain(api.NewProblem(api.Code(r.Code), r.Sentence)).Why)
}

func licenseText(f license.File, d *Screen) string {
	text := tr.T("license %d of order %d", f.ID, f.Order)
	if note := carry.Clean(f.Note, carry.MaxNote); note != "" {
		text = tr.T("%s, “%s”", text, note)
	}
	if !f.Expires.IsZero() {
		text = tr.T("%s, ends %s", text, words.Expiry(&f.Expires, d.options.Now()))
	}
	return tr.T("%s, for the Site code %s", text, f.Codes.Site)
}

// outcome is the result of taking documents.
type outcome struct {
	taken    []manager.TakenResult
	mismatch bool // an answer does not belong to its request
	open     int  // items of requests without a result
}

// takeAll takes documents. Not on the UI thread.
func (d *Screen) takeAll(ctx context.Context, docs []carry.Document) (o outcome, err error) {
	requests, err := d.options.Manager.Requests(ctx)
	if err != nil {
		return o, err
	}
	for _, doc := range docs {
		switch doc := doc.(type) {
		case carry.Answer:
			for _, r := range requests {
				if r.ID == doc.Request {
					o.mismatch = o.mismatch || doc.CheckRequest(r) != nil
					o.open += max(0, len(r.Items)-len(doc.Results))
				}
			}
			list, err := d.options.Manager.ReadAnswer(ctx, doc)
			o.taken = append(o.taken, list...)
			if err != nil {
				return o, err
			}
		case carry.License:
			f, unproven, err := d.options.Manager.InstallLicense(ctx, string(doc))
			if errors.Is(err, manager.ErrStorage) || ctx.Err() != nil {
				return o, err
			}
			one := manager.TakenResult{
				Result:   carry.Result{Outcome: carry.OutcomeLicense, Task: carry.TaskActivate},
				License:  &f,
				Unproven: unproven,
				Err:      err,
			}
			if err != nil {
				if f, err = doc.File(); err != nil {
					return o, err
				}
			}
			one.Result.Signature, one.Result.Program = f.Signature, carry.Clean(f.ProgramName, carry.MaxName)
			o.taken = append(o.taken, one)
		}
	}
	return o, nil
}

func (t *takeDialog) submit() {
	t.dialog.SetBusy(tr.T("Checking and putting in place…"), t.slot.Interrupt)
	background.Run(t.slot, func(ctx context.Context) (outcome, error) { return t.screen.takeAll(ctx, t.docs) },
		func(o outcome, err error) {
			t.dialog.SetIdle()
			if len(o.taken) > 0 {
				t.screen.options.Actions.PCLicensesChanged()
			}
			if err != nil && len(o.taken) == 0 {
				if !errors.Is(err, context.Canceled) {
					t.dialog.SetError(t.screen.options.Explain(err))
				}
				return
			}
			t.dialog.Close()
			t.screen.showTaken(o, err, func() { t.screen.take(batch{others: t.docs, remarks: t.intake.remarks}) })
		})
}

// showTaken shows the outcome; err is why the rest was not taken.
func (d *Screen) showTaken(o outcome, err error, retry func()) {
	list := rows(theme.Gap)
	var dialog *dialogs.Dialog
	if err != nil {
		m := d.options.Explain(err)
		m.Next = strings.TrimSpace(m.Next + " " + tr.T("What is done already is not done twice."))
		m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: func() { dialog.Close(); retry() }}
		list.Add(dialogs.Notice(theme.Bad, m))
	}
	if o.mismatch {
		list.Add(dialogs.Notice(theme.Warning,
			dialogs.Message{
				What: tr.T("The answer does not fit the request of this PC."),
				Why:  tr.T("It names other programs or other codes."),
				Next: tr.T("What was put in place was checked all the same."),
			}))
	}
	for _, t := range o.taken {
		list.Add(dialogs.Notice(takenText(t, d)))
	}
	if o.open > 0 {
		list.Add(muted(tr.N(o.open,
			"%d program of the request had no answer yet. The request stays here: have it carried once more. What is done "+
				"already is not done twice.",
			"%d programs of the request had no answer yet. The request stays here: have it carried once more. What is done "+
				"already is not done twice.")))
	}
	dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:   tr.T("What became of it"),
		Content: list,
		Width:   620,
		Buttons: []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	})
}

// takenText returns the outcome of one result, with the next step.
func takenText(t manager.TakenResult, d *Screen) (theme.Tone, dialogs.Message) {
	name := programName(t.Result.Program, t.Result.Signature)
	about := func(m dialogs.Message) dialogs.Message {
		m.What = tr.T("%s: %s", name, lower(m.What))
		return m
	}
	switch {
	case errors.Is(t.Err, license.ErrOlderVersion):
		return theme.Bad, about(d.options.Explain(t.Err))
	case errors.Is(t.Err, license.ErrFileSignature):
		return theme.Bad, dialogs.Message{
			What: tr.T("%s: its license file was not accepted.", name),
			Why:  tr.T("It was not signed with a key that this PC knows as the program's."),
			Next: tr.T("If the program has never run on this PC, start it once and try again. Otherwise tell the vendor, and " +
				"do not use the file."),
		}
	case t.Err != nil:
		return theme.Bad, about(d.options.Explain(t.Err))
	case t.Result.Outcome == carry.OutcomeRefused:
		m := about(d.options.Explain(api.NewProblem(api.Code(t.Result.Code), t.Result.Sentence)))
		switch api.Code(t.Result.Code) {
		case api.ErrNotFound, api.ErrLicenseEnded, api.ErrSiteCodeInUse: // the usual advice needs a network
			m.Next = tr.T("Ask whoever carried the request, or the vendor.")
		case api.ErrSiteCodeSpent:
			m.Next = tr.T("Make a new request: this PC has a new Site code now.")
		}
		return theme.Bad, m
	case t.Result.Outcome == carry.OutcomeDone:
		return theme.Good, dialogs.Message{
			What: tr.T("%s: the license was given back.", name),
			Why:  tr.T("The server has accepted the removal code, and it is no longer kept here."),
		}
	case t.Unproven:
		return theme.Warning, dialogs.Message{
			What: tr.T("%s: its license is on this PC, but nobody here could prove it.", name),
			Why: tr.T("This program has never run on this PC, so only the program itself can tell whether the license is " +
				"the vendor's."),
			Next: tr.T("Start the program: it says so if the license is not good."),
		}
	}
	return theme.Good, dialogs.Message{
		What: tr.T("%s: its license is on this PC.", name),
		Next: tr.T("Start the program: it needs nothing else."),
	}
}

// lower returns text with a lower-case first letter, to follow a colon. It leaves abbreviations and terms such as "Site
// code" unchanged, and texts of other languages, because German capitalizes every noun.
func lower(text string) string {
	first, rest, _ := strings.Cut(text, " ")
	if tr.Current() != tr.English || strings.ToUpper(first) == first || strings.HasPrefix(first, "Site") ||
		strings.HasPrefix(first, "Machine") {
		return text
	}
	return strings.ToLower(first[:1]) + strings.TrimSuffix(first[1:]+" "+rest, " ")
}
