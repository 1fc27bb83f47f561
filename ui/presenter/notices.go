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
	// maxOffers is how many offers are shown at once, so that the tables keep their room. The others follow when those are
	// accepted or dismissed.
	maxOffers = 3

	// pointerRest is how long the pointer must not have moved over the rows before a banner may push them away.
	pointerRest = 2 * time.Second
)

// Banner is one message at the top of the window.
type Banner struct {
	Tone    theme.Tone
	Message dialogs.Message
	Actions []dialogs.Action // the first of several is the one proposed
}

// object draws the banner flat, with its buttons at the right.
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

// same reports whether two banners look alike.
func (b Banner) same(other Banner) bool {
	return b.Message.What == other.Message.What && b.Message.Why == other.Message.Why
}

// Offer is a banner that proposes a step.
type Offer struct {
	Banner
	// Key tells the offer from others when it is dismissed.
	Key string
	// Ends are the licenses that a notice of their end is about. Its dismissal is kept for later starts of the app.
	Ends []Ending
}

// NoticesPeers is what the banners need of the other presenters.
type NoticesPeers interface {
	// Offline returns the banner that says why the tables are old, if they are.
	Offline() (Banner, bool)
	Offers() []Offer
	// TablesShown reports whether the tables are shown, so that a pointer may be on its way to a row.
	TablesShown() bool
}

// Notices presents the banners at the top of the window: what the manager has to tell, why the tables are old, and offers.
type Notices struct {
	shell     *Shell
	manager   func() []manager.Notice
	peers     NoticesPeers
	box       *fyne.Container
	notices   []*notice
	shown     []Banner
	held      int             // banners that are held back until the pointer rests
	dismissed map[string]bool // offers, by their keys, for this start of the app
	endings   endings         // dismissed, in this start of the app or an earlier one
	movedAt   time.Time       // when the pointer last moved over rows
}

// notice is shown until the person dismisses it.
type notice struct {
	message   dialogs.Message
	dismissed bool
}

// NewNotices returns the presenter of no banners. source returns what the manager has to tell. UI thread.
func NewNotices(shell *Shell, source func() []manager.Notice, peers NoticesPeers) *Notices {
	return &Notices{
		shell:     shell,
		manager:   source,
		peers:     peers,
		box:       container.New(layout.NewCustomPaddedVBoxLayout(0)),
		dismissed: map[string]bool{},
	}
}

// Object is what is put into the window.
func (n *Notices) Object() fyne.CanvasObject { return n.box }

// Collect shows what the manager has to tell.
func (n *Notices) Collect() {
	for _, one := range n.manager() {
		n.Notify(dialogs.Message{What: words.Say(one.Title), Why: words.Say(one.Detail)})
	}
}

// Notify shows a notice until the person dismisses it. The same notice is shown once.
func (n *Notices) Notify(m dialogs.Message) {
	for _, known := range n.notices {
		if known.message == m {
			return
		}
	}
	n.notices = append(n.notices, &notice{message: m})
	n.Refresh()
}

// Recall shows dismissed notices and offers again.
func (n *Notices) Recall() {
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

// Unseen counts in words the notices that are not shown: dismissed ones, and those that are held back; "" where there are none.
func (n *Notices) Unseen() string {
	count := n.held
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

// PointerMoved tells that the pointer moves over the rows of a table.
func (n *Notices) PointerMoved() { n.movedAt = n.shell.Now() }

// Refresh shows what came without being asked for. While the pointer moves over the rows it does not push them away: the new
// banners are held back, the status bar counts them, and a later Refresh shows them.
func (n *Notices) Refresh() {
	list := n.wanted()
	if len(list) == len(n.shown) || n.shell.Now().Sub(n.movedAt) >= pointerRest || !n.peers.TablesShown() {
		n.put(list)
		return
	}
	held := 0
	for _, b := range list {
		if !slices.ContainsFunc(n.shown, b.same) {
			held++
		}
	}
	if n.held != held {
		n.held = held
		n.shell.Status.Refresh()
	}
}

// Show shows at once what the person asked for.
func (n *Notices) Show() { n.put(n.wanted()) }

func (n *Notices) wanted() (list []Banner) {
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

func (n *Notices) put(list []Banner) {
	if n.held != 0 {
		n.held = 0
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

// dismiss is the button that removes a banner; the status bar brings it back.
func (n *Notices) dismiss(note func()) dialogs.Action {
	return dialogs.Action{Label: tr.T("Dismiss"), Do: func() {
		note()
		n.Show()
		n.shell.Status.Refresh()
	}}
}
