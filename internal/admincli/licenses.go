package admincli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

var licenseView = view[store.License]{
	header: []string{"ID", "ORDER", "SITE CODE", "MACHINE ID", "ACTIVATION CODE", "NOTE", "ACTIVATED", "ENDS", "STATUS"},
	row: func(l store.License) []string {
		return []string{
			strconv.FormatInt(l.ID, 10), strconv.FormatInt(l.OrderID, 10), l.Codes.Site.String(), l.Codes.Machine.String(),
			l.Activation.String(), l.Note,
			showDay(&l.ActivatedAt), showDay(l.ExpiresAt), string(l.Status),
		}
	},
	detail: func(l store.License) [][2]string {
		return [][2]string{
			{"FEATURES", strconv.Itoa(int(l.Features))},
			{"ORIGINAL LICENSE", strconv.FormatInt(l.OriginalID, 10)},
		}
	},
	wire: func(l store.License) any { return l.Wire() },
}

func licenseCommand() *cobra.Command {
	cs := &commandSet{}
	return cs.group("license", "Administer licenses", addLicense(cs), listLicenses(cs),
		show(cs, "a license", licenseView, admin.Admin.License), changeLicense(cs),
		extendLicense(cs), replaceLicense(cs), endLicense(cs))
}

func listLicenses(cs *commandSet) *cobra.Command {
	var order int64
	var ended bool
	c := cs.task("list", "List the licenses of an order", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return licenseView.many(a.Licenses(c.Context(), order, ended))
		})
	c.Flags().Int64Var(&order, "order", 0, "ID of the order")
	c.Flags().BoolVar(&ended, "ended", false, "also licenses that have ended")
	require(c, "order")
	return c
}

func addLicense(cs *commandSet) *cobra.Command {
	var order int64
	var request api.NewLicense
	c := cs.task("add", "Activate a PC for an order, under the same rules as the app", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return licenseView.one(a.AddLicense(c.Context(), order, request))
		})
	c.Flags().Int64Var(&order, "order", 0, "ID of the order")
	require(c, "order")
	pcFlags(c, &request.SiteCode, &request.MachineID, &request.SiteMID, &request.Note)
	return c
}

// pcFlags adds the flags for the codes of a PC, separate or merged, and for the note.
func pcFlags(c *cobra.Command, site, machine, merged, note *string) {
	flags := c.Flags()
	flags.StringVar(site, "site-code", "", "Site code of the PC")
	flags.StringVar(machine, "machine-id", "", "Machine ID of the PC")
	flags.StringVar(merged, "site-mid", "", "both codes in their merged form")
	flags.StringVar(note, "note", "", "note, at most 30 characters")
	c.MarkFlagsOneRequired("site-code", "site-mid")
	c.MarkFlagsRequiredTogether("site-code", "machine-id")
	c.MarkFlagsMutuallyExclusive("site-code", "site-mid")
}

func changeLicense(cs *commandSet) *cobra.Command {
	var note, ends string
	var features uint16
	c := cs.task("change ID", "Change note, features or end of a license, and with them the activation code", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return licenseView.one(a.ChangeLicense(c.Context(), id(args), func(l *store.License) (err error) {
				if c.Flags().Changed("note") {
					l.Note = note
				}
				if c.Flags().Changed("features") {
					l.Features = features
				}
				if c.Flags().Changed("ends") {
					l.ExpiresAt, err = parseDay(ends)
				}
				return err
			}))
		})
	c.Flags().StringVar(&note, "note", "", "note, at most 30 characters")
	c.Flags().Uint16Var(&features, "features", 0, "features (16 bits)")
	c.Flags().StringVar(&ends, "ends", "", "last day, such as 2027-12-31, or \"never\"")
	return c
}

func extendLicense(cs *commandSet) *cobra.Command {
	var days int
	var ends string
	c := cs.task("extend ID", "Change the end of a license, and with it the activation code", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			return licenseView.one(a.ChangeLicense(c.Context(), id(args), func(l *store.License) (err error) {
				if ends != "" {
					l.ExpiresAt, err = parseDay(ends)
					return err
				}
				if l.ExpiresAt == nil {
					return fmt.Errorf("license %d never ends", l.ID)
				}
				if days < 1 {
					return usageError{errors.New("the number of days must be at least 1")}
				}
				from := *l.ExpiresAt
				if now := a.Now(); from.Before(now) {
					from = now
				}
				later := from.UTC().AddDate(0, 0, days)
				l.ExpiresAt = &later
				return nil
			}))
		})
	c.Flags().IntVar(&days, "days", 0, "days after its end, or after today if it has expired")
	c.Flags().StringVar(&ends, "to", "", "last day, such as 2027-12-31, or \"never\"")
	c.MarkFlagsOneRequired("days", "to")
	c.MarkFlagsMutuallyExclusive("days", "to")
	return c
}

func replaceLicense(cs *commandSet) *cobra.Command {
	var request api.Reactivation
	c := cs.task("replace ID", "Give a license to another PC without a removal code, when the old PC is gone", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if err := cs.confirm(c, fmt.Sprintf("License %d ends on its present PC. Replace it?", id(args))); err != nil {
				return printable{}, err
			}
			return licenseView.one(a.ReplaceLicense(c.Context(), id(args), request))
		})
	pcFlags(c, &request.SiteCode, &request.MachineID, &request.SiteMID, &request.Note)
	return c
}

func endLicense(cs *commandSet) *cobra.Command {
	return cs.task("end ID", "End a license without a removal code; its order has one more free license", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if err := cs.confirm(c,
				fmt.Sprintf("License %d ends and cannot be brought back. The program on its PC may run until it asks the server. "+
					"End it?", id(args))); err != nil {
				return printable{}, err
			}
			return licenseView.one(a.EndLicense(c.Context(), id(args)))
		})
}
