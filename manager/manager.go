// Package manager is the license manager without a window: accounts, cached tables, tasks as jobs that survive a
// crash, and the licenses of this PC. The window and acenctl use it. It draws nothing and translates nothing:
// messages are a client.Text, and errors are matched with errors.Is.
//
// All methods may be called from any goroutine; they may block, and end with their context.
package manager

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager/carry"
	"github.com/acen-desktop/acen/manager/catalog"
	"github.com/acen-desktop/acen/manager/session"
	"github.com/acen-desktop/acen/manager/storage"
	"github.com/acen-desktop/acen/manager/thispc"
	"github.com/acen-desktop/acen/manager/vault"
)

// Errors that callers distinguish.
var (
	// ErrUnreachable: no license server answered; errors.As finds the NetworkError.
	ErrUnreachable = client.ErrUnreachable
	// ErrSignedOut: the person must sign in.
	ErrSignedOut = client.ErrSignedOut
	// ErrAddress: the text is not a server address.
	ErrAddress = client.ErrAddress
	// ErrKeyringUnavailable: credentials cannot be remembered; the session lasts until the app ends.
	ErrKeyringUnavailable = keyring.ErrUnavailable
	// ErrStorage: the local data file cannot be read or written; the text of the error says why.
	ErrStorage = storage.ErrStorage
	// ErrAlreadyRunning: another app uses the same data folder.
	ErrAlreadyRunning = errors.New("the app is running already")
	// ErrNewer: a newer version of the app or of a program wrote the state of a program on this PC. It is left
	// unchanged.
	ErrNewer = installed.ErrNewer
	// ErrOutcomeUnknown: a job was sent, and its answer lost so long ago that the server no longer stores it.
	ErrOutcomeUnknown = errors.New("whether the server did this is not known")
)

// NetworkError is the reason why a request got no answer from the server.
type NetworkError = client.NetworkError

// StorageError is an ErrStorage with a sentence about what is wrong with the disk.
type StorageError = storage.Error

// Told is an error with a Text for the person. *NetworkError, *Refusal and *StorageError implement it.
type Told = client.Told

// Messages for the person, in English with arguments, ready for translation.
type (
	// Text is a sentence with its arguments.
	Text = client.Text
	// Day is a day among the arguments of a Text.
	Day = client.Day
)

// Say returns a Text of a format with arguments.
func Say(format client.Format, args ...any) Text { return client.Say(format, args...) }

// The kinds of NetworkError.
const (
	NetworkConnect  = client.Connect
	NetworkDNS      = client.DNS
	NetworkProxy    = client.Proxy
	NetworkTLS      = client.TLS
	NetworkTimeout  = client.Timeout
	NetworkNotACEN  = client.NotACEN
	NetworkTooLarge = client.TooLarge
	NetworkInsecure = client.Insecure
)

// Fingerprint reads the locks of a PC.
type Fingerprint = thispc.Fingerprint

// Options configure a Manager.
type Options struct {
	// DataDir is the person's folder for the app's data.
	DataDir string
	// Installed is the license folder; nil means a folder in DataDir.
	Installed   *installed.Store
	Keyring     keyring.Store
	Fingerprint Fingerprint
	// DeviceName is the name of this PC on the server.
	DeviceName string
	// Version is the app's version, for the user agent.
	Version string
	Logger  *slog.Logger
	// Notices are notices from before Open.
	Notices []Notice
	// Now returns the time and Rand provides randomness; nil means the system's.
	Now  func() time.Time
	Rand io.Reader
	// HTTPTransport is the transport of the HTTP clients; nil means the default.
	HTTPTransport http.RoundTripper
	// Pause waits between two attempts of a call; nil means a timer.
	Pause func(ctx context.Context, d time.Duration) error
}

// Notice is a message that is shown at start until it is dismissed.
type Notice struct{ Title, Detail Text }

// Manager is the license manager of one person.
type Manager struct {
	options  Options
	lock     *flock.Flock
	db       *database
	sessions *session.Sessions
	journal  *jobJournal
	vault    *vault.Vault
	pc       *thispc.PC
	catalog  *catalog.Catalog
	offline  *carry.Offline

	mu      sync.Mutex
	notices []Notice

	subscribersMu sync.Mutex
	subscribers   map[int]func(Event)
	nextSub       int
}

// databaseName is the name of the data file in the data folder.
const databaseName = "acen.db"

// Open opens the data folder, and creates it if it is missing. It fails with ErrAlreadyRunning or ErrStorage. It sets
// a damaged data file aside, never erases it, and adds a Notice.
func Open(ctx context.Context, o Options) (*Manager, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Installed == nil {
		o.Installed = installed.Open(filepath.Join(o.DataDir, "licenses"), installed.Options{Rand: o.Rand, Now: o.Now})
	}
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, storage.Wrap(err)
	}
	lock, err := lockFolder(o.DataDir)
	if err != nil {
		return nil, err
	}
	m := &Manager{
		options:     o,
		lock:        lock,
		notices:     o.Notices,
		subscribers: map[int]func(Event){},
	}
	if err := m.openDatabase(ctx); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	if err := m.setOlderAside(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Manager) openDatabase(ctx context.Context) (err error) {
	path := filepath.Join(m.options.DataDir, databaseName)
	if m.db, err = openDatabase(ctx, path); err == nil {
		m.openStores()
	}
	if !errors.Is(err, storage.ErrDamaged) {
		return err
	}
	aside := path + ".damaged-" + m.options.Now().UTC().Format("20060102-150405")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return storage.Wrap(err)
		}
	}
	m.options.Logger.Warn("the data file was damaged and set aside", "file", filepath.Base(aside))
	m.addNotice(Say("The local data file was damaged."),
		Say("It was set aside as %s and a new one begun. Your orders and licenses are safe on the server; "+
			"sign in again to see them.", filepath.Base(aside)))
	if m.db, err = openDatabase(ctx, path); err != nil {
		return err
	}
	m.openStores()
	if kept, err := m.KeptCodes(ctx); err == nil && len(kept) > 0 {
		m.addNotice(Say("Tasks that waited were in the damaged file."),
			Say("Licenses that had left this PC for them are not lost: %d removal codes are kept here. Sign in and choose "+
				"Removal codes to hand them in.", len(kept)))
	}
	return nil
}

// openStores creates the parts that store their data in the data file.
func (m *Manager) openStores() {
	tables := catalog.NewStore(m.db.DB, m.options.Installed)
	m.sessions = m.newSessions(tables)
	m.journal = m.newJournal()
	m.vault = vault.New(vault.Options{
		DB:      m.db,
		Keyring: m.options.Keyring,
		Timeout: keyringTime,
		Now:     m.options.Now,
		Rand:    m.options.Rand,
		Logger:  m.options.Logger,
		Wrap:    storage.Wrap,
	})
	m.pc = thispc.New(thispc.Options{
		Installed:   m.options.Installed,
		Fingerprint: m.options.Fingerprint,
		Vault:       m.vault,
		Program:     tables.Program,
		Now:         m.options.Now,
		Logger:      m.options.Logger,
		Notice:      m.addNotice,
		Wrap:        storage.WrapInstalled,
	})
	m.catalog = catalog.New(catalog.Options{
		Store:          tables,
		PC:             m.pc,
		Installed:      m.options.Installed,
		OpenDepartures: m.openDepartures,
		Failed:         m.failed,
		Notice:         m.addNotice,
		Now:            m.options.Now,
		Logger:         m.options.Logger,
	})
	m.offline = carry.New(carry.Options{
		DB:           m.db.DB,
		Store:        tables,
		PC:           m.pc,
		Vault:        m.vault,
		Installed:    m.options.Installed,
		CheckReceipt: m.checkReceipt,
		Now:          m.options.Now,
		Rand:         m.options.Rand,
		Logger:       m.options.Logger,
	})
}

// setOlderAside moves the files of a trial version on this PC into folders "old", without reading their licenses, and
// adds a notice. Files that cannot be moved now are not moved; a task that has to replace one fails with the reason.
func (m *Manager) setOlderAside(ctx context.Context) error {
	moved, err := m.options.Installed.SetTrialVersionAside(ctx)
	if err != nil {
		m.options.Logger.Warn("data of a trial version were not set aside", "error", err)
	}
	if moved == 0 && !m.db.fresh {
		return ctx.Err()
	}
	kept, err := m.Older()
	if err != nil {
		m.options.Logger.Warn("data of a trial version cannot be listed", "error", err)
	}
	if len(kept) == 0 {
		return ctx.Err()
	}
	m.addNotice(Say("Data of an older trial version were set aside."),
		Say("Its licenses are not valid any more, and this version does not read them. Nothing was deleted: "+
			"you find everything in %s. Activate your programs anew.", strings.Join(kept, ", ")))
	return nil
}

// Older lists the folders on this PC that contain files of a trial version.
func (m *Manager) Older() (folders []string, err error) {
	old := filepath.Join(m.options.DataDir, oldName)
	if kept, err := os.ReadDir(old); err == nil && len(kept) > 0 {
		folders = append(folders, old)
	}
	programs, err := m.options.Installed.TrialVersionFolders()
	return append(folders, programs...), storage.Wrap(err)
}

// Close closes the manager. Open jobs continue at the next start.
func (m *Manager) Close() error {
	return errors.Join(m.db.Close(), m.lock.Unlock())
}

// Notices returns the notices since the start.
func (m *Manager) Notices() []Notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Notice(nil), m.notices...)
}

func (m *Manager) addNotice(title, detail Text) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notices = append(m.notices, Notice{title, detail})
}

// EventKind is the kind of an Event.
type EventKind int

// The kinds of events.
const (
	JobChanged EventKind = 1 + iota
	OrdersChanged
	LicensesChanged
	SignedOut
	// AccountChanged: another account became the current one; its server may be unreachable.
	AccountChanged
	// ServerRestored: the account's server was restored from a backup and may have lost later changes.
	ServerRestored
)

// Event is a change that subscribers are notified of.
type Event struct {
	Kind EventKind
	// Account is the ID of the account whose tables or session changed; 0 if nobody is signed in.
	Account int64
	Job     Job
	OrderID int64
}

// Subscribe calls fn for every event, on an arbitrary goroutine, until cancel is called.
func (m *Manager) Subscribe(fn func(Event)) (cancel func()) {
	m.subscribersMu.Lock()
	defer m.subscribersMu.Unlock()
	id := m.nextSub
	m.nextSub++
	m.subscribers[id] = fn
	return func() {
		m.subscribersMu.Lock()
		defer m.subscribersMu.Unlock()
		delete(m.subscribers, id)
	}
}

func (m *Manager) publish(e Event) {
	m.subscribersMu.Lock()
	all := make([]func(Event), 0, len(m.subscribers))
	for _, fn := range m.subscribers {
		all = append(all, fn)
	}
	m.subscribersMu.Unlock()
	for _, fn := range all {
		fn(e)
	}
}
