package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/dialogs"
	"github.com/acen-desktop/acen/ui/theme"
	"github.com/acen-desktop/acen/ui/tr"
	"github.com/acen-desktop/acen/ui/words"
)

// showNotices takes over what the manager has to tell.
func (w *Window) showNotices() {
	for _, n := range w.options.Backend.Notices() {
		w.notify(dialogs.Message{What: words.Say(n.Title), Why: words.Say(n.Detail)})
	}
}

// notice is something that was told, once.
type notice struct {
	message   dialogs.Message
	dismissed bool
}

// notify shows a notice until the person dismisses it.
func (w *Window) notify(m dialogs.Message) {
	for _, known := range w.state.notices {
		if known.message == m {
			return
		}
	}
	w.state.notices = append(w.state.notices, &notice{message: m})
	w.refreshBanners()
}

// recallNotices shows dismissed notices again.
func (w *Window) recallNotices() {
	for _, n := range w.state.notices {
		n.dismissed = false
	}
	clear(w.dismissed)
	for _, o := range w.offers() {
		w.setDismissed(o, false)
	}
	w.refreshBanners()
	w.status.refresh()
}

func (w *Window) dismissedText() string {
	count := 0
	for _, n := range w.state.notices {
		if n.dismissed {
			count++
		}
	}
	for _, o := range w.offers() {
		if w.isDismissed(o) {
			count++
		}
	}
	if count == 0 {
		return ""
	}
	return tr.N(count, "%d notice", "%d notices")
}

// banner is one message at the top of the window.
type banner struct {
	tone    theme.Tone
	message dialogs.Message
	actions []dialogs.Action
}

// object draws the banner flat: the buttons stand at its right. The first of several is the one proposed.
func (b banner) object() fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	for i, a := range b.actions {
		act := dialogs.NewButton(a.Label, nil, a.Do)
		if i == 0 && len(b.actions) > 1 {
			act.Importance = widget.HighImportance
		}
		buttons = append(buttons, act)
	}
	return dialogs.Banner(b.tone, b.message, buttons...)
}

// mostOffers is how many offers are shown at once; the tables keep their room. The others follow when those are taken or dismissed.
const mostOffers = 3

// refreshBanners shows notices, and why the tables are old when they are.
func (w *Window) refreshBanners() {
	var list []banner
	if b, ok := w.offlineBanner(); ok {
		list = append(list, b)
	}
	for _, n := range w.state.notices {
		if n.dismissed {
			continue
		}
		list = append(list, banner{theme.Warning, n.message, []dialogs.Action{
			w.dismiss(func() { n.dismissed = true }),
		}})
	}
	shown := 0
	for _, o := range w.offers() {
		if shown < mostOffers && !w.isDismissed(o) {
			shown++
			list = append(list, banner{o.tone, o.message, append(o.actions, w.dismiss(func() { w.setDismissed(o, true) }))})
		}
	}
	if w.sameBanners(list) {
		return
	}
	w.state.banners = list
	w.banners.RemoveAll()
	for _, b := range list {
		w.banners.Add(container.New(layout.NewCustomPaddedLayout(theme.Gap, 0, theme.Margin, theme.Margin), b.object()))
	}
	w.window.Content().Refresh()
}

// dismiss is the button that takes a banner away for this start; the status line brings it back.
func (w *Window) dismiss(note func()) dialogs.Action {
	return dialogs.Action{Label: tr.T("Dismiss"), Do: func() {
		note()
		w.refreshBanners()
		w.status.refresh()
	}}
}

func (w *Window) sameBanners(list []banner) bool {
	shown := w.state.banners
	if len(shown) != len(list) {
		return false
	}
	for i := range list {
		if shown[i].message.What != list[i].message.What || shown[i].message.Why != list[i].message.Why {
			return false
		}
	}
	return true
}

func (w *Window) offlineBanner() (banner, bool) {
	m := w.state.fault
	if m.What == "" || !w.state.signedIn {
		return banner{}, false
	}
	if w.state.loaded {
		m.What = tr.T("No connection to %s; showing what was known %s.", host(w.state.account.Server), w.age())
	}
	return banner{theme.Warning, m, []dialogs.Action{{Label: tr.T("Try again"), Do: w.refresh}, {Label: tr.T("Find the cause…"), Do: func() { w.examine("") }}}}, true
}
