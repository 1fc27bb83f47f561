package offline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
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

const putting = "Put on this PC"

// taking is the open dialog that takes answers and license files on this PC.
type taking struct {
	desk   *Desk
	docs   []courier.Document
	dialog *dialogs.Dialog
	list   *fyne.Container
	intake *intake
	slot   *background.Slot
}

// take shows what answers and license files hold, and takes them when the person says so.
func (d *Desk) take(h haul) {
	t := &taking{desk: d, list: rows(theme.Section), slot: d.options.Work.NewSlot()}
	t.intake = d.newIntake(wantsAnswers, t.more)
	t.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title:    "Take what the courier brought?",
		Subtitle: "Each license file is checked, and put where its program on this PC finds it. Nothing else changes.",
		Content:  beside(rows(theme.Section, t.list, widget.NewSeparator(), bold("Another answer"), t.intake.object)),
		Width:    680,
		Buttons:  []dialogs.Button{{Text: "Cancel", Cancel: true}, {Text: putting, Default: true, OnTapped: t.submit}},
		OnClosed: func() { t.intake.close(); t.slot.Cancel() },
	})
	t.intake.dialog = t.dialog
	t.more(h)
	d.options.Canvas.Unfocus() // Enter presses the button
}

// more takes in further answers; a request among them gets its own dialog afterwards.
func (t *taking) more(h haul) {
	t.intake.remark(h.remarks)
	t.add(h.others)
	if len(h.requests) > 0 {
		t.desk.route(haul{requests: h.requests})
	}
}

func (t *taking) add(docs []courier.Document) {
	for _, doc := range docs {
		if !t.has(doc) {
			t.docs = append(t.docs, doc)
		}
	}
	t.list.RemoveAll()
	label := "Take the answer"
	for _, doc := range t.docs {
		t.list.Add(preview(doc, t.desk))
		if holdsLicense(doc) {
			label = putting
		}
	}
	t.list.Refresh()
	t.dialog.SetButtonLabel(putting, label)
}

// has reports whether a document is there already.
func (t *taking) has(doc courier.Document) bool {
	return slices.ContainsFunc(t.docs, func(known courier.Document) bool { return sameDocument(known, doc) })
}

// sameDocument reports whether two documents say the same.
func sameDocument(a, b courier.Document) bool {
	one, oneErr := courier.Encode(a)
	other, otherErr := courier.Encode(b)
	return oneErr == nil && otherErr == nil && string(one) == string(other)
}

func holdsLicense(doc courier.Document) bool {
	a, ok := doc.(courier.Answer)
	if !ok {
		return true
	}
	for _, r := range a.Results {
		if r.Outcome == courier.OutcomeLicense {
			return true
		}
	}
	return false
}

// preview says what is in an answer or a license file.
func preview(doc courier.Document, d *Desk) fyne.CanvasObject {
	switch doc := doc.(type) {
	case courier.Answer:
		head := fmt.Sprintf("Answer to request %s", doc.Request)
		if doc.Server != "" {
			head += " from " + doc.Server
		}
		all := rows(theme.Gap, bold(head))
		for _, r := range doc.Results {
			all.Add(indented(plain(fmt.Sprintf("%s: %s", programName(r.Program, r.Signature), resultPreview(r, d)))))
		}
		return all
	case courier.License:
		f, err := doc.File()
		if err != nil {
			return plain(d.options.Explain(err).What)
		}
		return rows(theme.Gap, bold(fmt.Sprintf("License file for %s", programName(courier.Clean(f.ProgramName, courier.MaxName), f.Signature))), indented(plain(licenseText(f, d))))
	}
	return plain("")
}

func resultPreview(r courier.Result, d *Desk) string {
	switch r.Outcome {
	case courier.OutcomeLicense:
		if f, err := r.File(); err == nil {
			return licenseText(f, d)
		}
		return "a license file"
	case courier.OutcomeDone:
		return "the removal code was accepted"
	}
	return "refused. " + r.Sentence
}

func licenseText(f license.File, d *Desk) string {
	text := fmt.Sprintf("license %d of order %d", f.ID, f.Order)
	if note := courier.Clean(f.Note, courier.MaxNote); note != "" {
		text += fmt.Sprintf(", “%s”", note)
	}
	if !f.Expires.IsZero() {
		text += ", ends " + words.Expiry(&f.Expires, d.options.Now())
	}
	return text + fmt.Sprintf(", for the Site code %s", f.Codes.Site)
}

// outcome is what came of the documents.
type outcome struct {
	taken   []manager.Taken
	strange bool // an answer does not belong to its request
	open    int  // items of requests that are still open
}

// takeAll takes documents one after another.
func (d *Desk) takeAll(ctx context.Context, docs []courier.Document) (o outcome, err error) {
	requests, err := d.options.Manager.Requests(ctx)
	if err != nil {
		return o, err
	}
	for _, doc := range docs {
		switch doc := doc.(type) {
		case courier.Answer:
			for _, r := range requests {
				if r.ID == doc.Request {
					o.strange = o.strange || doc.Answers(r) != nil
					o.open += max(0, len(r.Items)-len(doc.Results))
				}
			}
			list, err := d.options.Manager.TakeAnswer(ctx, doc)
			o.taken = append(o.taken, list...)
			if err != nil {
				return o, err
			}
		case courier.License:
			f, unproven, err := d.options.Manager.TakeLicense(ctx, string(doc))
			if errors.Is(err, manager.ErrStorage) || ctx.Err() != nil {
				return o, err
			}
			one := manager.Taken{Result: courier.Result{Outcome: courier.OutcomeLicense, Task: courier.TaskActivate}, License: &f, Unproven: unproven, Err: err}
			if err != nil {
				if f, err = doc.File(); err != nil {
					return o, err
				}
			}
			one.Result.Signature, one.Result.Program = f.Signature, courier.Clean(f.ProgramName, courier.MaxName)
			o.taken = append(o.taken, one)
		}
	}
	return o, nil
}

func (t *taking) submit() {
	t.dialog.SetBusy("Checking and putting in place…", t.slot.Interrupt)
	background.Run(t.slot, func(ctx context.Context) (outcome, error) { return t.desk.takeAll(ctx, t.docs) }, func(o outcome, err error) {
		t.dialog.SetIdle()
		if len(o.taken) > 0 {
			t.desk.options.OnTaken()
		}
		if err != nil && len(o.taken) == 0 {
			if !errors.Is(err, context.Canceled) {
				t.dialog.SetError(t.desk.options.Explain(err))
			}
			return
		}
		t.dialog.Close()
		t.desk.showTaken(o, err, func() { t.desk.take(haul{others: t.docs, remarks: t.intake.remarks}) })
	})
}

// showTaken lists what became of each program; err is what ended it early.
func (d *Desk) showTaken(o outcome, err error, again func()) {
	list := rows(theme.Gap)
	var dialog *dialogs.Dialog
	if err != nil {
		m := d.options.Explain(err)
		m.Next = strings.TrimSpace(m.Next + " What is done already is not done twice.")
		m.Action = &dialogs.Action{Label: "Try again", Do: func() { dialog.Close(); again() }}
		list.Add(dialogs.Notice(theme.Bad, m))
	}
	if o.strange {
		list.Add(dialogs.Notice(theme.Warning, dialogs.Message{What: "The answer does not fit the request of this PC.", Why: "It names other programs or other codes.", Next: "What was put in place was checked all the same."}))
	}
	for _, t := range o.taken {
		list.Add(dialogs.Notice(takenText(t, d)))
	}
	if o.open > 0 {
		list.Add(muted(fmt.Sprintf("%s of the request had no answer yet. The request stays here: have it carried once more. What is done already is not done twice.", words.Count(o.open, "program", "programs"))))
	}
	dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title: "What became of it", Content: list, Width: 620,
		Buttons: []dialogs.Button{{Text: "Close", Default: true, Cancel: true}},
	})
}

// takenText says what became of one result, and what to do next.
func takenText(t manager.Taken, d *Desk) (theme.Tone, dialogs.Message) {
	name := programName(t.Result.Program, t.Result.Signature)
	about := func(m dialogs.Message) dialogs.Message {
		m.What = fmt.Sprintf("%s: %s", name, lower(m.What))
		return m
	}
	switch {
	case errors.Is(t.Err, license.ErrFileSignature):
		return theme.Bad, dialogs.Message{What: name + ": its license file was not accepted.", Why: "It was not signed with a key that this PC knows as the program's.",
			Next: "If the program has never run on this PC, start it once and try again. Otherwise tell the vendor, and do not use the file."}
	case t.Err != nil:
		return theme.Bad, about(d.options.Explain(t.Err))
	case t.Result.Outcome == courier.OutcomeRefused:
		m := about(d.options.Explain(api.NewProblem(api.Code(t.Result.Code), t.Result.Sentence)))
		switch api.Code(t.Result.Code) {
		case api.ErrNotFound, api.ErrLicenseEnded, api.ErrSiteCodeInUse: // their next step is one of a PC with a network
			m.Next = "Ask whoever carried the request, or the vendor."
		}
		return theme.Bad, m
	case t.Result.Outcome == courier.OutcomeDone:
		return theme.Good, dialogs.Message{What: name + ": the license was given back.", Why: "The server has accepted the removal code, and it is no longer kept here."}
	case t.Unproven:
		return theme.Warning, dialogs.Message{What: name + ": its license is on this PC, but nobody here could prove it.",
			Why: "This program has never run on this PC, so only the program itself can tell whether the license is the vendor's.", Next: "Start the program: it says so if the license is not good."}
	}
	return theme.Good, dialogs.Message{What: name + ": its license is on this PC.", Next: "Start the program: it needs nothing else."}
}

// lower begins a sentence with a small letter, for one that goes on after a name; names such as "ACEN" and "PC" stay.
func lower(text string) string {
	first, rest, _ := strings.Cut(text, " ")
	if strings.ToUpper(first) == first || strings.HasPrefix(first, "Site") || strings.HasPrefix(first, "Machine") {
		return text
	}
	return strings.ToLower(first[:1]) + strings.TrimSuffix(first[1:]+" "+rest, " ")
}
