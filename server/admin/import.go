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

// Result is what became of a row of an imported file.
type Result string

// The results.
const (
	Added   Result = "added"
	Exists  Result = "exists"  // it is there already and the same
	Differs Result = "differs" // it is there already and otherwise; an import changes nothing that is there
	Refused Result = "refused" // it cannot be imported, and so nothing of the file is
	Fine    Result = "fine"    // it would have been added, were no other row refused
)

// Line says what became of one row.
type Line struct {
	Number int    // of the line in the file
	What   string // such as `client "anna"`
	Result Result
	ID     int64  // 0 when nothing has come of it
	Why    string // why it was refused, what differs, or what is worth knowing
}

// Report says of every row what became of it.
type Report struct{ Lines []Line }

// Count counts the rows with a result.
func (r Report) Count(result Result) (n int) {
	for _, l := range r.Lines {
		if l.Result == result {
			n++
		}
	}
	return n
}

// Sheet is a kind of rows that files hold.
type Sheet struct {
	// Kind is what a row is, such as "program".
	Kind string
	// Columns are names and meanings.
	Columns [][2]string

	load func(ctx context.Context, a Admin, file []byte, progress func(row, rows int)) (Report, error)
	dump func(ctx context.Context, a Admin, asJSON bool) (data []byte, rows int, err error)
}

// Import adds the rows of a CSV or JSON file: all of them, or none when one is refused. Rows that are there stay as they are, so
// the same file may be imported again. It fails where the file as a whole cannot be used. progress hears how many rows are done;
// it may begin again.
func (a Admin) Import(ctx context.Context, s Sheet, file []byte, progress func(row, rows int)) (Report, error) {
	return s.load(ctx, a, file, progress)
}

// Export returns all rows in the form that Import takes, and how many there are. No secret is in them.
func (a Admin) Export(ctx context.Context, s Sheet, asJSON bool) (data []byte, rows int, err error) {
	return s.dump(ctx, a, asJSON)
}

// refusal is why a row cannot be imported, in contrast to what hinders the database.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// errRefused undoes an import of which a row was refused.
var errRefused = errors.New("a row was refused")

// taker imports one row: it names it in line, and returns a refusal or what is added.
type taker[T any] func(row sheet.Row[T], line *Line) (done, error)

// newSheet makes a Sheet of columns. begin looks at what is there and returns what imports a row, all lists all rows.
func newSheet[T any](kind string, columns []sheet.Column[T], begin func(context.Context, Admin, store.Tx) (taker[T], error),
	all func(context.Context, store.Tx) ([]T, error)) Sheet {
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
		err = a.write(ctx, kind+".import", "", func(tx store.Tx) (done, error) {
			report = Report{}
			take, err := begin(ctx, a, tx)
			if err != nil {
				return done{}, err
			}
			for i, row := range rows {
				progress(i, len(rows))
				line := Line{Number: row.Line, What: kind, Result: Added}
				did, err := take(row, &line)
				var why refusal
				switch {
				case errors.As(err, &why):
					line.Result, line.ID, line.Why = Refused, 0, why.Error()
				case err != nil:
					return done{}, err
				case line.Result == Added:
					if err := tx.AddAudit(ctx, store.Audit{At: a.Now(), Actor: "admin", Action: kind + ".add", Object: did.object, Outcome: "ok", Detail: did.detail}); err != nil {
						return done{}, err
					}
				}
				report.Lines = append(report.Lines, line)
			}
			if report.Count(Refused) > 0 {
				return done{}, errRefused
			}
			return done{detail: fmt.Sprintf("added: %d; there already: %d", report.Count(Added), report.Count(Exists)+report.Count(Differs))}, nil
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

// compare fills the line of a row that is there already.
func compare[T any](row sheet.Row[T], stored T, id int64, line *Line) error {
	names, err := row.Differences(stored)
	if err != nil {
		return refusal{err}
	}
	line.ID, line.Result = id, Exists
	if len(names) > 0 {
		line.Result, line.Why = Differs, "left as it is; differs in "+strings.Join(names, ", ")
	}
	return nil
}

// once remembers where something stood in a file and refuses it a second time.
type once[K comparable] map[K]int

func (o once[K]) check(key K, line int) error {
	if earlier, twice := o[key]; twice {
		return refusal{fmt.Errorf("the same stands in line %d already", earlier)}
	}
	o[key] = line
	return nil
}

// ProgramSheet is programs, known by their application signatures.
func ProgramSheet() Sheet {
	return newSheet("program", programColumns, takePrograms, func(ctx context.Context, tx store.Tx) ([]store.Program, error) { return tx.Programs(ctx) })
}

func takePrograms(ctx context.Context, a Admin, tx store.Tx) (taker[store.Program], error) {
	known, err := tx.Programs(ctx)
	if err != nil {
		return nil, err
	}
	signatures, names, seen := map[license.Signature]store.Program{}, map[string]bool{}, once[license.Signature]{}
	for _, p := range known {
		signatures[p.Signature], names[p.Name] = p, true
	}
	return func(row sheet.Row[store.Program], line *Line) (did done, err error) {
		p := store.Program{RequiresActivation: true, OrderLicenses: 1, Policy: license.DefaultPolicy(), CreatedAt: a.Now()}
		if err := row.Apply(&p); err != nil {
			return did, refusal{err}
		}
		line.What = "program " + sheet.Quote(string(p.Signature))
		if _, err := license.ParseSignature(string(p.Signature)); err != nil {
			return did, refusal{err}
		}
		if err := checkProgram(p); err != nil {
			return did, refusal{err}
		}
		if err := seen.check(p.Signature, row.Line); err != nil {
			return did, err
		}
		if stored, found := signatures[p.Signature]; found {
			return did, compare(row, stored, stored.ID, line)
		}
		if names[p.Name] {
			return did, refusal{taken(store.ErrExists, p.Name)}
		}
		names[p.Name] = true
		if err := a.Secrets.NewProgramKeys(&p); err != nil {
			return did, err
		}
		did, err = insertProgram(ctx, tx, &p)
		line.ID = p.ID
		return did, err
	}, nil
}

// ClientSheet is clients, known by their user names. Passwords are not among what is imported: people choose theirs by a link
// that is mailed to an address on file.
func ClientSheet() Sheet {
	return newSheet("client", clientColumns, takeClients, func(ctx context.Context, tx store.Tx) (rows []clientRow, err error) {
		clients, err := tx.Clients(ctx)
		for _, c := range clients {
			rows = append(rows, rowOfClient(c))
		}
		return rows, err
	})
}

func takeClients(ctx context.Context, a Admin, tx store.Tx) (taker[clientRow], error) {
	seen := once[string]{}
	return func(row sheet.Row[clientRow], line *Line) (did done, err error) {
		r := clientRow{Client: store.Client{Active: true, CreatedAt: a.Now()}}
		if err := row.Apply(&r); err != nil {
			return did, refusal{err}
		}
		c := r.client()
		line.What = "client " + sheet.Quote(c.Username)
		if err := rules.CheckClient(c); err != nil {
			return did, refusal{err}
		}
		if err := seen.check(withoutCase(c.Username), row.Line); err != nil {
			return did, err
		}
		stored, err := tx.ClientByUsername(ctx, c.Username)
		if err == nil {
			id := stored.ID
			stored.Username = c.Username // another case is the same name
			return did, compare(row, rowOfClient(stored), id, line)
		}
		if !errors.Is(err, store.ErrNotFound) {
			return did, err
		}
		did, err = insertClient(ctx, tx, &c)
		line.ID = c.ID
		if len(c.Emails) == 0 {
			line.Why = "no address on file: no link for a password can be mailed"
		}
		return did, err
	}, nil
}

// withoutCase folds a user name as the databases do: A to Z alone.
func withoutCase(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// OrderSheet is orders, known by their ids or else by client, program and time.
func OrderSheet() Sheet { return newSheet("order", orderColumns, takeOrders, allOrders) }

func allOrders(ctx context.Context, tx store.Tx) (rows []orderRow, err error) {
	orders, err := tx.Orders(ctx, 0, false, 0, 0)
	if err != nil {
		return nil, err
	}
	clients, err := tx.Clients(ctx)
	if err != nil {
		return nil, err
	}
	programs, err := tx.Programs(ctx)
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
	for i := len(orders) - 1; i >= 0; i-- { // oldest first, as programs and clients
		o := orders[i]
		rows = append(rows, orderRow{o, names[o.ClientID], signatures[o.ProgramID]})
	}
	return rows, nil
}

// orderKey tells orders apart that have no id.
type orderKey struct {
	client, program int64
	at              int64 // microseconds
}

func keyOf(o store.Order) orderKey { return orderKey{o.ClientID, o.ProgramID, o.OrderedAt.UnixMicro()} }

// orderTaker imports orders.
type orderTaker struct {
	Admin
	tx       store.Tx
	programs map[license.Signature]store.Program
	clients  map[string]int64 // by the name in the file; 0 when there is none
	orders   map[int64]map[orderKey]store.Order
	ids      once[int64]
	keys     once[orderKey]
}

func takeOrders(ctx context.Context, a Admin, tx store.Tx) (taker[orderRow], error) {
	t := orderTaker{Admin: a, tx: tx, programs: map[license.Signature]store.Program{}, clients: map[string]int64{}, orders: map[int64]map[orderKey]store.Order{},
		ids: once[int64]{}, keys: once[orderKey]{}}
	programs, err := tx.Programs(ctx)
	for _, p := range programs {
		t.programs[p.Signature] = p
	}
	return func(row sheet.Row[orderRow], line *Line) (done, error) { return t.take(ctx, row, line) }, err
}

func (t orderTaker) take(ctx context.Context, row sheet.Row[orderRow], line *Line) (did done, err error) {
	o, err := t.complete(ctx, row, line)
	if err != nil {
		return did, err
	}
	stored, err := t.stored(ctx, o, row.Line)
	if err == nil {
		if stored.ClientID != o.ClientID || stored.ProgramID != o.ProgramID {
			return did, refusal{errors.New("the order with this id is of another client or program")}
		}
		return did, compare(row, orderRow{stored, o.username, o.signature}, stored.ID, line)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return did, err
	}
	did, err = insertOrder(ctx, t.tx, &o.Order)
	line.ID = o.ID
	return did, err
}

// complete reads an order and gives it what the row does not say, from its program as on the day of the order.
func (t orderTaker) complete(ctx context.Context, row sheet.Row[orderRow], line *Line) (o orderRow, err error) {
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
		return o, refusal{fmt.Errorf("there is no program with the application signature %s", sheet.Quote(string(o.signature)))}
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

func (t orderTaker) client(ctx context.Context, username string) (int64, error) {
	id, known := t.clients[username]
	if !known {
		c, err := t.tx.ClientByUsername(ctx, username)
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

// stored finds the order that a row speaks of, or fails with ErrNotFound. The same order twice in the file is refused.
func (t orderTaker) stored(ctx context.Context, o orderRow, line int) (store.Order, error) {
	if o.ID != 0 {
		if err := t.ids.check(o.ID, line); err != nil {
			return store.Order{}, err
		}
		if _, known := t.keys[keyOf(o.Order)]; !known {
			t.keys[keyOf(o.Order)] = line
		}
		return t.tx.Order(ctx, o.ID)
	}
	if err := t.keys.check(keyOf(o.Order), line); err != nil {
		return store.Order{}, err
	}
	if t.orders[o.ClientID] == nil {
		list, err := t.tx.Orders(ctx, o.ClientID, false, 0, 0)
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
