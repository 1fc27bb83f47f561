package admincli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/store"
)

func backupCommand() *cobra.Command {
	cs := &commandSet{}
	return cs.withFlags(cs.task("backup FILE",
		"Write a copy of the SQLite database, also while a server is running", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, a admin.Admin) (printable, error) {
			if cs.dryRun {
				return printable{}, usageError{
					errors.New("--dry-run does not work with backup: it changes nothing in the database"),
				}
			}
			if err := a.Backup(c.Context(), args[0]); err != nil {
				return printable{}, err
			}
			return message("The backup is written. It needs this server's master key: store a copy of the key in another place.",
				map[string]string{"file": args[0], "master_key": a.Secrets.ID()}), nil
		}))
}

// gapFlag adds the flag for the number of ids to skip.
func gapFlag(c *cobra.Command, gap *int64) {
	c.Flags().Int64Var(gap, "gap", store.DefaultGap,
		"how many IDs of licenses, orders and clients to skip: more than were assigned since the backup")
}

func checkGap(gap int64) error {
	if err := store.CheckGap(gap); err != nil {
		return usageError{err}
	}
	return nil
}

type restoredJSON struct {
	Former      *string `json:"former,omitempty"`
	Epoch       string  `json:"epoch"`
	Gap         int64   `json:"gap"`
	NextLicense int64   `json:"next_license"`
	NextOrder   int64   `json:"next_order"`
	NextClient  int64   `json:"next_client"`
}

// showRestored returns sentence and the changes of a restore. former is the name of the former database, or nil.
func showRestored(sentence string, former *string, r store.Restored) printable {
	const next = "The next license has the ID %d, the next order %d, the next client %d; a new epoch has begun."
	return message(sentence+" "+fmt.Sprintf(next, r.Next.License, r.Next.Order, r.Next.Client), restoredJSON{
		Former:      former,
		Epoch:       r.Epoch,
		Gap:         r.Gap,
		NextLicense: r.Next.License,
		NextOrder:   r.Next.Order,
		NextClient:  r.Next.Client,
	})
}

func restoredCommand() *cobra.Command {
	cs := &commandSet{}
	var gap int64
	const short = "Finish a restore by another program, such as pg_restore: no ID is assigned twice, and the apps notice"
	c := cs.task("restored", short, cobra.NoArgs,
		func(c *cobra.Command, _ []string, a admin.Admin) (printable, error) {
			if err := checkGap(gap); err != nil {
				return printable{}, err
			}
			r, err := a.MarkRestored(c.Context(), gap)
			return showRestored("The restore is finished.", nil, r), err
		})
	gapFlag(c, &gap)
	return cs.withFlags(c)
}

func restoreCommand() *cobra.Command {
	cs := &commandSet{}
	var gap int64
	c := cs.withFlags(&cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the SQLite database with a backup; no server may be running on it",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkGap(gap); err != nil {
				return err
			}
			if cs.Exists() {
				if err := cs.confirm(c,
					"Changes since the backup are only in the former database, which is renamed. Restore?"); err != nil {
					return err
				}
			}
			if cs.dryRun {
				return usageError{
					errors.New("--dry-run does not work with restore: it checks the backup before it changes anything"),
				}
			}
			former, r, err := cs.Place.Restore(c.Context(), args[0], gap, time.Now())
			if err != nil {
				return err
			}
			text := "The backup is restored."
			if former != "" {
				text += " The former database was renamed to " + former + "."
			}
			return showRestored(text, &former, r).print(c.OutOrStdout(), cs.asJSON)
		},
	})
	gapFlag(c, &gap)
	return c
}
