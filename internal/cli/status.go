package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/manager"
)

// statusJSON is the output of status, as --json prints it.
type statusJSON struct {
	Refreshed    bool            `json:"refreshed"` // the server was asked first
	Jobs         []jobJSON       `json:"jobs"`      // of all accounts
	RemovalCodes []keptCodeJSON  `json:"removal_codes"`
	Stranded     []offerJSON     `json:"stranded"`    // left this PC, active at the server
	Forgotten    []forgottenJSON `json:"forgotten"`   // on this PC, unknown to the server
	BringBacks   []offerJSON     `json:"bring_backs"` // formerly on this PC
	Waiting      []offerJSON     `json:"waiting"`     // released
	Expiring     []expiringJSON  `json:"expiring"`
	Older        []string        `json:"older"` // folders with files of a trial version
}

// forgottenJSON is a license on this PC that the server does not have, as --json prints it.
type forgottenJSON struct {
	LicenseID int64  `json:"license_id"`
	OrderID   int64  `json:"order_id"`
	Program   string `json:"program"`
	Note      string `json:"note,omitempty"`
	Refusal   string `json:"refusal,omitempty"` // why the order takes no new license now
}

func (cs *commandSet) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what needs attention: open tasks, removal codes, and licenses on which this PC and the server differ",
		Args:  cobra.NoArgs,
		Long: `Show what needs attention, and the command for it. Nothing is changed. If the server can be reached, it is
asked first. Without a session, only data of this PC are shown, and the exit status is 3.

  task         a task that the server has not confirmed
  code         a removal code that you have to hand in
  stranded     a license that left this PC while the server lists it as active, because the server was restored from a
               backup or this PC lost its data. Move or remove it to inform the server again, or bring it back.
  forgotten    a license on this PC that the server does not have, because it was restored from an older backup. The
               program keeps running; a new license with the same codes solves this.
  former       a license that this PC had and can bring back
  released     a license that can be picked up
  expires      a license that ends within 14 days
  older        a folder with data of an older trial version; nothing in it is used`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			m, refreshErr := cs.refreshed(ctx)
			if m == nil {
				return refreshErr
			}
			if err := cs.printStatus(ctx, m, refreshErr); err != nil {
				return err
			}
			if _, signedIn := m.Current(); !signedIn {
				return refreshErr
			}
			return nil
		},
	}
}

func (cs *commandSet) printStatus(ctx context.Context, m *manager.Manager, refreshErr error) error {
	jobs, err := m.AllJobs(ctx)
	if err != nil {
		return err
	}
	codes, err := keptCodes(ctx, m)
	if err != nil {
		return err
	}
	var found manager.Found
	if _, signedIn := m.Current(); signedIn {
		if found, err = m.Find(ctx); err != nil {
			return err
		}
		cs.warnOutdated(refreshErr)
	}
	out := statusJSON{
		Refreshed:    refreshErr == nil,
		Jobs:         []jobJSON{},
		RemovalCodes: []keptCodeJSON{},
		Stranded:     []offerJSON{},
		Forgotten:    []forgottenJSON{},
		BringBacks:   []offerJSON{},
		Waiting:      []offerJSON{},
		Expiring:     []expiringJSON{},
		Older:        []string{},
	}
	lines := [][]string{{"WHAT", "LICENSE", "ORDER", "PROGRAM", "NOTE", "NEXT"}}
	add := func(what string, license, order int64, program, note, next string) {
		lines = append(lines, []string{what, number(license), number(order), program, note, next})
	}
	for _, j := range jobs {
		out.Jobs = append(out.Jobs, jobOf(j))
		add("task", j.LicenseID, j.OrderID, "", "",
			fmt.Sprintf("%s: acenctl send, or acenctl jobs", strings.TrimSuffix(j.Title, ".")))
	}
	for _, k := range codes {
		if k.Purpose != "" {
			continue // its job is listed
		}
		k.RemovalCode = "" // a secret; the output of status is shown to support staff
		out.RemovalCodes = append(out.RemovalCodes, k)
		add("code", k.LicenseID, k.OrderID, k.name(), k.Note,
			fmt.Sprintf("acenctl removal-codes --hand-in %s, or --offer %s", k.ID, k.ID))
	}
	offer := func(to *[]offerJSON, what string, o offerJSON, next string) {
		*to = append(*to, o)
		if o.Refusal != "" {
			next = "not now: " + o.Refusal
		}
		add(what, o.ID, o.OrderID, o.Program, o.Note, next)
	}
	stranded := map[int64]bool{}
	for _, s := range found.Stranded {
		stranded[s.License.ID] = true
		id := s.License.ID
		offer(&out.Stranded, "stranded", offerOf(s.Order, s.License, nil),
			fmt.Sprintf("acenctl move %d, remove %d, or bring-back %d", id, id, id))
	}
	for _, f := range found.Forgotten {
		one := forgottenJSON{
			LicenseID: f.ID,
			OrderID:   f.Order.ID,
			Program:   f.Order.ProgramName,
			Note:      f.Note,
		}
		next := fmt.Sprintf("acenctl new %d --this-pc", f.Order.ID)
		if f.Refusal != nil {
			one.Refusal = sentence(f.Refusal)
			next = "ask the vendor: " + one.Refusal
		}
		out.Forgotten = append(out.Forgotten, one)
		add("forgotten", f.ID, f.Order.ID, one.Program, f.Note, next)
	}
	for _, b := range found.BringBacks {
		one := offerOf(b.Order, b.License, b.Refusal)
		comparison := comparisonOf(b.Comparison)
		one.Comparison = &comparison
		if stranded[b.License.ID] {
			out.BringBacks = append(out.BringBacks, one) // printed as stranded
			continue
		}
		offer(&out.BringBacks, "former", one, fmt.Sprintf("acenctl bring-back %d", b.License.ID))
	}
	for _, w := range found.Released {
		offer(&out.Waiting, "released", offerOf(w.Order, w.License, w.Refusal),
			fmt.Sprintf("acenctl pick-up %d", w.License.ID))
	}
	for _, e := range found.Expiring {
		one := expiringOf(e)
		out.Expiring = append(out.Expiring, one)
		add("expires", one.LicenseID, one.OrderID, one.Program, one.Note,
			fmt.Sprintf("on %s, in %d days", day(one.ExpiresAt), one.Days))
	}
	older, err := m.Older()
	if err != nil {
		return err
	}
	if len(lines) == 1 {
		lines = [][]string{{"Nothing needs attention."}}
		if refreshErr != nil { // the server may list something
			lines = [][]string{{"Nothing on this PC needs attention. The server was not asked."}}
		}
	}
	for _, folder := range older {
		out.Older = append(out.Older, folder)
		add("older", 0, 0, "", "", "nothing to do: data of a trial version are in "+folder)
	}
	return cs.print(out, lines...)
}
