package faults

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/protect"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// signature is that of the program whose licenses are attacked.
const signature license.Signature = "LUMENST7"

// world is a vendor's server with one order of a program, and PCs whose person is the order's client.
type world struct {
	*servertest.Server
	t       *testing.T
	admin   admin.Admin
	program store.Program
	nextKey license.PublicKey // is prepared: the vendor ships programs that know it before it is used
	order   int64
	pcs     []*pc
}

// newWorld starts a server and PCs that are signed in. The order has a number of seats, all free.
func newWorld(t *testing.T, seats int, names ...string) *world {
	t.Helper()
	w := &world{Server: servertest.Start(t), t: t}
	ctx := t.Context()
	w.admin = admin.Admin{Data: w.Data, Now: w.Clock.Now}
	var client store.Client
	require.NoError(t, w.Store.Read(ctx, func(tx store.Tx) (err error) {
		programs, err := tx.Programs.List(ctx)
		for _, p := range programs {
			if p.Signature == signature {
				w.program = p
			}
		}
		if err == nil {
			client, err = tx.Clients.ByUsername(ctx, sample.Username)
		}
		return err
	}))
	w.rule(nil)
	_, next, err := w.admin.PrepareKey(ctx, w.program.ID)
	require.NoError(t, err)
	w.nextKey = next
	o, err := w.admin.AddOrder(ctx, client.ID, w.program.ID, func(o *store.Order) error {
		o.LicensesTotal = seats
		return nil
	})
	require.NoError(t, err)
	w.order = o.ID
	for _, name := range names {
		p := w.newPC(name)
		p.signIn()
		require.NoError(t, p.learn())
	}
	return w
}

// rule sets the vendor's rules of the program; nil means that everything is allowed without limits.
func (w *world) rule(rules store.TaskRules) {
	w.t.Helper()
	_, err := w.admin.ChangeProgram(w.t.Context(), w.program.ID, func(p *store.Program) error {
		p.Tasks = rules
		return nil
	})
	require.NoError(w.t, err)
}

// change lets the vendor change the order.
func (w *world) change(change func(*store.Order)) {
	w.t.Helper()
	_, err := w.admin.ChangeOrder(w.t.Context(), w.order, func(o *store.Order) error { change(o); return nil })
	require.NoError(w.t, err)
}

// moved points the PCs at a server that was started anew.
func (w *world) moved() {
	w.admin.Data = w.Data
	for _, p := range w.pcs {
		p.proxy.point(w.URL)
	}
}

// licenses are all licenses of the order as the server stores them, oldest first.
func (w *world) licenses() (list []store.License) {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context()) // also at the end of a test
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) (err error) {
		list, err = tx.Licenses.List(ctx, w.order, true, 0, 0)
		return err
	}))
	return list
}

// stored is a license as the server stores it.
func (w *world) stored(id int64) (l store.License) {
	w.t.Helper()
	ctx := w.t.Context()
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) (err error) { l, err = tx.Licenses.Get(ctx, id); return err }))
	return l
}

// removalCode is the removal code that the program makes for a license.
func (w *world) removalCode(l store.License) license.RemovalCode {
	w.t.Helper()
	key, err := w.Secrets.ActivationKey(w.program)
	require.NoError(w.t, err)
	return key.RemovalSeed(l.Activation).RemovalCode(l.Codes)
}

// ring is a keyring that can be locked, and emptied.
type ring struct {
	touch   func() // is called before every write
	mu      sync.Mutex
	locked  bool
	secrets map[string]string
}

func (r *ring) use(fn func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.locked {
		return fmt.Errorf("%w: it is locked", keyring.ErrUnavailable)
	}
	fn()
	return nil
}

func (r *ring) Get(_ context.Context, name string) (secret string, err error) {
	known := false
	if err := r.use(func() { secret, known = r.secrets[name] }); err != nil {
		return "", err
	}
	if !known {
		err = keyring.ErrNotFound
	}
	return secret, err
}

func (r *ring) Set(_ context.Context, name, secret string) error {
	r.touch()
	return r.use(func() { r.secrets[name] = secret })
}

func (r *ring) Delete(_ context.Context, name string) error {
	r.touch()
	return r.use(func() { delete(r.secrets, name) })
}

// lock makes the keyring unavailable, or available again.
func (r *ring) lock(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.locked = yes
}

// copied returns the secrets, and put replaces them.
func (r *ring) copied() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.secrets)
}

func (r *ring) put(secrets map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = map[string]string{}
	maps.Copy(r.secrets, secrets)
}

// wire is the cable of a PC. What it does not let through never leaves the PC.
type wire struct {
	transport *http.Transport
	touch     func() // is called before every call and after every answer

	mu  sync.Mutex
	cut func(method, path string) bool
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.touch()
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	if cut != nil && cut(r.Method, r.URL.Path) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ENETUNREACH}
	}
	response, err := w.transport.RoundTrip(r)
	w.touch()
	return response, err
}

// disk makes the changes in the license folder. touch is called before each; its error is the disk's.
type disk struct{ touch func() error }

// Write leaves half a file behind when it is interrupted.
func (d disk) Write(path string, content []byte) error {
	if err := os.WriteFile(path, content[:len(content)/2], 0o600); err != nil {
		return err
	}
	if err := d.touch(); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

func (d disk) Rename(from, to string) error {
	if err := d.touch(); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (d disk) Remove(path string) error {
	if err := d.touch(); err != nil {
		return err
	}
	return os.Remove(path)
}

// pc is one PC: hardware, folders, a keyring, the app, and the program that is licensed.
type pc struct {
	*manager.Manager
	w        *world
	t        *testing.T
	name     string
	proxy    *proxy
	wire     *wire
	ring     *ring
	hardware *fingerprint.Reader
	data     string       // the app's folder
	shared   string       // where programs find their licenses
	touched  func()       // is called at every write, when it is set
	broken   func() error // is the error of every write of the license folder, when it is set
	offline  bool         // nobody is signed in, and there is no network
	options  manager.Options

	generations generations
}

// newPC is a PC on which the app was started and nobody has signed in yet.
func (w *world) newPC(name string) *pc {
	w.t.Helper()
	dir := w.t.TempDir()
	p := &pc{
		w: w, t: w.t, name: name,
		proxy:    newProxy(w.t, w),
		hardware: fingerprinttest.PC(name),
		data:     filepath.Join(dir, "data"),
		shared:   filepath.Join(dir, "licenses"),
	}
	// Without kept connections each call is sent once: net/http repeats calls on a kept one by itself.
	p.wire = &wire{transport: &http.Transport{DisableKeepAlives: true}, touch: p.touch}
	p.ring = &ring{secrets: map[string]string{}, touch: p.touch}
	p.options = manager.Options{
		DataDir:       p.data,
		Installed:     installed.Open(p.shared, installed.Options{Rand: &p.generations, Now: w.Clock.Now, Disk: disk{p.touchDisk}}),
		Keyring:       p.ring,
		Fingerprint:   p.hardware,
		DeviceName:    name,
		Now:           w.Clock.Now,
		HTTPTransport: p.wire,
		Pause:         func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	p.open()
	w.t.Cleanup(func() {
		if p.Manager != nil {
			_ = p.Close()
		}
	})
	w.pcs = append(w.pcs, p)
	return p
}

// touch is called before every write.
func (p *pc) touch() {
	if p.touched != nil {
		p.touched()
	}
}

func (p *pc) touchDisk() error {
	p.touch()
	if p.broken != nil {
		return p.broken()
	}
	return nil
}

// store is the folder in which programs find their licenses.
func (p *pc) store() *installed.Store {
	return installed.Open(p.shared, installed.Options{Rand: &p.generations, Now: p.w.Clock.Now})
}

// generations gives a PC one generation after the other, also when its data was lost. A random one is the lost one in
// one case of 4,096: the Site code is the same then, and the license is here again with the next refresh.
type generations struct{ last atomic.Uint32 }

// Read fills p with one number, big-endian.
func (g *generations) Read(p []byte) (int, error) {
	n := g.last.Add(1)
	for i := range p {
		p[len(p)-1-i] = byte(n >> (8 * i))
	}
	return len(p), nil
}

// open starts the app.
func (p *pc) open() {
	p.t.Helper()
	m, err := manager.Open(p.t.Context(), p.options)
	require.NoError(p.t, err)
	p.Manager = m
}

// shut ends the app without a word.
func (p *pc) shut() {
	p.t.Helper()
	require.NoError(p.t, p.Close())
	p.Manager = nil
}

// restart ends the app and starts it on the same data, with the session that it remembers.
func (p *pc) restart() {
	p.t.Helper()
	p.shut()
	p.open()
	_, err := p.Resume(p.t.Context())
	require.NoError(p.t, err)
}

func (p *pc) signIn() {
	p.t.Helper()
	require.NoError(p.t, p.trySignIn())
}

func (p *pc) trySignIn() error {
	_, _, err := p.SignIn(p.t.Context(), manager.SignIn{
		Server:   p.proxy.URL,
		Username: p.w.Login.Username,
		Password: p.w.Login.Password,
		Remember: true,
	})
	return err
}

// learn asks for the tables, as the window does.
func (p *pc) learn() error {
	if _, err := p.Orders(p.t.Context()); err != nil {
		return err
	}
	_, err := p.Licenses(p.t.Context(), p.w.order)
	return err
}

// refresh does what the app does when the connection is back: the tables, what waits, and, where something was done,
// the tables once more.
func (p *pc) refresh() (done []manager.Job) {
	p.t.Helper()
	require.NoError(p.t, p.learn(), "%s", p.name)
	done, err := p.ResumeJobs(p.t.Context())
	require.NoError(p.t, err, "%s", p.name)
	if len(done) > 0 {
		require.NoError(p.t, p.learn(), "%s", p.name)
	}
	return done
}

// recover ends all faults and lets every app refresh, twice: what one app did the others see.
func (w *world) recover() {
	w.t.Helper()
	for _, p := range w.online() {
		p.connect(true)
		p.ring.lock(false)
	}
	for range 2 {
		for _, p := range w.online() {
			p.refresh()
		}
	}
}

// online are the PCs that have a network.
func (w *world) online() []*pc {
	return slices.DeleteFunc(slices.Clone(w.pcs), func(p *pc) bool { return p.offline })
}

// thisPC is the PC as the app sees it.
func (p *pc) thisPC() license.Codes {
	p.t.Helper()
	one, err := p.ThisPC(p.t.Context(), p.w.program.ID)
	require.NoError(p.t, err)
	return one.Codes
}

// tryActivate asks for a new license for this PC.
func (p *pc) tryActivate() (manager.License, error) {
	p.t.Helper()
	return p.NewLicense(p.t.Context(), manager.NewLicense{
		OrderID: p.w.order,
		Codes:   p.thisPC(),
		Note:    p.name,
		ThisPC:  true,
	})
}

// activate gives the PC a license.
func (p *pc) activate() manager.License {
	p.t.Helper()
	l, err := p.tryActivate()
	require.NoError(p.t, err)
	require.True(p.t, l.ThisPC)
	require.NoError(p.t, p.learn())
	return p.row(l.ID)
}

// known finds a license among those that the app knew last; false when it knows of none.
func (p *pc) known(id int64) (l manager.License, ok bool) {
	p.t.Helper()
	if p.offline {
		return l, false
	}
	table, _, err := p.CachedLicenses(p.t.Context(), p.w.order)
	require.NoError(p.t, err)
	for _, l := range table.Licenses {
		if l.ID == id {
			return l, true
		}
	}
	return l, false
}

// row is a license as the app knows it.
func (p *pc) row(id int64) manager.License {
	p.t.Helper()
	l, ok := p.known(id)
	require.True(p.t, ok, "license %d is not known on %s", id, p.name)
	return l
}

// waits are the open jobs.
func (p *pc) waits() []manager.Job {
	p.t.Helper()
	if p.offline {
		return nil
	}
	jobs, err := p.Jobs(p.t.Context())
	require.NoError(p.t, err)
	return jobs
}

// handIn and offer do what the app offers for a removal code that is kept.
func (p *pc) handIn(k manager.KeptCode) error {
	_, err := p.HandIn(p.t.Context(), k)
	return err
}

func (p *pc) offer(k manager.KeptCode) error {
	_, err := p.Offer(p.t.Context(), k)
	return err
}

// kept are the removal codes that the app shows.
func (p *pc) kept() []manager.KeptCode {
	p.t.Helper()
	list, err := p.KeptCodes(p.t.Context())
	require.NoError(p.t, err)
	return list
}

// runProgram starts the program on the PC.
func (p *pc) runProgram() *protect.License {
	program := protect.Program{Name: p.w.program.Name, Signature: string(signature), PublicKeys: p.w.publicKeys()}
	return program.Open(p.t.Context(), p.programOptions())
}

// programOptions are the PC, for a program that is started on it.
func (p *pc) programOptions() protect.Options {
	return protect.Options{Folder: p.shared, Elsewhere: []string{}, Fingerprint: p.hardware, Now: p.w.Clock.Now}
}

// publicKeys are the keys that the vendor's program knows.
func (w *world) publicKeys() []string {
	return []string{w.program.PublicKey.String(), w.nextKey.String()}
}

// verdict is what the program says when it is started.
func (p *pc) verdict() protect.Verdict { return p.runProgram().Verdict() }

// connect plugs the cable in and ends all faults, or pulls it.
func (p *pc) connect(yes bool) {
	p.proxy.end()
	p.unplug(func(string, string) bool { return !yes })
}

// unplug keeps some calls from leaving the PC, until connect.
func (p *pc) unplug(which func(method, path string) bool) {
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	p.wire.cut = which
}

// image is a copy of everything that a PC keeps on its disk and in its keyring.
type image struct {
	data, shared map[string][]byte
	secrets      map[string]string
}

// image copies what is on the PC's disk now, also while the app runs.
func (p *pc) image() image {
	p.t.Helper()
	return image{readTree(p.t, p.data), readTree(p.t, p.shared), p.ring.copied()}
}

// Which parts of an image are put back.
type part int

const (
	appData part = 1 << iota
	licenseFolder
	secrets
	everything = appData | licenseFolder | secrets
)

// putBack ends the app and restores parts of an image, as from a backup; the rest stays as it is. The app is started
// again.
func (p *pc) putBack(i image, parts part) {
	p.t.Helper()
	p.shut()
	if parts&appData != 0 {
		writeTree(p.t, p.data, i.data)
	}
	if parts&licenseFolder != 0 {
		writeTree(p.t, p.shared, i.shared)
	}
	if parts&secrets != 0 {
		p.ring.put(i.secrets)
	}
	p.open()
}

// readTree reads all files of a folder; one that is not there has none.
func readTree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || strings.HasSuffix(name, "-shm") { // the index of the journal is made anew
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return files
}

// writeTree makes a folder hold exactly these files.
func writeTree(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}
