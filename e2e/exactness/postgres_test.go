//go:build postgres

package exactness

import (
	"os"
	"os/exec"
	"testing"

	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store/postgres/postgrestest"
)

// place returns three servers on one PostgreSQL database, and a function that crashes the database.
func place(t *testing.T) (p service.Location, servers int, crash func()) {
	return service.Location{Folder: t.TempDir(), Database: postgrestest.Database(t)}, 3, func() {
		if out, err := exec.Command(os.Getenv("POSTGRES_CONTROL"), "crash").CombinedOutput(); err != nil {
			t.Errorf("restart database: %v %s", err, out)
		}
	}
}
