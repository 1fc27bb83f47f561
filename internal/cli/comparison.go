package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/ui/text/words"
)

// comparisonOf returns a comparison as --json prints it, in the form of the contract.
func comparisonOf(c license.Comparison) api.Comparison {
	w := api.Comparison{
		HardwareChanges:    c.HardwareChanges,
		MaxHardwareChanges: c.MaxHardwareChanges,
		Verdict:            "refused",
		Locks:              []api.LockState{},
	}
	if c.Accepted {
		w.Verdict = "accepted"
	}
	for _, l := range c.Locks {
		w.Locks = append(w.Locks, api.LockState{
			Name:       l.Lock.String(),
			Kind:       l.Lock.Kind().String(),
			State:      l.State.String(),
			Changeable: l.Changeable,
			Counts:     l.Counts,
		})
	}
	for _, r := range c.Reasons {
		w.Reasons = append(w.Reasons, r.String())
	}
	return w
}

func comparisonLines(c license.Comparison) [][]string {
	lines := [][]string{{"LOCK", "KIND", "STATE", ""}}
	for _, l := range c.Locks {
		remark := ""
		switch {
		case !l.Differs:
		case !l.Changeable:
			remark = "must not change"
		case l.Counts:
			remark = "counts"
		default:
			remark = "may always change"
		}
		lines = append(lines, []string{l.Lock.String(), l.Lock.Kind().String(), words.LockState(l), remark})
	}
	verdict := fmt.Sprintf("accepted, %d of %d hardware changes", c.HardwareChanges, c.MaxHardwareChanges)
	if !c.Accepted {
		var reasons []string
		for _, r := range c.Reasons {
			reasons = append(reasons, r.String())
		}
		verdict = "refused: " + strings.Join(reasons, " ")
	}
	return append(lines, nil, []string{"Verdict", verdict})
}

func (cs *commandSet) compareCommand() *cobra.Command {
	var pc pcFlags
	c := cs.signedIn("compare LICENSE", "Compare a PC with the PC of a license; changes nothing", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			l, o, err := findLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			codes, err := cs.pcFor(ctx, m, l, o, pc)
			if err != nil {
				return err
			}
			comparison, err := m.Compare(ctx, l, codes)
			if err != nil {
				return err
			}
			if err := cs.print(comparisonOf(comparison), comparisonLines(comparison)...); err != nil {
				return err
			}
			if !comparison.Accepted {
				return errNotRecognized
			}
			return nil
		})
	pc.register(c, true)
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}
