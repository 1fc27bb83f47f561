package admincli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

type banJSON struct {
	ID        int64      `json:"id,omitempty"`
	Kind      string     `json:"kind"`
	Subject   string     `json:"subject"`
	Reason    string     `json:"reason"`
	MadeBy    string     `json:"made_by"`
	Failures  int        `json:"failures,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
}

var banView = view[admin.Ban]{
	header: []string{"KIND", "SUBJECT", "REASON", "BY", "SINCE", "ENDS"},
	row: func(b admin.Ban) []string {
		ends := "never"
		if b.EndsAt != nil {
			ends = showMoment(*b.EndsAt)
		}
		return []string{string(b.Kind), b.Subject, b.Reason, b.MadeBy, showMoment(b.CreatedAt), ends}
	},
	detail: func(admin.Ban) [][2]string { return nil },
	wire: func(b admin.Ban) any {
		return banJSON{
			ID:        b.ID,
			Kind:      string(b.Kind),
			Subject:   b.Subject,
			Reason:    b.Reason,
			MadeBy:    b.MadeBy,
			Failures:  b.Failures,
			CreatedAt: b.CreatedAt.UTC(),
			EndsAt:    store.UTC(b.EndsAt),
		}
	},
}

func banCommand() *cobra.Command {
	cs := &commandSet{}
	var host, username, reason string
	var lasts time.Duration
	subjectFlags := func(c *cobra.Command) {
		c.Flags().StringVar(&host, "host", "", "address of the host; an IPv6 address stands for its /64 network")
		c.Flags().StringVar(&username, "username", "", "user name")
		c.MarkFlagsOneRequired("host", "username")
		c.MarkFlagsMutuallyExclusive("host", "username")
	}
	list := cs.task("list", "List active bans, including those for failed attempts", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			return banView.many(a.Bans(c.Context()))
		})
	add := cs.task("add", "Ban a host or a user name; all servers apply the ban within seconds", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			b, err := a.AddBan(c.Context(), host, username, reason, lasts)
			return banView.one(admin.Ban{Ban: b}, err)
		})
	add.Flags().DurationVar(&lasts, "for", 24*time.Hour, "duration, such as 2h; 0: no end")
	add.Flags().StringVar(&reason, "reason", "", "reason, for the list and the audit trail")
	subjectFlags(add)
	lift := cs.task("lift", "Lift the bans of a host or a user name and delete its failed attempts", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			n, err := a.LiftBan(c.Context(), host, username)
			return message(fmt.Sprintf("%d bans lifted; failed attempts are deleted", n), map[string]int{"lifted": n}), err
		})
	subjectFlags(lift)
	return cs.group("ban", "Ban hosts and user names, or lift bans", add, lift, list)
}
