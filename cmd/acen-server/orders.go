package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

// showCommand shows one row by its id.
func showCommand[T any](d *desk, what string, v view[T], get func(admin.Admin, context.Context, int64) (T, error)) *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show " + what, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := idArgument(args)
			if err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				one, err := get(a, c.Context(), id)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), v.one(one))
			})
		}}
}

var orderView = view[store.Order]{
	header: []string{"ID", "CLIENT", "PROGRAM", "ORDERED", "LICENSES", "SERIAL NUMBER", "ACTIVE", "VISIBLE", "MANAGE", "LICENSES END"},
	row: func(o store.Order) []string {
		return []string{fmt.Sprint(o.ID), fmt.Sprint(o.ClientID), fmt.Sprint(o.ProgramID), showDay(&o.OrderedAt), fmt.Sprintf("%d/%d", o.LicensesActive, o.LicensesTotal),
			o.SerialNumber, yesNo(o.Active), yesNo(o.Visible), yesNo(o.CanManage), showDay(o.LicensesExpireAt)}
	},
	wire: func(o store.Order) any {
		return map[string]any{"id": o.ID, "client_id": o.ClientID, "program_id": o.ProgramID, "ordered_at": o.OrderedAt.UTC(), "licenses_total": o.LicensesTotal,
			"licenses_activated": o.LicensesActive, "serial_number": o.SerialNumber, "active": o.Active, "visible": o.Visible, "can_manage": o.CanManage,
			"features": o.Features, "licenses_expire_at": o.LicensesExpireAt, "subscription": o.HasSubscription, "subscription_expires_at": o.SubscriptionExpiresAt}
	},
}

type orderFlags struct {
	client, program         int64
	licenses                int
	active, visible, manage bool
	features                uint16
	expires, subscription   string
}

func (f *orderFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.IntVar(&f.licenses, "licenses", 1, "number of licenses")
	flags.BoolVar(&f.active, "active", true, "the order counts")
	flags.BoolVar(&f.visible, "visible", true, "the order is listed in the app")
	flags.BoolVar(&f.manage, "manage", true, "the client may change its licenses")
	flags.Uint16Var(&f.features, "features", 0, "features of new licenses (16 bits)")
	flags.StringVar(&f.expires, "licenses-end", "", "last day of its licenses, such as 2027-12-31, or \"never\"")
	flags.StringVar(&f.subscription, "subscription-end", "", "last day of the subscription, or \"never\" for an order without one")
}

// apply sets what was given on the command line.
func (f *orderFlags) apply(c *cobra.Command, o *store.Order, all bool) error {
	given := func(name string) bool { return all || c.Flags().Changed(name) }
	for name, do := range map[string]func(){
		"licenses": func() { o.LicensesTotal = f.licenses },
		"active":   func() { o.Active = f.active },
		"visible":  func() { o.Visible = f.visible },
		"manage":   func() { o.CanManage = f.manage },
	} {
		if given(name) {
			do()
		}
	}
	if c.Flags().Changed("features") {
		o.Features = f.features
	}
	if c.Flags().Changed("licenses-end") {
		day, err := parseDay(f.expires)
		if err != nil {
			return err
		}
		o.LicensesExpireAt = day
	}
	if c.Flags().Changed("subscription-end") {
		day, err := parseDay(f.subscription)
		if err != nil {
			return err
		}
		o.HasSubscription, o.SubscriptionExpiresAt = day != nil, day
	}
	return nil
}

func orderCommand() *cobra.Command {
	d := &desk{}
	var adding, changing orderFlags
	var ofClient int64
	add := &cobra.Command{Use: "add --client ID --program ID", Short: "Add an order", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o := store.Order{ClientID: adding.client, ProgramID: adding.program}
			if err := adding.apply(c, &o, true); err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				o, err := a.AddOrder(c.Context(), o)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), orderView.one(o))
			})
		}}
	adding.register(add)
	add.Flags().Int64Var(&adding.client, "client", 0, "client")
	add.Flags().Int64Var(&adding.program, "program", 0, "program")
	change := &cobra.Command{Use: "change ID", Short: "Change an order", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := idArgument(args)
			if err != nil {
				return err
			}
			var probe store.Order
			if err := changing.apply(c, &probe, false); err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				var flagErr error
				o, err := a.ChangeOrder(c.Context(), id, func(o *store.Order) { flagErr = changing.apply(c, o, false) })
				if err = errors.Join(flagErr, err); err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), orderView.one(o))
			})
		}}
	changing.register(change)
	list := &cobra.Command{Use: "list", Short: "List orders, newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return d.with(c.Context(), func(a admin.Admin) error {
				list, err := a.Orders(c.Context(), ofClient)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), orderView.many(list))
			})
		}}
	list.Flags().Int64Var(&ofClient, "client", 0, "only this client's")
	return d.group("order", "Administer orders", add, list, showCommand(d, "an order", orderView, admin.Admin.Order), change)
}

var licenseView = view[store.License]{
	header: []string{"ID", "ORDER", "SITE CODE", "MACHINE ID", "ACTIVATION CODE", "NOTE", "ENDS", "STATUS"},
	row: func(l store.License) []string {
		return []string{fmt.Sprint(l.ID), fmt.Sprint(l.OrderID), l.Codes.Site.String(), l.Codes.Machine.String(), l.Activation.String(), l.Note, showDay(l.ExpiresAt), string(l.Status)}
	},
	wire: func(l store.License) any {
		return map[string]any{"id": l.ID, "order_id": l.OrderID, "original_license_id": l.OriginalID, "site_code": l.Codes.Site.String(), "machine_id": l.Codes.Machine.String(),
			"activation_code": l.Activation.String(), "note": l.Note, "features": l.Features, "activated_at": l.ActivatedAt.UTC(), "expires_at": l.ExpiresAt, "status": l.Status}
	},
}

func licenseCommand() *cobra.Command {
	d := &desk{}
	var order int64
	var request api.NewLicense
	var ended bool
	add := &cobra.Command{Use: "add --order ID --site-code CODE --machine-id CODE", Short: "Activate a PC for an order", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return d.with(c.Context(), func(a admin.Admin) error {
				l, err := a.AddLicense(c.Context(), order, request)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), licenseView.one(l))
			})
		}}
	flags := add.Flags()
	flags.Int64Var(&order, "order", 0, "order")
	flags.StringVar(&request.SiteCode, "site-code", "", "Site code of the PC")
	flags.StringVar(&request.MachineID, "machine-id", "", "Machine ID of the PC")
	flags.StringVar(&request.SiteMID, "site-mid", "", "both codes in their merged form")
	flags.StringVar(&request.Note, "note", "", "note, at most 30 characters")
	var ofOrder int64
	list := &cobra.Command{Use: "list --order ID", Short: "List the licenses of an order", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return d.with(c.Context(), func(a admin.Admin) error {
				list, err := a.Licenses(c.Context(), ofOrder, ended)
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), licenseView.many(list))
			})
		}}
	list.Flags().Int64Var(&ofOrder, "order", 0, "order")
	list.Flags().BoolVar(&ended, "ended", false, "also licenses that have ended")
	var note, expires string
	var features uint16
	change := &cobra.Command{Use: "change ID", Short: "Change note, features or expiry; the activation code follows", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := idArgument(args)
			if err != nil {
				return err
			}
			day, err := parseDay(expires)
			if err != nil {
				return err
			}
			return d.with(c.Context(), func(a admin.Admin) error {
				l, err := a.ChangeLicense(c.Context(), id, func(l *store.License) {
					if c.Flags().Changed("note") {
						l.Note = note
					}
					if c.Flags().Changed("features") {
						l.Features = features
					}
					if c.Flags().Changed("ends") {
						l.ExpiresAt = day
					}
				})
				if err != nil {
					return err
				}
				return d.print(c.OutOrStdout(), licenseView.one(l))
			})
		}}
	change.Flags().StringVar(&note, "note", "", "note, at most 30 characters")
	change.Flags().Uint16Var(&features, "features", 0, "features (16 bits)")
	change.Flags().StringVar(&expires, "ends", "", "last day, such as 2027-12-31, or \"never\"")
	return d.group("license", "Administer licenses", add, list, showCommand(d, "a license", licenseView, admin.Admin.License), change)
}
