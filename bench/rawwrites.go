package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/acen-desktop/acen/api"
)

// rawStatements write what a new license writes: the same rows with the same indexes, without HTTP, rules, keys and
// JSON. Their time is a lower bound for the server.
var rawStatements = []string{
	`UPDATE orders SET licenses_active = licenses_active + 1 WHERE id = $1`,
	`INSERT INTO licenses (id, order_id, program_id, original_id, site, machine, activation, note, features, policy,
 activated_at, status, scheme)
 VALUES ($2, $1, 1, $2, $2, '83A934290090B3F5', '01020300-00000000-00000000-00000000', 'Studio PC', 3,
 '{"enabled":true,"max_hardware_changes":1,"changeable":["HD_ID","BIOS_ID","OS_ID","NET_ID","CPU_ID","HD_HW_ID","CD_HW_ID"]}',
 $3, 'Active', 2)`,
	`INSERT INTO audit (at, actor, client_id, host, device, action, object, outcome, detail)
 VALUES ($3, 'client', 1, '127.0.0.1', 'bench', 'license.create', 'order 1', 'ok', '')`,
	`INSERT INTO history (at, order_id, license_id, task, outcome, device)
 VALUES ($3, $1, $2, 'new-license', 'ok', 'bench')`,
	`INSERT INTO answers (client_id, key, request, status, body, created_at) VALUES (1, $4, $5, 201, $6, $3)`,
}

// rawRow returns the parameters of the next row: the order of a client, and an ID and Site code below those of the
// server, which no other process uses.
func rawRow(n *atomic.Int64, order int64) []any {
	i := n.Add(1)
	return []any{order, -int64(os.Getpid())<<32 + i, 1_700_000_000_000_000 + i, uuid.NewString(), make([]byte, 32),
		make([]byte, 700)}
}

// bound returns a statement with only the parameters that it uses, renumbered.
func bound(statement string, row []any) (text string, args []any) {
	for i, v := range row {
		name := fmt.Sprintf("$%d", i+1)
		if strings.Contains(statement, name) {
			args = append(args, v)
			statement = strings.ReplaceAll(statement, name, fmt.Sprintf("$_%d", len(args)))
		}
	}
	return strings.ReplaceAll(statement, "$_", "$"), args
}

// rawTarget is the server's database, into which rows are written directly.
type rawTarget struct {
	postgres string // URL; "" for SQLite
	file     string // SQLite file
}

// rawLicenses returns a contender that writes the rows of new licenses, one order a client.
func rawLicenses(ctx context.Context, w rawTarget, orders []int64) (contender, error) {
	if w.postgres != "" {
		return rawPostgres(ctx, w.postgres, orders)
	}
	return rawSQLite(ctx, w.file, orders)
}

// rawSQLite writes the rows into the server's file with one connection.
func rawSQLite(ctx context.Context, file string, orders []int64) (contender, error) {
	db, err := sql.Open("sqlite",
		"file:"+url.PathEscape(file)+"?_txlock=immediate&_pragma=busy_timeout(10000)"+
			"&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return contender{}, err
	}
	db.SetMaxOpenConns(1)
	var statements []*sql.Stmt
	for _, text := range rawStatements {
		text, _ = bound(text, make([]any, 6))
		statement, err := db.PrepareContext(ctx, text)
		if err != nil {
			return contender{}, errors.Join(err, db.Close())
		}
		statements = append(statements, statement)
	}
	var n atomic.Int64
	return contender{"by hand", func(i int) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		row := rawRow(&n, orders[i])
		for k, statement := range statements {
			_, args := bound(rawStatements[k], row)
			if _, err := tx.StmtContext(ctx, statement).ExecContext(ctx, args...); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	}, db.Close}, nil
}

// rawPostgres writes the rows into the server's database in two round trips.
func rawPostgres(ctx context.Context, database string, orders []int64) (contender, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return contender{}, err
	}
	config.MaxConns = 24 // as in the server
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return contender{}, err
	}
	var n atomic.Int64
	return contender{"by hand", func(i int) error {
		return pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			lockOrder := &pgx.Batch{}
			lockOrder.Queue(`BEGIN`)
			lockOrder.Queue(`SELECT id FROM orders WHERE id = $1 FOR UPDATE`, orders[i])
			if err := c.SendBatch(ctx, lockOrder).Close(); err != nil {
				return err
			}
			write := &pgx.Batch{}
			row := rawRow(&n, orders[i])
			for _, text := range rawStatements {
				text, args := bound(text, row)
				write.Queue(text, args...)
			}
			write.Queue(`COMMIT`)
			return c.SendBatch(ctx, write).Close()
		})
	}, func() error { pool.Close(); return nil }}, nil
}

func init() { children["by-hand"] = serveRaw }

// serveRaw is a child process: an HTTP server that reads a request, writes the rows and answers. It runs until the end
// of its standard input.
func serveRaw(args []string) (err error) {
	flags := flag.NewFlagSet("by-hand", flag.ContinueOnError)
	var w rawTarget
	flags.StringVar(&w.postgres, "postgres", "", "")
	flags.StringVar(&w.file, "file", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var orders []int64
	for _, text := range flags.Args() {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		orders = append(orders, id)
	}
	c, err := rawLicenses(context.Background(), w, orders)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{client}", func(out http.ResponseWriter, in *http.Request) {
		var request api.NewLicense
		i, err := strconv.Atoi(in.PathValue("client"))
		if err == nil {
			err = json.NewDecoder(in.Body).Decode(&request)
		}
		if err == nil {
			err = c.do(i)
		}
		if err != nil {
			http.Error(out, err.Error(), http.StatusInternalServerError)
			return
		}
		out.Header().Set("Content-Type", "application/json")
		out.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(out).Encode(api.License{
			OrderID:   orders[i],
			SiteCode:  request.SiteCode,
			MachineID: request.MachineID,
			Note:      request.Note,
		})
	})
	go func() { _ = http.Serve(listener, mux) }()
	if err := json.NewEncoder(os.Stdout).Encode(endpoints{URL: "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// rawOverHTTP returns a contender that writes the rows behind a separate HTTP server, a lower bound for any server that
// writes them.
func rawOverHTTP(r *run, w rawTarget, orders []int64) (contender, error) {
	args := []string{"by-hand", "-postgres", w.postgres, "-file", w.file}
	for _, id := range orders {
		args = append(args, fmt.Sprint(id))
	}
	s, err := launch(r, args...)
	if err != nil {
		return contender{}, err
	}
	return contender{"by hand over HTTP", func(i int) error {
		return call(http.MethodPost, fmt.Sprintf("%s/%d", s.URL, i), "", uuid.NewString(),
			bytes.NewBufferString(newLicenseBody("0E486768", "5AE1-D52F-72DE-1D6C")), http.StatusCreated, nil)
	}, s.stop}, nil
}
