package cli

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

func (cs *commandSet) ordersCommand() *cobra.Command {
	return cs.signedIn("orders", "List your orders", cobra.NoArgs,
		func(ctx context.Context, m *manager.Manager, _ []string) error {
			defer cs.progress("Loading orders")()
			orders, err := m.Orders(ctx)
			if err != nil {
				return err
			}
			lines := [][]string{{"ORDER", "PROGRAM", "DATE", "LICENSES", "SERIAL NUMBER", "SUBSCRIPTION", "NEW LICENSE"}}
			for _, o := range orders.Orders {
				used := fmt.Sprintf("%d/%d", o.LicensesActivated, o.LicensesTotal)
				if !o.RequiresActivation {
					used = "-"
				}
				lines = append(lines, []string{
					strconv.FormatInt(o.ID, 10), o.ProgramName, day(o.OrderedAt), used, o.SerialNumber, subscription(o.Subscription),
					reason(manager.NewLicenseRefusal(o)),
				})
			}
			return cs.print(api.OrderList{Orders: append([]api.Order{}, orders.Orders...), CanAddOrder: orders.CanAddOrder},
				lines...)
		})
}

func subscription(s api.Subscription) string {
	if s.ExpiresAt == nil {
		return string(s.State)
	}
	return fmt.Sprintf("%s, %s", s.State, day(*s.ExpiresAt))
}

func (cs *commandSet) historyCommand() *cobra.Command {
	c := cs.signedIn("history ORDER", "List the history of an order, newest first", idArg,
		func(ctx context.Context, m *manager.Manager, args []string) error {
			entries, err := m.History(ctx, id(args))
			if err != nil {
				return err
			}
			lines := [][]string{{"TIME", "TASK", "LICENSE", "OUTCOME", "FROM"}}
			for _, e := range entries {
				license := ""
				if e.LicenseID != 0 {
					license = strconv.FormatInt(e.LicenseID, 10)
				}
				lines = append(lines, []string{e.Time.Local().Format(time.DateTime), e.Task, license, e.Outcome, e.DeviceName})
			}
			return cs.print(api.HistoryList{History: append([]api.HistoryEntry{}, entries...)}, lines...)
		})
	c.ValidArgsFunction = cs.complete(orderIDs)
	return c
}
