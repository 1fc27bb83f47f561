package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/manager"
)

// keptCodeJSON is a kept code, as --json prints it.
type keptCodeJSON struct {
	ID          string `json:"id"` // the Site code
	Signature   string `json:"signature"`
	Program     string `json:"program"`
	Note        string `json:"note,omitempty"`
	SiteCode    string `json:"site_code"`
	MachineID   string `json:"machine_id"`
	RemovalCode string `json:"removal_code,omitempty"`
	OrderID     int64  `json:"order_id,omitempty"`
	LicenseID   int64  `json:"license_id,omitempty"`
	// Purpose is the task of the open job that sends it. It is absent if a person has to hand the code in.
	Purpose string `json:"purpose,omitempty"`
}

func (cs *commandSet) removalCodesCommand() *cobra.Command {
	var handIn, offer string
	c := &cobra.Command{
		Use:   "removal-codes",
		Short: "List the removal codes on this PC, hand one in, or offer its license to another PC",
		Args:  cobra.NoArgs,
		Long: `List the removal codes on this PC, of licenses that left it and that the server has not confirmed. They are
in the license folder, in a file that only you can read. If the server can be reached, codes that were
handed in from another PC are not listed. The list needs no session; --hand-in and --offer need one.`,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			m, refreshErr := cs.refreshed(ctx)
			if m == nil {
				return refreshErr
			}
			if handIn == "" && offer == "" {
				return cs.printKeptCodes(ctx, m, refreshErr)
			}
			k, err := findKeptCode(ctx, m, handIn+offer)
			if err != nil {
				return err
			}
			if refreshErr != nil && !errors.Is(refreshErr, manager.ErrUnreachable) {
				return refreshErr
			}
			defer cs.progress("Informing the server")()
			err = cs.handKeptCode(ctx, m, k, handIn != "")
			if errors.Is(err, api.ErrNotFound) && refreshErr != nil {
				return refreshErr // the license is not in the cache
			}
			return err
		},
	}
	c.Flags().StringVar(&handIn, "hand-in", "",
		"end the license of the removal code with this ID (its Site code), which frees its seat in the order")
	c.Flags().StringVar(&offer, "offer", "", "release its license for another PC")
	c.MarkFlagsMutuallyExclusive("hand-in", "offer")
	cs.registerCompletion(c, "hand-in", keptCodeIDs)
	cs.registerCompletion(c, "offer", keptCodeIDs)
	return c
}

// handKeptCode removes the license of a kept code, or releases it for another PC.
func (cs *commandSet) handKeptCode(ctx context.Context, m *manager.Manager, k manager.KeptCode, remove bool) error {
	row, _, err := m.LicenseOf(ctx, k)
	if err != nil {
		return err
	}
	if remove {
		o, err := m.HandIn(ctx, k)
		if err != nil {
			return wrapOpenTask(ctx, m, err, api.TaskRemoval, row.ID)
		}
		return cs.printSentence(o,
			fmt.Sprintf("Handed in. Order %d has %d of %d licenses in use.", o.ID, o.LicensesActivated, o.LicensesTotal))
	}
	l, err := m.Offer(ctx, k)
	if err != nil {
		return wrapOpenTask(ctx, m, err, api.TaskRelease, row.ID)
	}
	return cs.printSentence(licenseOf(l),
		fmt.Sprintf("License %d is released. %s", l.ID, howToPickUp(l.ID)))
}

// findKeptCode returns the kept code with a Site code. It fails if an open job sends the code.
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
			return k, usageError{
				errors.New("an open task sends this removal code: \"acenctl jobs\" lists open tasks, \"acenctl send\" sends " +
					"them now"),
			}
		}
		return k, nil
	}
	return manager.KeptCode{}, usageError{
		fmt.Errorf("there is no removal code with the ID %s on this PC: \"acenctl removal-codes\" lists them", wanted),
	}
}

// keptCodes lists the kept codes, with program, note and ids from the cached tables.
func keptCodes(ctx context.Context, m *manager.Manager) ([]keptCodeJSON, error) {
	list, err := m.KeptCodes(ctx)
	if err != nil {
		return nil, err
	}
	out := []keptCodeJSON{}
	for _, k := range list {
		if l, o, err := m.LicenseOf(ctx, k); err == nil {
			k.Program, k.Note, k.OrderID, k.LicenseID = o.ProgramName, l.Note, o.ID, l.ID
		}
		out = append(out, keptCodeJSON{
			ID:          k.Codes.Site.String(),
			Signature:   string(k.Signature),
			Program:     k.Program,
			Note:        k.Note,
			SiteCode:    k.Codes.Site.String(),
			MachineID:   k.Codes.Machine.String(),
			RemovalCode: codeOf(k),
			OrderID:     k.OrderID,
			LicenseID:   k.LicenseID,
			Purpose:     string(k.Purpose),
		})
	}
	return out, nil
}

// codeOf returns the text of a kept code. It returns "" while an open job sends the code, because the job may be
// canceled.
func codeOf(k manager.KeptCode) string {
	if k.Code == 0 {
		return ""
	}
	return k.Code.String()
}

// name returns the program's name, or its signature.
func (k keptCodeJSON) name() string { return nameOf(k.Program, license.Signature(k.Signature)) }

// handedInBy returns who hands the removal code in.
func (k keptCodeJSON) handedInBy() string {
	if k.Purpose != "" {
		return fmt.Sprintf("an open task (%s)", k.Purpose)
	}
	return "you: --hand-in or --offer"
}

func (cs *commandSet) printKeptCodes(ctx context.Context, m *manager.Manager, refreshErr error) error {
	codes, err := keptCodes(ctx, m)
	if err != nil {
		return err
	}
	cs.warnOutdated(refreshErr)
	lines := [][]string{{"ID", "PROGRAM", "NOTE", "REMOVAL CODE", "HANDED IN BY"}}
	for _, k := range codes {
		lines = append(lines, []string{k.ID, k.name(), k.Note, cmp.Or(k.RemovalCode, "-"), k.handedInBy()})
	}
	if len(codes) == 0 {
		lines = [][]string{{"There are no removal codes on this PC."}}
	}
	return cs.print(struct {
		RemovalCodes []keptCodeJSON `json:"removal_codes"`
		Refreshed    bool           `json:"refreshed"` // the server was asked first
	}{codes, refreshErr == nil}, lines...)
}
