package tasks

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/kit/codeentry"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
	"github.com/acen-desktop/acen/ui/text/words"
)

// codeFields is the pair of fields for Site code and Machine ID, or the one field for the merged code.
type codeFields struct {
	site, machine *codeentry.Entry
	merged        *codeentry.Entry // set instead of the two
	object        fyne.CanvasObject
}

// CodeFormat returns the format of a kind of code for codeentry.New. Any goroutine.
func CodeFormat(kind license.CodeKind, placeholder string) codeentry.Format {
	return codeentry.Format{
		Groups:    kind.Groups(),
		Separator: "-",
		Alphabet:  kind.FoldLetter,
		Parse:     words.Parse(kind),
		ErrorGroup: func(err error) int {
			var typed *license.CodeError
			if errors.As(err, &typed) {
				return typed.Group
			}
			return 0
		},
		Name:        words.Code(kind),
		Placeholder: placeholder,
	}
}

// newCodeFields returns empty fields below a hint; changed is called after every change.
func newCodeFields(merged bool, hint string, changed func()) (*codeFields, error) {
	c := &codeFields{}
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), theme.Unpadded(muted(hint)))
	pair := container.NewGridWithColumns(1)
	if !merged {
		pair = container.NewGridWithColumns(2)
	}
	rows.Add(pair)
	add := func(kind license.CodeKind, placeholder string) (*codeentry.Entry, error) {
		e, err := newCodeField(pair, kind, placeholder, changed)
		if err == nil {
			e.OnPaste = func(text string) bool { return c.paste(findCodes(text)) }
		}
		return e, err
	}
	var err error
	if merged {
		c.merged, err = add(license.KindMerged, "7183-EC4D-83A9-3429-0090-B3F5")
	} else if c.site, err = add(license.KindSiteCode, "7183EC4D"); err == nil {
		c.machine, err = add(license.KindMachineID, "83A9-3429-0090-B3F5")
	}
	c.object = rows
	return c, err
}

// newCodeField adds the field for a code, below its name, to rows.
func newCodeField(rows *fyne.Container, kind license.CodeKind, placeholder string, changed func()) (*codeentry.Entry,
	error) {
	e, err := codeentry.New(CodeFormat(kind, placeholder))
	if err != nil {
		return nil, err
	}
	e.OnChanged = func(string, error) { changed() }
	rows.Add(container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Unpadded(widget.NewLabel(title(kind))), e))
	return e, nil
}

// title returns the capitalized name of a kind of code, such as "Removal code".
func title(kind license.CodeKind) string { return words.UpperFirst(words.Code(kind)) }

// codesFunc returns a function that checks the codes that are typed now. The function runs on any goroutine.
func (c *codeFields) codesFunc(o Options, program api.Program) func(context.Context) (license.Codes, error) {
	site, machine, _ := c.values()
	return func(ctx context.Context) (license.Codes, error) {
		return o.Licenses.CheckCodes(ctx, program.ID, site, machine)
	}
}

// showFault shows at the field that the codes do not match, if err says so.
func (c *codeFields) showFault(err error) {
	switch {
	case errors.Is(err, license.ErrOlderCodes):
		c.showErr(errors.New(tr.T("It was made by an older trial version.")))
	case errors.Is(err, license.ErrMismatch) || errors.Is(err, api.ErrSiteMIDMismatch):
		c.showErr(errors.New(c.mismatch()))
	}
}

// values returns the codes; ok is false while one is incomplete or invalid.
func (c *codeFields) values() (site, machine string, ok bool) {
	if c.merged != nil {
		text, ok := c.merged.Value()
		codes, err := license.ParseMerged(text)
		if !ok || err != nil {
			return "", "", false
		}
		return codes.Site.String(), codes.Machine.String(), true
	}
	site, siteOK := c.site.Value()
	machine, machineOK := c.machine.Value()
	return site, machine, siteOK && machineOK
}

// missing returns the sentence about what to enter.
func (c *codeFields) missing() string {
	if c.merged != nil {
		return tr.T("Enter the code of the other PC.")
	}
	_, site := c.site.Value()
	_, machine := c.machine.Value()
	switch {
	case site && !machine:
		return tr.T("Enter the Machine ID too.")
	case machine && !site:
		return tr.T("Enter the Site code too.")
	}
	return tr.T("Enter the codes of the other PC.")
}

// first returns the control that gets the focus.
func (c *codeFields) first() fyne.Focusable {
	if c.merged != nil {
		return c.merged.Focusable()
	}
	return c.site.Focusable()
}

// mismatch returns the fault of codes that do not match.
func (c *codeFields) mismatch() string {
	if c.merged != nil {
		return tr.T("This code does not fit the program.")
	}
	return tr.T("It does not fit the Site code.")
}

func (c *codeFields) showErr(err error) {
	if c.merged != nil {
		c.merged.ShowErr(err)
		return
	}
	c.machine.ShowErr(err)
}

// paste fills the fields with codes from a pasted text, such as an email, and shows invalid ones at their fields. It
// reports false if the text has nothing for the other field, so that the field pasted into takes it.
func (c *codeFields) paste(found foundCodes) bool {
	switch {
	case found.site == "" || found.machine == "":
		site, machine := found.faults[license.KindSiteCode], found.faults[license.KindMachineID]
		if c.merged != nil || site == nil && machine == nil {
			return false
		}
		fillOrFault(c.site, found.site, site)
		fillOrFault(c.machine, found.machine, machine)
	case c.merged != nil:
		codes, err := license.ParseCodes(found.site, found.machine)
		if err != nil {
			return false
		}
		c.merged.SetText(codes.Merged())
	default:
		c.site.SetText(found.site)
		c.machine.SetText(found.machine)
	}
	return true
}

// fillOrFault sets a field to code, or shows the fault if code is "".
func fillOrFault(e *codeentry.Entry, code string, fault error) {
	if code != "" {
		e.SetText(code)
		return
	}
	e.SetText("")
	if fault != nil {
		e.ShowErr(fault)
	}
}

// foundCodes holds the first code of each kind in a text, in its shown form, and the faults of invalid ones.
type foundCodes struct {
	site, machine, removal string
	faults                 map[license.CodeKind]error
}

// findCodes finds the codes in a text. A merged code yields Site code and Machine ID.
func findCodes(text string) (p foundCodes) {
	for _, found := range license.Find(text) {
		switch {
		case found.Kind == license.KindMerged && p.site == "" && p.machine == "":
			p.site, p.machine = found.Codes.Site.String(), found.Codes.Machine.String()
		case found.Kind == license.KindSiteCode && p.site == "":
			p.site = found.Text
		case found.Kind == license.KindMachineID && p.machine == "":
			p.machine = found.Text
		case found.Kind == license.KindRemovalCode && p.removal == "":
			p.removal = found.Text
		}
	}
	for _, fault := range license.Faults(text) {
		if p.faults == nil {
			p.faults = map[license.CodeKind]error{}
		}
		p.faults[fault.Kind] = words.CodeError(fault)
	}
	return p
}
