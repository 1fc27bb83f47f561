package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// showHistory lists all that happened to an order, refusals too.
func (w *Window) showHistory(o api.Order) {
	slot := w.work.NewSlot()
	content := container.NewStack()
	d := w.queue.Show(dialogs.Spec{
		Title:    tr.T("History of order %d", o.ID),
		Subtitle: tr.T("%s · newest first", o.ProgramName),
		Content:  content,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
		OnClosed: slot.Cancel,
	})
	var load func()
	load = func() {
		d.SetBusy(tr.T("Loading the history…"), func() { slot.Cancel(); d.Close() })
		background.Run(slot, func(ctx context.Context) ([]api.HistoryEntry, error) {
			return w.options.Backend.History(ctx, o.ID)
		}, func(entries []api.HistoryEntry, err error) {
			d.SetIdle()
			if err != nil {
				m := explain.Error(err)
				m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: load}
				d.SetError(m)
				return
			}
			d.SetContent(w.historyTable(entries))
		})
	}
	load()
}

// mostEvents bounds what the dialog draws; more than a person reads in it.
const mostEvents = 200

func (w *Window) historyTable(entries []api.HistoryEntry) fyne.CanvasObject {
	if len(entries) == 0 {
		return theme.Tight(widget.NewLabel(tr.T("Nothing has happened to this order yet.")))
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(2))
	now := w.options.Now()
	for i, e := range entries {
		if i == mostEvents {
			more := widget.NewLabel(tr.T("… and %d older ones.", len(entries)-mostEvents))
			more.Importance = widget.LowImportance
			rows.Add(theme.Tight(more))
			break
		}
		what := widget.NewLabel(happened(e))
		what.Wrapping = fyne.TextWrapWord
		at := widget.NewLabel(words.Moment(e.Time, now))
		at.Importance = widget.LowImportance
		badge := theme.NewBadge("", theme.Neutral)
		if e.Outcome != api.OutcomeOK {
			badge.Set(tr.T("refused"), theme.Warning)
		}
		rows.Add(container.NewBorder(nil, nil, container.NewGridWrap(fyne.NewSize(170, 24), theme.Tight(at)), badge, theme.Tight(what)))
	}
	return rows
}

// happened says what an entry is about, and why it was refused.
func happened(e api.HistoryEntry) string {
	text := words.Task(api.TaskOfHistory(e.Task))
	if e.LicenseID != 0 {
		text = tr.T("%s (license %d)", text, e.LicenseID)
	}
	if e.DeviceName != "" {
		text = tr.T("%s, from %s", text, e.DeviceName)
	}
	if e.Outcome != api.OutcomeOK {
		text = tr.T("%s: %s", text, explain.Reason(api.Code(e.Outcome)))
	}
	return text
}
