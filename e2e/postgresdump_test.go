//go:build postgres

package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
	"github.com/acen-desktop/acen/server/store/postgres/postgrestest"
)

// runDocumented runs the line of docs/server.md that begins with a program of PostgreSQL, after replacing the names of
// the manual by those of the test.
func runDocumented(t *testing.T, program string, names *strings.Replacer) {
	t.Helper()
	manual, err := os.ReadFile("../docs/server.md")
	require.NoError(t, err)
	for line := range strings.Lines(string(manual)) {
		if args, ok := strings.CutPrefix(line, program+" "); ok {
			args = names.Replace(strings.ReplaceAll(args, `"`, ""))
			out, err := exec.Command(filepath.Join(os.Getenv("POSTGRES_BIN"), program), strings.Fields(args)...).CombinedOutput()
			require.NoError(t, err, string(out))
			return
		}
	}
	require.Fail(t, "docs/server.md has no line for "+program)
}

// contents are the rows of a database that a restore must preserve.
type contents struct {
	Programs []store.Program
	Clients  []store.Client
	Orders   []store.Order
	Licenses []store.License
	Mails    []store.Mail
	Audit    []store.Audit
	Options  map[string]string
}

func readContents(t *testing.T, s store.Store) (e contents) {
	t.Helper()
	require.NoError(t, s.Read(t.Context(), func(tx store.Tx) (err error) {
		record := func(next error) {
			if err == nil {
				err = next
			}
		}
		var next error
		e.Programs, next = tx.Programs.List(t.Context())
		record(next)
		e.Clients, next = tx.Clients.List(t.Context())
		record(next)
		e.Orders, next = tx.Orders.List(t.Context(), 0, false, 0, 0)
		record(next)
		for _, o := range e.Orders {
			licenses, next := tx.Licenses.List(t.Context(), o.ID, true, 0, 0)
			record(next)
			e.Licenses = append(e.Licenses, licenses...)
		}
		e.Mails, next = tx.Mails.List(t.Context(), 0)
		record(next)
		e.Audit, next = tx.Audits.List(t.Context(), store.AuditFilter{})
		record(next)
		e.Options, next = tx.Options.All(t.Context())
		record(next)
		return err
	}))
	return e
}

// caller calls a server with the token of one account.
type caller struct {
	t          *testing.T
	url, token string
}

func (c *caller) call(status int, method, path string, in, out any) string {
	c.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(c.t, err)
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+api.Base+path, strings.NewReader(string(body)))
	require.NoError(c.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set(api.IdempotencyKey, uuid.NewString())
	response, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, status, response.StatusCode, string(answer))
	if out != nil {
		require.NoError(c.t, json.Unmarshal(answer, out))
	}
	return string(answer)
}

func (c *caller) signIn(login sample.Login) {
	c.t.Helper()
	var session api.Session
	c.call(http.StatusCreated, "POST", "/sessions", api.SessionRequest{
		Username: login.Username,
		Password: login.Password,
	}, &session)
	c.token = session.AccessToken
}

func (c *caller) activate(name string) (l api.License) {
	c.t.Helper()
	codes := otherPC(name, 1)
	c.call(http.StatusCreated, "POST", fmt.Sprintf("/orders/%d/licenses", sample.WithSerial), api.NewLicense{
		SiteCode:  codes.Site.String(),
		MachineID: codes.Machine.String(),
	}, &l)
	return l
}

// TestPostgresDumpRestored makes a dump while the server runs and restores it as docs/server.md says, with the master
// key and nothing else. No row is missing, and the server continues to work.
func TestPostgresDumpRestored(t *testing.T) {
	address := postgrestest.NewDatabase(t)
	restored := filepath.Base(strings.Split(address, "?")[0]) + "_restored"
	dump := filepath.Join(t.TempDir(), "acen.dump")
	names := strings.NewReplacer("postgres://acen@db.example.com/acen_restored", postgrestest.Address(t, restored),
		"postgres://acen@db.example.com/postgres", postgrestest.Address(t, "postgres"),
		"postgres://acen@db.example.com/acen", address, "acen_restored", restored, "acen.dump", dump)
	var login sample.Login
	place := service.Location{Folder: t.TempDir(), Database: address}
	start := func(p service.Location, prepared bool) (*service.Service, error) {
		o := service.Options{
			Location:  p,
			Listening: listen.Config{Address: "127.0.0.1:0"},
			Name:      "test",
			Version:   "test",
			Logger:    slog.New(slog.DiscardHandler),
		}
		if prepared {
			return service.Start(t.Context(), o, nil)
		}
		return service.Start(t.Context(), o, sample.Prepare(p.Folder, time.Now(), &login))
	}

	first, err := start(place, false)
	require.NoError(t, err)
	c := &caller{t: t, url: first.URL}
	c.signIn(login)
	l := c.activate("before the dump")
	file := c.call(http.StatusOK, "GET", fmt.Sprintf("/licenses/%d/file", l.ID), nil, nil)
	before := readContents(t, first.Store)
	runDocumented(t, "pg_dump", names)
	require.NoError(t, first.Stop())

	runDocumented(t, "createdb", names)
	t.Cleanup(func() { postgrestest.Drop(t, restored) })
	runDocumented(t, "pg_restore", names)

	other := service.Location{Folder: t.TempDir(), Database: postgrestest.Address(t, restored)}
	_, err = start(other, true)
	require.ErrorContains(t, err, "the master key file "+filepath.Join(other.Folder, "master.key")+" is missing")
	key, err := os.ReadFile(filepath.Join(place.Folder, "master.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(other.Folder, "master.key"), key, 0o600))
	second, err := start(other, true)
	require.NoError(t, err)
	defer func() { require.NoError(t, second.Stop()) }()
	require.Equal(t, before, readContents(t, second.Store))
	require.Greater(t, len(before.Licenses), 100)
	vendor := admin.Admin{Data: second.Data, Now: time.Now}
	_, err = vendor.MarkRestored(t.Context(), store.DefaultGap) // the last step in docs/server.md, while the server runs
	require.NoError(t, err)

	c.url = second.URL
	// the session and the signing key are still valid
	again := c.call(http.StatusOK, "GET", fmt.Sprintf("/licenses/%d/file", l.ID), nil, nil)
	c.signIn(login)
	next := c.activate("after the restore")
	require.Greater(t, next.ID, l.ID+store.DefaultGap, "IDs are not reused")
	var programs api.ProgramList
	c.call(http.StatusOK, "GET", "/programs", nil, &programs)
	public, err := license.ParsePublicKey(programs.Programs[0].PublicKey)
	require.NoError(t, err)
	signed, err := public.Verify(file)
	require.NoError(t, err)
	reissued, err := public.Verify(again)
	require.NoError(t, err)
	reissued.IssuedAt = signed.IssuedAt // the file has its time of issue
	require.Equal(t, signed, reissued)
}
