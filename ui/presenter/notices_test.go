package presenter

import (
	"fmt"
	"testing"
	"time"

	"fyne.io/fyne/v2/container"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
)

// noticesPeers returns fixed banners.
type noticesPeers struct {
	offline *Banner
	offers  []Offer
	tables  bool
}

func (p *noticesPeers) Offers() []Offer   { return p.offers }
func (p *noticesPeers) TablesShown() bool { return p.tables }

func (p *noticesPeers) Offline() (Banner, bool) {
	if p.offline == nil {
		return Banner{}, false
	}
	return *p.offline, true
}

func newTestNotices(t *testing.T) (*stage, *Notices, *noticesPeers) {
	t.Helper()
	s, peers := newStage(t), &noticesPeers{tables: true}
	list := []manager.Notice{{
		Title:  manager.Say("The local data file was damaged."),
		Detail: manager.Say("It was set aside."),
	}}
	n := NewNotices(s.shell, func() []manager.Notice { return list }, peers)
	n.Restore()
	s.Window.SetContent(container.NewVBox(n.Object(), s.Window.Content()))
	return s, n, peers
}

func offer(key string) Offer {
	return Offer{Banner: Banner{Key: key, Message: dialogs.Message{What: "Offer " + key}}}
}

func TestNotify(t *testing.T) {
	s, n, _ := newTestNotices(t)
	n.Collect()
	n.Collect()
	require.True(t, s.Shows("The local data file was damaged."))
	require.Len(t, n.shown, 1)
	s.Press("Dismiss")
	require.False(t, s.Shows("The local data file was damaged."))
	n.Collect()
	require.False(t, s.Shows("The local data file was damaged."), "the person has read it")
	require.Equal(t, "1 notice", n.HiddenText())
	n.ShowDismissed()
	require.True(t, s.Shows("The local data file was damaged."))
	require.Empty(t, n.HiddenText())
}

func TestMaxOffers(t *testing.T) {
	s, n, peers := newTestNotices(t)
	for i := range maxOffers + 1 {
		peers.offers = append(peers.offers, offer(fmt.Sprint(i)))
	}
	n.Show()
	require.True(t, s.Shows("Offer 2"))
	require.False(t, s.Shows("Offer 3"))
	n.setDismissed(peers.offers[1], true)
	n.Show()
	require.False(t, s.Shows("Offer 1"))
	require.True(t, s.Shows("Offer 3"), "it follows when another is dismissed")
	require.Equal(t, "1 notice", n.HiddenText())
}

// A banner with the texts of another one does what it says.
func TestEqualBanners(t *testing.T) {
	s, n, peers := newTestNotices(t)
	done := ""
	of := func(license string, next string) []Offer {
		o := offer("for the same program")
		o.Key, o.Message.Next = license, next
		o.Actions = []dialogs.Action{{Label: "Accept", Do: func() { done = license }}}
		return []Offer{o}
	}
	peers.offers = of("20000", "")
	n.Show()
	peers.offers = of("20001", "")
	n.Show()
	s.Press("Accept")
	require.Equal(t, "20001", done)
	peers.offers = of("20001", "Try again.")
	n.Show()
	require.True(t, s.Shows("Try again."))
}

func TestBannersWaitForPointer(t *testing.T) {
	s, n, peers := newTestNotices(t)
	n.PointerMoved()
	peers.offers = []Offer{offer("1")}
	s.now = s.now.Add(pointerRest - 1)
	n.Refresh()
	require.False(t, s.Shows("Offer 1"))
	require.Equal(t, "1 notice", n.HiddenText())
	s.now = s.now.Add(1)
	n.Refresh()
	require.True(t, s.Shows("Offer 1"), "the pointer rests")
	require.Empty(t, n.HiddenText())

	n.PointerMoved()
	peers.offers = append(peers.offers, offer("2"))
	n.Refresh()
	require.False(t, s.Shows("Offer 2"))
	n.Show()
	require.True(t, s.Shows("Offer 2"), "the person asked for it")

	n.PointerMoved()
	peers.offers = append(peers.offers, offer("3"))
	peers.tables = false
	n.Refresh()
	require.True(t, s.Shows("Offer 3"), "there are no rows on the sign-in screen")
}

func TestDismissedEndings(t *testing.T) {
	s, n, peers := newTestNotices(t)
	ends := start.AddDate(0, 0, 12)
	at := func(step int, ends time.Time) Offer {
		o := offer("end")
		o.Endings = []Ending{{Name: "https://licenses.lumen.example 20000", Step: step, At: ends}}
		return o
	}
	peers.offers = []Offer{at(14, ends)}
	n.Show()
	s.Press("Dismiss")
	require.False(t, s.Shows("Offer end"))

	later := NewNotices(s.shell, func() []manager.Notice { return nil }, peers)
	later.Restore()
	require.True(t, later.isDismissed(at(14, ends)), "in a later start of the app")
	require.False(t, later.isDismissed(at(7, ends)), "at the next step")
	require.False(t, later.isDismissed(at(14, ends.AddDate(0, 0, 1))), "the license has another end")
	s.now = ends.Add(1)
	later.Restore()
	require.Empty(t, later.endings, "it has ended")
	s.App.Preferences().SetString(endingsKey, "damaged")
	later.Restore()
	require.NotNil(t, later.endings)
}
