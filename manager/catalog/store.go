package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/storage"
)

// Store has the cached tables of all accounts: rows of the table cache in the data file. Together with the state
// files of programs they say which programs this PC knows.
type Store struct {
	db        *sql.DB
	installed *installed.Store
}

// NewStore returns the Store of a data file and a license folder.
func NewStore(db *sql.DB, folder *installed.Store) *Store { return &Store{db, folder} }

// The names of the cached tables.
const (
	ordersName   = "orders"
	programsName = "programs"
)

func licensesName(order int64) string { return fmt.Sprintf("licenses %d", order) }

// save stores content in the cache of an account.
func (s *Store) save(ctx context.Context, account int64, name string, content any, at time.Time) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO cache (account, name, content, fetched_at) VALUES (?, ?, ?, ?)
 ON CONFLICT DO UPDATE SET content = excluded.content, fetched_at = excluded.fetched_at`,
		account, name, data, at.UnixMicro())
	return storage.Wrap(err)
}

// load reads the cached value of a name into content; false if there is none that can be decoded.
func (s *Store) load(
	ctx context.Context, account int64, name string, content any,
) (at time.Time, ok bool, err error) {
	var data []byte
	var micro int64
	err = s.db.QueryRowContext(ctx, `SELECT content, fetched_at FROM cache WHERE account = ? AND name = ?`, account,
		name).Scan(&data, &micro)
	if errors.Is(err, sql.ErrNoRows) {
		return at, false, nil
	}
	if err != nil {
		return at, false, storage.Wrap(err)
	}
	if json.Unmarshal(data, content) != nil {
		return at, false, nil // an older version's format: the caller fetches the value again
	}
	return time.UnixMicro(micro), true, nil
}

// Forget deletes the cached tables of an account.
func (s *Store) Forget(ctx context.Context, account int64) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM cache WHERE account = ?`, account)
	return storage.Wrap(err)
}

// KnownProgram merges what a program and the accounts of this PC say about a program.
type KnownProgram struct {
	api.Program
	// TypedCodes is true if the program accepts typed activation codes.
	TypedCodes bool
}

// Programs returns the programs that this PC knows: those that have run on this PC, and those of its accounts. The
// most recently used account decides about a program of several.
func (s *Store) Programs(ctx context.Context) (map[license.Signature]*KnownProgram, error) {
	known := map[license.Signature]*KnownProgram{}
	lists, err := s.programLists(ctx)
	if err != nil {
		return nil, err
	}
	for _, programs := range lists {
		for _, p := range programs {
			signature, err := license.ParseSignature(p.ApplicationSignature)
			if err != nil || !p.RequiresActivation {
				continue
			}
			if one, ok := known[signature]; ok {
				one.FormerKeys = append(one.FormerKeys, append([]string{p.PublicKey}, p.FormerKeys...)...)
				continue
			}
			known[signature] = &KnownProgram{Program: p}
		}
	}
	states, err := s.installed.States()
	if err != nil {
		return nil, storage.WrapInstalled(err)
	}
	for _, state := range states {
		one, ok := known[state.Signature]
		if !ok {
			one = &KnownProgram{Program: api.Program{
				ApplicationSignature: string(state.Signature),
				Name:                 carry.Clean(state.Program.Name, carry.MaxName),
			}}
			known[state.Signature] = one
		}
		one.TypedCodes = state.Program.TypedCodes
		one.FormerKeys = append(one.FormerKeys, state.Program.PublicKeys...)
	}
	return known, nil
}

// programLists returns the cached programs of the accounts, of the most recently used one first.
func (s *Store) programLists(ctx context.Context) (lists [][]api.Program, err error) {
	rows, err := s.db.QueryContext(ctx,
		`SELECT content FROM cache JOIN accounts ON id = account WHERE name = ? ORDER BY last_used DESC`, programsName)
	if err != nil {
		return nil, storage.Wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&data); err != nil {
			return nil, storage.Wrap(err)
		}
		var programs []api.Program
		if json.Unmarshal(data, &programs) == nil { // otherwise an older version's format
			lists = append(lists, programs)
		}
	}
	return lists, storage.Wrap(rows.Err())
}

// Program returns a known program; an unknown one has only its signature.
func (s *Store) Program(ctx context.Context, signature license.Signature) (api.Program, error) {
	known, err := s.Programs(ctx)
	if err != nil {
		return api.Program{}, err
	}
	if p, ok := known[signature]; ok {
		return p.Program, nil
	}
	return api.Program{ApplicationSignature: string(signature)}, nil
}
