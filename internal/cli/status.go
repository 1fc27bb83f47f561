package cli

import (
	"context"
	"fmt"
	"strconv"
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
		Use: "status",
		Short: "Show what needs you: tasks and removal codes that wait, licenses that this PC and the server know " +
			"differently",
		Args: cobra.NoArgs,
		Long: `Show what needs you, and the command for it. Nothing is changed. The server is asked first, if it answers; without a session only
what lies on this PC is shown, and the exit status is 3.

  waits        a task that was not confirmed by its server yet
  code         a removal code that you have to hand in
  stranded     a license that left this PC while the server lists it as active: the server was restored, or this PC's data were
               lost. Move or remove it to tell the server again, or bring it back.
  forgotten    a license that a program of this PC runs under and that the server does not know: it was restored from an older
               backup. The program runs on; a new license with the same codes puts it right.
  had          a license that this PC had and misses
  released     a license that waits to be picked up
  expires      a license that ends within 14 days
  older        a folder that keeps what an older trial version left; nothing in it is used`,
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
		add("waits", j.LicenseID, j.OrderID, "", "",
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
		offer(&out.BringBacks, "had", one, fmt.Sprintf("acenctl bring-back %d", b.License.ID))
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
	older, err := m.TrialVersionFolders()
	if err != nil {
		return err
	}
	if len(lines) == 1 {
		lines = [][]string{{"Nothing needs you."}}
		if refreshErr != nil { // do not claim that nothing waits at the server
			lines = [][]string{{"Nothing waits on this PC. The server was not asked."}}
		}
	}
	for _, folder := range older {
		out.Older = append(out.Older, folder)
		add("older", 0, 0, "", "", "nothing: data of a trial version are kept in "+folder)
	}
	return cs.print(out, lines...)
}

// number returns an id as text; "" for 0.
func number(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
