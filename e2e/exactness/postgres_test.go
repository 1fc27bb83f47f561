//go:build postgres

package exactness

import (
	"os"
	"os/exec"
	"testing"

	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store/postgres/postgrestest"
)

// place is three servers on one PostgreSQL, which can be crashed.
func place(t *testing.T) (p service.Place, servers int, crash func()) {
	return service.Place{Folder: t.TempDir(), Database: postgrestest.Database(t)}, 3, func() {
		if out, err := exec.Command(os.Getenv("POSTGRES_CONTROL"), "crash").CombinedOutput(); err != nil {
			t.Errorf("the database does not start again: %v %s", err, out)
		}
	}
}
