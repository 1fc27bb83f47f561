package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/words"
)

// codesJSON are the codes of a PC, as --json prints them.
type codesJSON struct {
	SiteCode  string     `json:"site_code"`
	MachineID string     `json:"machine_id"`
	SiteMID   string     `json:"site_mid"`
	Locks     []lockJSON `json:"locks,omitempty"`
}

// lockJSON is a lock of a PC, as --json prints it.
type lockJSON struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Readable bool   `json:"readable"`
	Why      string `json:"why,omitempty"`
	// Source and Bits, what the lock is made of and the bits that are sent, are present with --explain.
	Source string `json:"source,omitempty"`
	Bits   string `json:"bits,omitempty"`
}

func codesOf(c license.Codes) codesJSON {
	return codesJSON{SiteCode: c.Site.String(), MachineID: c.Machine.String(), SiteMID: c.Merged()}
}

func (cs *commandSet) thisPCCommand() *cobra.Command {
	var explain bool
	c := cs.signedIn("this-pc ORDER",
		"Show the codes of this PC for the program of an order, and which locks can be read", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			o, err := findOrder(ctx, m, id(args))
			if err != nil {
				return err
			}
			pc, err := m.ThisPC(ctx, o.ProgramID)
			if err != nil {
				return err
			}
			out := codesOf(pc.Codes)
			lines := [][]string{
				{"Site code", out.SiteCode},
				{"Machine ID", out.MachineID},
				{"Merged", out.SiteMID},
				{},
				{"LOCK", "KIND", "READABLE"},
			}
			if explain {
				lines[4] = []string{"LOCK", "KIND", "READABLE", "BITS", "SOURCE"}
			}
			for _, l := range pc.Locks {
				one := lockJSON{
					Name:     l.Lock.String(),
					Kind:     l.Lock.Kind().String(),
					Readable: l.Readable,
					Why:      l.Why.String(),
				}
				readable := "yes"
				if !l.Readable {
					readable = "no: " + l.Why.String()
				}
				line := []string{one.Name, one.Kind, readable}
				if explain {
					one.Bits, one.Source = fmt.Sprintf("%0*b", l.Lock.Bits(), l.Bits), words.LockSource(l.Lock)
					line = append(line, one.Bits, one.Source)
				}
				out.Locks = append(out.Locks, one)
				lines = append(lines, line)
			}
			if explain {
				lines = append(lines, []string{},
					[]string{
						"Generation", fmt.Sprintf("%012b", pc.Codes.Site.Generation()), "a random number, new after every removal",
					},
					[]string{"The Machine ID is the 63 bits of the locks and one that is always 0, encrypted with the Site code."},
					[]string{"The Site code is the generation and a check of 20 bits. Nothing else is sent about this PC."},
					[]string{})
				for _, sentence := range words.Disclosure() {
					lines = append(lines, []string{sentence})
				}
			}
			return cs.print(out, lines...)
		})
	c.Flags().BoolVar(&explain, "explain", false, "also show what is sent: the source and the bits of each lock")
	c.ValidArgsFunction = cs.complete(orderIDs)
	return c
}
