package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// learn asks the server for the licenses of all orders, so that what has to do with this PC is found among them.
func learn(ctx context.Context, m *manager.Manager) error {
	orders, err := m.Orders(ctx)
	if err != nil {
		return err
	}
	for _, o := range orders.Orders {
		if !o.RequiresActivation {
			continue
		}
		if _, err := m.Licenses(ctx, o.ID); err != nil {
			return err
		}
	}
	return nil
}

// oneIDOrNone checks that the only argument, if there is one, is an id.
func oneIDOrNone(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return oneID(c, args)
}

func (d *desk) moveCommand() *cobra.Command {
	c := d.anyway("move LICENSE", "Move a license of this PC: it leaves, and another PC picks it up", oneID, func(ctx context.Context, m *manager.Manager, args []string) error {
		l, o, err := findKnownLicense(ctx, m, id(args))
		if err != nil {
			return err
		}
		if err := manager.MoveRefusal(o, l); err != nil {
			return err
		}
		defer d.progress("Moving")()
		moved, err := m.Move(ctx, l)
		if err != nil {
			return kept(err)
		}
		return d.say(licenseOf(moved), fmt.Sprintf("License %d left this PC and waits for another one. Sign in there and run \"acenctl pick-up %d\", or choose Pick up on this PC in the app.", l.ID, l.ID))
	})
	c.ValidArgsFunction = d.complete(licenseIDs)
	return c
}

func (d *desk) pickUpCommand() *cobra.Command {
	c := d.signedIn("pick-up [LICENSE]", "Pick up a moved license on this PC; without one, list those that wait", oneIDOrNone, func(ctx context.Context, m *manager.Manager, args []string) error {
		if len(args) == 0 {
			return d.printWaiting(ctx, m)
		}
		l, o, err := findLicense(ctx, m, id(args))
		if err != nil {
			return err
		}
		if err := manager.PickUpRefusal(o, l, 0); err != nil {
			return err
		}
		defer d.progress("Picking up")()
		picked, err := m.PickUp(ctx, l)
		if err != nil {
			return kept(err)
		}
		return d.made(picked, "Picked up")
	})
	c.ValidArgsFunction = d.complete(licenseIDs)
	return c
}

// offerJSON is a license that can be picked up or brought back, as --json prints it.
type offerJSON struct {
	licenseJSON
	Program string `json:"program"`
	// Refusal says why not now.
	Refusal string `json:"refusal,omitempty"`
	// Comparison is how this PC compares; of those that can be brought back.
	Comparison *api.Comparison `json:"comparison,omitempty"`
}

func offerOf(o api.Order, l manager.License, refusal error) offerJSON {
	out := offerJSON{licenseJSON: licenseOf(l), Program: o.ProgramName}
	if refusal != nil {
		out.Refusal = sentence(refusal)
	}
	return out
}

func (d *desk) printOffers(offers []offerJSON, none string, lines [][]string) error {
	if len(offers) == 0 {
		lines = [][]string{{none}}
	}
	return d.print(struct {
		Licenses []offerJSON `json:"licenses"`
	}{append([]offerJSON{}, offers...)}, lines...)
}

func (d *desk) printWaiting(ctx context.Context, m *manager.Manager) error {
	if err := learn(ctx, m); err != nil {
		return err
	}
	waiting, err := m.WaitingToMove(ctx)
	if err != nil {
		return err
	}
	var offers []offerJSON
	lines := [][]string{{"LICENSE", "ORDER", "PROGRAM", "NOTE", "RELEASED", "PICK UP"}}
	for _, w := range waiting {
		offers = append(offers, offerOf(w.Order, w.License, w.Refusal))
		lines = append(lines, []string{strconv.FormatInt(w.License.ID, 10), strconv.FormatInt(w.Order.ID, 10), w.Order.ProgramName, w.License.Note, maybeDay(w.License.ReleasedAt, ""), reason(w.Refusal)})
	}
	return d.printOffers(offers, "No license waits to be picked up.", lines)
}

func (d *desk) bringBackCommand() *cobra.Command {
	var note string
	c := d.signedIn("bring-back [LICENSE]", "Bring back a license that this PC had; without one, list them", oneIDOrNone, func(ctx context.Context, m *manager.Manager, args []string) error {
		if err := learn(ctx, m); err != nil {
			return err
		}
		found, err := m.BringBacks(ctx)
		if err != nil {
			return err
		}
		if len(args) == 0 {
			return d.printBringBacks(found)
		}
		for _, b := range found {
			if b.License.ID != id(args) {
				continue
			}
			if b.Refusal != nil {
				return b.Refusal
			}
			defer d.progress("Bringing back")()
			back, err := m.Reactivate(ctx, manager.Reactivate{License: b.License, Codes: b.Codes, Note: note, ThisPC: true})
			if err != nil {
				return kept(err)
			}
			return d.made(back, "Brought back")
		}
		return api.NewProblem(api.ErrNotFound, fmt.Sprintf("This PC did not have license %d, or has it still: \"acenctl bring-back\" lists what it had, and \"acenctl compare %d --this-pc\" tells how it compares.", id(args), id(args)))
	})
	c.Flags().StringVar(&note, "note", "", "new note (default: the old one)")
	c.ValidArgsFunction = d.complete(licenseIDs)
	return c
}

func (d *desk) printBringBacks(found []manager.BringBack) error {
	var offers []offerJSON
	lines := [][]string{{"LICENSE", "ORDER", "PROGRAM", "NOTE", "LOCKS THE SAME", "BRING BACK"}}
	for _, b := range found {
		one := offerOf(b.Order, b.License, b.Refusal)
		comparison := comparisonOf(b.Comparison)
		one.Comparison = &comparison
		offers = append(offers, one)
		lines = append(lines, []string{strconv.FormatInt(b.License.ID, 10), strconv.FormatInt(b.Order.ID, 10), b.Order.ProgramName, b.License.Note,
			fmt.Sprintf("%d of %d", b.Comparison.Count(license.Same), license.LockCount), reason(b.Refusal)})
	}
	return d.printOffers(offers, "This PC misses no license that it had.", lines)
}

// keptCodeJSON is a kept removal code as --json prints it.
type keptCodeJSON struct {
	ID          string `json:"id"` // the Site code
	Program     string `json:"program"`
	Note        string `json:"note,omitempty"`
	SiteCode    string `json:"site_code"`
	MachineID   string `json:"machine_id"`
	RemovalCode string `json:"removal_code"`
	OrderID     int64  `json:"order_id,omitempty"`
	LicenseID   int64  `json:"license_id,omitempty"`
	// Purpose is the open task that sends it; absent when the program let the license go.
	Purpose string `json:"purpose,omitempty"`
	Sealed  bool   `json:"sealed"`
}

func (d *desk) removalCodesCommand() *cobra.Command {
	var handIn, offer string
	c := d.anyway("removal-codes", "List the removal codes that this PC keeps, hand one in, or offer its license to another PC", cobra.NoArgs, func(ctx context.Context, m *manager.Manager, _ []string) error {
		if handIn == "" && offer == "" {
			return d.printKeptCodes(ctx, m)
		}
		k, err := findKeptCode(ctx, m, handIn+offer)
		if err != nil {
			return err
		}
		if err := learn(ctx, m); err != nil {
			return err
		}
		defer d.progress("Telling the server")()
		if handIn != "" {
			o, err := m.HandIn(ctx, k)
			if err != nil {
				return kept(err)
			}
			return d.say(o, fmt.Sprintf("Handed in. Order %d has %d of %d licenses in use.", o.ID, o.LicensesActivated, o.LicensesTotal))
		}
		l, err := m.Offer(ctx, k)
		if err != nil {
			return kept(err)
		}
		return d.say(licenseOf(l), fmt.Sprintf("License %d waits for another PC. Sign in there and run \"acenctl pick-up %d\", or choose Pick up on this PC in the app.", l.ID, l.ID))
	})
	c.Flags().StringVar(&handIn, "hand-in", "", "end the license of the removal code with this id (its Site code); the order gets one back")
	c.Flags().StringVar(&offer, "offer", "", "release its license for another PC")
	c.MarkFlagsMutuallyExclusive("hand-in", "offer")
	return c
}

// findKeptCode finds a removal code by its Site code.
func findKeptCode(ctx context.Context, m *manager.Manager, site string) (manager.KeptCode, error) {
	wanted, err := license.ParseSiteCode(site)
	if err != nil {
		return manager.KeptCode{}, err
	}
	list, err := m.KeptCodes(ctx)
	if err != nil {
		return manager.KeptCode{}, err
	}
	for _, k := range list {
		if k.Codes.Site != wanted {
			continue
		}
		if k.Purpose != "" {
			return k, usageError{errors.New("this removal code is sent by itself: \"acenctl jobs\" lists what waits, \"acenctl send\" sends it now")}
		}
		return k, nil
	}
	return manager.KeptCode{}, usageError{fmt.Errorf("no removal code with the id %s is kept here: \"acenctl removal-codes\" lists them", wanted)}
}

func (d *desk) printKeptCodes(ctx context.Context, m *manager.Manager) error {
	list, err := m.KeptCodes(ctx)
	if err != nil {
		return err
	}
	out := []keptCodeJSON{}
	lines := [][]string{{"ID", "PROGRAM", "NOTE", "REMOVAL CODE", "SEALED", "WAITS FOR"}}
	for _, k := range list {
		if l, o, err := m.LicenseOf(ctx, k); err == nil {
			k.Program, k.Note, k.OrderID, k.LicenseID = o.ProgramName, l.Note, o.ID, l.ID
		}
		one := keptCodeJSON{
			ID: k.Codes.Site.String(), Program: k.Program, Note: k.Note, SiteCode: k.Codes.Site.String(), MachineID: k.Codes.Machine.String(), RemovalCode: k.Code.String(),
			OrderID: k.OrderID, LicenseID: k.LicenseID, Purpose: string(k.Purpose), Sealed: k.Sealed,
		}
		out = append(out, one)
		waits := "you: --hand-in or --offer"
		if k.Purpose != "" {
			waits = fmt.Sprintf("the server (%s)", k.Purpose)
		}
		lines = append(lines, []string{one.ID, one.Program, one.Note, one.RemovalCode, yesNo(k.Sealed), waits})
	}
	if len(out) == 0 {
		lines = [][]string{{"No removal code is kept: no license has left this PC that the server does not know of."}}
	}
	return d.print(struct {
		RemovalCodes []keptCodeJSON `json:"removal_codes"`
	}{out}, lines...)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// cancelJob forgets a task that was never sent.
func (d *desk) cancelJob(ctx context.Context, m *manager.Manager, job int64) error {
	jobs, err := m.Jobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if j.ID != job {
			continue
		}
		if err := m.DropJob(ctx, job); err != nil {
			return err
		}
		return d.say(struct {
			Canceled jobJSON `json:"canceled"`
		}{jobOf(j)}, fmt.Sprintf("Canceled: %s.", strings.TrimSuffix(j.Title, ".")))
	}
	return usageError{fmt.Errorf("no task %d waits: \"acenctl jobs\" lists them", job)}
}
