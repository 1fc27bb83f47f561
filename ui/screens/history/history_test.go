package history_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/history"
)

func TestHistory(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	transfer := api.HistoryEntry{
		Time:       now,
		Task:       api.TaskTransfer.History(),
		Outcome:    api.OutcomeOK,
		LicenseID:  7,
		DeviceName: "Studio PC",
	}
	refused := transfer
	refused.Outcome = string(api.ErrLimitReached)
	many := make([]api.HistoryEntry, 203)
	for i := range many {
		many[i] = transfer
	}
	for _, test := range []struct {
		name    string
		entries []api.HistoryEntry
		sees    []string
	}{
		{"nothing", nil, []string{"Nothing has happened to this order yet."}},
		{"a transfer", []api.HistoryEntry{transfer}, []string{"License transfer (license 7), from Studio PC", "24 Nov 2026"}},
		{"a refusal", []api.HistoryEntry{refused}, []string{"License transfer (license 7), from Studio PC: ", "refused"}},
		{"more than is drawn", many, []string{"… and 3 older ones."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := uitest.New(t)
			s.Window.SetContent(container.NewStack())
			err := errors.New("broken")
			history.Open(history.Options{
				Dialogs: s.Dialogs,
				Work:    s.Work,
				Now:     func() time.Time { return now },
				Load: func(_ context.Context, order int64) ([]api.HistoryEntry, error) {
					if order != 1042 {
						return nil, nil
					}
					return test.entries, err
				},
			}, api.Order{ID: 1042, ProgramName: "Lumen Studio 7"})
			require.True(t, s.Shows("History of order 1042"))
			s.WaitUntil("the failure", func() bool { return s.Enabled("Try again") })
			err = nil
			s.Press("Try again")
			for _, text := range test.sees {
				s.WaitFor(text)
			}
		})
	}
}
