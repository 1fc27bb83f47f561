// Package doctor implements the dialog of the connection doctor, which shows step by step where the connection to a
// license server fails. Package client examines the connection.
package doctor

import (
	"context"
	"fmt"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Title is the title of the dialog.
const Title tr.Text = "Connection doctor"

// Examiner examines the connection to a server; *manager.Manager implements it. Examine is called off the UI thread.
type Examiner interface {
	Examine(ctx context.Context, server string, found func(manager.Finding)) []manager.Finding
	DoctorReport(findings []manager.Finding) string
}

// Options configures the dialog. Functions are called on the UI thread.
type Options struct {
	Dialogs  *dialogs.Queue
	Work     *background.Group
	Examiner Examiner
	Copy     func(text string)
	Explain  func(error) dialogs.Message
	// Save asks for a path and writes text there. It calls done unless the person canceled.
	Save func(name, text string, done func(error))
	Now  func() time.Time
	// OnNoNetwork opens the dialogs for PCs without a network; nil offers none.
	OnNoNetwork func()
}

// names are the names of the steps.
var names = map[string]tr.Text{
	"address": "Address", "proxy": "Proxy", "name": "Name", "connection": "Connection", "encryption": "Encryption",
	"server": "Server", "clock": "Clock",
	"health": "Health of the server",
}

// examination is the open dialog.
type examination struct {
	options  Options
	server   string
	dialog   *dialogs.Dialog
	slot     *background.Slot
	summary  *fyne.Container
	rows     *fyne.Container
	skipped  *widget.Label // names the skipped steps; nil without any
	findings []manager.Finding
	run      int // number of the attempt; findings of earlier ones are ignored
}

// Open shows the dialog and starts the examination of a server; "" is that of the current account. UI thread.
func Open(o Options, server string) {
	e := &examination{
		options: o,
		server:  server,
		slot:    o.Work.NewSlot(),
		summary: container.NewStack(),
		rows:    container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin)),
	}
	e.summary.Hide()
	e.dialog = o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T(Title),
		Subtitle: tr.T("Tests the connection to the license server step by step. No password is sent."),
		Width:    620,
		Content:  container.New(layout.NewCustomPaddedVBoxLayout(theme.Section), e.summary, e.rows),
		Buttons: []dialogs.Button{
			{Text: tr.T("Save report…"), OnTapped: e.save}, {Text: tr.T("Copy"), OnTapped: e.copy},
			{Text: tr.T("Close"), Cancel: true}, {Text: tr.T("Try again"), Default: true, OnTapped: e.examine},
		},
		OnClosed: e.cancel,
	})
	e.examine()
}

// cancel cancels the examination under way.
func (e *examination) cancel() {
	e.run++
	e.slot.Cancel()
}

// examine starts an examination.
func (e *examination) examine() {
	e.cancel()
	run := e.run
	e.findings, e.skipped = nil, nil
	e.rows.RemoveAll()
	e.showSummary(theme.Neutral, dialogs.Message{})
	e.dialog.SetButtonLabel(tr.T("Copy"), "")
	e.dialog.SetBusy(tr.T("Testing the connection…"), e.stop)
	background.Run(e.slot, func(ctx context.Context) (struct{}, error) {
		e.options.Examiner.Examine(ctx, e.server, func(f manager.Finding) {
			e.options.Work.Do(func() {
				if e.run == run {
					e.add(f)
				}
			})
		})
		return struct{}{}, ctx.Err()
	}, func(struct{}, error) {
		e.dialog.SetIdle()
		e.showSummary(summarize(e.findings, e.options.OnNoNetwork != nil, e.withoutNetwork))
	})
}

// stop cancels the examination and leaves its findings.
func (e *examination) stop() {
	e.cancel()
	e.dialog.SetIdle()
	e.showSummary(theme.Neutral, dialogs.Message{What: tr.T("Stopped."), Why: tr.T("The results so far are below.")})
}

func (e *examination) withoutNetwork() {
	e.dialog.Close()
	e.options.OnNoNetwork()
}

// showSummary shows a message above the steps; the zero message removes it.
func (e *examination) showSummary(tone theme.Tone, m dialogs.Message) {
	e.summary.RemoveAll()
	if m.What != "" {
		e.summary.Add(dialogs.Notice(tone, m))
	}
	e.summary.Hidden = m.What == ""
	e.summary.Refresh()
}

// summarize returns the message about the findings. If offline, a broken connection offers withoutNetwork.
func summarize(findings []manager.Finding, offline bool, withoutNetwork func()) (theme.Tone, dialogs.Message) {
	var warnings []string
	for _, f := range findings {
		switch f.Verdict {
		case manager.VerdictBad:
			m := dialogs.Message{
				What: tr.T("The connection to the license server fails at this step: %s.", name(f)),
				Why:  words.Translate(f.What),
			}
			if offline {
				m.Action = &dialogs.Action{Label: tr.T("Continue without a network…"), Do: withoutNetwork}
			}
			return theme.Bad, m
		case manager.VerdictWarning:
			warnings = append(warnings, name(f))
		}
	}
	if len(warnings) > 0 {
		return theme.Warning, dialogs.Message{
			What: tr.T("The license server can be reached."),
			Why:  tr.T("Please check: %s.", words.List(warnings)),
		}
	}
	return theme.Good, dialogs.Message{What: tr.T("The license server can be reached; no problems were found.")}
}

// name returns the translated name of a step.
func name(f manager.Finding) string {
	if text, ok := names[string(f.Check)]; ok {
		return tr.T(text)
	}
	return string(f.Check)
}

func toneOf(v manager.Finding) theme.Tone {
	switch v.Verdict {
	case manager.VerdictGood:
		return theme.Good
	case manager.VerdictWarning:
		return theme.Warning
	case manager.VerdictBad:
		return theme.Bad
	}
	return theme.Muted
}

// add shows a finding. Skipped steps share one line.
func (e *examination) add(f manager.Finding) {
	e.findings = append(e.findings, f)
	title := widget.NewLabelWithStyle(name(f), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	title.Wrapping = fyne.TextWrapWord
	if f.Verdict == manager.VerdictSkipped {
		if e.skipped != nil {
			e.skipped.SetText(tr.T("%s, %s", e.skipped.Text, words.LowerFirst(name(f))))
			return
		}
		e.skipped, title.Importance = title, widget.LowImportance
	}
	lines := container.New(layout.NewCustomPaddedVBoxLayout(2), theme.Unpadded(title))
	for i, text := range []string{words.Translate(f.What), words.Translate(f.Next)} {
		if text == "" {
			continue
		}
		l := widget.NewLabel(text)
		l.Wrapping = fyne.TextWrapWord
		if i > 0 || f.Verdict == manager.VerdictSkipped {
			l.Importance = widget.LowImportance
		}
		lines.Add(theme.Unpadded(l))
	}
	e.rows.Add(container.NewBorder(nil, nil,
		container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Gap), container.NewVBox(dialogs.Icon(toneOf(f)))), nil,
		lines))
}

// report returns the findings as text, without secrets.
func (e *examination) report() string { return e.options.Examiner.DoctorReport(e.findings) }

func (e *examination) copy() {
	e.options.Copy(e.report())
	e.dialog.SetButtonLabel(tr.T("Copy"), tr.T("Copied"))
}

func (e *examination) save() {
	e.options.Save(fmt.Sprintf("connection-%s.txt", words.FileDay(e.options.Now())), e.report(), func(err error) {
		if err != nil {
			e.dialog.SetError(e.options.Explain(err))
		}
	})
}
