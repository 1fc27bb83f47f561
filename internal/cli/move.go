package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) moveCommand() *cobra.Command {
	c := cs.orCached("move LICENSE", "Move a license from this PC to another PC, which picks it up", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			l, o, err := findKnownLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			if err := manager.MoveRefusal(o, l); err != nil {
				return err
			}
			defer cs.progress("Moving")()
			moved, err := m.Move(ctx, l)
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskRelease, l.ID)
			}
			return cs.printSentence(licenseOf(moved),
				fmt.Sprintf("License %d has left this PC. %s", l.ID, howToPickUp(l.ID)))
		})
	c.Long = `Move a license from this PC to another PC. It leaves this PC at once, and the other PC picks it up. Its
removal code is kept here until the server has confirmed. A license that left this PC before the server was
informed ("acenctl status") is moved the same way.`
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

// howToPickUp explains how to pick up a released license.
func howToPickUp(license int64) string {
	return fmt.Sprintf("To pick it up on another PC, sign in there and run \"acenctl pick-up %d\", or choose Pick up on "+
		"this PC in the app.", license)
}

func (cs *commandSet) pickUpCommand() *cobra.Command {
	c := cs.signedIn("pick-up [LICENSE]", "Pick up a released license on this PC; without LICENSE, list released ones",
		optionalID, func(ctx context.Context, m *manager.Manager, args []string) error {
			if len(args) == 0 {
				return cs.printWaiting(ctx, m)
			}
			l, o, err := findLicense(ctx, m, id(args))
			if err != nil {
				return err
			}
			if err := manager.PickUpRefusal(o, l, 0); err != nil {
				return err
			}
			defer cs.progress("Picking up")()
			picked, err := m.PickUp(ctx, l)
			if err != nil {
				return wrapOpenTask(ctx, m, err, api.TaskTransfer, l.ID)
			}
			return cs.printLicense(picked, "Picked up")
		})
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

// offerJSON is a license that can be picked up or brought back, as --json prints it.
type offerJSON struct {
	licenseJSON
	Program string `json:"program"`
	// Refusal is the reason why it cannot be done now.
	Refusal string `json:"refusal,omitempty"`
	// Comparison is that of this PC with the license, for one that can be brought back.
	Comparison *api.Comparison `json:"comparison,omitempty"`
}

func offerOf(o api.Order, l manager.License, refusal error) offerJSON {
	out := offerJSON{licenseJSON: licenseOf(l), Program: o.ProgramName}
	if refusal != nil {
		out.Refusal = sentence(refusal)
	}
	return out
}

func (cs *commandSet) printOffers(offers []offerJSON, none string, lines [][]string) error {
	if len(offers) == 0 {
		lines = [][]string{{none}}
	}
	return cs.print(struct {
		Licenses []offerJSON `json:"licenses"`
	}{append([]offerJSON{}, offers...)}, lines...)
}

func (cs *commandSet) printWaiting(ctx context.Context, m *manager.Manager) error {
	if err := fetchLicenses(ctx, m); err != nil {
		return err
	}
	waiting, err := m.ReleasedLicenses(ctx)
	if err != nil {
		return err
	}
	var offers []offerJSON
	lines := [][]string{{"LICENSE", "ORDER", "PROGRAM", "NOTE", "RELEASED", "PICK UP"}}
	for _, w := range waiting {
		offers = append(offers, offerOf(w.Order, w.License, w.Refusal))
		lines = append(lines,
			[]string{
				strconv.FormatInt(w.License.ID, 10), strconv.FormatInt(w.Order.ID, 10), w.Order.ProgramName, w.License.Note,
				maybeDay(w.License.ReleasedAt, ""), reason(w.Refusal),
			})
	}
	return cs.printOffers(offers, "There is no license to pick up.", lines)
}

func (cs *commandSet) bringBackCommand() *cobra.Command {
	var note string
	c := cs.signedIn("bring-back [LICENSE]", "Bring back a license that this PC had; without LICENSE, list them",
		optionalID, func(ctx context.Context, m *manager.Manager, args []string) error {
			if err := fetchLicenses(ctx, m); err != nil {
				return err
			}
			found, err := m.BringBacks(ctx)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return cs.printBringBacks(found)
			}
			for _, b := range found {
				if b.License.ID != id(args) {
					continue
				}
				if b.Refusal != nil {
					return b.Refusal
				}
				return cs.bringBack(ctx, m, b.License, b.Codes, note)
			}
			// BringBacks does not list a license with a kept code, but a person may name it.
			l, o, err := findLicense(ctx, m, id(args))
			if err == nil && l.LeftThisPC && l.ReleasedAt == nil {
				if err := manager.ReactivationRefusal(o, l); err != nil {
					return err
				}
				codes, err := m.ThisPCFor(ctx, l)
				if err != nil {
					return err
				}
				return cs.bringBack(ctx, m, l, codes, note)
			}
			if err != nil && !errors.Is(err, api.ErrNotFound) {
				return err
			}
			return api.NewProblem(api.ErrNotFound,
				fmt.Sprintf("This PC never had license %d, or still has it. \"acenctl bring-back\" lists the licenses that it "+
					"had, and \"acenctl compare %d --this-pc\" compares it with the license.", id(args), id(args)))
		})
	c.Long = `Bring back a license that this PC had, after its data were lost, or after the license left and the server
was not informed. Without LICENSE, list the licenses that this PC had. A license whose removal code is kept
here ("acenctl removal-codes") is not listed; bring it back by its ID.`
	c.Flags().StringVar(&note, "note", "", "new note (default: the old one)")
	c.ValidArgsFunction = cs.complete(licenseIDs)
	return c
}

// bringBack reactivates a license for codes of this PC.
func (cs *commandSet) bringBack(ctx context.Context, m *manager.Manager, l manager.License, codes license.Codes,
	note string) error {
	defer cs.progress("Bringing back")()
	back, err := m.Reactivate(ctx, manager.Reactivate{
		License: l,
		Codes:   codes,
		Note:    note,
		ThisPC:  true,
	})
	if err != nil {
		return wrapOpenTask(ctx, m, err, api.TaskReactivation, l.ID)
	}
	return cs.printLicense(back, "Brought back")
}

func (cs *commandSet) printBringBacks(found []manager.BringBack) error {
	var offers []offerJSON
	lines := [][]string{{"LICENSE", "ORDER", "PROGRAM", "NOTE", "SAME LOCKS", "BRING BACK"}}
	for _, b := range found {
		one := offerOf(b.Order, b.License, b.Refusal)
		comparison := comparisonOf(b.Comparison)
		one.Comparison = &comparison
		offers = append(offers, one)
		lines = append(lines,
			[]string{strconv.FormatInt(b.License.ID, 10), strconv.FormatInt(b.Order.ID, 10), b.Order.ProgramName, b.License.Note,
				fmt.Sprintf("%d of %d", b.Comparison.Count(license.Same), b.Comparison.Compared()), reason(b.Refusal)})
	}
	return cs.printOffers(offers, "There is no license to bring back.", lines)
}
