package licenses

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/table"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// Merged returns the merged code of a license, or Site code and Machine ID as sent if they are invalid. Any goroutine.
func Merged(l manager.License) string {
	codes, err := license.ParseCodes(l.SiteCode, l.MachineID)
	if err != nil {
		return l.SiteCode + " " + l.MachineID
	}
	return codes.Merged()
}

// SearchText returns the searched text of a license. Any goroutine.
func SearchText(l manager.License) string {
	parts := []string{l.Note, l.SiteCode, l.MachineID, l.ActivationCode}
	if b, ok := badge(l); ok {
		parts = append(parts, b.Text)
	}
	return strings.Join(parts, "\n")
}

func key(l manager.License) string { return strconv.FormatInt(l.ID, 10) }

// columns returns the columns of the table, with one code instead of two if merged.
func columns(merged bool, now func() time.Time) []table.Column[manager.License] {
	byID := func(order func(a, b manager.License) int) func(a, b manager.License) int {
		return func(a, b manager.License) int { return cmp.Or(order(a, b), cmp.Compare(a.ID, b.ID)) }
	}
	list := []table.Column[manager.License]{{
		ID:      "note",
		Title:   tr.T("Note"),
		Width:   170,
		Stretch: true,
		Text:    func(l manager.License) string { return words.Note(l.Note) },
		Tone: func(l manager.License) theme.Tone {
			if l.Note == "" || !inForce(l) {
				return theme.Muted
			}
			return theme.Neutral
		},
		Badge: badge,
		Compare: byID(func(a, b manager.License) int {
			return cmp.Compare(strings.ToLower(a.Note), strings.ToLower(b.Note))
		}),
	}}
	if merged {
		list = append(list, table.Column[manager.License]{
			ID:        "merged",
			Title:     tr.T("Site code and Machine ID"),
			Width:     250,
			Monospace: true,
			Text:      Merged,
			Compare:   byID(func(a, b manager.License) int { return cmp.Compare(Merged(a), Merged(b)) }),
		})
	} else {
		list = append(list, table.Column[manager.License]{
			ID:        "site",
			Title:     tr.T("Site code"),
			Width:     92,
			Monospace: true,
			Text:      func(l manager.License) string { return l.SiteCode },
			Compare:   byID(func(a, b manager.License) int { return cmp.Compare(a.SiteCode, b.SiteCode) }),
		}, table.Column[manager.License]{
			ID:        "machine",
			Title:     tr.T("Machine ID"),
			Width:     172,
			Monospace: true,
			Text:      func(l manager.License) string { return l.MachineID },
			Compare:   byID(func(a, b manager.License) int { return cmp.Compare(a.MachineID, b.MachineID) }),
		})
	}
	return append(list, table.Column[manager.License]{
		ID:        "code",
		Title:     tr.T("Activation code"),
		Width:     190,
		Stretch:   true,
		Monospace: true,
		Text:      func(l manager.License) string { return l.ActivationCode },
		Compare:   byID(func(a, b manager.License) int { return cmp.Compare(a.ActivationCode, b.ActivationCode) }),
	}, table.Column[manager.License]{
		ID:      "activated",
		Title:   tr.T("Activated"),
		Width:   112,
		Text:    func(l manager.License) string { return words.Date(l.ActivatedAt, now()) },
		Compare: byID(func(a, b manager.License) int { return a.ActivatedAt.Compare(b.ActivatedAt) }),
	}, table.Column[manager.License]{
		ID:    "expires",
		Title: tr.T("Expires"),
		Width: 130,
		Text:  func(l manager.License) string { return expiryText(l, now()) },
		Tone:  func(l manager.License) theme.Tone { return endTone(l, now()) },
		Icon:  func(l manager.License) fyne.Resource { return endIcon(endTone(l, now())) },
		Compare: byID(func(a, b manager.License) int {
			switch {
			case a.ExpiresAt == nil && b.ExpiresAt == nil:
				return 0
			case a.ExpiresAt == nil:
				return 1
			case b.ExpiresAt == nil:
				return -1
			}
			return a.ExpiresAt.Compare(*b.ExpiresAt)
		}),
	})
}

// inForce reports whether a license is neither ended nor in a state that its table names in place of its end. A
// released one is in force: its badge says what it waits for.
func inForce(l manager.License) bool {
	return l.State() == api.StatusActive || l.State() == api.StateReleased
}

// expiryText returns when a license ends or, if it is not in force, its state.
func expiryText(l manager.License, now time.Time) string {
	if inForce(l) {
		return words.Expiry(l.ExpiresAt, now)
	}
	return words.Status(l.State())
}

func endTone(l manager.License, now time.Time) theme.Tone {
	if !inForce(l) {
		return theme.Muted
	}
	return expiryTone(l.ExpiresAt, now)
}

// endIcon returns the icon for a tone, so that the color is not the only sign, or nil.
func endIcon(tone theme.Tone) fyne.Resource {
	switch tone {
	case theme.Bad:
		return fynetheme.ErrorIcon()
	case theme.Warning:
		return fynetheme.WarningIcon()
	}
	return nil
}

// warningPeriod is the time before the end in which a license is marked: 14 whole days, as with manager.Expiring.
const warningPeriod = 15 * 24 * time.Hour

func expiryTone(last *time.Time, now time.Time) theme.Tone {
	switch {
	case last == nil:
		return theme.Neutral
	case now.After(*last):
		return theme.Bad
	case last.Sub(now) < warningPeriod:
		return theme.Warning
	}
	return theme.Neutral
}

func (s *Screen) newTable(merged bool, empty fyne.CanvasObject, selected func(manager.License, bool),
	updated func(manager.License)) (*table.Table[manager.License], error) {
	o := s.options
	return table.New(table.Options[manager.License]{
		Key:           key,
		Columns:       columns(merged, o.Now),
		Sort:          "activated",
		Descending:    true,
		SearchText:    SearchText,
		OnSelected:    selected,
		OnUpdated:     updated,
		OnActivated:   func(l manager.License) { o.Actions.Do(actions.Email, s.content.subject(l)) },
		Menu:          s.menu,
		Empty:         func() fyne.CanvasObject { return empty },
		NoMatch:       func(text string) string { return tr.T("No license of this order matches “%s”.", text) },
		OnClearFilter: o.Actions.ClearSearch,
		OnState:       func(s table.State) { o.Actions.StoreLicensesTable(merged, s) },
		OnPointer:     o.Actions.PointerMoved,
		Copy:          o.Actions.Copy,
	})
}

// menu returns the context menu of a row.
func (s *Screen) menu(l manager.License) []*fyne.MenuItem {
	o, subject := s.options, s.content.subject(l)
	items := []*fyne.MenuItem{
		fyne.NewMenuItem(tr.T("Copy activation code"), func() { o.Actions.Copy(l.ActivationCode) }),
		fyne.NewMenuItem(tr.T("Copy Site code and Machine ID"), func() { o.Actions.Copy(codesText(l)) }),
		fyne.NewMenuItemSeparator(),
	}
	for _, one := range o.steps(s.content, l) {
		item := fyne.NewMenuItem(one.text, one.do)
		item.Disabled = one.refusal != nil
		items = append(items, item)
	}
	add := func(list ...actions.ID) {
		for _, action := range list {
			item := fyne.NewMenuItem(action.Label(), func() { o.Actions.Do(action, subject) })
			item.Disabled = action.WhyNot(subject) != nil
			items = append(items, item)
		}
	}
	add(actions.OfSelected()...)
	items = append(items, fyne.NewMenuItemSeparator())
	add(actions.Email, actions.SaveFile, actions.ChangeNote)
	return items
}

// codesText returns Site code and Machine ID in a form that the code fields accept by one paste.
func codesText(l manager.License) string {
	return tr.T("Site code: %s\nMachine ID: %s", l.SiteCode, l.MachineID)
}
