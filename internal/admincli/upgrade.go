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
	c := cs.task("upgrade-v2", "End the licenses of trial versions (codes acen/v1), so that a server may serve the data",
		cobra.NoArgs, func(c *cobra.Command, _ []string, a admin.Admin) (out printable, err error) {
			if err := cs.confirm(c,
				"All active licenses of trial versions end for good. Is there a backup, and shall they end?"); err != nil {
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
	c.Long = `End every active license of a trial version as Replaced: its codes are of the scheme acen/v1, which no program
accepts any more. A server refuses to start on such data, also on those of a backup.

Orders, clients and serial ids stay, the seats are free, and customers activate their PCs anew. Nobody gets a mail, and
mails about these licenses that wait in the queue are not sent. It is done as a whole or not at all, and a second time it
does nothing. No server may be running on the data; on PostgreSQL stop them yourself.`
	return cs.withFlags(c)
}

func upgradedText(up admin.Upgraded) string {
	if up == (admin.Upgraded{}) {
		return "There is nothing to upgrade: no active license has codes of a trial version."
	}
	return fmt.Sprintf("Ended as Replaced: licenses %d, of orders %d. Their seats are free; orders and serial ids "+
		"stay as "+
		"they were. Nobody was sent a mail; mails that were not sent any more: %d.", up.Licenses, up.Orders, up.Mails)
}
