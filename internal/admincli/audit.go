package admincli

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

type auditJSON struct {
	ID       int64     `json:"id"`
	Time     time.Time `json:"time"`
	Actor    string    `json:"actor"`
	ClientID int64     `json:"client_id,omitempty"`
	Host     string    `json:"host,omitempty"`
	Device   string    `json:"device,omitempty"`
	Action   string    `json:"action"`
	Object   string    `json:"object,omitempty"`
	Outcome  string    `json:"outcome"`
	Detail   string    `json:"detail,omitempty"`
}

var auditView = view[store.Audit]{
	header: []string{"ID", "TIME (UTC)", "ACTOR", "CLIENT", "HOST", "ACTION", "OBJECT", "OUTCOME", "DETAIL"},
	row: func(a store.Audit) []string {
		client := ""
		if a.ClientID != 0 {
			client = strconv.FormatInt(a.ClientID, 10)
		}
		return []string{
			strconv.FormatInt(a.ID, 10), showMoment(a.At), a.Actor, client, a.Host, a.Action, a.Object, a.Outcome, a.Detail,
		}
	},
	detail: func(store.Audit) [][2]string { return nil },
	wire: func(a store.Audit) any {
		return auditJSON{a.ID, a.At.UTC(), a.Actor, a.ClientID, a.Host, a.Device, a.Action, a.Object, a.Outcome, a.Detail}
	},
}

func auditCommand() *cobra.Command {
	cs := &commandSet{}
	var f store.AuditFilter
	var since, until string
	c := cs.task("search", "Search the audit trail, the newest lines first", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			for text, to := range map[*string]*time.Time{&since: &f.Since, &until: &f.Until} {
				var err error
				if *to, err = parseMoment(*text, a.Now()); err != nil {
					return printable{}, err
				}
			}
			return auditView.many(a.Audit(c.Context(), f))
		})
	flags := c.Flags()
	flags.StringVar(&since, "since", "",
		"since this time: 2026-11-24, 2026-11-24T15:04:05Z, or how long ago, such as 36h")
	flags.StringVar(&until, "until", "", "before this time")
	flags.StringVar(&f.Actor, "actor", "", "client, admin, server or anonymous")
	flags.Int64Var(&f.ClientID, "client", 0, "ID of a client")
	flags.StringVar(&f.Host, "host", "", "address")
	flags.StringVar(&f.Action, "action", "", "an action, or the beginning of one, such as license.")
	flags.StringVar(&f.Object, "object", "", "such as \"order 1042\"")
	flags.StringVar(&f.Outcome, "outcome", "", "ok, or the code of a refusal")
	flags.StringVar(&f.Text, "text", "", "part of object or detail, ignoring case")
	flags.Int64Var(&f.Before, "before", 0, "only lines before this ID, to continue a list")
	flags.IntVar(&f.Limit, "limit", 100, "maximum number of lines; 0: all")
	return cs.group("audit", "Search the audit trail", c)
}

// parseMoment parses a day, a time, or a duration before now. It returns the zero time for "".
func parseMoment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{
		fmt.Errorf("%q is neither a day, nor a time such as 2026-11-24T15:04:05Z, nor how long ago, such as 36h", text),
	}
}
