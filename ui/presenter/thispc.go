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

// ThisPCBackend is the part of the license manager that ThisPC uses. Its methods may block.
type ThisPCBackend interface {
	removalcode.Backend
	privacy.Reader
	Find(ctx context.Context) (manager.Found, error)
}

// ThisPCPeers is what ThisPC needs of the other presenters.
type ThisPCPeers interface {
	SignedIn() bool
	// ShowsAccount reports whether an account is shown: signed in, or being resumed with its cached tables.
	ShowsAccount() bool
	Account() manager.Account
	LicensedOrder(program int64) int64
	// MarksChanged redraws the licenses after Marks changed.
	MarksChanged()
	RefreshNotices()
	// Do opens the dialog of an action, or shows why it is not possible.
	Do(action actions.ID, s actions.Subject)
	// ShowOrder selects an order, ShowLicense a license and its order.
	ShowOrder(o api.Order)
	ShowLicense(o api.Order, l manager.License)
	// VendorAddress returns the email address of the vendor, or "" while unknown.
	VendorAddress() string
	// LoadVendorAddress requests the email address of the vendor.
	LoadVendorAddress()
	// ContactVendor opens an email to the vendor.
	ContactVendor(subject, text string)
}

// ThisPC is the presenter of the licenses that concern this PC, and of their offers.
type ThisPC struct {
	shell    *Shell
	backend  ThisPCBackend
	peers    ThisPCPeers
	finding  *background.Slot
	found    found
	searched bool
}

// found is the result of manager.Find with the kept removal codes that no job sends.
type found struct {
	manager.Found
	keptCodes []removalcode.Entry
	day       string // of the search
}

// marks returns the ids of the licenses that can be brought back, and of those with a kept removal code.
func (f found) marks() (bringBacks, keptCodes map[int64]bool) {
	bringBacks, keptCodes = map[int64]bool{}, map[int64]bool{}
	for _, b := range f.BringBacks {
		bringBacks[b.License.ID] = true
	}
	for _, e := range f.keptCodes {
		if e.Fault == nil {
			keptCodes[e.License.ID] = true
		}
	}
	return bringBacks, keptCodes
}

// isStranded reports whether a license is stranded.
func (f found) isStranded(id int64) bool {
	for _, s := range f.Stranded {
		if s.License.ID == id {
			return true
		}
	}
	return false
}

// NewThisPC returns a presenter without results. UI thread.
func NewThisPC(shell *Shell, backend ThisPCBackend, peers ThisPCPeers) *ThisPC {
	return &ThisPC{
		shell:   shell,
		backend: backend,
		peers:   peers,
		finding: shell.Work.NewSlot(),
	}
}

// Reset cancels the search and clears its results.
func (p *ThisPC) Reset() {
	p.finding.Cancel()
	p.found, p.searched = found{}, false
}

// Searched reports whether a search has ended since the account is shown.
func (p *ThisPC) Searched() bool { return p.searched }

// Marks returns the ids of the licenses that can be brought back, and of those with a kept removal code that no job
// sends.
func (p *ThisPC) Marks() (bringBacks, keptCodes map[int64]bool) { return p.found.marks() }

// RefreshDay repeats the search on a new day, because the remaining days of licenses have changed.
func (p *ThisPC) RefreshDay() {
	if p.found.day != "" && p.found.day != words.FileDay(p.shell.Now()) {
		p.found.day = ""
		p.Find()
	}
}

// Find searches the cached licenses for those that concern this PC, if an account is signed in.
func (p *ThisPC) Find() {
	if p.peers.SignedIn() {
		p.FindCached(nil)
	}
}

// FindCached is like Find, also while the session is being resumed, so that the first frame shows the result. It starts
// after session is closed, or at once if it is nil.
func (p *ThisPC) FindCached(session <-chan struct{}) {
	background.Run(p.finding, func(ctx context.Context) (f found, err error) {
		if err := background.Wait(ctx, session); err != nil {
			return f, err
		}
		var findErr, codesErr error
		f.Found, findErr = p.backend.Find(ctx)
		kept, codesErr := removalcode.Load(ctx, p.backend)
		for _, e := range kept {
			if !e.HasJob() {
				f.keptCodes = append(f.keptCodes, e)
			}
		}
		return f, errors.Join(findErr, codesErr)
	}, p.show)
}

func (p *ThisPC) show(f found, err error) {
	p.searched = true
	if err != nil {
		return // the results remain; the next loaded table starts another search
	}
	f.day = words.FileDay(p.shell.Now())
	bringBacks, keptCodes := f.marks()
	shownBringBacks, shownKeptCodes := p.found.marks()
	p.found = f
	if !maps.Equal(bringBacks, shownBringBacks) || !maps.Equal(keptCodes, shownKeptCodes) {
		p.peers.MarksChanged()
	}
	p.peers.RefreshNotices()
	p.shell.Status.Refresh()
	if list := f.Forgotten; len(list) == 1 && list[0].Refusal != nil && p.peers.SignedIn() {
		p.peers.LoadVendorAddress() // the banner names it
	}
}

// ShowPrivacy shows what is sent about this PC for the programs of the orders, initially for that of selected.
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

// ShowRemovalCodes lists the kept removal codes.
func (p *ThisPC) ShowRemovalCodes() { removalcode.List(p.RemovalOptions(), p.backend, p.Find) }

// RemovalOptions configures dialogs that show a removal code.
func (p *ThisPC) RemovalOptions() removalcode.Options {
	return removalcode.Options{
		Dialogs:  p.shell.Dialogs,
		Work:     p.shell.Work,
		Copy:     p.shell.Copy,
		Explain:  explain.Error,
		Now:      p.shell.Now,
		OpenPage: p.shell.Opener.OpenPage,
		Save:     func(name, text string, done func(error)) { p.shell.Files.Save(name, text, ".txt", done) },
	}
}

// handOver is the type of removalcode.HandIn and removalcode.Offer.
type handOver func(context.Context, removalcode.Backend, removalcode.Entry) (dialogs.Message, error)

// handOver hands in a kept removal code, or offers its license.
func (p *ThisPC) handOver(e removalcode.Entry, do handOver) {
	p.shell.Status.SetWorking(tr.T("Telling the server…"))
	background.Run(p.shell.Requests, func(ctx context.Context) (dialogs.Message, error) {
		return do(ctx, p.backend, e)
	}, func(done dialogs.Message, err error) {
		p.shell.Status.SetWorking("")
		_, m, ok := removalcode.Outcome(done, err)
		if !ok {
			p.shell.Explain(err)
			return
		}
		p.Find()
		p.shell.Dialogs.Info(words.Title(m.What), m.Why)
	})
}

// showStranded lists the stranded licenses with their steps.
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
	if licensed := p.peers.LicensedOrder(s.Order.ProgramID); back.WhyNot == "" && licensed != 0 {
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
