package presenter

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const (
	// maxOffers limits the offers that are shown at once, to leave room for the tables. The others follow after one is
	// accepted or dismissed.
	maxOffers = 3

	// pointerRest is how long the pointer must have been at rest over the rows before a banner may move them.
	pointerRest = 2 * time.Second
)

// Banner is a message at the top of the window.
type Banner struct {
	// Key distinguishes banners with equal texts whose buttons do different things, and identifies an Offer without Ends,
	// whose dismissal lasts until the app ends.
	Key     string
	Tone    theme.Tone
	Message dialogs.Message
	Actions []dialogs.Action // the first of several is highlighted
}

// object returns the widget of the banner.
func (b Banner) object() fyne.CanvasObject {
	var buttons []fyne.CanvasObject
	for i, a := range b.Actions {
		button := dialogs.NewButton(a.Label, nil, a.Do)
		if i == 0 && len(b.Actions) > 1 {
			button.Importance = widget.HighImportance
		}
		buttons = append(buttons, button)
	}
	return dialogs.Banner(b.Tone, b.Message, buttons...)
}

// same reports whether two banners have equal keys, tones and texts, those of their buttons included.
func (b Banner) same(other Banner) bool {
	mine, others := b.Message, other.Message
	return b.Key == other.Key && b.Tone == other.Tone &&
		mine.What == others.What && mine.Why == others.Why && mine.Next == others.Next &&
		slices.EqualFunc(b.Actions, other.Actions, func(a, c dialogs.Action) bool { return a.Label == c.Label })
}

// Offer is a banner that proposes a step.
type Offer struct {
	Banner
	// Endings are the endings that the offer is about. Their dismissal is stored for later starts of the app.
	Endings []Ending
}

// NoticesPeers is what Notices needs of the other presenters.
type NoticesPeers interface {
	// Offline returns the banner about a fault of the connection, if there is one.
	Offline() (Banner, bool)
	Offers() []Offer
	// TablesShown reports whether the tables are shown.
	TablesShown() bool
}

// Notices is the presenter of the banners at the top of the window: notices of the manager, faults of the connection,
// and offers.
type Notices struct {
	shell     *Shell
	manager   func() []manager.Notice
	peers     NoticesPeers
	box       *fyne.Container
	notices   []*notice
	shown     []Banner
	deferred  int             // number of banners that wait for the pointer to rest
	dismissed map[string]bool // offers by Key, until the app ends
	endings   endings         // dismissed endings, stored
	movedAt   time.Time       // when the pointer last moved over rows
}

// notice is shown until the person dismisses it.
type notice struct {
	message   dialogs.Message
	dismissed bool
}

// NewNotices returns a presenter without banners; source returns the notices of the manager. UI thread.
func NewNotices(shell *Shell, source func() []manager.Notice, peers NoticesPeers) *Notices {
	return &Notices{
		shell:     shell,
		manager:   source,
		peers:     peers,
		box:       container.New(layout.NewCustomPaddedVBoxLayout(0)),
		dismissed: map[string]bool{},
	}
}

// Object returns the content for the window.
func (n *Notices) Object() fyne.CanvasObject { return n.box }

// Collect shows the notices of the manager.
func (n *Notices) Collect() {
	for _, one := range n.manager() {
		n.Notify(dialogs.Message{What: words.Translate(one.Title), Why: words.Translate(one.Detail)})
	}
}

// Notify shows a notice until the person dismisses it. An equal notice is ignored.
func (n *Notices) Notify(m dialogs.Message) {
	for _, known := range n.notices {
		if known.message == m {
			return
		}
	}
	n.notices = append(n.notices, &notice{message: m})
	n.Refresh()
}

// ShowDismissed shows dismissed notices and offers.
func (n *Notices) ShowDismissed() {
	for _, one := range n.notices {
		one.dismissed = false
	}
	clear(n.dismissed)
	for _, o := range n.peers.Offers() {
		n.setDismissed(o, false)
	}
	n.Show()
	n.shell.Status.Refresh()
}

// HiddenText returns the number of hidden banners, dismissed or deferred, in words, or "" if there are none.
func (n *Notices) HiddenText() string {
	count := n.deferred
	for _, one := range n.notices {
		if one.dismissed {
			count++
		}
	}
	for _, o := range n.peers.Offers() {
		if n.isDismissed(o) {
			count++
		}
	}
	if count == 0 {
		return ""
	}
	return tr.N(count, "%d notice", "%d notices")
}

// PointerMoved is called while the pointer moves over the rows of a table.
func (n *Notices) PointerMoved() { n.movedAt = n.shell.Now() }

// Refresh updates the banners after an event in the background. While the pointer moves over the rows it does not move
// them: new banners are deferred to a later Refresh, and counted in the status bar.
func (n *Notices) Refresh() {
	list := n.visible()
	if len(list) == len(n.shown) || n.shell.Now().Sub(n.movedAt) >= pointerRest || !n.peers.TablesShown() {
		n.draw(list)
		return
	}
	deferred := 0
	for _, b := range list {
		if !slices.ContainsFunc(n.shown, b.same) {
			deferred++
		}
	}
	if n.deferred != deferred {
		n.deferred = deferred
		n.shell.Status.Refresh()
	}
}

// Show updates the banners at once, after an action of the person.
func (n *Notices) Show() { n.draw(n.visible()) }

func (n *Notices) visible() (list []Banner) {
	if b, ok := n.peers.Offline(); ok {
		list = append(list, b)
	}
	for _, one := range n.notices {
		if one.dismissed {
			continue
		}
		list = append(list, Banner{
			Tone:    theme.Warning,
			Message: one.message,
			Actions: []dialogs.Action{n.dismiss(func() { one.dismissed = true })},
		})
	}
	shown := 0
	for _, o := range n.peers.Offers() {
		if shown < maxOffers && !n.isDismissed(o) {
			shown++
			o.Actions = append(o.Actions, n.dismiss(func() { n.setDismissed(o, true) }))
			list = append(list, o.Banner)
		}
	}
	return list
}

func (n *Notices) draw(list []Banner) {
	if n.deferred != 0 {
		n.deferred = 0
		n.shell.Status.Refresh()
	}
	if slices.EqualFunc(list, n.shown, Banner.same) {
		return
	}
	n.shown = list
	n.box.RemoveAll()
	for _, b := range list {
		n.box.Add(container.New(layout.NewCustomPaddedLayout(theme.Gap, 0, theme.Margin, theme.Margin), b.object()))
	}
	n.shell.Window.Content().Refresh()
}

// dismiss returns the button that hides a banner; the link in the status bar shows it again.
func (n *Notices) dismiss(note func()) dialogs.Action {
	return dialogs.Action{Label: tr.T("Dismiss"), Do: func() {
		note()
		n.Show()
		n.shell.Status.Refresh()
	}}
}
