package ui

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
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
	w.showBanners()
	w.status.refresh()
}

// unseenText counts the notices that are not shown: dismissed ones, and those that wait until the pointer rests.
func (w *Window) unseenText() string {
	count := w.state.late
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

// aiming is how long after it moved over the rows the pointer is taken for being on its way to one of them.
const aiming = 2 * time.Second

// aim hears that the pointer moves over the rows.
func (w *Window) aim() { w.aimed = w.options.Now() }

// refreshBanners shows what came by itself. It does not push the rows away under a pointer that moves over them: what comes then
// waits, the status line counts it, and time lets it in.
func (w *Window) refreshBanners() {
	list := w.wantedBanners()
	if len(list) == len(w.state.banners) || w.options.Now().Sub(w.aimed) >= aiming || w.root.Objects[0] != w.main {
		w.putBanners(list)
		return
	}
	late := 0
	for _, b := range list {
		if !slices.ContainsFunc(w.state.banners, b.same) {
			late++
		}
	}
	if w.state.late != late {
		w.state.late = late
		w.status.refresh()
	}
}

// showBanners shows at once what the person asked for.
func (w *Window) showBanners() { w.putBanners(w.wantedBanners()) }

// wantedBanners are the notices, and why the tables are old when they are.
func (w *Window) wantedBanners() (list []banner) {
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
	return list
}

func (w *Window) putBanners(list []banner) {
	if w.state.late != 0 {
		w.state.late = 0
		w.status.refresh()
	}
	if slices.EqualFunc(list, w.state.banners, banner.same) {
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
		w.showBanners()
		w.status.refresh()
	}}
}

// same reports whether two banners look alike.
func (b banner) same(other banner) bool {
	return b.message.What == other.message.What && b.message.Why == other.message.Why
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
