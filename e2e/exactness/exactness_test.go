// Package exactness tests that no license is lost, sold twice or assigned twice, with many concurrent clients and
// servers that are killed. Its tests run in a short form with the others; make exactness runs them in full.
package exactness

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

var (
	rounds  = flag.Int("rounds", 8, "rounds in which all clients act concurrently")
	clients = flag.Int("clients", 64, "number of concurrent clients")
)

const (
	accounts         = 8
	ordersPerAccount = 3 // with 1, 2 and 3 licenses
	signature        = license.Signature("EXACTLY1")
	password         = "a password for exactness"
)

// world is what the clients share: servers, orders, and the state that the answers so far imply.
type world struct {
	t         *testing.T
	data      *service.Data
	servers   []*process
	killer    *killer
	http      *http.Client
	key       license.ActivationKey
	program   store.Program
	orders    map[int64]*order
	byAccount [accounts][]int64
	ids       [accounts]int64 // of the clients
	tokens    [accounts]string

	sites   sync.Map // used Site codes, so that no two PCs have the same one by chance
	mu      sync.Mutex
	answers []outcome
	made    int // licenses that were acknowledged
	retries int
}

// order is the state of an order that the answers imply.
type order struct {
	total   int
	active  map[int64]string // Site codes by license id
	events  int              // completed tasks
	refused bool             // a license was refused in this round because all were in use
	freed   bool             // a license was removed, in this round
}

// outcome is the status that a client got under an idempotency key.
type outcome struct {
	client int64
	key    string
	status int
}

// TestExactness lets many clients of several servers compete for seats (spec: api 15, api "Idempotency").
func TestExactness(t *testing.T) { exactness(t, false) }

// TestExactnessKilledServers is TestExactness with servers that are killed (spec: api 15, api "Idempotency").
func TestExactnessKilledServers(t *testing.T) { exactness(t, true) }

func exactness(t *testing.T, kill bool) {
	place, count, crash := place(t)
	w := newWorld(t, place, count)
	if kill {
		w.killer = &killer{left: 50, victim: w.servers, crash: crash}
	}
	workers := make([]*worker, *clients)
	for n := range workers {
		workers[n] = &worker{world: w, account: n % accounts, number: n}
	}
	for round := range *rounds {
		if round%100 == 0 {
			w.signIn()
		}
		for _, o := range w.orders {
			o.refused, o.freed = false, false
		}
		var group sync.WaitGroup
		for _, x := range workers {
			group.Go(x.act)
		}
		group.Wait()
		if t.Failed() {
			return
		}
		w.check()
	}
	w.checkEnd()
	if kill {
		require.NotZero(t, w.killer.kills)
	}
	kills := 0
	if kill {
		kills = w.killer.kills
	}
	t.Logf("%d requests, %d licenses, %d repetitions, %d kills", len(w.answers), w.made, w.retries, kills)
}

func newWorld(t *testing.T, place service.Location, count int) *world {
	w := &world{t: t, orders: map[int64]*order{}, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(w.http.CloseIdleConnections)
	ctx := context.Background()
	var err error
	w.data, err = service.OpenData(ctx, place)
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.data.Store.Close() })
	a := admin.Admin{Data: w.data, Now: time.Now}
	w.program, err = a.AddProgram(ctx, store.Program{
		Name:               "Exact",
		Signature:          signature,
		RequiresActivation: true,
		Policy:             license.DefaultPolicy(),
		OrderLicenses:      1,
	})
	require.NoError(t, err)
	w.key, err = w.data.Secrets.ActivationKey(w.program)
	require.NoError(t, err)
	for n := range accounts {
		c, err := a.AddClient(ctx, store.Client{
			Username:         fmt.Sprintf("client%d", n),
			RegistrationName: "Client",
			Active:           true,
		}, password)
		require.NoError(t, err)
		w.ids[n] = c.ID
		for total := 1; total <= ordersPerAccount; total++ {
			o, err := a.AddOrder(ctx, c.ID, w.program.ID, func(o *store.Order) error { o.LicensesTotal = total; return nil })
			require.NoError(t, err)
			w.orders[o.ID] = &order{total: total, active: map[int64]string{}}
			w.byAccount[n] = append(w.byAccount[n], o.ID)
		}
	}
	for range count {
		w.servers = append(w.servers, startProcess(t, place))
	}
	return w
}

// signIn gets a token for each account. Tokens expire after a quarter of an hour, and a full run takes longer.
func (w *world) signIn() {
	w.t.Helper()
	for n := range accounts {
		var session api.Session
		status, body := w.call(n, 10_000+n, "/sessions", "", api.SessionRequest{
			Username: fmt.Sprintf("client%d", n),
			Password: password,
		})
		require.Equal(w.t, http.StatusCreated, status, string(body))
		require.NoError(w.t, json.Unmarshal(body, &session))
		w.tokens[n] = session.AccessToken
	}
}

// call posts a request to random servers, always with the same idempotency key, until one answers.
func (w *world) call(account, number int, path, key string, in any) (int, []byte) {
	data, err := json.Marshal(in)
	if err != nil {
		w.t.Error(err)
		return 0, nil
	}
	for range 2000 {
		status, body, err := w.try(w.servers[rand.IntN(len(w.servers))].address(), account, number, path, key, data)
		if err == nil && status < 500 {
			w.killer.answered()
			return status, body
		}
		if err == nil && status != http.StatusServiceUnavailable {
			w.t.Errorf("%s: %d %s", path, status, body)
			return status, body
		}
		w.mu.Lock()
		w.retries++
		w.mu.Unlock()
	}
	w.t.Errorf("%s: no server answered", path)
	return 0, nil
}

func (w *world) try(url string, account, number int, path, key string, data []byte) (int, []byte, error) {
	r, err := http.NewRequest(http.MethodPost, url+api.Base+path, bytes.NewReader(data))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.1.%d.%d", number/250, number%250+1))
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+w.tokens[account])
		r.Header.Set(api.IdempotencyKey, key)
	}
	response, err := w.http.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// check compares the state that the answers imply with the database.
func (w *world) check() {
	w.t.Helper()
	require.NoError(w.t, w.data.Store.Read(context.Background(), func(tx store.Tx) error {
		for id, o := range w.orders {
			stored, err := tx.Orders.Get(context.Background(), id)
			if err != nil {
				return err
			}
			list, err := tx.Licenses.List(context.Background(), id, false, 0, 0)
			if err != nil {
				return err
			}
			active := map[int64]string{}
			for _, l := range list {
				active[l.ID] = l.Codes.Site.String()
			}
			require.Equal(w.t, o.active, active, "order %d: the acknowledged licenses are not those in the database", id)
			require.LessOrEqual(w.t, len(active), o.total, "order %d has more licenses than were sold", id)
			require.Equal(w.t, len(active), stored.LicensesActive)
			if o.refused && !o.freed {
				require.Equal(w.t, o.total, len(active), "order %d: a license was refused although a seat was free", id)
			}
		}
		return nil
	}))
}

// checkEnd checks that each idempotency key has the answer that its client got, that each task has one entry in the
// history, and that every license was acknowledged.
func (w *world) checkEnd() {
	w.t.Helper()
	ctx := context.Background()
	require.NoError(w.t, w.data.Store.Read(ctx, func(tx store.Tx) error {
		made := 0
		for id, o := range w.orders {
			all, err := tx.Licenses.List(ctx, id, true, 0, 0)
			if err != nil {
				return err
			}
			made += len(all)
			history, err := tx.Events.List(ctx, id, 0, 0)
			if err != nil {
				return err
			}
			done := 0
			for _, e := range history {
				if e.Outcome == api.OutcomeOK && e.Task != api.TaskNewOrder {
					done++
				}
			}
			require.Equal(w.t, o.events, done, "order %d: each task has one entry in the history", id)
		}
		require.Equal(w.t, w.made, made)
		for _, got := range w.answers {
			a, err := tx.Answers.Get(ctx, got.client, got.key)
			if err != nil {
				return fmt.Errorf("key %s: %w", got.key, err)
			}
			require.Equal(w.t, a.Status, got.status)
		}
		return nil
	}))
}

// worker is one client, with its own licenses on its own PCs.
type worker struct {
	*world
	account, number int
	pcs             []pc
}

type pc struct {
	order, license int64
	generation     uint16
	raw            license.RawLocks
	codes          license.Codes
	activation     license.ActivationCode
}

func (w *world) newPC(order int64) (p pc) {
	p.order, p.generation = order, uint16(1+rand.IntN(1<<12-1))
	for i := range p.raw {
		p.raw[i] = uuid.NewString()
	}
	return w.unused(p, license.HDID)
}

// unused changes a lock of a PC until it has a Site code that no PC has had.
func (w *world) unused(p pc, lock license.Lock) pc {
	for {
		p.codes = signature.Key().Codes(p.generation, signature.Key().Block(p.raw))
		if _, used := w.sites.LoadOrStore(p.codes.Site, true); !used {
			return p
		}
		p.raw[lock-1] = uuid.NewString()
	}
}

func (p pc) wire() api.PCCodes {
	return api.PCCodes{SiteCode: p.codes.Site.String(), MachineID: p.codes.Machine.String()}
}

// act performs one random task.
func (x *worker) act() {
	if len(x.pcs) == 0 {
		x.add()
		return
	}
	switch rand.IntN(10) {
	case 0, 1, 2:
		x.add()
	case 3, 4, 5:
		x.remove()
	case 6:
		x.rivals()
	case 7:
		x.transfer()
	default:
		x.reactivate()
	}
}

// task sends one request with a new idempotency key, sometimes twice concurrently. Both calls must get the same answer,
// and the task must take effect once.
func (x *worker) task(path string, in any) (int, []byte) {
	key := uuid.NewString()
	type reply struct {
		status int
		body   []byte
	}
	send := func() reply {
		status, body := x.call(x.account, x.number, path, key, in)
		return reply{status, body}
	}
	duplicate := make(chan reply, 1)
	twice := rand.IntN(5) == 0
	if twice {
		go func() { duplicate <- send() }()
	}
	first := send()
	if twice {
		if second := <-duplicate; second.status != first.status || !sameJSON(first.body, second.body) {
			x.t.Errorf("%s: two answers under one key: %d %s and %d %s", path, first.status, first.body, second.status,
				second.body)
		}
	}
	x.mu.Lock()
	x.answers = append(x.answers, outcome{x.ids[x.account], key, first.status})
	x.mu.Unlock()
	return first.status, first.body
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// granted records an acknowledged license.
func (x *worker) granted(p pc, body []byte, old int64) (pc, bool) {
	var l api.License
	if err := json.Unmarshal(body, &l); err != nil {
		x.t.Error(err)
		return p, false
	}
	activation, err := license.ParseActivationCode(l.ActivationCode)
	if err != nil || l.SiteCode != p.codes.Site.String() || l.OrderID != p.order {
		x.t.Errorf("the license %s is not the requested one: %v", body, err)
		return p, false
	}
	if _, err := x.key.Check(p.codes, activation); err != nil {
		x.t.Errorf("the activation code of license %d does not activate its PC: %v", l.ID, err)
	}
	p.license, p.activation = l.ID, activation
	x.mu.Lock()
	defer x.mu.Unlock()
	o := x.orders[p.order]
	if old != 0 {
		delete(o.active, old)
	}
	o.active[l.ID] = l.SiteCode
	o.events++
	x.made++
	return p, true
}

func (x *worker) add() {
	p := x.newPC(x.byAccount[x.account][rand.IntN(ordersPerAccount)])
	codes := p.wire()
	status, body := x.task(fmt.Sprintf("/orders/%d/licenses", p.order), api.NewLicense{
		SiteCode:  codes.SiteCode,
		MachineID: codes.MachineID,
	})
	switch {
	case status == http.StatusCreated:
		if p, ok := x.granted(p, body, 0); ok {
			x.pcs = append(x.pcs, p)
		}
	case problem(body) == api.ErrLicensesInUse:
		x.mu.Lock()
		x.orders[p.order].refused = true
		x.mu.Unlock()
	default:
		x.t.Errorf("new license: %d %s", status, body)
	}
}

func problem(body []byte) api.Code {
	var p api.Problem
	_ = json.Unmarshal(body, &p)
	return p.Code
}

// choose returns the index of one of the worker's PCs.
func (x *worker) choose() int { return rand.IntN(len(x.pcs)) }

func (x *worker) removalCode(p pc) string {
	return x.key.RemovalSeed(p.activation).RemovalCode(p.codes).String()
}

func (x *worker) remove() {
	n := x.choose()
	p := x.pcs[n]
	x.ending(p)
	status, body := x.task(fmt.Sprintf("/licenses/%d/removal", p.license), api.Removal{RemovalCode: x.removalCode(p)})
	if status != http.StatusOK {
		x.t.Errorf("removal: %d %s", status, body)
	}
	x.removed(n)
}

// ending records that a seat may become free from now on.
func (x *worker) ending(p pc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.orders[p.order].freed = true
}

func (x *worker) removed(n int) {
	p := x.pcs[n]
	x.pcs = append(x.pcs[:n], x.pcs[n+1:]...)
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.orders[p.order].active, p.license)
	x.orders[p.order].events++
}

// rivals removes one license under two keys concurrently. Exactly one call succeeds.
func (x *worker) rivals() {
	n := x.choose()
	p := x.pcs[n]
	x.ending(p)
	removal := api.Removal{RemovalCode: x.removalCode(p)}
	path := fmt.Sprintf("/licenses/%d/removal", p.license)
	other := make(chan int, 1)
	go func() { status, _ := x.task(path, removal); other <- status }()
	status, body := x.task(path, removal)
	if both := [2]int{status, <-other}; both != [2]int{200, 409} && both != [2]int{409, 200} {
		x.t.Errorf("two removals of license %d: %v %s", p.license, both, body)
	}
	x.removed(n)
}

// transfer transfers a license to another PC, with its removal code or after a release.
func (x *worker) transfer() {
	n := x.choose()
	old := x.pcs[n]
	code := x.removalCode(old)
	if rand.IntN(2) == 0 {
		if !x.released(old, code) {
			return
		}
		code = ""
	}
	p := x.newPC(old.order)
	codes := p.wire()
	status, body := x.task(fmt.Sprintf("/licenses/%d/transfer", old.license), api.Transfer{
		SiteCode:    codes.SiteCode,
		MachineID:   codes.MachineID,
		RemovalCode: code,
	})
	x.replaced(n, p, status, body)
}

// released releases a license, which keeps its seat. It reports whether that succeeded.
func (x *worker) released(p pc, code string) bool {
	status, body := x.task(fmt.Sprintf("/licenses/%d/release", p.license), api.Release{RemovalCode: code})
	var l api.License
	err := json.Unmarshal(body, &l)
	released := l.ID == p.license && l.Status == api.StatusActive && l.ReleasedAt != nil
	if err != nil || status != http.StatusOK || !released {
		x.t.Errorf("release of license %d: %d %s %v", p.license, status, body, err)
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.orders[p.order].events++
	return true
}

func (x *worker) reactivate() {
	n := x.choose()
	p := x.pcs[n]
	p.raw[license.CDHWID-1] = uuid.NewString()
	p = x.unused(p, license.CDHWID)
	codes := p.wire()
	status, body := x.task(fmt.Sprintf("/licenses/%d/reactivation", p.license), api.Reactivation{
		SiteCode:  codes.SiteCode,
		MachineID: codes.MachineID,
	})
	x.replaced(n, p, status, body)
}

func (x *worker) replaced(n int, p pc, status int, body []byte) {
	if status != http.StatusCreated {
		x.t.Errorf("replacement: %d %s", status, body)
		return
	}
	if p, ok := x.granted(p, body, x.pcs[n].license); ok {
		x.pcs[n] = p
	}
}
