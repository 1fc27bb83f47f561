//go:build !postgres

package exactness

import (
	"testing"

	"github.com/acen-desktop/acen/server/service"
)

// place returns one server on one SQLite file.
func place(t *testing.T) (p service.Location, servers int, crash func()) {
	return service.Location{Folder: t.TempDir()}, 1, nil
}
