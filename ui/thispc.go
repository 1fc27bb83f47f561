package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/screens/licenses"
	"github.com/acen-desktop/acen/ui/screens/removalcode"
	"github.com/acen-desktop/acen/ui/screens/tasks"
	"github.com/acen-desktop/acen/ui/text/explain"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// found is what was found by itself: licenses that this PC had, that wait for a PC or end soon, that the server and this PC know
// differently, and removal codes that a person has to hand in.
type found struct {
	manager.Found
	letGo []removalcode.Entry
	day   string // on which it was found
}

// marks names the licenses by id, for the table and the panel.
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

// find looks among the last known licenses for what has to do with this PC. While the session is being resumed that is done already.
func (w *Window) find() {
	if w.state.signedIn {
		w.look(nil)
	}
}

// look is find, also while the session is being resumed: what the last known licenses tell stands in the first frame. It begins when
// it is known whose session is resumed; a nil channel is that now.
func (w *Window) look(resumes <-chan struct{}) {
	backend := w.options.Backend
	background.Run(w.finding, func(ctx context.Context) (f found, err error) {
		if err := background.Wait(ctx, resumes); err != nil {
			return f, err
		}
		var findErr, codesErr error
		f.Found, findErr = backend.Find(ctx)
		kept, codesErr := removalcode.Load(ctx, backend)
		for _, e := range kept {
			if !e.Waits() {
				f.letGo = append(f.letGo, e)
			}
		}
		return f, errors.Join(findErr, codesErr)
	}, func(f found, err error) {
		w.state.looked = true
		if err != nil {
			return // what is shown stays; the next table brings another attempt
		}
		f.day = words.FileDay(w.options.Now())
		bringBacks, letGo := f.marks()
		knownBringBacks, knownLetGo := w.state.found.marks()
		w.state.found = f
		if w.state.content.Order.ID != 0 && !(maps.Equal(bringBacks, knownBringBacks) && maps.Equal(letGo, knownLetGo)) {
			w.showContent()
		}
		w.refreshBanners()
		w.status.refresh()
		w.learnContact()
	})
}

// offer is a banner that proposes a step; its key tells it from others when it is dismissed.
type offer struct {
	key     string
	tone    theme.Tone
	message dialogs.Message
	actions []dialogs.Action
	ends    []manager.Expiring // of a notice whose dismissal is remembered from one start to the next
}

// offers proposes steps for what was found.
func (w *Window) offers() (list []offer) {
	if !w.showsAccount() {
		return nil
	}
	for _, found := range []func() (offer, bool){w.strandedOffer, w.forgottenOffer, w.expiryOffer} {
		if o, ok := found(); ok {
			list = append(list, o)
		}
	}
	for _, b := range w.state.found.BringBacks {
		if !w.isStranded(b.License.ID) { // its own banner offers that, too
			list = append(list, w.bringBackOffer(b))
		}
	}
	if o, ok := w.pickUpOffer(); ok {
		list = append(list, o)
	}
	if o, ok := w.letGoOffer(); ok {
		list = append(list, o)
	}
	for i := range list { // numbers of licenses mean others in another account
		list[i].key = fmt.Sprintf("%d %s", w.state.account.ID, list[i].key)
	}
	return list
}

func (w *Window) bringBackOffer(b manager.BringBack) offer {
	var lines []string
	for _, s := range licenses.Sentences(b.Comparison, true) {
		lines = append(lines, words.Sentence(s.Text))
	}
	o := offer{
		key: fmt.Sprintf("lost-%d", b.License.ID), tone: theme.Accent,
		message: dialogs.Message{What: tr.T("This PC had a license of %s: %s.", b.Order.ProgramName, quoted(b.License)), Why: tr.T("The license file is gone. %s", strings.Join(lines, " "))},
		actions: []dialogs.Action{{Label: tr.T("Bring back…"), Do: func() { w.bringBack(b.Order, b.License) }}},
	}
	if b.Refusal != nil {
		m := explain.Error(b.Refusal)
		o.message.Why, o.actions = strings.TrimSpace(tr.T("It cannot be brought back now. %s %s", m.Why, m.Next)), nil
	}
	return o
}

// licensedFor is an order with a license of a program for this PC, or 0.
func (w *Window) licensedFor(program int64) (order int64) {
	for id, owner := range w.state.owners {
		if owner.thisPC && owner.program == program {
			order = max(order, id)
		}
	}
	return order
}

// pickUpOffer proposes to pick up what waits, besides what this PC itself released.
func (w *Window) pickUpOffer() (offer, bool) {
	var open []manager.Waiting
	var key, names []string
	for _, one := range w.state.found.Waiting {
		if one.License.LeftHere || manager.PickUpRefusal(one.Order, one.License, w.licensedFor(one.Order.ProgramID)) != nil {
			continue
		}
		open = append(open, one)
		key = append(key, fmt.Sprint(one.License.ID))
		names = append(names, quoted(one.License))
	}
	if len(open) == 0 {
		return offer{}, false
	}
	first := open[0]
	o := offer{key: "waiting-" + strings.Join(key, " "), tone: theme.Accent}
	if len(open) == 1 {
		o.message = dialogs.Message{
			What: tr.T("A license of %s waits to be picked up: %s.", first.Order.ProgramName, names[0]),
			Why:  tr.T("It was released for another PC on %s.", words.LongDate(*first.License.ReleasedAt, w.options.Now())),
		}
		o.actions = []dialogs.Action{{Label: tr.T("Pick up on this PC…"), Do: func() { w.pickUpOf(first.Order, first.License) }}}
		return o, true
	}
	o.message = dialogs.Message{What: tr.T("%d licenses wait to be picked up.", len(open)), Why: words.Sentence(some(names))}
	o.actions = []dialogs.Action{{Label: tr.T("Show the first"), Do: func() { w.showLicense(first.Order, first.License) }}}
	return o, true
}

// showLicense selects a license and its order.
func (w *Window) showLicense(o api.Order, l manager.License) {
	w.clearSearch()
	if w.orders.Select(o.ID) {
		w.selectLater = l.ID
		w.selectWaiting()
	}
}

// selectWaiting selects the license that was asked for as soon as its order is shown.
func (w *Window) selectWaiting() {
	if w.selectLater != 0 && w.licenses.Select(w.selectLater) {
		w.selectLater = 0
	}
}

// letGoOffer proposes to hand in the removal codes that no open task sends: programs let their licenses go, or tasks were given
// up or lost.
func (w *Window) letGoOffer() (offer, bool) {
	list := w.state.found.letGo
	if len(list) == 0 {
		return offer{}, false
	}
	var key []string
	for _, e := range list {
		key = append(key, e.Codes.Site.String())
	}
	o := offer{key: "let-go-" + strings.Join(key, " "), tone: theme.Warning, message: dialogs.Message{
		What: tr.T("%d licenses left this PC.", len(list)), Why: tr.T("The server does not know yet; their removal codes are kept here."),
	}, actions: []dialogs.Action{{Label: tr.T("Removal codes…"), Do: w.showRemovalCodes}}}
	if e := list[0]; len(list) == 1 {
		o.message = dialogs.Message{What: tr.T("A license of %s left this PC.", nameOf(e)), Why: tr.T("The server does not know yet; the removal code is kept here.")}
		if handIn, release := e.Refusals(); e.Fault == nil && handIn == nil && release == nil {
			o.actions = []dialogs.Action{
				{Label: tr.T("Hand in"), Do: func() { w.tellServer(e, removalcode.HandIn) }},
				{Label: tr.T("Offer to another PC"), Do: func() { w.tellServer(e, removalcode.Offer) }},
			}
		}
	}
	return o, true
}

func nameOf(e removalcode.Entry) string {
	if e.Program == "" {
		return tr.T("a program")
	}
	return e.Program
}

func quoted(l manager.License) string { return words.Named(l.ID, l.Note) }

// tellServer hands a kept removal code in, or offers its license to another PC.
func (w *Window) tellServer(e removalcode.Entry, do func(context.Context, removalcode.Keeper, removalcode.Entry) (dialogs.Message, error)) {
	w.status.working(tr.T("Telling the server…"))
	background.Run(w.asking, func(ctx context.Context) (dialogs.Message, error) {
		return do(ctx, w.options.Backend, e)
	}, func(done dialogs.Message, err error) {
		w.status.working("")
		_, m, ok := removalcode.Outcome(done, err)
		if !ok {
			w.queue.Error(explain.Error(err))
			return
		}
		w.find()
		w.queue.Info(words.Title(m.What), m.Why)
	})
}

// withProgram does something with an order's program.
func (w *Window) withProgram(o api.Order, do func(api.Program)) {
	if c := w.state.content; c.Order.ID == o.ID && c.Program.ID != 0 {
		do(c.Program)
		return
	}
	background.Run(w.asking, func(ctx context.Context) (api.Program, error) { return w.options.Backend.Program(ctx, o.ProgramID) }, func(p api.Program, err error) {
		if err != nil {
			w.queue.Error(explain.Error(err))
			return
		}
		do(p)
	})
}

// bringBack gives a license to the new codes of its PC. It reads and compares this PC first, so that the dialog comes up whole
// and none of its buttons moves.
func (w *Window) bringBack(o api.Order, l manager.License) {
	w.withProgram(o, func(program api.Program) {
		w.status.working(tr.T("Comparing this PC…"))
		background.Run(w.asking, func(ctx context.Context) (tasks.ThisPCCompared, error) {
			return tasks.CompareThisPC(ctx, w.options.Backend, l, program.ID)
		}, func(c tasks.ThisPCCompared, err error) {
			w.status.working("")
			first := &c
			if err != nil {
				first = nil
			}
			if err := manager.ReactivationRefusal(o, l); err != nil {
				w.queue.Error(explain.Error(err))
				return
			}
			if err := tasks.Reactivate(w.taskOptions(), l, program, first); err != nil {
				w.queue.Error(explain.Error(err))
			}
		})
	})
}

// move releases a license of this PC for another one.
func (w *Window) move(l manager.License) {
	w.task(l, manager.MoveRefusal, func(o tasks.Options, l manager.License) error {
		tasks.Move(o, l, w.state.content.Order, w.state.content.Program)
		return nil
	})
}

// pickUp takes a released license of the shown order onto this PC.
func (w *Window) pickUp(l manager.License) { w.pickUpOf(w.state.content.Order, l) }

func (w *Window) pickUpOf(o api.Order, l manager.License) {
	if err := manager.PickUpRefusal(o, l, w.licensedFor(o.ProgramID)); err != nil {
		w.queue.Error(explain.Error(err))
		return
	}
	w.withProgram(o, func(program api.Program) {
		if err := tasks.PickUp(w.taskOptions(), l, program); err != nil {
			w.queue.Error(explain.Error(err))
		}
	})
}

func (w *Window) removalOptions() removalcode.Options {
	return removalcode.Options{
		Dialogs: w.queue, Work: w.work, Copy: w.copy, Explain: explain.Error, Now: w.options.Now, Show: w.options.Opener.Show,
		Save: func(name, text string, done func(error)) { w.saveText(name, text, ".txt", done) },
	}
}

// showRemovalCodes lists the removal codes that this PC keeps.
func (w *Window) showRemovalCodes() {
	removalcode.List(w.removalOptions(), w.options.Backend, w.find)
}
