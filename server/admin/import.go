package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin/sheet"
	"github.com/acen-desktop/acen/server/rules"
	"github.com/acen-desktop/acen/server/store"
)

// Result is the result of importing a row.
type Result string

// Results of importing a row.
const (
	Added   Result = "added"
	Exists  Result = "exists"  // the same row exists
	Differs Result = "differs" // the row exists with other values, which an import does not change
	Refused Result = "refused" // the row, and therefore the file, cannot be imported
	Fine    Result = "fine"    // the row would have been added if no other row was refused
)

// Line is the report of one row.
type Line struct {
	Number int    // line in the file, from 1
	What   string // such as `client "anna"`
	Result Result
	ID     int64  // 0 = none
	Why    string // reason of a refusal, columns that differ, or a remark
}

// Report is the report of an import.
type Report struct{ Lines []Line }

// Count returns the number of rows with a result.
func (r Report) Count(result Result) (n int) {
	for _, l := range r.Lines {
		if l.Result == result {
			n++
		}
	}
	return n
}

// Sheet is a kind of rows that can be imported and exported.
type Sheet struct {
	// Kind is the kind of a row, such as "program".
	Kind string
	// Columns are the names and descriptions of the columns.
	Columns [][2]string

	load func(ctx context.Context, a Admin, file []byte, progress func(row, rows int)) (Report, error)
	dump func(ctx context.Context, a Admin, asJSON bool) (data []byte, rows int, err error)
}

// Import adds the rows of a CSV or JSON file: all of them, or none if one is refused. Rows that exist do not change, so
// that a file can be imported again. Import fails if the file as a whole cannot be used. It calls progress with the
// number of rows done; a retry of the transaction begins with 0 again.
func (a Admin) Import(ctx context.Context, s Sheet, file []byte, progress func(row, rows int)) (Report, error) {
	return s.load(ctx, a, file, progress)
}

// Export returns all rows in the format that Import reads, without secrets, and their number.
func (a Admin) Export(ctx context.Context, s Sheet, asJSON bool) (data []byte, rows int, err error) {
	return s.dump(ctx, a, asJSON)
}

// refusal is the reason why a row cannot be imported, in contrast to an error of the database.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// errRefused rolls back an import with a refused row.
var errRefused = errors.New("a row was refused")

// rowImporter imports one row. It sets the name in line and returns a refusal or the record of the new row.
type rowImporter[T any] func(row sheet.Row[T], line *Line) (record, error)

// newSheet returns a Sheet with the given columns. begin reads the existing rows and returns the importer; all lists
// all rows.
func newSheet[T any](
	kind string, columns []sheet.Column[T],
	begin func(context.Context, Admin, store.Tx) (rowImporter[T], error),
	all func(context.Context, store.Tx) ([]T, error),
) Sheet {
	s := Sheet{Kind: kind}
	for _, c := range columns {
		what := c.What
		if c.Required {
			what = strings.TrimSuffix("required; "+what, "; ")
		}
		s.Columns = append(s.Columns, [2]string{c.Name, what})
	}
	s.load = func(ctx context.Context, a Admin, file []byte, progress func(row, rows int)) (report Report, err error) {
		rows, err := sheet.Read(file, columns)
		if err != nil {
			return report, err
		}
		err = a.write(ctx, kind+".import", "", func(tx store.Tx) (record, error) {
			report = Report{}
			importRow, err := begin(ctx, a, tx)
			if err != nil {
				return record{}, err
			}
			for i, row := range rows {
				progress(i, len(rows))
				line := Line{Number: row.Line, What: kind, Result: Added}
				rec, err := importRow(row, &line)
				var why refusal
				switch {
				case errors.As(err, &why):
					line.Result, line.ID, line.Why = Refused, 0, why.Error()
				case err != nil:
					return record{}, err
				case line.Result == Added:
					if err := tx.Audits.Add(ctx, store.Audit{
						At:      a.Now(),
						Actor:   "admin",
						Action:  kind + ".add",
						Object:  rec.object,
						Outcome: "ok",
						Detail:  rec.detail,
					}); err != nil {
						return record{}, err
					}
				}
				report.Lines = append(report.Lines, line)
			}
			if report.Count(Refused) > 0 {
				return record{}, errRefused
			}
			return record{detail: fmt.Sprintf("added: %d; existing: %d", report.Count(Added),
				report.Count(Exists)+report.Count(Differs))}, nil
		})
		if !errors.Is(err, errRefused) {
			return report, err
		}
		for i, l := range report.Lines {
			if l.Result == Added {
				report.Lines[i].Result, report.Lines[i].ID = Fine, 0
			}
		}
		return report, nil
	}
	s.dump = func(ctx context.Context, a Admin, asJSON bool) ([]byte, int, error) {
		rows, err := read(ctx, a, func(tx store.Tx) ([]T, error) { return all(ctx, tx) })
		if err != nil {
			return nil, 0, err
		}
		if !asJSON {
			return sheet.CSV(columns, rows), len(rows), nil
		}
		data, err := sheet.JSON(columns, rows)
		return data, len(rows), err
	}
	return s
}

// compare fills the line of a row that exists.
func compare[T any](row sheet.Row[T], stored T, id int64, line *Line) error {
	names, err := row.Differences(stored)
	if err != nil {
		return refusal{err}
	}
	line.ID, line.Result = id, Exists
	if len(names) > 0 {
		line.Result, line.Why = Differs, "not changed; differs in "+strings.Join(names, ", ")
	}
	return nil
}

// seenLines maps keys to the lines of a file, and refuses a key the second time.
type seenLines[K comparable] map[K]int

func (o seenLines[K]) check(key K, line int) error {
	if earlier, twice := o[key]; twice {
		return refusal{fmt.Errorf("duplicate of line %d", earlier)}
	}
	o[key] = line
	return nil
}

// ProgramSheet returns the sheet of programs, whose key is the application signature.
func ProgramSheet() Sheet {
	all := func(ctx context.Context, tx store.Tx) ([]store.Program, error) { return tx.Programs.List(ctx) }
	return newSheet("program", programColumns, importPrograms, all)
}

func importPrograms(ctx context.Context, a Admin, tx store.Tx) (rowImporter[store.Program], error) {
	known, err := tx.Programs.List(ctx)
	if err != nil {
		return nil, err
	}
	signatures, names, seen := map[license.Signature]store.Program{}, map[string]bool{}, seenLines[license.Signature]{}
	for _, p := range known {
		signatures[p.Signature], names[p.Name] = p, true
	}
	return func(row sheet.Row[store.Program], line *Line) (rec record, err error) {
		p := store.Program{RequiresActivation: true, OrderLicenses: 1, Policy: license.DefaultPolicy(), CreatedAt: a.Now()}
		if err := row.Apply(&p); err != nil {
			return rec, refusal{err}
		}
		line.What = "program " + sheet.Quote(string(p.Signature))
		if _, err := license.ParseSignature(string(p.Signature)); err != nil {
			return rec, refusal{err}
		}
		if err := checkProgram(p); err != nil {
			return rec, refusal{err}
		}
		if err := seen.check(p.Signature, row.Line); err != nil {
			return rec, err
		}
		if stored, found := signatures[p.Signature]; found {
			return rec, compare(row, stored, stored.ID, line)
		}
		if names[p.Name] {
			return rec, refusal{nameTaken(store.ErrExists, p.Name)}
		}
		names[p.Name] = true
		if err := a.Secrets.NewProgramKeys(&p); err != nil {
			return rec, err
		}
		rec, err = insertProgram(ctx, tx, &p)
		line.ID = p.ID
		return rec, err
	}, nil
}

// ClientSheet returns the sheet of clients, whose key is the user name. Passwords are not imported: clients choose one
// with a link that is mailed to an address on file.
func ClientSheet() Sheet {
	all := func(ctx context.Context, tx store.Tx) (rows []clientRow, err error) {
		clients, err := tx.Clients.List(ctx)
		for _, c := range clients {
			rows = append(rows, rowOfClient(c))
		}
		return rows, err
	}
	return newSheet("client", clientColumns, importClients, all)
}

func importClients(ctx context.Context, a Admin, tx store.Tx) (rowImporter[clientRow], error) {
	seen := seenLines[string]{}
	return func(row sheet.Row[clientRow], line *Line) (rec record, err error) {
		r := clientRow{Client: store.Client{Active: true, CreatedAt: a.Now()}}
		if err := row.Apply(&r); err != nil {
			return rec, refusal{err}
		}
		c := r.client()
		line.What = "client " + sheet.Quote(c.Username)
		if err := rules.CheckClient(c); err != nil {
			return rec, refusal{err}
		}
		if err := seen.check(withoutCase(c.Username), row.Line); err != nil {
			return rec, err
		}
		stored, err := tx.Clients.ByUsername(ctx, c.Username)
		if err == nil {
			id := stored.ID
			stored.Username = c.Username // names that differ in case only are equal
			return rec, compare(row, rowOfClient(stored), id, line)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return rec, err
		}
		rec, err = insertClient(ctx, tx, &c)
		line.ID = c.ID
		if len(c.Emails) == 0 {
			line.Why = "no address on file, so no link for a password can be mailed"
		}
		return rec, err
	}, nil
}

// withoutCase lowers the letters A to Z, as the databases do when they compare user names.
func withoutCase(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// OrderSheet returns the sheet of orders, whose key is the id, or else client, program and time.
func OrderSheet() Sheet { return newSheet("order", orderColumns, importOrders, allOrders) }

func allOrders(ctx context.Context, tx store.Tx) (rows []orderRow, err error) {
	orders, err := tx.Orders.List(ctx, 0, false, 0, 0)
	if err != nil {
		return nil, err
	}
	clients, err := tx.Clients.List(ctx)
	if err != nil {
		return nil, err
	}
	programs, err := tx.Programs.List(ctx)
	if err != nil {
		return nil, err
	}
	names, signatures := map[int64]string{}, map[int64]license.Signature{}
	for _, c := range clients {
		names[c.ID] = c.Username
	}
	for _, p := range programs {
		signatures[p.ID] = p.Signature
	}
	for i := len(orders) - 1; i >= 0; i-- { // oldest first, like programs and clients
		o := orders[i]
		rows = append(rows, orderRow{o, names[o.ClientID], signatures[o.ProgramID]})
	}
	return rows, nil
}

// orderKey is the key of an order without an id.
type orderKey struct {
	client, program int64
	at              int64 // microseconds
}

func keyOf(o store.Order) orderKey { return orderKey{o.ClientID, o.ProgramID, o.OrderedAt.UnixMicro()} }

// orderImporter imports orders.
type orderImporter struct {
	Admin
	tx       store.Tx
	programs map[license.Signature]store.Program
	clients  map[string]int64 // id by the name in the file; 0 = no such client
	orders   map[int64]map[orderKey]store.Order
	ids      seenLines[int64]
	keys     seenLines[orderKey]
}

func importOrders(ctx context.Context, a Admin, tx store.Tx) (rowImporter[orderRow], error) {
	t := orderImporter{
		Admin:    a,
		tx:       tx,
		programs: map[license.Signature]store.Program{},
		clients:  map[string]int64{},
		orders:   map[int64]map[orderKey]store.Order{},
		ids:      seenLines[int64]{},
		keys:     seenLines[orderKey]{},
	}
	programs, err := tx.Programs.List(ctx)
	for _, p := range programs {
		t.programs[p.Signature] = p
	}
	return func(row sheet.Row[orderRow], line *Line) (record, error) { return t.importRow(ctx, row, line) }, err
}

func (t orderImporter) importRow(ctx context.Context, row sheet.Row[orderRow], line *Line) (rec record, err error) {
	o, err := t.complete(ctx, row, line)
	if err != nil {
		return rec, err
	}
	stored, err := t.stored(ctx, o, row.Line)
	if err == nil {
		if stored.ClientID != o.ClientID || stored.ProgramID != o.ProgramID {
			return rec, refusal{errors.New("the order with this id is of another client or program")}
		}
		return rec, compare(row, orderRow{stored, o.username, o.signature}, stored.ID, line)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return rec, err
	}
	rec, err = insertOrder(ctx, t.tx, &o.Order)
	line.ID = o.ID
	return rec, err
}

// complete reads an order. Values that the row does not give come from its program, as on the day of the order.
func (t orderImporter) complete(ctx context.Context, row sheet.Row[orderRow], line *Line) (o orderRow, err error) {
	if err := row.Apply(&o); err != nil {
		return o, refusal{err}
	}
	line.What = "order of " + sheet.Quote(o.username)
	if o.ID != 0 {
		line.What = object("order", o.ID)
	}
	if o.ID == 0 && o.OrderedAt.IsZero() {
		return o, refusal{errNoIdentity}
	}
	p, found := t.programs[o.signature]
	if !found {
		return o, refusal{fmt.Errorf("there is no program with the application signature %s",
			sheet.Quote(string(o.signature)))}
	}
	client, err := t.client(ctx, o.username)
	if err != nil {
		return o, err
	}
	now := t.Now
	if at := o.OrderedAt; !at.IsZero() {
		now = func() time.Time { return at }
	}
	o.Order = rules.Rules{Secrets: t.Secrets, Now: now}.DefaultOrder(p, client)
	if err := row.Apply(&o); err != nil {
		return o, refusal{err}
	}
	if err := checkOrder(o.Order); err != nil {
		return o, refusal{err}
	}
	return o, nil
}

// client returns the id of a client.
func (t orderImporter) client(ctx context.Context, username string) (int64, error) {
	id, known := t.clients[username]
	if !known {
		c, err := t.tx.Clients.ByUsername(ctx, username)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return 0, err
		}
		id = c.ID
		t.clients[username] = id
	}
	if id == 0 {
		return 0, refusal{fmt.Errorf("there is no client %s", sheet.Quote(username))}
	}
	return id, nil
}

// stored returns the existing order of a row, or store.ErrNotFound. It refuses an order that the file has twice.
func (t orderImporter) stored(ctx context.Context, o orderRow, line int) (store.Order, error) {
	if o.ID != 0 {
		if err := t.ids.check(o.ID, line); err != nil {
			return store.Order{}, err
		}
		if _, known := t.keys[keyOf(o.Order)]; !known {
			t.keys[keyOf(o.Order)] = line
		}
		return t.tx.Orders.Get(ctx, o.ID)
	}
	if err := t.keys.check(keyOf(o.Order), line); err != nil {
		return store.Order{}, err
	}
	if t.orders[o.ClientID] == nil {
		list, err := t.tx.Orders.List(ctx, o.ClientID, false, 0, 0)
		if err != nil {
			return store.Order{}, err
		}
		t.orders[o.ClientID] = map[orderKey]store.Order{}
		for _, stored := range list {
			t.orders[o.ClientID][keyOf(stored)] = stored
		}
	}
	if stored, found := t.orders[o.ClientID][keyOf(o.Order)]; found {
		return stored, nil
	}
	return store.Order{}, store.ErrNotFound
}
