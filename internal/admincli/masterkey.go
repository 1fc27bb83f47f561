package admincli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
)

func keyCommand() *cobra.Command {
	cs := &commandSet{}
	rotate := cs.task("rotate",
		"Make a new master key and seal all secrets with it; the former one stays in the key file until forget",
		cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			rows, err := a.RotateMaster(c.Context())
			return message(fmt.Sprintf("%d rows are sealed with the master key %s; keep a copy of the key file", rows,
				a.Secrets.ID()), map[string]any{"rows": rows, "master_key": a.Secrets.ID()}), err
		})
	forget := cs.task("forget",
		"Delete former master keys from the key file; backups from before the rotation need them", cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			const question = "Backups from before the rotation need the former key. Delete it?"
			if err := cs.confirm(c, question); err != nil {
				return printable{}, err
			}
			rows, err := a.ForgetFormer(c.Context(), pause)
			return message(fmt.Sprintf("the master key %s is the only one", a.Secrets.ID()),
				map[string]any{"rows": rows, "master_key": a.Secrets.ID()}), err
		})
	return cs.group("master-key", "Rotate the master key, which seals the secrets in the database", forget, rotate)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
