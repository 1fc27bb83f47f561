package admincli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
)

type upgradedJSON struct {
	Licenses int `json:"licenses"`
	Orders   int `json:"orders"`
	Mails    int `json:"mails"`
}

func upgradeCommand() *cobra.Command {
	cs := &commandSet{}
	c := cs.task("upgrade-v2", "End the licenses of trial versions (codes acen/v1), so that a server can start",
		cobra.NoArgs, func(c *cobra.Command, _ []string, a admin.Admin) (out printable, err error) {
			if err := cs.confirm(c,
				"All active licenses of trial versions end and cannot be brought back. End them, after a backup?"); err != nil {
				return out, err
			}
			unlock, err := cs.Lock()
			if err != nil {
				return out, err
			}
			defer unlock()
			up, err := a.UpgradeV2(c.Context())
			return message(upgradedText(up), upgradedJSON(up)), err
		})
	c.Long = `End every active license of a trial version as Replaced: its codes are of the scheme acen/v1, which no
program accepts any more. A server refuses to start on such data, also on those of a backup.

Orders, clients and serial IDs stay, the seats are free, and clients activate their PCs again. No mail is
sent, and queued mails about these licenses are given up. All licenses end in one transaction, and a second
run does nothing. No server may be running on the data; on PostgreSQL stop the servers yourself.`
	return cs.withFlags(c)
}

func upgradedText(up admin.Upgraded) string {
	if up == (admin.Upgraded{}) {
		return "There is nothing to upgrade: no active license has codes of a trial version."
	}
	return fmt.Sprintf("Licenses ended as Replaced: %d; their orders: %d. Their seats are free; orders and serial IDs "+
		"are unchanged. No mail was sent; queued mails given up: %d.", up.Licenses, up.Orders, up.Mails)
}
