package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

// expiringJSON is a license that ends soon, as --json prints it.
type expiringJSON struct {
	LicenseID int64     `json:"license_id"`
	OrderID   int64     `json:"order_id"`
	Program   string    `json:"program"`
	Note      string    `json:"note,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
	Days      int       `json:"days"`
}

func expiringOf(e manager.Expiring) expiringJSON {
	return expiringJSON{
		LicenseID: e.License.ID,
		OrderID:   e.Order.ID,
		Program:   e.Order.ProgramName,
		Note:      e.License.Note,
		ExpiresAt: *e.License.ExpiresAt,
		Days:      e.Days,
	}
}

func (cs *commandSet) expiringCommand() *cobra.Command {
	var calendar int64
	c := cs.orCached("expiring", "List the licenses that end within 14 days, soonest first", cobra.NoArgs, nil)
	c.Use = "expiring [--calendar LICENSE [FILE]]"
	c.Long = `List the licenses that end within 14 days, soonest first. The list is made from the tables that "acenctl
licenses" or the app loaded last. With --calendar, write the end of a license to a calendar file with
reminders 14, 7 and 1 days before.`
	c.Args = func(c *cobra.Command, args []string) error {
		if calendar == 0 {
			return cobra.NoArgs(c, args)
		}
		return cobra.MaximumNArgs(1)(c, args)
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		m, err := cs.session(c.Context())
		if err != nil && !errors.Is(err, manager.ErrUnreachable) {
			return err
		}
		if calendar != 0 {
			return cs.writeCalendar(c.Context(), m, calendar, args)
		}
		list, err := m.Expiring(c.Context())
		if err != nil {
			return err
		}
		out := []expiringJSON{}
		lines := [][]string{{"LICENSE", "ORDER", "PROGRAM", "NOTE", "EXPIRES", "DAYS"}}
		for _, e := range list {
			out = append(out, expiringOf(e))
			lines = append(lines,
				[]string{
					strconv.FormatInt(e.License.ID, 10), strconv.FormatInt(e.Order.ID, 10), e.Order.ProgramName, e.License.Note,
					day(*e.License.ExpiresAt), strconv.Itoa(e.Days),
				})
		}
		if len(out) == 0 {
			lines = [][]string{{"None of the licenses loaded so far ends within 14 days."}}
		}
		return cs.print(struct {
			Expiring []expiringJSON `json:"expiring"`
		}{out}, lines...)
	}
	c.Flags().Int64Var(&calendar, "calendar", 0,
		"write a calendar file with the end of this license to FILE, or - for standard output")
	return c
}

// writeCalendar writes the end of a license to a calendar file. args may have its name; "-" is standard output.
func (cs *commandSet) writeCalendar(ctx context.Context, m *manager.Manager, id int64, args []string) error {
	l, o, err := findKnownLicense(ctx, m, id)
	if err != nil {
		return err
	}
	if l.ExpiresAt == nil {
		return api.NewProblem(api.ErrNotFound, fmt.Sprintf("License %d never ends.", id))
	}
	name, content := m.Calendar(o, l, nil)
	if len(args) > 0 {
		name = args[0]
	}
	if name == "-" {
		_, err := cs.out.Write(content)
		return err
	}
	if err := writeText(name, string(content)); err != nil {
		return err
	}
	return cs.printSentence(struct {
		File string `json:"file"`
	}{name}, "Written to "+name+".")
}
