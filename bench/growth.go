package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/acen-desktop/acen/api"
)

// sizes are the numbers of licenses in the database.
var sizes = []int{1_000, 10_000, 100_000, 1_000_000}

// licensesPerOrder is the number of licenses of each order of the other clients.
const licensesPerOrder = 100

// addRows adds orders of other clients with their licenses, directly in the database.
func addRows(r *run, database string, licenses int) error {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(database)+"?_pragma=busy_timeout(60000)")
	if err != nil {
		return err
	}
	for _, statement := range []string{
		`INSERT INTO clients (id, username, password_hash, registration_name, first_name, last_name, company, emails,
 active, created_at)
 SELECT 1000000, 'others', '', 'Others', first_name, last_name, company, emails, active, created_at
 FROM clients WHERE id = 1`,
		fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
 INSERT INTO orders (id, client_id, program_id, ordered_at, licenses_total, licenses_active, active, visible,
 can_manage, features, policy, has_subscription)
 SELECT 1000000 + i, 1000000, program_id, ordered_at, %d, %d, 1, 1, 1, features, policy, 0
 FROM n, orders WHERE id = 1`, licenses/licensesPerOrder, licensesPerOrder, licensesPerOrder),
		fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)
 INSERT INTO licenses (id, order_id, program_id, original_id, site, machine, activation, note, features, policy,
 activated_at, status, scheme)
 SELECT 10000000 + i, 1000001 + i / %d, 1, 10000000 + i, (i * 2654435761) %% 4294967296,
 printf('%%016X', i), printf('%%08X-%%08X-00000000-00000000', i, i * 7),
 'Workstation', 3, (SELECT policy FROM orders WHERE id = 1), 1700000000000000 + i, 'Active', 2
 FROM n`, licenses, licensesPerOrder),
		`ANALYZE`,
	} {
		if _, err := db.ExecContext(r, statement); err != nil {
			return errors.Join(fmt.Errorf("fill database: %w", err), db.Close())
		}
	}
	return db.Close()
}

func measureGrowth(r *run, s *section) error {
	type grown struct {
		server     *started
		candidates []candidate
	}
	var all []grown
	for _, size := range sizes {
		server, err := startServer(r, "", r.temp, fixture{Clients: 1, Orders: 99, Licenses: 3})
		if err != nil {
			return err
		}
		defer func() { _ = server.stop() }()
		if err := addRows(r, filepath.Join(server.folder, "acen.db"), size); err != nil {
			return err
		}
		token, err := server.signIn(0)
		if err != nil {
			return err
		}
		pcs := codes{n: 1 << 40}
		g := grown{server: server}
		g.candidates = []candidate{
			{fmt.Sprintf("new license beside %d", size), func() error {
				c := pcs.next()
				body := fmt.Sprintf(`{"site_code":%q,"machine_id":%q}`, c.Site, c.Machine)
				err := call(http.MethodPost, fmt.Sprintf("%s%s/orders/%d/licenses", server.URL, api.Base, server.Orders[0]),
					token, uuid.NewString(), bytes.NewBufferString(body), http.StatusCreated, nil)
				if err != nil && strings.Contains(err.Error(), string(api.ErrSiteCodeInUse)) {
					return nil // a million random Site codes can collide
				}
				return err
			}},
			{fmt.Sprintf("listing beside %d", size), func() error {
				return errors.Join(pages(server.URL+api.Base+"/orders", token, 100, nil),
					pages(fmt.Sprintf("%s%s/orders/%d/licenses", server.URL, api.Base, server.Orders[1]), token, 100, nil))
			}},
		}
		all = append(all, g)
	}
	for kind, what := range []string{"a new license", "listing 100 orders and the licenses of one"} {
		var candidates []candidate
		for _, g := range all {
			candidates = append(candidates, g.candidates[kind])
		}
		times, err := alternate(r, 11, 250*time.Millisecond, candidates...)
		if err != nil {
			return err
		}
		for i := 1; i < len(sizes); i++ {
			s.row(what, fmt.Sprintf("itself with %d licenses in the database; now %d", sizes[0], sizes[i]),
				times[i].over(times[0]), goal{atMost: 1.5}, span(times[i].median())+" to "+span(times[0].median()))
		}
	}
	s.say("SQLite. The rows are put in with SQL beside the server, %d licenses an order, and belong to other customers.",
		licensesPerOrder)
	return nil
}
