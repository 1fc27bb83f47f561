package carry

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/kit/background"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

const makeLabel tr.Text = "Make the request"

// requestDialog is the open dialog that makes a request.
type requestDialog struct {
	screen  *Screen
	dialog  *dialogs.Dialog
	device  *dialogs.Entry
	known   *fyne.Container // programs
	wishes  []*wish
	kept    []*keptRow
	keptBox *fyne.Container
	slot    *background.Slot
}

// keptRow is the check box of a kept removal code.
type keptRow struct {
	code  manager.KeptCode
	check *dialogs.Check
}

// localData is what this PC knows without a network: its programs and kept codes.
type localData struct {
	programs []manager.OfflineProgram
	kept     []manager.KeptCode
}

func (d *Screen) localData(ctx context.Context) (o localData, err error) {
	if o.programs, err = d.options.Manager.OfflinePrograms(ctx); err != nil {
		return o, err
	}
	kept, err := d.options.Manager.KeptCodes(ctx)
	for _, k := range kept {
		if k.Purpose == "" { // a task sends the others
			o.kept = append(o.kept, k)
		}
	}
	return o, err
}

// newRequest shows the dialog that makes a request of this PC.
func (d *Screen) newRequest() { d.reopenRequest(nil, nil) }

// reopenRequest shows the dialog with the input of a previous one and a removal code that was stored since then; either
// may be nil.
func (d *Screen) reopenRequest(previous *requestDialog, added *manager.KeptCode) {
	a := &requestDialog{
		screen:  d,
		device:  dialogs.NewEntry(),
		known:   rows(theme.Gap),
		keptBox: rows(theme.Gap),
		slot:    d.options.Work.NewSlot(),
	}
	a.device.SetText(carry.Clean(d.options.DeviceName, carry.MaxName))
	if previous != nil {
		a.device.SetText(previous.device.Text)
	}
	a.device.PlaceHolder = tr.T("So that the courier knows whose request it is (optional)")
	more := dialogs.NewButton(tr.T("Another program…"), fynetheme.ContentAddIcon(), func() {
		w := a.add(nil)
		a.changed()
		d.options.Canvas.Focus(w.name)
	})
	a.dialog = d.options.Dialogs.Show(dialogs.Spec{
		Title: tr.T("Ask for licenses"),
		Subtitle: tr.T(
			"Choose what this PC needs; several programs go into one request. Nothing is changed on this PC by asking."),
		Content: scrollPadded(rows(theme.Section, labeled(tr.T("Name of this PC"), a.device),
			rows(theme.Gap, bold(tr.T("Programs")), a.known, container.NewHBox(more)), a.keptBox)),
		Width: 680,
		Buttons: []dialogs.Button{
			{Text: tr.T("Cancel"), Cancel: true},
			{Text: tr.T(makeLabel), Default: true, OnTapped: a.submit},
		},
		OnClosed: a.slot.Cancel,
	})
	a.load(previous, added)
	a.changed()
}

// load loads the programs and kept removal codes.
func (a *requestDialog) load(previous *requestDialog, added *manager.KeptCode) {
	a.dialog.SetBusy(tr.T("Looking for programs…"), func() { a.slot.Cancel(); a.dialog.Close() })
	background.Run(a.slot, a.screen.localData, func(o localData, err error) {
		a.dialog.SetIdle()
		if err != nil {
			m := a.screen.options.Explain(err)
			m.Action = &dialogs.Action{Label: tr.T("Try again"), Do: func() { a.load(previous, added) }}
			a.dialog.SetError(m)
			return
		}
		a.fill(o, previous, added)
	})
}

func (a *requestDialog) fill(o localData, previous *requestDialog, added *manager.KeptCode) {
	for _, p := range o.programs {
		a.add(&p)
	}
	if previous != nil {
		for _, b := range previous.wishes {
			a.restore(b)
		}
	}
	switch {
	case len(a.wishes) == 0:
		a.known.Add(muted(tr.T("No program that needs a license has been started on this PC yet. Enter the one you mean: " +
			"the program shows its signature in its window for the license.")))
		a.add(nil)
	case len(o.programs) == 1 && o.programs[0].File == nil && o.programs[0].Unproven == nil && previous == nil:
		a.wishes[0].check.SetChecked(true)
	}
	a.showKept(o.kept, previous, added)
	a.changed()
}

// restore copies the input for a program from a previous dialog.
func (a *requestDialog) restore(b *wish) {
	if b.program == nil {
		w := a.add(nil)
		w.name.SetText(b.name.Text)
		w.sign.SetText(b.sign.Text)
		w.restore(b)
		return
	}
	for _, w := range a.wishes {
		if w.program != nil && w.program.Signature == b.program.Signature {
			w.restore(b)
		}
	}
}

// showKept lists the kept removal codes.
func (a *requestDialog) showKept(kept []manager.KeptCode, previous *requestDialog, added *manager.KeptCode) {
	if len(kept) == 0 {
		return
	}
	a.keptBox.Add(bold(tr.T("Hand in")))
	a.keptBox.Add(muted(tr.T("These licenses have left this PC, and their order gets them back when the courier hands " +
		"the removal codes in. The codes stay kept here until then.")))
	for _, k := range kept {
		name := programName(k.Program, k.Signature)
		if k.Note != "" {
			name += " " + words.Quoted(k.Note)
		}
		row := &keptRow{
			code:  k,
			check: dialogs.NewCheck(tr.T("Removal code of %s, Site code %s", name, k.Codes.Site), func(bool) { a.changed() }),
		}
		row.check.Checked = true
		if previous != nil {
			for _, b := range previous.kept {
				if b.code.Codes == k.Codes && b.code.Signature == k.Signature {
					row.check.Checked = b.check.Checked
				}
			}
		}
		if added != nil && added.Codes == k.Codes {
			row.check.Checked = true
		}
		a.kept = append(a.kept, row)
		a.keptBox.Add(row.check)
	}
}

// add adds a program; nil adds one whose name and signature the person enters.
func (a *requestDialog) add(p *manager.OfflineProgram) *wish {
	w := newWish(a, p)
	a.wishes = append(a.wishes, w)
	a.known.Add(w.object)
	return w
}

// changed enables the button, or shows what is missing.
func (a *requestDialog) changed() {
	if a.dialog == nil {
		return
	}
	a.dialog.ClearError()
	_, reason := a.collect()
	a.dialog.SetButton(tr.T(makeLabel), reason == "", reason)
}

// collect returns the items of the request, or what is missing.
func (a *requestDialog) collect() (list []manager.RequestItem, missing string) {
	// Removals come first: the order may have no other free seat for the activations.
	for _, k := range a.kept {
		if k.check.Checked {
			list = append(list, manager.RequestItem{
				Task:      carry.TaskRemove,
				Signature: k.code.Signature,
				Program:   carry.Clean(k.code.Program, carry.MaxName),
				Kept:      k.code,
			})
		}
	}
	seen := map[license.Signature]bool{}
	for _, w := range a.wishes {
		if !w.check.Checked {
			continue
		}
		one, missing := w.value()
		if missing != "" {
			return nil, missing
		}
		if seen[one.Signature] {
			return nil, tr.T("The program with the signature %s is there twice.", one.Signature)
		}
		seen[one.Signature] = true
		list = append(list, one)
	}
	switch {
	case len(list) == 0:
		return nil, tr.T("Choose at least one program.")
	case len(list) > carry.MaxItems:
		return nil, tr.T("A request holds %d programs at most.", carry.MaxItems)
	}
	return list, ""
}

func (a *requestDialog) submit() {
	list, missing := a.collect()
	if missing != "" {
		return
	}
	device := a.device.Text
	a.dialog.SetBusy(tr.T("Reading this PC…"), a.slot.Interrupt)
	background.Run(a.slot, func(ctx context.Context) (carry.Request, error) {
		return a.screen.options.Manager.MakeRequest(ctx, device, list)
	}, func(r carry.Request, err error) {
		a.dialog.SetIdle()
		switch {
		case errors.Is(err, context.Canceled):
		case err != nil:
			a.dialog.SetError(a.screen.options.Explain(err))
		default:
			a.dialog.Close()
			a.screen.showRequest(r)
		}
	})
}

// giveBack asks for a confirmation and gives up a license of this PC. Then it reopens the dialog.
func (a *requestDialog) giveBack(p manager.OfflineProgram) {
	name := programName(p.Name, p.Signature)
	confirm := dialogs.NewCheck(tr.T("I understand: %s stops working on this PC", name), nil)
	var dialog *dialogs.Dialog
	label := tr.T("Give back")
	confirm.OnChanged = func(on bool) { dialog.SetButton(label, on, "") }
	slot := a.screen.options.Work.NewSlot()
	a.dialog.Close()
	reopen := func(added *manager.KeptCode) { a.screen.reopenRequest(a, added) }
	dialog = a.screen.options.Dialogs.Show(dialogs.Spec{
		Title: tr.T("Give the license of %s back?", name),
		Content: rows(theme.Margin,
			plain(tr.T("%s stops working on this PC at once, and this PC gets a new Site code. You get a removal code, which "+
				"is kept here and put into the request.", name)),
			plain(tr.T("When a courier has handed it in, the order has one more license to activate, on this PC or on "+
				"another one. This cannot be undone. The removal code works once, and it is not lost: it stays kept here until "+
				"the answer says that it was accepted.")),
			confirm),
		Width:    dialogs.DefaultWidth,
		OnClosed: slot.Cancel,
		Buttons: []dialogs.Button{{
			Text:     tr.T("Cancel"),
			Cancel:   true,
			Default:  true,
			OnTapped: func() { dialog.Close(); reopen(nil) },
		}, {Text: label, Importance: widget.DangerImportance, OnTapped: func() {
			dialog.SetBusy(tr.T("Giving the license back…"), nil)
			background.Run(slot, func(ctx context.Context) (manager.KeptCode, error) {
				return a.screen.options.Manager.LeaveOffline(ctx, p.Signature)
			}, func(k manager.KeptCode, err error) {
				dialog.SetIdle()
				if err != nil {
					dialog.SetError(a.screen.options.Explain(err))
					return
				}
				dialog.Close()
				a.screen.options.Actions.PCLicensesChanged()
				reopen(&k)
			})
		}}},
	})
	dialog.SetButton(label, false, "")
}

// wish is the row of a program.
type wish struct {
	parent     *requestDialog
	program    *manager.OfflineProgram // nil: the person enters name and signature
	check      *dialogs.Check
	name       *dialogs.Entry
	sign       *dialogs.Entry
	note       *dialogs.Entry
	other      *dialogs.Check
	removal    *dialogs.Entry
	foundLabel *widget.Label
	details    *fyne.Container
	object     fyne.CanvasObject
}

func newWish(a *requestDialog, p *manager.OfflineProgram) *wish {
	w := &wish{
		parent:  a,
		program: p,
		name:    dialogs.NewEntry(),
		sign:    dialogs.NewEntry(),
		note:    dialogs.NewEntry(),
		removal: dialogs.NewEntry(),
	}
	w.note.PlaceHolder = tr.T("What you call this PC (optional)")
	w.note.Text = carry.Clean(a.screen.options.DeviceName, carry.MaxNote)
	w.note.OnChanged = func(text string) {
		if runes := []rune(text); len(runes) > carry.MaxNote {
			w.note.SetText(string(runes[:carry.MaxNote]))
		}
		a.changed()
	}
	w.name.PlaceHolder, w.sign.PlaceHolder = tr.T("Name of the program"), tr.T("Application signature, such as LUMENST7")
	w.name.OnChanged = func(string) { a.changed() }
	w.sign.OnChanged = w.name.OnChanged
	w.removal.PlaceHolder = tr.T("Removal code of the other PC, or the whole text that has it")
	w.removal.OnChanged = func(string) { w.showFound(); a.changed() }
	w.foundLabel = theme.NewCaption("")
	w.foundLabel.Wrapping = fyne.TextWrapWord
	pasted := rows(2, w.removal, theme.Unpadded(w.foundLabel))
	pasted.Hide()
	w.other = dialogs.NewCheck(tr.T("Another PC gives its license: I have its removal code"), func(on bool) {
		pasted.Hidden = !on
		pasted.Refresh()
		if on {
			a.screen.options.Canvas.Focus(w.removal)
		}
		a.changed()
	})
	w.details = rows(theme.Gap, labeled(tr.T("Note of the license"), w.note), w.other, pasted)
	if p == nil {
		w.check = dialogs.NewCheck(tr.T("Another program"), w.choose)
		w.check.Checked = true
		w.details.Objects = append([]fyne.CanvasObject{container.NewGridWithColumns(2, labeled(tr.T("Program"), w.name),
			labeled(tr.T("Signature"), w.sign))}, w.details.Objects...)
		w.object = rows(theme.Gap, w.check, indented(w.details))
		return w
	}
	w.check = dialogs.NewCheck(programName(p.Name, p.Signature), w.choose)
	w.details.Hide()
	known := container.NewBorder(nil, nil, nil, nil, muted(about(*p, a.screen)))
	if p.File != nil {
		back := dialogs.NewButton(tr.T("Give back…"), nil, func() { a.giveBack(*p) })
		known = container.NewBorder(nil, nil, nil, container.NewVBox(back), known)
	}
	w.object = rows(theme.Gap, rows(0, w.check, indented(known)), indented(w.details))
	return w
}

// about describes a program and its license on this PC.
func about(p manager.OfflineProgram, d *Screen) string {
	text := tr.T("Signature %s", p.Signature)
	if p.Name == "" {
		text = tr.T("Its name is not known here")
	}
	if p.Unproven != nil {
		return text + " · " + tr.T("a license file lies here, which the program has not confirmed: start the program")
	}
	if p.File == nil {
		return text + " · " + tr.T("no license on this PC")
	}
	text += " · " + tr.T("has a license on this PC")
	if p.File.Note != "" {
		text = tr.T("%s, “%s”", text, p.File.Note)
	}
	if !p.File.Expires.IsZero() {
		text = tr.T("%s, ends %s", text, words.Expiry(&p.File.Expires, d.options.Now()))
	}
	return text
}

func (w *wish) choose(on bool) {
	w.details.Hidden = !on
	w.details.Refresh()
	w.parent.changed()
}

// restore copies the input of a previous row.
func (w *wish) restore(b *wish) {
	w.note.SetText(b.note.Text)
	w.removal.SetText(b.removal.Text)
	w.other.SetChecked(b.other.Checked)
	w.check.SetChecked(b.check.Checked)
}

// value returns the item of the row, or what is missing.
func (w *wish) value() (one manager.RequestItem, missing string) {
	one = manager.RequestItem{Task: carry.TaskActivate, Note: carry.Clean(w.note.Text, carry.MaxNote)}
	if w.program != nil {
		one.Signature, one.Program = w.program.Signature, carry.Clean(w.program.Name, carry.MaxName)
	} else {
		signature, err := license.ParseSignature(strings.TrimSpace(w.sign.Text))
		if err != nil {
			return one, tr.T("Enter the application signature: 6 to 10 letters, digits or signs.")
		}
		one.Signature, one.Program = signature, carry.Clean(w.name.Text, carry.MaxName)
	}
	if !w.other.Checked {
		return one, ""
	}
	one.Task = carry.TaskTransfer
	var err error
	if one.RemovalCode, one.From, err = removalIn(w.removal.Text); err != nil {
		return one, tr.T("Enter the removal code of the other PC.")
	}
	return one, ""
}

var errNoRemovalCode = errors.New("no removal code in the text")

// removalIn finds a removal code in a text, and the codes of its PC if the text has them.
func removalIn(text string) (code license.RemovalCode, from license.Codes, err error) {
	var site, machine string
	found := false
	for _, f := range license.Find(text) {
		switch {
		case f.Kind == license.KindRemovalCode && !found:
			code, err = license.ParseRemovalCode(f.Text)
			found = err == nil
		case f.Kind == license.KindMerged && site == "" && machine == "":
			site, machine = f.Codes.Site.String(), f.Codes.Machine.String()
		case f.Kind == license.KindSiteCode && site == "":
			site = f.Text
		case f.Kind == license.KindMachineID && machine == "":
			machine = f.Text
		}
	}
	if !found {
		for _, fault := range license.Faults(text) {
			if fault.Kind == license.KindRemovalCode {
				return 0, from, fault
			}
		}
		if code, err = license.ParseRemovalCode(text); err != nil {
			if len(strings.Fields(text)) > 1 {
				err = errNoRemovalCode
			}
			return 0, from, err
		}
	}
	if site != "" && machine != "" {
		// Mismatching codes are left out: the license is then found in the courier's account.
		from, _ = license.ParseCodes(site, machine)
	}
	return code, from, nil
}

// showFound shows below the field what was found in it.
func (w *wish) showFound() {
	code, from, err := removalIn(w.removal.Text)
	switch {
	case strings.TrimSpace(w.removal.Text) == "":
		w.foundLabel.SetText("")
	case errors.Is(err, errNoRemovalCode):
		w.foundLabel.SetText(tr.T("There is no removal code in it."))
	case err != nil:
		w.foundLabel.SetText(w.parent.screen.options.Explain(err).Why)
	case from.IsZero():
		w.foundLabel.SetText(tr.T("Removal code %s.", code))
	default:
		w.foundLabel.SetText(tr.T("Removal code %s, of the PC with the Site code %s.", code, from.Site))
	}
}
