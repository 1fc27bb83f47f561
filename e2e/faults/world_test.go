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

// signature is the application signature of the program under test.
const signature license.Signature = "LUMENST7"

// world is a vendor's server with one order of a program, and PCs whose person is the order's client.
type world struct {
	*servertest.Server
	t       *testing.T
	admin   admin.Admin
	program store.Program
	nextKey license.PublicKey // the prepared key, which programs contain before the vendor uses it
	order   int64
	pcs     []*pc
}

// newWorld starts a server and signed-in PCs. The order has the given number of seats, all free.
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
		require.NoError(t, p.fetchTables())
	}
	return w
}

// rule sets the limits of the program's tasks. With nil everything is allowed.
func (w *world) rule(rules store.TaskRules) {
	w.t.Helper()
	_, err := w.admin.ChangeProgram(w.t.Context(), w.program.ID, func(p *store.Program) error {
		p.Tasks = rules
		return nil
	})
	require.NoError(w.t, err)
}

// change changes the order at the server.
func (w *world) change(change func(*store.Order)) {
	w.t.Helper()
	_, err := w.admin.ChangeOrder(w.t.Context(), w.order, func(o *store.Order) error { change(o); return nil })
	require.NoError(w.t, err)
}

// repointProxies forwards the calls of all PCs to the restarted server.
func (w *world) repointProxies() {
	w.admin.Data = w.Data
	for _, p := range w.pcs {
		p.proxy.setTarget(w.URL)
	}
}

// licenses returns all licenses of the order at the server, oldest first.
func (w *world) licenses() (list []store.License) {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context()) // also at the end of a test
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) (err error) {
		list, err = tx.Licenses.List(ctx, w.order, true, 0, 0)
		return err
	}))
	return list
}

// stored returns a license as the server stores it.
func (w *world) stored(id int64) (l store.License) {
	w.t.Helper()
	ctx := w.t.Context()
	require.NoError(w.t, w.Store.Read(ctx, func(tx store.Tx) (err error) {
		l, err = tx.Licenses.Get(ctx, id)
		return err
	}))
	return l
}

// removalCode returns the removal code that the program makes for a license.
func (w *world) removalCode(l store.License) license.RemovalCode {
	w.t.Helper()
	key, err := w.Secrets.ActivationKey(w.program)
	require.NoError(w.t, err)
	return key.RemovalSeed(l.Activation).RemovalCode(l.Codes)
}

// ring is a keyring that can be locked and emptied.
type ring struct {
	touch   func() // called before every write
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

// lock makes the keyring unavailable or available.
func (r *ring) lock(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.locked = yes
}

// copied returns a copy of the secrets.
func (r *ring) copied() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.secrets)
}

// put replaces the secrets.
func (r *ring) put(secrets map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = map[string]string{}
	maps.Copy(r.secrets, secrets)
}

// wire is the network connection of a PC. A call for which cut returns true fails before it leaves the PC.
type wire struct {
	transport *http.Transport
	touch     func() // called before every call and after every answer

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

// disk changes the license folder. It calls touch before each change and returns its error.
type disk struct{ touch func() error }

// Write writes a file. If touch fails, half of the content stays.
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

// pc is one PC: hardware, folders, a keyring, the app, and the licensed program.
type pc struct {
	*manager.Manager
	w         *world
	t         *testing.T
	name      string
	proxy     *proxy
	wire      *wire
	ring      *ring
	hardware  *fingerprint.Reader
	data      string       // the app's folder
	shared    string       // the license folder
	onTouch   func()       // called at every write unless nil
	diskError func() error // returns the error of a write of the license folder; nil for no errors
	offline   bool         // without a network; nobody signs in
	options   manager.Options

	generations generations
}

// newPC returns a PC on which the app runs and nobody has signed in.
func (w *world) newPC(name string) *pc {
	w.t.Helper()
	dir := w.t.TempDir()
	p := &pc{
		w:        w,
		t:        w.t,
		name:     name,
		proxy:    newProxy(w.t, w),
		hardware: fingerprinttest.PC(name),
		data:     filepath.Join(dir, "data"),
		shared:   filepath.Join(dir, "licenses"),
	}
	// Without keep-alive each call is sent once. On a reused connection net/http may resend a call.
	p.wire = &wire{transport: &http.Transport{DisableKeepAlives: true}, touch: p.touch}
	p.ring = &ring{secrets: map[string]string{}, touch: p.touch}
	p.options = manager.Options{
		DataDir: p.data,
		Installed: installed.Open(p.shared, installed.Options{
			Rand: &p.generations,
			Now:  w.Clock.Now,
			Disk: disk{p.touchDisk},
		}),
		Keyring:       p.ring,
		Fingerprint:   p.hardware,
		DeviceName:    name,
		Now:           w.Clock.Now,
		HTTPTransport: p.wire,
		Pause:         func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	p.startApp()
	w.t.Cleanup(func() {
		if p.Manager != nil {
			_ = p.Close()
		}
	})
	w.pcs = append(w.pcs, p)
	return p
}

// touch calls onTouch before a write.
func (p *pc) touch() {
	if p.onTouch != nil {
		p.onTouch()
	}
}

func (p *pc) touchDisk() error {
	p.touch()
	if p.diskError != nil {
		return p.diskError()
	}
	return nil
}

// store opens the license folder.
func (p *pc) store() *installed.Store {
	return installed.Open(p.shared, installed.Options{Rand: &p.generations, Now: p.w.Clock.Now})
}

// generations returns a different generation each time, also after the PC's data was lost. A random generation repeats
// the lost one in one of 4,096 cases. The Site code is then the same, and the next refresh restores the license.
type generations struct{ last atomic.Uint32 }

// Read fills p with one number, big-endian.
func (g *generations) Read(p []byte) (int, error) {
	n := g.last.Add(1)
	for i := range p {
		p[len(p)-1-i] = byte(n >> (8 * i))
	}
	return len(p), nil
}

// startApp starts the app.
func (p *pc) startApp() {
	p.t.Helper()
	m, err := manager.Open(p.t.Context(), p.options)
	require.NoError(p.t, err)
	p.Manager = m
}

// stopApp closes the app.
func (p *pc) stopApp() {
	p.t.Helper()
	require.NoError(p.t, p.Close())
	p.Manager = nil
}

// restart restarts the app on the same data and resumes the remembered session.
func (p *pc) restart() {
	p.t.Helper()
	p.stopApp()
	p.startApp()
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

// fetchTables fetches the tables, as the window does.
func (p *pc) fetchTables() error {
	if _, err := p.Orders(p.t.Context()); err != nil {
		return err
	}
	_, err := p.Licenses(p.t.Context(), p.w.order)
	return err
}

// refresh does what the app does when the connection is back: it fetches the tables and resumes the jobs. If jobs
// completed, it fetches the tables again.
func (p *pc) refresh() (done []manager.Job) {
	p.t.Helper()
	require.NoError(p.t, p.fetchTables(), "%s", p.name)
	done, err := p.ResumeJobs(p.t.Context())
	require.NoError(p.t, err, "%s", p.name)
	if len(done) > 0 {
		require.NoError(p.t, p.fetchTables(), "%s", p.name)
	}
	return done
}

// recover ends all faults and refreshes every app twice, so that each app sees the changes of the others.
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

// online returns the PCs that have a network.
func (w *world) online() []*pc {
	return slices.DeleteFunc(slices.Clone(w.pcs), func(p *pc) bool { return p.offline })
}

// codes returns the PC's codes as the app sees them.
func (p *pc) codes() license.Codes {
	p.t.Helper()
	one, err := p.ThisPC(p.t.Context(), p.w.program.ID)
	require.NoError(p.t, err)
	return one.Codes
}

// tryActivate requests a new license for this PC.
func (p *pc) tryActivate() (manager.License, error) {
	p.t.Helper()
	return p.NewLicense(p.t.Context(), manager.NewLicense{
		OrderID: p.w.order,
		Codes:   p.codes(),
		Note:    p.name,
		ThisPC:  true,
	})
}

// activate activates this PC and returns the row of its license.
func (p *pc) activate() manager.License {
	p.t.Helper()
	l, err := p.tryActivate()
	require.NoError(p.t, err)
	require.True(p.t, l.ThisPC)
	require.NoError(p.t, p.fetchTables())
	return p.row(l.ID)
}

// cached returns a license from the app's cached table; ok is false if it is not there.
func (p *pc) cached(id int64) (l manager.License, ok bool) {
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

// row returns a license from the app's cached table. The test fails if it is not there.
func (p *pc) row(id int64) manager.License {
	p.t.Helper()
	l, ok := p.cached(id)
	require.True(p.t, ok, "license %d is not known on %s", id, p.name)
	return l
}

// openJobs returns the open jobs of the app.
func (p *pc) openJobs() []manager.Job {
	p.t.Helper()
	if p.offline {
		return nil
	}
	jobs, err := p.Jobs(p.t.Context())
	require.NoError(p.t, err)
	return jobs
}

// handIn hands a kept code in.
func (p *pc) handIn(k manager.KeptCode) error {
	_, err := p.HandIn(p.t.Context(), k)
	return err
}

// offer releases the license of a kept code.
func (p *pc) offer(k manager.KeptCode) error {
	_, err := p.Offer(p.t.Context(), k)
	return err
}

// keptCodes returns the kept codes of the app.
func (p *pc) keptCodes() []manager.KeptCode {
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

// programOptions returns the options under which a program runs on this PC.
func (p *pc) programOptions() protect.Options {
	return protect.Options{
		Folder:       p.shared,
		ExtraFolders: []string{},
		Fingerprint:  p.hardware,
		Now:          p.w.Clock.Now,
	}
}

// publicKeys returns the keys that the vendor's program contains.
func (w *world) publicKeys() []string {
	return []string{w.program.PublicKey.String(), w.nextKey.String()}
}

// verdict starts the program and returns its verdict.
func (p *pc) verdict() protect.Verdict { return p.runProgram().Verdict() }

// connect ends all faults and connects or disconnects the network.
func (p *pc) connect(yes bool) {
	p.proxy.reset()
	p.unplug(func(string, string) bool { return !yes })
}

// unplug blocks the matching calls until connect.
func (p *pc) unplug(which func(method, path string) bool) {
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	p.wire.cut = which
}

// image is a copy of a PC's disk and keyring.
type image struct {
	data, shared map[string][]byte
	secrets      map[string]string
}

// image copies the PC's disk and keyring, also while the app runs.
func (p *pc) image() image {
	p.t.Helper()
	return image{readTree(p.t, p.data), readTree(p.t, p.shared), p.ring.copied()}
}

// part is a set of parts of an image.
type part int

const (
	appData part = 1 << iota
	licenseFolder
	secrets
	everything = appData | licenseFolder | secrets
)

// restoreImage stops the app, restores parts of an image, as from a backup, and starts the app. The other parts stay as
// they are.
func (p *pc) restoreImage(i image, parts part) {
	p.t.Helper()
	p.stopApp()
	if parts&appData != 0 {
		writeTree(p.t, p.data, i.data)
	}
	if parts&licenseFolder != 0 {
		writeTree(p.t, p.shared, i.shared)
	}
	if parts&secrets != 0 {
		p.ring.put(i.secrets)
	}
	p.startApp()
}

// readTree reads all files of a folder. A missing folder has none.
func readTree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || strings.HasSuffix(name, "-shm") { // SQLite rebuilds the index of the journal
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

// writeTree replaces the contents of a folder by these files.
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
