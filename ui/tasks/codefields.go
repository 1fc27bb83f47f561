package tasks

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/ui/codeentry"
	"github.com/acen-desktop/acen/ui/theme"
)

// codeFields are the fields for Site code and Machine ID, or the one for their merged form.
type codeFields struct {
	site, machine *codeentry.Entry
	merged        *codeentry.Entry // set instead of the two
	object        fyne.CanvasObject
}

// format is the shape of a kind of code for its field.
func format(kind license.CodeKind, placeholder string) codeentry.Format {
	return codeentry.Format{
		Groups: kind.Groups(), Separator: "-", Alphabet: kind.FoldLetter, Parse: kind.Shown,
		ErrorGroup: func(err error) int {
			var typed *license.CodeError
			if errors.As(err, &typed) {
				return typed.Group
			}
			return 0
		},
		Name: kind.String(), Placeholder: placeholder,
	}
}

func newCodeFields(merged bool, changed func()) (*codeFields, error) {
	c := &codeFields{}
	hint := theme.Tight(muted("The program shows both codes on the other PC. Type them, or paste the whole message that has them: they are picked out."))
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Gap), hint)
	add := func(kind license.CodeKind, placeholder string) (*codeentry.Entry, error) {
		e, err := codeentry.New(format(kind, placeholder))
		if err != nil {
			return nil, err
		}
		e.OnChanged = func(string, error) { changed() }
		e.OnPaste = c.paste
		rows.Add(container.New(layout.NewCustomPaddedVBoxLayout(3), theme.Tight(widget.NewLabel(kind.String())), e))
		return e, nil
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

// values returns what was typed; false while a code is unfinished or wrong.
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

// missing says what is to be entered yet.
func (c *codeFields) missing() string {
	if c.merged != nil {
		return "Enter the code of the other PC."
	}
	_, site := c.site.Value()
	_, machine := c.machine.Value()
	switch {
	case site && !machine:
		return "Enter the Machine ID too."
	case machine && !site:
		return "Enter the Site code too."
	}
	return "Enter the codes of the other PC."
}

// first returns what gets the focus.
func (c *codeFields) first() fyne.Focusable {
	if c.merged != nil {
		return c.merged.Focusable()
	}
	return c.site.Focusable()
}

// mismatch says below the field what is wrong with codes that do not fit together.
func (c *codeFields) mismatch() string {
	if c.merged != nil {
		return "This code does not fit the program."
	}
	return "It does not fit the Site code."
}

func (c *codeFields) showErr(err error) {
	if c.merged != nil {
		c.merged.ShowErr(err)
		return
	}
	c.machine.ShowErr(err)
}

// paste picks the codes out of a pasted text, such as an email. It leaves a text with one code of the field's own kind
// to the field.
func (c *codeFields) paste(text string) bool {
	site, machine := pick(text)
	switch {
	case site == "" || machine == "":
		return false
	case c.merged != nil:
		codes, err := license.ParseCodes(site, machine)
		if err != nil {
			return false
		}
		c.merged.SetText(codes.Merged())
	default:
		c.site.SetText(site)
		c.machine.SetText(machine)
	}
	return true
}

// pick returns the first Site code and the first Machine ID of a text; a merged code holds both.
func pick(text string) (site, machine string) {
	for _, found := range license.Find(text) {
		switch {
		case found.Kind == license.KindMerged:
			if site == "" && machine == "" {
				return found.Codes.Site.String(), found.Codes.Machine.String()
			}
		case found.Kind == license.KindSiteCode && site == "":
			site = found.Text
		case found.Kind == license.KindMachineID && machine == "":
			machine = found.Text
		}
	}
	return site, machine
}
