//go:build !postgres

package servertest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/secrets"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/sqlite"
)

// database returns a function that opens the database of a test.
func database(t *testing.T, folder string) (url string, open func() store.Store) {
	return "", func() store.Store {
		t.Helper()
		db, err := sqlite.Open(context.Background(), filepath.Join(folder, databaseFile))
		require.NoError(t, err)
		return db
	}
}

// filled caches the files of a server with the sample data, by name, because adding the data takes longer than most
// tests.
var filled struct {
	sync.Once
	files map[string][]byte
	err   error
}

// prepare writes the files of a server with the sample data to a test's folder.
func prepare(t *testing.T, folder string, login sample.Login) {
	t.Helper()
	filled.Do(func() { filled.files, filled.err = makeFilled(t.TempDir(), login) })
	require.NoError(t, filled.err)
	for name, content := range filled.files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
}

func makeFilled(folder string, login sample.Login) (map[string][]byte, error) {
	keeper, err := secrets.File(filepath.Join(folder, keyFile), rand.Reader)
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(context.Background(), filepath.Join(folder, databaseFile))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(fill(context.Background(), &service.Data{Store: db, Secrets: keeper}, login),
		db.Close()); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{keyFile, databaseFile} {
		if files[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
			return nil, err
		}
	}
	return files, nil
}

const (
	keyFile      = "master.key"
	databaseFile = "acen.db"
)

// Dump returns the bytes of a backup, the database file and its journal.
func (s *Server) Dump() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "backup.db")
	require.NoError(s.t, s.Backup(context.Background(), path))
	var all strings.Builder
	for _, file := range []string{path, filepath.Join(s.folder, "acen.db"), filepath.Join(s.folder, "acen.db-wal")} {
		data, err := os.ReadFile(file)
		require.NoError(s.t, err)
		all.Write(data)
	}
	return all.String()
}
