package licenses

import (
	"context"
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/uitest"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/explain"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// recorder is an Actions that records its calls.
type recorder struct{ calls []string }

func (r *recorder) ask(format string, args ...any) {
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
}

func (r *recorder) Do(a actions.ID, s actions.Subject) {
	r.ask("%s %d", a.Action().Label, s.License.ID)
}
func (r *recorder) RetryLicenses()                                { r.ask("retry") }
func (r *recorder) ShowEnded(on bool)                             { r.ask("ended %v", on) }
func (r *recorder) ShowHistory(o api.Order)                       { r.ask("history %d", o.ID) }
func (r *recorder) ShowRemovalCodes()                             { r.ask("removal codes") }
func (r *recorder) ShowJobs()                                     { r.ask("jobs") }
func (r *recorder) StoreLicensesTable(merged bool, _ table.State) { r.ask("table %v", merged) }
func (r *recorder) PointerMoved()                                 {}
func (r *recorder) Copy(text string)                              { r.ask("copy %s", text) }
func (r *recorder) ClearSearch()                                  { r.ask("clear search") }

// comparer is a Rechecker that finds every lock the same.
type comparer struct{}

func (comparer) RecheckThisPC(context.Context, manager.License) (license.Comparison, error) {
	return license.Compare(license.Block(12345), license.Block(12345), license.DefaultPolicy()), nil
}

func newScreen(t *testing.T) (*uitest.Stage, *Screen, *recorder) {
	t.Helper()
	stage, r := uitest.New(t), &recorder{}
	s, err := New(Options{
		Now:     func() time.Time { return now },
		Work:    stage.Work,
		Recheck: comparer{},
		Actions: r,
		Explain: explain.Error,
	})
	require.NoError(t, err)
	split := container.NewHSplit(s.Object(), s.DetailsObject())
	split.Offset = 0.7
	stage.Window.SetContent(split)
	return stage, s, r
}

// content returns an order with one license for which every action is possible, after change.
func content(change func(c *Content, l *manager.License)) Content {
	two := 2
	ok := &api.Allowance{OK: true, RemainingToday: &two}
	c := Content{
		Order: api.Order{
			ID:                 1042,
			ProgramID:          1,
			ProgramName:        "Lumen Studio 7",
			LicensesTotal:      5,
			LicensesActivated:  2,
			RequiresActivation: true,
			CanManage:          true,
			Allowed:            api.Allowed{Add: &api.Allowance{OK: true}},
			Subscription:       api.Subscription{State: api.SubscriptionNone},
		},
		Program: api.Program{ID: 1, Name: "Lumen Studio 7"},
		Licenses: []manager.License{{License: api.License{
			ID:             7,
			OrderID:        1042,
			SiteCode:       "7183EC4D",
			MachineID:      "83A9-3429-0090-B3F5",
			ActivationCode: "F3945D8C-B0D71FFA-02A956E3-8D6DB947",
			Note:           "Studio PC",
			ActivatedAt:    now.AddDate(0, -1, 0),
			Status:         api.StatusActive,
			Allowed:        &api.LicenseAllowed{Transfer: ok, Remove: ok, Reactivate: ok},
		}}},
		Loaded:     true,
		BringBacks: map[int64]bool{},
		KeptCodes:  map[int64]bool{},
	}
	change(&c, &c.Licenses[0])
	return c
}

func unchanged(*Content, *manager.License) {}

func TestButtonCaptions(t *testing.T) {
	no := func(code api.Code) *api.Allowance { return &api.Allowance{Reason: code} }
	for _, test := range []struct {
		name    string
		change  func(c *Content, l *manager.License)
		line    string
		enabled []string
		not     []string
	}{
		{"everything is possible", unchanged, "3 of 5 left",
			[]string{"New license…", "Reactivate…", "Transfer…", "Remove…", "Email code…", "Activate this PC"}, nil},
		{"the only license is in use", func(c *Content, _ *manager.License) {
			c.Order.LicensesTotal, c.Order.Allowed.Add = 1, no(api.ErrLicensesInUse)
		}, "the only one is in use", []string{"Transfer…"}, []string{"New license…", "Activate this PC"}},
		{"all licenses are in use", func(c *Content, _ *manager.License) { c.Order.Allowed.Add = no(api.ErrLicensesInUse) },
			"all 5 are in use", nil, []string{"New license…"}},
		{"the subscription has ended",
			func(c *Content, _ *manager.License) { c.Order.Allowed.Add = no(api.ErrSubscriptionExpired) },
			"subscription ended", nil, []string{"New license…"}},
		{"the program needs no activation", func(c *Content, _ *manager.License) { c.Order.RequiresActivation = false },
			"needs no activation", nil, []string{"New license…", "Email code…"}},
		{"this PC has its license", func(_ *Content, l *manager.License) { l.ThisPC = true },
			"3 of 5 left", []string{"New license…", "Move to another PC…"}, []string{"Activate this PC"}},
		{"this PC has a license elsewhere", func(c *Content, _ *manager.License) { c.OtherLicensedOrder = 1037 },
			"licensed in order 1037", []string{"Activate this PC"}, nil},
		{"this PC had a license", func(c *Content, _ *manager.License) { c.BringBacks[7] = true },
			"this PC had a license", []string{"Activate this PC", "Bring back…"}, nil},
		{"the task is switched off", func(_ *Content, l *manager.License) { l.Allowed.Remove = no(api.ErrTaskDisabled) },
			"not offered", []string{"Transfer…"}, []string{"Remove…"}},
		{"the license has ended", func(_ *Content, l *manager.License) {
			past := now.Add(-time.Hour)
			l.ExpiresAt, l.Allowed.Remove = &past, no(api.ErrTaskDisabled)
		}, "license has ended", nil, []string{"Remove…"}},
		{"the license left this PC",
			func(_ *Content, l *manager.License) { l.ThisPC, l.LeftThisPC, l.JobOpen = true, true, true },
			"left this PC", []string{"What waits…"}, []string{"Transfer…", "Reactivate…", "Remove…"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			stage, s, _ := newScreen(t)
			s.Show(content(test.change))
			require.True(t, stage.Shows(test.line), stage.Texts())
			for _, label := range test.enabled {
				require.True(t, stage.Enabled(label), label)
			}
			for _, label := range test.not {
				require.False(t, stage.Enabled(label), label)
			}
		})
	}
}

// TestSituations proves the sentence and the buttons of each situation, the proposed one first.
func TestSituations(t *testing.T) {
	at := now
	for _, test := range []struct {
		name     string
		change   func(c *Content, l *manager.License)
		says     string
		button   string
		wantCall string
	}{
		{"its license file is in place", func(_ *Content, l *manager.License) { l.ThisPC, l.Installed = true, true },
			"The license file lies where Lumen Studio 7 finds it.", "Move to another PC…", "Move to another PC… 7"},
		{"its license file is not in place", func(_ *Content, l *manager.License) { l.ThisPC = true },
			"The license file is not in place yet.", "Move to another PC…", "Move to another PC… 7"},
		{"a task tells the server", func(_ *Content, l *manager.License) { l.LeftThisPC, l.JobOpen = true, true },
			"The server is told by itself when it answers.", "What waits…", "jobs"},
		{"its removal code is kept", func(c *Content, l *manager.License) { l.LeftThisPC, c.KeptCodes[7] = true, true },
			"its removal code is kept here", "Hand in or offer…", "removal codes"},
		{"the server does not know", func(_ *Content, l *manager.License) { l.LeftThisPC = true },
			"the server does not know that yet", "Bring back…", "Reactivate… 7"},
		{"it may be offered", func(_ *Content, l *manager.License) { l.LeftThisPC = true },
			"the server does not know that yet", "Offer to another PC…", "Move to another PC… 7"},
		{"it waits for a PC", func(_ *Content, l *manager.License) { l.ReleasedAt = &at },
			"It waits until a PC picks it up.", "Pick up on this PC…", "Pick up on this PC… 7"},
		{"this PC had it", func(c *Content, _ *manager.License) { c.BringBacks[7] = true },
			"This PC had it", "Bring back…", "Reactivate… 7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			stage, s, r := newScreen(t)
			s.Show(content(test.change))
			require.True(t, stage.Shows(test.says), stage.Texts())
			stage.Press(test.button)
			require.Equal(t, []string{test.wantCall}, r.calls)
		})
	}
}

func TestLicensedPCTakesNoOther(t *testing.T) {
	at := now
	stage, s, _ := newScreen(t)
	s.Show(content(func(c *Content, l *manager.License) { l.ReleasedAt, c.OtherLicensedOrder = &at, 1037 }))
	require.False(t, stage.Enabled("Pick up on this PC…"))
	require.True(t, stage.Shows("this PC is licensed in order 1037"))
	s.Show(content(func(c *Content, l *manager.License) { l.LeftThisPC, c.OtherLicensedOrder = true, 1037 }))
	require.False(t, stage.Enabled("Bring back…"))
}

func TestActions(t *testing.T) {
	stage, s, r := newScreen(t)
	expiryText := now.AddDate(0, 0, 12)
	c := content(func(_ *Content, l *manager.License) { l.ExpiresAt = &expiryText })
	s.Show(c)
	stage.Press("New license…")
	stage.Press("Transfer…")
	stage.Press("Email code…")
	stage.Follow("Save file")
	stage.Follow("Calendar file")
	stage.Follow("Change note")
	stage.Follow("All of the order")
	require.Equal(t, []string{
		"New license… 7", "Transfer… 7", "Email activation code… 7", "Save license file… 7", "Calendar file… 7",
		"Change note… 7", "history 1042",
	}, r.calls)

	var labels []string
	for _, item := range s.menu(c.Licenses[0]) {
		if !item.IsSeparator {
			labels = append(labels, item.Label)
			require.False(t, item.Disabled, item.Label)
		}
	}
	require.Equal(t, []string{
		"Copy activation code", "Copy Site code and Machine ID", "Reactivate…", "Transfer…", "Remove…",
		"Email activation code…", "Save license file…", "Change note…",
	}, labels)
	refused := content(func(c *Content, l *manager.License) { l.Allowed, c.Order.CanManage = nil, false })
	s.Show(refused)
	for _, item := range s.menu(refused.Licenses[0]) {
		switch item.Label {
		case "Reactivate…", "Transfer…", "Remove…", "Change note…":
			require.True(t, item.Disabled, item.Label)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	stage, s, r := newScreen(t)
	require.True(t, stage.Shows("Select an order above to see its licenses."))
	require.True(t, stage.Shows("select an order"))
	s.Show(content(func(c *Content, _ *manager.License) { c.Loaded, c.Licenses = false, nil }))
	require.True(t, stage.Shows("Loading licenses…"))
	s.ShowError(dialogs.Message{What: "It did not work."})
	require.True(t, stage.Shows("It did not work."))
	stage.Press("Try again")
	require.Equal(t, []string{"retry"}, r.calls)
	s.Show(content(func(c *Content, _ *manager.License) { c.Order.RequiresActivation = false }))
	require.True(t, stage.Shows("Lumen Studio 7 needs no activation."))
	s.Show(content(func(c *Content, _ *manager.License) { c.Order.ID, c.Licenses = 1050, nil }))
	require.True(t, stage.Shows("No license of this order is activated yet."))
	require.True(t, stage.Shows("no license"))
}

func TestMergedCodes(t *testing.T) {
	stage, s, _ := newScreen(t)
	s.Show(content(func(c *Content, _ *manager.License) { c.Program.MergedCodes = true }))
	require.True(t, stage.Shows("Site code and Machine ID, merged"))
	require.True(t, stage.Shows("7183-EC4D-83A9-"))
	require.False(t, stage.Shows("Machine ID\n"))
}

func TestSelection(t *testing.T) {
	_, s, _ := newScreen(t)
	two := content(func(c *Content, l *manager.License) {
		newer := *l
		newer.ID, newer.Note, newer.ActivatedAt = 8, "Laptop", now
		c.Licenses = append(c.Licenses, newer)
	})
	s.Show(two)
	selected, _ := s.Selected()
	require.EqualValues(t, 8, selected.ID, "the newest")
	require.True(t, s.Select(7))
	s.Show(two)
	selected, _ = s.Selected()
	require.EqualValues(t, 7, selected.ID)
	two.Order.ID = 1050
	two.Licenses[0].ThisPC = true
	s.Show(two)
	selected, _ = s.Selected()
	require.EqualValues(t, 7, selected.ID, "that of this PC")
}

func TestSearch(t *testing.T) {
	stage, s, _ := newScreen(t)
	s.Show(content(func(c *Content, l *manager.License) {
		other := *l
		other.ID, other.Note = 8, "Laptop"
		c.Licenses = append(c.Licenses, other)
	}))
	s.SetFilter("laptop")
	require.Equal(t, 1, s.table().Shown())
	s.SetFilter("1042")
	require.Equal(t, 2, s.table().Shown())
	require.True(t, stage.Shows("Laptop"))
}

func TestHistory(t *testing.T) {
	stage, s, _ := newScreen(t)
	s.Show(content(unchanged))
	require.True(t, stage.Shows("Loading…"))
	entries := []api.HistoryEntry{
		{Time: now, Task: api.TaskTransfer.History(), Outcome: api.OutcomeOK, LicenseID: 7, DeviceName: "Anna's PC"},
		{Time: now, Task: api.TaskRemoval.History(), Outcome: string(api.ErrLimitReached), LicenseID: 7},
		{Time: now, Task: api.TaskRemoval.History(), Outcome: api.OutcomeOK, LicenseID: 8},
	}
	s.SetHistory(1, entries, nil)
	require.True(t, stage.Shows("Loading…"), "of another order")
	s.SetHistory(1042, entries, nil)
	require.True(t, stage.Shows("24 Nov 2026 · License transfer, from Anna's PC"))
	require.False(t, stage.Shows("License removal"), "what was refused, and what another license had")
	s.SetHistory(1042, []api.HistoryEntry{}, nil)
	require.True(t, stage.Shows("Nothing yet."))
	s.SetHistory(1042, nil, manager.ErrUnreachable)
	require.True(t, stage.Shows("Not known without a connection."))
}

func TestComparing(t *testing.T) {
	stage, s, _ := newScreen(t)
	s.Show(content(func(_ *Content, l *manager.License) { l.ThisPC = true }))
	require.True(t, stage.Shows("Comparing…"))
	require.True(t, s.Comparing())
	stage.WaitFor("Recognized.")
	require.False(t, s.Comparing())
}
