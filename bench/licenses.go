package main

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/acen-desktop/acen/api"
)

// load is the result of concurrent clients.
type load struct {
	perSecond float64
	p99       float64 // seconds
	failed    float64 // share of the calls that failed
	cost      cpuTime // per call
}

// errBusy is returned for a call that a peer could not serve at that moment. Such calls are counted.
var errBusy = errors.New("busy")

// runClients runs concurrent clients, which call do repeatedly for a while with their number.
func runClients(ctx context.Context, clients int, d time.Duration, do func(client int) error) (load, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var mu sync.Mutex
	var all series
	failed := 0
	var fault error
	before, err := currentCPU()
	if err != nil {
		return load{}, err
	}
	var running sync.WaitGroup
	started := time.Now()
	for i := range clients {
		running.Go(func() {
			var took series
			busy := 0
			for ctx.Err() == nil {
				before := time.Now()
				err := do(i)
				if errors.Is(err, errBusy) {
					busy++
					continue
				}
				if err != nil {
					mu.Lock()
					fault = errors.Join(fault, err)
					mu.Unlock()
					cancel()
					return
				}
				took = append(took, time.Since(before).Seconds())
			}
			mu.Lock()
			all = append(all, took...)
			failed += busy
			mu.Unlock()
		})
	}
	running.Wait()
	elapsed := time.Since(started).Seconds()
	if fault != nil || len(all) == 0 {
		return load{}, errors.Join(fault, errors.New("no call succeeded"))
	}
	after, err := currentCPU()
	if err != nil {
		return load{}, err
	}
	slices.Sort(all)
	return load{float64(len(all)) / elapsed, all[len(all)*99/100], float64(failed) / float64(failed+len(all)),
		after.minus(before).per(float64(len(all)))}, nil
}

// contender makes new licenses, or rows of the same size.
type contender struct {
	name string
	do   func(client int) error
	stop func() error
}

const mostClients = 64

// ourLicenses makes new licenses on our server.
func ourLicenses(r *run, database string) (*started, contender, error) {
	s, err := startServer(r, database, r.temp, fixture{Clients: mostClients})
	if err != nil {
		return nil, contender{}, err
	}
	tokens := make([]string, mostClients)
	for i := range tokens {
		if tokens[i], err = s.signIn(i); err != nil {
			return nil, contender{}, errors.Join(err, s.stop())
		}
	}
	var mu sync.Mutex
	pcs := codes{n: 1 << 40}
	return s, contender{"ours", func(i int) error {
		mu.Lock()
		c := pcs.next()
		mu.Unlock()
		return call(http.MethodPost, fmt.Sprintf("%s%s/orders/%d/licenses", s.URL, api.Base, s.Orders[i]), tokens[i],
			uuid.NewString(), bytes.NewBufferString(newLicenseBody(c.Site.String(), c.Machine.String())), http.StatusCreated,
			nil)
	}, s.stop}, nil
}

func newLicenseBody(site, machine string) string {
	return fmt.Sprintf(`{"site_code":%q,"machine_id":%q,"note":"Studio PC"}`, site, machine)
}

// bareTable has rows as large as those of our licenses, and no index.
const bareTable = `CREATE TABLE bare (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, site INTEGER NOT NULL,
 machine TEXT NOT NULL, activation TEXT NOT NULL, note TEXT NOT NULL, policy TEXT NOT NULL)`

// bareInserts inserts a row in its own transaction, the fastest possible write.
func bareInserts(r *run, driver, dsn, insert string, connections int) (contender, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return contender{}, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if _, err := db.ExecContext(r, bareTable); err != nil {
		return contender{}, errors.Join(err, db.Close())
	}
	statement, err := db.PrepareContext(r, insert)
	if err != nil {
		return contender{}, errors.Join(err, db.Close())
	}
	var mu sync.Mutex
	n := 0
	return contender{"bare", func(int) error {
		mu.Lock()
		n++
		id := n
		mu.Unlock()
		tx, err := db.BeginTx(r, nil)
		if err != nil {
			return err
		}
		_, err = tx.StmtContext(r, statement).ExecContext(r, id, 1, id, "83A934290090B3F5",
			"01020300-00000000-00000000-00000000", "Studio PC",
			`{"enabled":true,"max_hardware_changes":1,"changeable":["HD_ID","BIOS_ID","OS_ID","NET_ID","CPU_ID","HD_HW_ID","CD_HW_ID"]}`)
		if err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}, db.Close}, nil
}

// relayLicenses claims licenses of a private keygen-relay with a prefilled database.
func relayLicenses(r *run, licenses int) (contender, error) {
	folder, err := os.MkdirTemp(r.temp, "relay")
	if err != nil {
		return contender{}, err
	}
	database := filepath.Join(folder, "relay.sqlite")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return contender{}, err
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	if err := free.Close(); err != nil {
		return contender{}, err
	}
	// creates the database
	if _, err := command(r, folder, nil, r.relay, "ls", "--plain", "--database", database); err != nil {
		return contender{}, err
	}
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(database))
	if err != nil {
		return contender{}, err
	}
	_, err = db.ExecContext(r, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
 INSERT INTO licenses (guid, file, key) SELECT 'license-' || i, CAST('file of license ' || i AS BLOB), 'key-' || i
 FROM n`, licenses)
	if err := errors.Join(err, db.Close()); err != nil {
		return contender{}, err
	}
	cmd := exec.CommandContext(r, r.relay, "serve", "--port", port, "--database", database, "--no-heartbeats")
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return contender{}, err
	}
	stop := func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		return nil
	}
	base := "http://127.0.0.1:" + port + "/v1/"
	for range 200 {
		if err = call(http.MethodGet, base+"health", "", "", nil, http.StatusOK, nil); err == nil {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	if err != nil {
		return contender{}, errors.Join(err, stop())
	}
	return contender{"relay", func(int) error {
		err := call(http.MethodPut, base+"nodes/"+uuid.NewString(), "", "", nil, http.StatusCreated, nil)
		if err != nil && strings.Contains(err.Error(), "answered 500") {
			return errBusy // its database is locked
		}
		return err
	}, stop}, nil
}

const (
	loadRounds = 5
	loadTime   = 1500 * time.Millisecond
)

// against has the names of the contenders in the table.
var against = map[string]string{
	"bare":              "a bare `INSERT … COMMIT` loop",
	"by hand":           "the same rows, written by hand",
	"by hand over HTTP": "the same rows, written by hand behind `net/http`",
	"relay":             "`keygen-relay`",
}

// compete runs contenders alternately with 1, 16 and 64 clients: ours, the bare loop, and others. It shows the
// processor time of each part.
func compete(r *run, s *section, title string, all []contender) (missed bool, err error) {
	var table strings.Builder
	fmt.Fprintf(&table, "Processor time of a new license on %s, in µs:\n\n| clients | | clients and loops | server | "+
		"database | together |\n|---|---|---|---|---|---|\n", title)
	for _, clients := range []int{1, 16, mostClients} {
		rates, slow, failed := make([]series, len(all)), make([]series, len(all)), make([]series, len(all))
		costs := make([][]cpuTime, len(all))
		for round := range loadRounds + 1 {
			for i, c := range all {
				l, err := runClients(r, clients, loadTime, c.do)
				if err != nil {
					return false, fmt.Errorf("%s with %d clients: %w", c.name, clients, err)
				}
				if round > 0 { // the first round warms up
					rates[i], slow[i], failed[i] = append(rates[i], l.perSecond), append(slow[i], l.p99), append(failed[i], l.failed)
					costs[i] = append(costs[i], l.cost)
				}
			}
		}
		plural := "s"
		if clients == 1 {
			plural = ""
		}
		what := fmt.Sprintf("new licenses a second, %s, %d client%s", title, clients, plural)
		for i, c := range all {
			cost := middle(costs[i])
			fmt.Fprintf(&table, "| %d | %s | %.0f | %.0f | %.0f | %.0f |\n", clients, c.name, 1e6*cost.clients,
				1e6*cost.server, 1e6*cost.database, 1e6*cost.total())
			if i == 0 {
				continue
			}
			note := fmt.Sprintf("%.0f to %.0f a second; p99 %s to %s", rates[0].median(), rates[i].median(),
				span(slow[0].median()), span(slow[i].median()))
			if share := failed[i].median(); share > 0 {
				note += fmt.Sprintf("; of its calls %.0f %% fail and are not counted", 100*share)
			}
			bound := map[string]goal{"bare": {atLeast: 0.5}, "relay": {atLeast: 2}}[c.name]
			if strings.HasPrefix(c.name, "by hand") {
				note += fmt.Sprintf("; that is %s of the bare loop", figure(rates[i].over(rates[1]).median()))
			}
			s.row(what, against[c.name], rates[0].over(rates[i]), bound, note)
		}
		missed = missed || rates[0].over(rates[1]).median() < 0.5
	}
	s.say("%s", strings.TrimRight(table.String(), "\n"))
	return missed, nil
}

// middle returns the cost with the median total.
func middle(all []cpuTime) cpuTime {
	slices.SortFunc(all, func(a, b cpuTime) int { return cmp.Compare(a.total(), b.total()) })
	return all[len(all)/2]
}

func measureLicenses(r *run, s *section) error {
	if err := sqliteLicenses(r, s); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// The script starts a private PostgreSQL for a command: this program, for one topic. fsync is on, as in production.
	out, err := command(r, r.root, []string{"POSTGRES_OPTIONS=-c fsync=on -c full_page_writes=on"},
		"scripts/with-postgres.sh", self, "licenses-postgres")
	if err != nil {
		s.miss("new licenses a second, PostgreSQL", "a bare `INSERT … COMMIT` loop", "≥ 0.5",
			fmt.Sprintf("not measured: %v", err))
	} else if err := s.join(out); err != nil {
		return err
	}
	s.say("Every client has an account and an order of its own. A new license is one HTTP call with an idempotency " +
		"key: codes checked, seat taken, license, history, audit and sealed answer written in one transaction. " +
		"The bare loop inserts one row as large as a license's into one table without an index, without a server. SQLite " +
		"writes with WAL and full sync, PostgreSQL with fsync. Clients, server and database share the processors of one " +
		"machine. " +
		"The rows written by hand are those of a new license, into the same tables with the same indexes, in a " +
		"transaction each, without HTTP, rules and keys: four new rows and one that is changed, with all their indexes, " +
		"where the bare loop writes one row without any. " +
		"Behind `net/http`, a server reads the request, writes the rows by hand and answers: it knows no session, no rule " +
		"and no repetition, and no server that writes these rows over HTTP can be faster for each by itself. Where it, " +
		"too, misses half of the bare loop the limit is the rows, their indexes and HTTP. " +
		"On PostgreSQL a new license is three round trips, as the bare loop is, with twelve statements in them; by hand " +
		"it is two with eight. On SQLite licenses that wait for the one writer share a commit, which the others do not, " +
		"so that with many clients the disk is waited for less often.")
	return nil
}

func sqliteLicenses(r *run, s *section) error {
	server, ours, err := ourLicenses(r, "")
	if err != nil {
		return err
	}
	defer func() { _ = ours.stop() }()
	dsn := "file:" + url.PathEscape(filepath.Join(r.temp,
		"bare.db")) + "?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	bare, err := bareInserts(r, "sqlite", dsn, `INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?)`, 1)
	if err != nil {
		return err
	}
	defer func() { _ = bare.stop() }()
	w := rawTarget{file: filepath.Join(server.folder, "acen.db")}
	hand, err := rawLicenses(r, w, server.Orders)
	if err != nil {
		return err
	}
	defer func() { _ = hand.stop() }()
	over, err := rawOverHTTP(r, w, server.Orders)
	if err != nil {
		return err
	}
	defer func() { _ = over.stop() }()
	all := []contender{ours, bare, hand, over}
	if r.relay == "" {
		s.miss("new licenses a second, SQLite", against["relay"], "≥ 2", "not measured: give KEYGEN_RELAY=… (its program)")
	} else {
		relay, err := relayLicenses(r, 20_000)
		if err != nil {
			return fmt.Errorf("keygen-relay: %w", err)
		}
		defer func() { _ = relay.stop() }()
		all = append(all, relay)
	}
	missed, err := compete(r, s, "SQLite", all)
	if err != nil || !missed {
		return err
	}
	return showProfile(r, s, server, "SQLite, 16 clients", func() error {
		_, err := runClients(r, 16, 3*time.Second, ours.do)
		return err
	})
}

// showProfile adds a profile of a server.
func showProfile(r *run, s *section, server *started, what string, do func() error) error {
	text, err := server.profiled(r, do)
	if err != nil {
		return err
	}
	s.say("Where the server's processor time goes (%s; one profile, cumulative):", what)
	s.code(text)
	return nil
}

func init() { children["licenses-postgres"] = postgresLicenses }

// postgresLicenses measures with the PostgreSQL of the environment and prints its section.
func postgresLicenses([]string) (err error) {
	r := &run{Context: context.Background()}
	if r.temp, err = os.MkdirTemp("", "acen-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.temp)
	database := os.Getenv("POSTGRES")
	server, ours, err := ourLicenses(r, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ours.stop()) }()
	bare, err := bareInserts(r, "pgx", database, `INSERT INTO bare VALUES ($1, $2, $3, $4, $5, $6, $7)`, mostClients)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	w := rawTarget{postgres: database}
	hand, err := rawLicenses(r, w, server.Orders)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hand.stop()) }()
	over, err := rawOverHTTP(r, w, server.Orders)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, over.stop()) }()
	s := &section{}
	missed, err := compete(r, s, "PostgreSQL", []contender{ours, bare, hand, over})
	if err != nil {
		return err
	}
	if missed {
		if err := showProfile(r, s, server, "PostgreSQL, 16 clients", func() error {
			_, err := runClients(r, 16, 3*time.Second, ours.do)
			return err
		}); err != nil {
			return err
		}
	}
	return s.print(os.Stdout)
}
