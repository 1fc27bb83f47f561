package admincli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

// orderJSON is an order as --json prints it.
type orderJSON struct {
	ID                    int64      `json:"id"`
	ClientID              int64      `json:"client_id"`
	ProgramID             int64      `json:"program_id"`
	OrderedAt             time.Time  `json:"ordered_at"`
	LicensesTotal         int        `json:"licenses_total"`
	LicensesActivated     int        `json:"licenses_activated"`
	SerialNumber          string     `json:"serial_number,omitempty"`
	Active                bool       `json:"active"`
	Visible               bool       `json:"visible"`
	CanManage             bool       `json:"can_manage"`
	Features              uint16     `json:"features"`
	LicensesExpireAt      *time.Time `json:"licenses_expire_at,omitempty"`
	HasSubscription       bool       `json:"has_subscription"`
	SubscriptionExpiresAt *time.Time `json:"subscription_expires_at,omitempty"`
}

var orderView = view[admin.Order]{
	header: []string{
		"ID", "CLIENT", "PROGRAM", "ORDERED", "LICENSES", "SERIAL NUMBER", "ACTIVE", "VISIBLE", "MANAGE", "LICENSES END",
	},
	row: func(o admin.Order) []string {
		return []string{
			strconv.FormatInt(o.ID, 10), strconv.FormatInt(o.ClientID, 10), strconv.FormatInt(o.ProgramID, 10),
			showDay(&o.OrderedAt),
			fmt.Sprintf("%d/%d", o.LicensesActive, o.LicensesTotal), o.SerialNumber, yesNo(o.Active), yesNo(o.Visible),
			yesNo(o.CanManage), showDay(o.LicensesExpireAt),
		}
	},
	detail: func(o admin.Order) [][2]string {
		subscription := "none"
		if o.HasSubscription {
			subscription = showDay(o.SubscriptionExpiresAt)
		}
		return [][2]string{{"FEATURES", strconv.Itoa(int(o.Features))}, {"SUBSCRIPTION ENDS", subscription}}
	},
	wire: func(o admin.Order) any {
		return orderJSON{
			ID:                    o.ID,
			ClientID:              o.ClientID,
			ProgramID:             o.ProgramID,
			OrderedAt:             o.OrderedAt.UTC(),
			LicensesTotal:         o.LicensesTotal,
			LicensesActivated:     o.LicensesActive,
			SerialNumber:          o.SerialNumber,
			Active:                o.Active,
			Visible:               o.Visible,
			CanManage:             o.CanManage,
			Features:              o.Features,
			LicensesExpireAt:      o.LicensesExpireAt,
			HasSubscription:       o.HasSubscription,
			SubscriptionExpiresAt: o.SubscriptionExpiresAt,
		}
	},
}

type orderFlags struct {
	licenses                  int
	active, visible, manage   bool
	features                  uint16
	licensesEnd, subscription string
}

func (f *orderFlags) register(c *cobra.Command) {
	flags := c.Flags()
	flags.IntVar(&f.licenses, "licenses", 1, "number of licenses")
	flags.BoolVar(&f.active, "active", true, "the order is in use; off: it is not listed in the app")
	flags.BoolVar(&f.visible, "visible", true, "the order is listed in the app")
	flags.BoolVar(&f.manage, "manage", true,
		"the client may change its licenses; off: view them and email activation codes only")
	flags.Uint16Var(&f.features, "features", 0,
		"features of new licenses (16 bits); default for a new order: those of the program")
	flags.StringVar(&f.licensesEnd, "licenses-end", "",
		"last day of new licenses, such as 2027-12-31, or \"never\"; default for a new order: that of the program")
	flags.StringVar(&f.subscription, "subscription-end", "",
		"last day of the subscription, \"never\" for one without end, or \"none\"")
}

// apply sets the fields whose flags were given.
func (f *orderFlags) apply(c *cobra.Command, o *store.Order) error {
	for name, set := range map[string]func() error{
		"active":       func() error { o.Active = f.active; return nil },
		"visible":      func() error { o.Visible = f.visible; return nil },
		"manage":       func() error { o.CanManage = f.manage; return nil },
		"features":     func() error { o.Features = f.features; return nil },
		"licenses":     func() error { o.LicensesTotal = f.licenses; return nil },
		"licenses-end": func() (err error) { o.LicensesExpireAt, err = parseDay(f.licensesEnd); return err },
		"subscription-end": func() (err error) {
			o.HasSubscription, o.SubscriptionExpiresAt = f.subscription != "none", nil
			if o.HasSubscription {
				o.SubscriptionExpiresAt, err = parseDay(f.subscription)
			}
			if o.SubscriptionExpiresAt != nil {
				last := license.Grant{Expires: *o.SubscriptionExpiresAt}.ValidThrough().Truncate(time.Second)
				o.SubscriptionExpiresAt = &last
			}
			return err
		},
	} {
		if !c.Flags().Changed(name) {
			continue
		}
		if err := set(); err != nil {
			return err
		}
	}
	return nil
}

func orderCommand() *cobra.Command {
	cs := &commandSet{}
	var client int64
	list := cs.task("list", "List orders, newest first", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return orderView.many(a.Orders(c.Context(), client))
		})
	list.Flags().Int64Var(&client, "client", 0, "only the orders of this client")
	return cs.group("order", "Administer orders", addOrder(cs), list, show(cs, "an order", orderView, admin.Admin.Order),
		changeOrder(cs),
		importRows(cs, admin.OrderSheet(), false), exportRows(cs, admin.OrderSheet()))
}

func addOrder(cs *commandSet) *cobra.Command {
	var f orderFlags
	var client, program int64
	c := cs.task("add", "Add an order of a program for a client", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			o, err := a.AddOrder(c.Context(), client, program, func(o *store.Order) error {
				o.LicensesTotal = f.licenses
				return f.apply(c, o)
			})
			return orderView.one(admin.Order{Order: o}, err)
		})
	f.register(c)
	c.Flags().Int64Var(&client, "client", 0, "ID of the client")
	c.Flags().Int64Var(&program, "program", 0, "ID of the program")
	require(c, "client", "program")
	return c
}

func changeOrder(cs *commandSet) *cobra.Command {
	var f orderFlags
	c := cs.task("change ID", "Change an order; its existing licenses do not change", idArg,
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			changed, err := a.ChangeOrder(c.Context(), id(args), func(o *store.Order) error { return f.apply(c, o) })
			if err != nil {
				return printable{}, err
			}
			o, err := a.Order(c.Context(), id(args))
			o.Order = changed
			return orderView.one(o, err)
		})
	f.register(c)
	return c
}
