package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// pcFlags are the flags that name the PC of a task.
type pcFlags struct {
	thisPC                bool
	site, machine, merged string
	paste                 string
}

func (p *pcFlags) register(c *cobra.Command, withThisPC bool) {
	f := c.Flags()
	group := []string{"site-code", "codes", "paste"}
	if withThisPC {
		f.BoolVar(&p.thisPC, "this-pc", false, "this PC")
		group = append(group, "this-pc")
	}
	f.StringVar(&p.site, "site-code", "", "Site code of the PC")
	f.StringVar(&p.machine, "machine-id", "", "Machine ID of the PC")
	f.StringVar(&p.merged, "codes", "", "both codes in their merged form")
	f.StringVar(&p.paste, "paste", "", "file with a text that contains both, such as a mail; - for standard input")
	c.MarkFlagsRequiredTogether("site-code", "machine-id")
	c.MarkFlagsMutuallyExclusive(group...)
	c.MarkFlagsOneRequired(group...)
}

// codes reads the codes of another PC.
func (p *pcFlags) codes(cs *commandSet) (license.Codes, error) {
	switch {
	case p.merged != "":
		return license.ParseMerged(p.merged)
	case p.paste == "":
		return license.ParseCodes(p.site, p.machine)
	}
	text, err := cs.text(p.paste)
	if err != nil {
		return license.Codes{}, err
	}
	var site, machine string
	for _, f := range license.Find(text) {
		switch {
		case f.Kind == license.KindMerged && site == "" && machine == "":
			return f.Codes, nil
		case f.Kind == license.KindSiteCode && site == "":
			site = f.Text
		case f.Kind == license.KindMachineID && machine == "":
			machine = f.Text
		}
	}
	if site == "" || machine == "" {
		for _, fault := range license.Faults(text) {
			if fault.Kind == license.KindSiteCode || fault.Kind == license.KindMachineID {
				return license.Codes{}, fault
			}
		}
		return license.Codes{}, usageError{errors.New("the text contains no Site code and Machine ID")}
	}
	return license.ParseCodes(site, machine)
}

// checked reads the codes of another PC and checks that they belong together and to the program of an order.
func (cs *commandSet) checked(ctx context.Context, m *manager.Manager, o api.Order, pc pcFlags) (license.Codes, error) {
	codes, err := pc.codes(cs)
	if err != nil {
		return codes, err
	}
	if _, err := m.CheckCodes(ctx, o.ProgramID, codes.Site.String(), codes.Machine.String()); err != nil {
		return codes, fmt.Errorf("%w: they are mistyped, or belong to a program other than %s", err, o.ProgramName)
	}
	return codes, nil
}

// pcFor reads the codes of the PC that a license is reactivated or compared with.
func (cs *commandSet) pcFor(ctx context.Context, m *manager.Manager, l manager.License, o api.Order,
	pc pcFlags) (license.Codes, error) {
	if pc.thisPC {
		return m.ThisPCFor(ctx, l)
	}
	return cs.checked(ctx, m, o, pc)
}
