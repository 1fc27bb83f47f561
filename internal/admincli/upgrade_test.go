package admincli

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	check "github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// Data with licenses of a trial version can be read, backed up and upgraded, but not served.
func TestUpgradeCommand(t *testing.T) {
	folder := t.TempDir()
	data := filepath.Join(folder, "data")
	run := func(args ...string) (stdout string, err error) {
		root := Command()
		var out, errs bytes.Buffer
		root.SetOut(&out)
		root.SetErr(&errs)
		root.SetIn(strings.NewReader("")) // no terminal
		root.SetArgs(append(args, "--data", data))
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		err = root.ExecuteContext(ctx)
		return out.String(), err
	}
	must := func(command string) string {
		t.Helper()
		out, err := run(strings.Fields(command)...)
		check.NoError(t, err, command)
		return out
	}
	must("program add --name Studio --signature LUMENST7")
	must("client add anna")
	must("order add --client 1 --program 1 --licenses 1")
	check.Contains(t, must("upgrade-v2 --yes"), "nothing to upgrade")
	d, err := service.OpenData(t.Context(), service.Place{Folder: data})
	check.NoError(t, err)
	check.NoError(t, d.Store.Write(t.Context(), store.NoLock, func(tx store.Tx) error {
		return tx.Licenses.Add(t.Context(), store.License{
			ID:          20001,
			OrderID:     1,
			ProgramID:   1,
			OriginalID:  20001,
			ActivatedAt: time.Unix(1, 0),
			Older:       true,
		})
	}))
	check.NoError(t, d.Store.Close())

	_, err = run("serve", "--listen", "127.0.0.1:0")
	check.ErrorIs(t, err, service.ErrOlderCodes)
	check.Contains(t, sentence(err), "acen-server upgrade-v2")
	check.Contains(t, must("license list --order 1"), "Active")
	check.Contains(t, must("order export"), "anna")
	check.Contains(t, must("audit search"), "order.add")
	must("backup " + filepath.Join(folder, "copy.db"))

	_, err = run("upgrade-v2")
	check.ErrorContains(t, err, "use --yes")
	check.Contains(t, must("upgrade-v2 --dry-run"), "Licenses ended as Replaced: 1; their orders: 1")
	check.Contains(t, must("license list --order 1"), "Active")
	check.JSONEq(t, `{"licenses": 1, "orders": 1, "mails": 0}`, must("upgrade-v2 --json --yes"))
	check.Contains(t, must("license list --order 1 --ended"), "Replaced")
	check.Contains(t, must("audit search"), "database.upgrade")
	check.JSONEq(t, `{"licenses": 0, "orders": 0, "mails": 0}`, must("upgrade-v2 --json --yes"))

	unlock, err := service.Place{Folder: data}.Lock()
	check.NoError(t, err)
	_, err = run("upgrade-v2", "--yes")
	check.ErrorContains(t, err, "another server is running")
	unlock()
	must("restore " + filepath.Join(folder, "copy.db") + " --yes")
	_, err = run("serve", "--listen", "127.0.0.1:0")
	check.ErrorIs(t, err, service.ErrOlderCodes, "a backup of trial data")
}
