package presenter

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/screens/actions"
	"github.com/acen-desktop/acen/ui/screens/privacy"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/screens/stranded"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// ThisPCBackend is what the license manager knows of this PC. All methods may block.
type ThisPCBackend interface {
	removalcode.Keeper
	privacy.Reader
	Find(ctx context.Context) (manager.Found, error)
}

// ThisPCPeers is what this PC's licenses need of the other presenters.
type ThisPCPeers interface {
	SignedIn() bool
	// ShowsAccount reports whether an account is shown: one that is signed in, or one that is being resumed with its
	// last known tables.
	ShowsAccount() bool
	Account() manager.Account
	LicensedFor(program int64) int64
	// MarksChanged shows the licenses anew, because Marks has changed.
	MarksChanged()
	RefreshNotices()
	// Do opens the dialog of an action, or says why it is not possible.
	Do(action actions.ID, s actions.Subject)
	// ShowOrder selects an order, ShowLicense a license and its order.
	ShowOrder(o api.Order)
	ShowLicense(o api.Order, l manager.License)
	// VendorAddress returns the address of the vendor where it is known.
	VendorAddress() string
	// LearnVendorAddress asks for the address of the vendor.
	LearnVendorAddress()
	// ContactVendor lets the person write to the vendor.
	ContactVendor(subject, text string)
}

// ThisPC presents what was found that has to do with this PC.
type ThisPC struct {
	shell    *Shell
	backend  ThisPCBackend
	peers    ThisPCPeers
	finding  *background.Slot
	found    found
	searched bool
}

// found are licenses that this PC had, that wait for a PC or end soon, and that the server and this PC know
// differently, and the removal codes that a person has to hand in.
type found struct {
	manager.Found
	letGo []removalcode.Entry
	day   string // on which it was found
}

// marks names licenses by id, for the table and the panel.
func (f found) marks() (bringBacks, letGo map[int64]bool) {
	bringBacks, letGo = map[int64]bool{}, map[int64]bool{}
	for _, b := range f.BringBacks {
		bringBacks[b.License.ID] = true
	}
	for _, e := range f.letGo {
		if e.Fault == nil {
			letGo[e.License.ID] = true
		}
	}
	return bringBacks, letGo
}

// isStranded reports whether a license is among those that left this PC without the server knowing.
func (f found) isStranded(id int64) bool {
	for _, s := range f.Stranded {
		if s.License.ID == id {
			return true
		}
	}
	return false
}

// NewThisPC returns a presenter that has found nothing. UI thread.
func NewThisPC(shell *Shell, backend ThisPCBackend, peers ThisPCPeers) *ThisPC {
	return &ThisPC{
		shell:   shell,
		backend: backend,
		peers:   peers,
		finding: shell.Work.NewSlot(),
	}
}

// Leave forgets what was found for the account that is left.
func (p *ThisPC) Leave() {
	p.finding.Cancel()
	p.found, p.searched = found{}, false
}

// Searched reports whether something was looked for since the account is shown.
func (p *ThisPC) Searched() bool { return p.searched }

// Marks returns the licenses, by id, that this PC had, and those whose removal codes a person has to hand in.
func (p *ThisPC) Marks() (bringBacks, letGo map[int64]bool) { return p.found.marks() }

// PassDay looks again on a new day: licenses end a day sooner then.
func (p *ThisPC) PassDay() {
	if p.found.day != "" && p.found.day != words.FileDay(p.shell.Now()) {
		p.found.day = ""
		p.Find()
	}
}

// Find looks among the last known licenses for what has to do with this PC, unless nobody is signed in: while the
// session is being resumed FindKnown has done so.
func (p *ThisPC) Find() {
	if p.peers.SignedIn() {
		p.FindKnown(nil)
	}
}

// FindKnown looks for what has to do with this PC also while the session is being resumed, so that the first frame
// shows it. It begins when session is closed; nil is now.
func (p *ThisPC) FindKnown(session <-chan struct{}) {
	background.Run(p.finding, func(ctx context.Context) (f found, err error) {
		if err := background.Wait(ctx, session); err != nil {
			return f, err
		}
		var findErr, codesErr error
		f.Found, findErr = p.backend.Find(ctx)
		kept, codesErr := removalcode.Load(ctx, p.backend)
		for _, e := range kept {
			if !e.Waits() {
				f.letGo = append(f.letGo, e)
			}
		}
		return f, errors.Join(findErr, codesErr)
	}, p.show)
}

func (p *ThisPC) show(f found, err error) {
	p.searched = true
	if err != nil {
		return // what is shown stays; the next table brings another attempt
	}
	f.day = words.FileDay(p.shell.Now())
	bringBacks, letGo := f.marks()
	shownBringBacks, shownLetGo := p.found.marks()
	p.found = f
	if !maps.Equal(bringBacks, shownBringBacks) || !maps.Equal(letGo, shownLetGo) {
		p.peers.MarksChanged()
	}
	p.peers.RefreshNotices()
	p.shell.Status.Refresh()
	if list := f.Forgotten; len(list) == 1 && list[0].Refusal != nil && p.peers.SignedIn() {
		p.peers.LearnVendorAddress() // the banner names it
	}
}

// ShowPrivacy shows what is sent about this PC, for each program of the orders, that of the selected one first.
func (p *ThisPC) ShowPrivacy(orders []api.Order, selected api.Order) {
	var programs []privacy.Program
	for _, o := range orders {
		one := privacy.Program{ID: o.ProgramID, Name: o.ProgramName}
		if o.RequiresActivation && !slices.Contains(programs, one) {
			programs = append(programs, one)
		}
	}
	privacy.Open(privacy.Options{
		Dialogs: p.shell.Dialogs,
		Work:    p.shell.Work,
		Reader:  p.backend,
		Copy:    p.shell.Copy,
		Explain: explain.Error,
	}, programs, selected.ProgramID)
}

// ShowRemovalCodes lists the removal codes that this PC keeps.
func (p *ThisPC) ShowRemovalCodes() { removalcode.List(p.RemovalOptions(), p.backend, p.Find) }

// RemovalOptions are for dialogs that show a removal code.
func (p *ThisPC) RemovalOptions() removalcode.Options {
	return removalcode.Options{
		Dialogs: p.shell.Dialogs,
		Work:    p.shell.Work,
		Copy:    p.shell.Copy,
		Explain: explain.Error,
		Now:     p.shell.Now,
		Show:    p.shell.Opener.Show,
		Save:    func(name, text string, done func(error)) { p.shell.Files.Save(name, text, ".txt", done) },
	}
}

// handOver is removalcode.HandIn or removalcode.Offer.
type handOver func(context.Context, removalcode.Keeper, removalcode.Entry) (dialogs.Message, error)

// handOver hands a kept removal code in, or offers its license to another PC.
func (p *ThisPC) handOver(e removalcode.Entry, do handOver) {
	p.shell.Status.Working(tr.T("Telling the server…"))
	background.Run(p.shell.Asking, func(ctx context.Context) (dialogs.Message, error) {
		return do(ctx, p.backend, e)
	}, func(done dialogs.Message, err error) {
		p.shell.Status.Working("")
		_, m, ok := removalcode.Outcome(done, err)
		if !ok {
			p.shell.Explain(err)
			return
		}
		p.Find()
		p.shell.Dialogs.Info(words.Title(m.What), m.Why)
	})
}

// showStranded lists the licenses that left this PC without the server knowing, with what can be done about each.
func (p *ThisPC) showStranded() {
	list := p.found.Stranded
	rows := make([]stranded.Row, len(list))
	for i, s := range list {
		rows[i] = p.strandedRow(s)
	}
	stranded.Open(p.shell.Dialogs, rows, func() { p.contactAboutStranded(list) })
}

func (p *ThisPC) strandedRow(s manager.Stranded) stranded.Row {
	subject := actions.Subject{Order: s.Order, License: s.License}
	step := func(text string, action actions.ID) stranded.Step {
		one := stranded.Step{Text: text, Do: func() { p.peers.Do(action, subject) }}
		if err := action.WhyNot(subject); err != nil {
			one.WhyNot = explain.Reason(err)
		}
		return one
	}
	back := step(tr.T("Bring back…"), actions.Reactivate)
	if licensed := p.peers.LicensedFor(s.Order.ProgramID); back.WhyNot == "" && licensed != 0 {
		back.WhyNot = tr.T("this PC is licensed in order %d", licensed)
	}
	return stranded.Row{
		Title: tr.T("%s · order %d", tr.T("%s · %s", s.Order.ProgramName, quoted(s.License)), s.Order.ID),
		Steps: []stranded.Step{
			back,
			step(tr.T("Hand in…"), actions.Remove),
			step(tr.T("Offer to another PC…"), actions.Move),
		},
	}
}
