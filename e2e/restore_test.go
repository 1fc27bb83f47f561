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

// documented runs the line of the manual that begins with a program of PostgreSQL, with the test's names for the manual's.
func documented(t *testing.T, program string, names *strings.Replacer) {
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
	require.Fail(t, "the manual does not tell how to use "+program)
}

// everything is what the vendor would miss.
type everything struct {
	Programs []store.Program
	Clients  []store.Client
	Orders   []store.Order
	Licenses []store.License
	Mails    []store.Mail
	Audit    []store.Audit
	Options  map[string]string
}

func all(t *testing.T, s store.Store) (e everything) {
	t.Helper()
	require.NoError(t, s.Read(t.Context(), func(tx store.Tx) (err error) {
		keep := func(next error) {
			if err == nil {
				err = next
			}
		}
		var next error
		e.Programs, next = tx.Programs(t.Context())
		keep(next)
		e.Clients, next = tx.Clients(t.Context())
		keep(next)
		e.Orders, next = tx.Orders(t.Context(), 0, false, 0, 0)
		keep(next)
		for _, o := range e.Orders {
			licenses, next := tx.Licenses(t.Context(), o.ID, true, 0, 0)
			keep(next)
			e.Licenses = append(e.Licenses, licenses...)
		}
		e.Mails, next = tx.Mails(t.Context(), 0)
		keep(next)
		e.Audit, next = tx.AuditTrail(t.Context(), store.AuditFilter{})
		keep(next)
		e.Options, next = tx.Options(t.Context())
		keep(next)
		return err
	}))
	return e
}

// caller calls one server for one account.
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
	c.call(http.StatusCreated, "POST", "/sessions", api.SessionRequest{Username: login.Username, Password: login.Password}, &session)
	c.token = session.AccessToken
}

func (c *caller) activate(name string) (l api.License) {
	c.t.Helper()
	codes := otherPC(name, 1)
	c.call(http.StatusCreated, "POST", fmt.Sprintf("/orders/%d/licenses", sample.WithSerial), api.NewLicense{SiteCode: codes.Site.String(), MachineID: codes.Machine.String()}, &l)
	return l
}

// A dump that was made while the server worked comes back, as the manual says, with the master key and nothing else; nothing is
// missing, and the server goes on where it was.
func TestPostgresDumpComesBack(t *testing.T) {
	address := postgrestest.Whole(t)
	restored := filepath.Base(strings.Split(address, "?")[0]) + "_restored"
	dump := filepath.Join(t.TempDir(), "acen.dump")
	names := strings.NewReplacer("postgres://acen@db.example.com/acen_restored", postgrestest.Named(t, restored), "postgres://acen@db.example.com/postgres", postgrestest.Named(t, "postgres"),
		"postgres://acen@db.example.com/acen", address, "acen_restored", restored, "acen.dump", dump)
	var login sample.Login
	place := service.Place{Folder: t.TempDir(), Database: address}
	start := func(p service.Place, prepared bool) (*service.Service, error) {
		o := service.Options{Place: p, Listening: listen.Config{Address: "127.0.0.1:0"}, Name: "test", Version: "test", Logger: slog.New(slog.DiscardHandler)}
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
	before := all(t, first.Store)
	documented(t, "pg_dump", names)
	require.NoError(t, first.Stop())

	documented(t, "createdb", names)
	t.Cleanup(func() { postgrestest.Drop(t, restored) })
	documented(t, "pg_restore", names)

	elsewhere := service.Place{Folder: t.TempDir(), Database: postgrestest.Named(t, restored)}
	_, err = start(elsewhere, true)
	require.ErrorContains(t, err, "the master key file "+filepath.Join(elsewhere.Folder, "master.key")+" is missing")
	key, err := os.ReadFile(filepath.Join(place.Folder, "master.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(elsewhere.Folder, "master.key"), key, 0o600))
	second, err := start(elsewhere, true)
	require.NoError(t, err)
	defer func() { require.NoError(t, second.Stop()) }()
	require.Equal(t, before, all(t, second.Store))
	require.Greater(t, len(before.Licenses), 100)
	desk := admin.Admin{Data: second.Data, Now: time.Now}
	_, err = desk.MarkRestored(t.Context(), store.DefaultGap) // the manual's last step, while the server runs
	require.NoError(t, err)

	c.url = second.URL
	again := c.call(http.StatusOK, "GET", fmt.Sprintf("/licenses/%d/file", l.ID), nil, nil) // the session goes on, and the signing key opens
	c.signIn(login)
	next := c.activate("after the restore")
	require.Greater(t, next.ID, l.ID+store.DefaultGap, "no id is given again")
	var programs api.ProgramList
	c.call(http.StatusOK, "GET", "/programs", nil, &programs)
	public, err := license.ParsePublicKey(programs.Programs[0].PublicKey)
	require.NoError(t, err)
	signed, err := public.Verify(file)
	require.NoError(t, err)
	anew, err := public.Verify(again)
	require.NoError(t, err)
	anew.IssuedAt = signed.IssuedAt // each file says when it was made
	require.Equal(t, signed, anew)
}
