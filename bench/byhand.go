package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// byHand is what a new license writes: the same rows with the same indexes, without HTTP, rules, keys and JSON. What it cannot do
// faster the server cannot either.
var byHand = []string{
	`UPDATE orders SET licenses_active = licenses_active + 1 WHERE id = $1`,
	`INSERT INTO licenses (id, order_id, program_id, original_id, site, machine, activation, note, features, policy, activated_at, status)
 VALUES ($2, $1, 1, $2, $2, '83A934290090B3F5', '01020300-00000000-00000000-00000000', 'Studio PC', 3,
 '{"enabled":true,"max_hardware_changes":1,"changeable":["HD_ID","BIOS_ID","OS_ID","NET_ID","CPU_ID","HD_HW_ID","CD_HW_ID"]}', $3, 'Active')`,
	`INSERT INTO audit (at, actor, client_id, host, device, action, object, outcome, detail) VALUES ($3, 'client', 1, '127.0.0.1', 'bench', 'license.create', 'order 1', 'ok', '')`,
	`INSERT INTO history (at, order_id, license_id, task, outcome, device) VALUES ($3, $1, $2, 'new-license', 'ok', 'bench')`,
	`INSERT INTO answers (client_id, key, request, status, body, created_at) VALUES (1, $4, $5, 201, $6, $3)`,
}

// handRow is the next row: the order of a client, and an id and a Site code that no license of the server has.
func handRow(n *atomic.Int64, order int64) []any {
	id := 1<<40 + n.Add(1)
	return []any{order, id, 1_700_000_000_000_000 + id, uuid.NewString(), make([]byte, 32), make([]byte, 700)}
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

// handSQLite writes the rows of new licenses into the server's file, as one writer.
func handSQLite(r *run, s *started) (contender, error) {
	file := filepath.Join(filepath.Dir(s.path), "acen.db")
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(file)+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return contender{}, err
	}
	db.SetMaxOpenConns(1)
	var statements []*sql.Stmt
	for _, text := range byHand {
		text, _ = bound(text, make([]any, 6))
		statement, err := db.PrepareContext(r, text)
		if err != nil {
			return contender{}, errors.Join(err, db.Close())
		}
		statements = append(statements, statement)
	}
	var n atomic.Int64
	return contender{"by hand", func(i int) error {
		tx, err := db.BeginTx(r, nil)
		if err != nil {
			return err
		}
		row := handRow(&n, s.Orders[i])
		for k, statement := range statements {
			_, args := bound(byHand[k], row)
			if _, err := tx.StmtContext(r, statement).ExecContext(r, args...); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	}, db.Close}, nil
}

// handPostgres writes the rows of new licenses into the server's database, in two round trips.
func handPostgres(r *run, s *started, database string) (contender, error) {
	config, err := pgxpool.ParseConfig(database)
	if err != nil {
		return contender{}, err
	}
	config.MaxConns = 24 // as the server has
	pool, err := pgxpool.NewWithConfig(r, config)
	if err != nil {
		return contender{}, err
	}
	var n atomic.Int64
	return contender{"by hand", func(i int) error {
		return pool.AcquireFunc(r, func(c *pgxpool.Conn) error {
			hold := &pgx.Batch{}
			hold.Queue(`BEGIN`)
			hold.Queue(`SELECT id FROM orders WHERE id = $1 FOR UPDATE`, s.Orders[i])
			if err := c.SendBatch(r, hold).Close(); err != nil {
				return err
			}
			write := &pgx.Batch{}
			row := handRow(&n, s.Orders[i])
			for _, text := range byHand {
				text, args := bound(text, row)
				write.Queue(text, args...)
			}
			write.Queue(`COMMIT`)
			return c.SendBatch(r, write).Close()
		})
	}, func() error { pool.Close(); return nil }}, nil
}
