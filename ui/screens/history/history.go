// Package history implements the dialog with the history of an order.
package history

import (
	"context"
	"time"

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

// Options configures the dialog.
type Options struct {
	Dialogs *dialogs.Queue
	Work    *background.Group
	Now     func() time.Time
	// Load returns the history of an order, newest first. It is called off the UI thread.
	Load func(ctx context.Context, orderID int64) ([]api.HistoryEntry, error)
}

// Open shows the history of an order, including refusals. UI thread.
func Open(o Options, order api.Order) {
	slot := o.Work.NewSlot()
	d := o.Dialogs.Show(dialogs.Spec{
		Title:    tr.T("History of order %d", order.ID),
		Subtitle: tr.T("%s · newest first", order.ProgramName),
		Content:  container.NewStack(),
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
		OnClosed: slot.Cancel,
	})
	var load func()
	load = func() {
		d.SetBusy(tr.T("Loading the history…"), func() { slot.Cancel(); d.Close() })
		background.Run(slot, func(ctx context.Context) ([]api.HistoryEntry, error) {
			return o.Load(ctx, order.ID)
		}, func(entries []api.HistoryEntry, err error) {
			d.SetIdle()
			if err != nil {
				m := explain.Error(err)
				m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: load}
				d.SetError(m)
				return
			}
			d.SetContent(table(entries, o.Now()))
		})
	}
	load()
}

// maxEntries limits the entries that are drawn.
const maxEntries = 200

func table(entries []api.HistoryEntry, now time.Time) fyne.CanvasObject {
	if len(entries) == 0 {
		return theme.Unpadded(widget.NewLabel(tr.T("Nothing has happened to this order yet.")))
	}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(2))
	for i, e := range entries {
		if i == maxEntries {
			more := widget.NewLabel(tr.T("… and %d older ones.", len(entries)-maxEntries))
			more.Importance = widget.LowImportance
			rows.Add(theme.Unpadded(more))
			break
		}
		what := widget.NewLabel(entryText(e))
		what.Wrapping = fyne.TextWrapWord
		at := widget.NewLabel(words.Moment(e.Time, now))
		at.Importance = widget.LowImportance
		badge := theme.NewBadge("", theme.Neutral)
		if e.Outcome != api.OutcomeOK {
			badge.Set(tr.T("refused"), theme.Warning)
		}
		left := container.NewGridWrap(fyne.NewSize(170, 24), theme.Unpadded(at))
		rows.Add(container.NewBorder(nil, nil, left, badge, theme.Unpadded(what)))
	}
	return rows
}

// entryText returns the task of an entry and, if it was refused, the reason.
func entryText(e api.HistoryEntry) string {
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
