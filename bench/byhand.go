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

// byHand is what a new license writes: the same rows with the same indexes, without HTTP, rules, keys and JSON. What it cannot do
// faster the server cannot either.
var byHand = []string{
	`UPDATE orders SET licenses_active = licenses_active + 1 WHERE id = $1`,
	`INSERT INTO licenses (id, order_id, program_id, original_id, site, machine, activation, note, features, policy, activated_at, status, scheme)
 VALUES ($2, $1, 1, $2, $2, '83A934290090B3F5', '01020300-00000000-00000000-00000000', 'Studio PC', 3,
 '{"enabled":true,"max_hardware_changes":1,"changeable":["HD_ID","BIOS_ID","OS_ID","NET_ID","CPU_ID","HD_HW_ID","CD_HW_ID"]}', $3, 'Active', 2)`,
	`INSERT INTO audit (at, actor, client_id, host, device, action, object, outcome, detail) VALUES ($3, 'client', 1, '127.0.0.1', 'bench', 'license.create', 'order 1', 'ok', '')`,
	`INSERT INTO history (at, order_id, license_id, task, outcome, device) VALUES ($3, $1, $2, 'new-license', 'ok', 'bench')`,
	`INSERT INTO answers (client_id, key, request, status, body, created_at) VALUES (1, $4, $5, 201, $6, $3)`,
}

// handRow is the next row: the order of a client, and an id and a Site code below those of the server, which no other process writes
// by hand.
func handRow(n *atomic.Int64, order int64) []any {
	i := n.Add(1)
	return []any{order, -int64(os.Getpid())<<32 + i, 1_700_000_000_000_000 + i, uuid.NewString(), make([]byte, 32), make([]byte, 700)}
}

// bound is a statement with the parameters that it has.
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

// written is the database that rows are written into by hand, beside the server.
type written struct {
	postgres string // address; "" for SQLite
	file     string // of SQLite
}

// byHandLicenses writes the rows of new licenses, for the order of each client.
func byHandLicenses(ctx context.Context, w written, orders []int64) (contender, error) {
	if w.postgres != "" {
		return handPostgres(ctx, w.postgres, orders)
	}
	return handSQLite(ctx, w.file, orders)
}

// handSQLite writes the rows into the server's file, as one writer.
func handSQLite(ctx context.Context, file string, orders []int64) (contender, error) {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(file)+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return contender{}, err
	}
	db.SetMaxOpenConns(1)
	var statements []*sql.Stmt
	for _, text := range byHand {
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
		row := handRow(&n, orders[i])
		for k, statement := range statements {
			_, args := bound(byHand[k], row)
			if _, err := tx.StmtContext(ctx, statement).ExecContext(ctx, args...); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	}, db.Close}, nil
}

// handPostgres writes the rows into the server's database, in two round trips.
func handPostgres(ctx context.Context, database string, orders []int64) (contender, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return contender{}, err
	}
	config.MaxConns = 24 // as the server has
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return contender{}, err
	}
	var n atomic.Int64
	return contender{"by hand", func(i int) error {
		return pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			hold := &pgx.Batch{}
			hold.Queue(`BEGIN`)
			hold.Queue(`SELECT id FROM orders WHERE id = $1 FOR UPDATE`, orders[i])
			if err := c.SendBatch(ctx, hold).Close(); err != nil {
				return err
			}
			write := &pgx.Batch{}
			row := handRow(&n, orders[i])
			for _, text := range byHand {
				text, args := bound(text, row)
				write.Queue(text, args...)
			}
			write.Queue(`COMMIT`)
			return c.SendBatch(ctx, write).Close()
		})
	}, func() error { pool.Close(); return nil }}, nil
}

func init() { children["by-hand"] = serveByHand }

// serveByHand is a process of its own: an HTTP server that reads a request, writes the rows and answers, and does nothing else. It
// ends with its standard input.
func serveByHand(args []string) (err error) {
	flags := flag.NewFlagSet("by-hand", flag.ContinueOnError)
	var w written
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
	c, err := byHandLicenses(context.Background(), w, orders)
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
		_ = json.NewEncoder(out).Encode(api.License{OrderID: orders[i], SiteCode: request.SiteCode, MachineID: request.MachineID, Note: request.Note})
	})
	go func() { _ = http.Serve(listener, mux) }()
	if err := json.NewEncoder(os.Stdout).Encode(served{URL: "http://" + listener.Addr().String()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// handOverHTTP lets a server of its own write the rows by hand: what no server that writes them can do faster.
func handOverHTTP(r *run, w written, orders []int64) (contender, error) {
	args := []string{"by-hand", "-postgres", w.postgres, "-file", w.file}
	for _, id := range orders {
		args = append(args, fmt.Sprint(id))
	}
	s, err := launch(r, args...)
	if err != nil {
		return contender{}, err
	}
	return contender{"by hand over HTTP", func(i int) error {
		return call(http.MethodPost, fmt.Sprintf("%s/%d", s.URL, i), "", uuid.NewString(), bytes.NewBufferString(newLicenseBody("0E486768", "5AE1-D52F-72DE-1D6C")), http.StatusCreated, nil)
	}, s.stop}, nil
}
