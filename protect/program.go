package protect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
)

// Program is the vendor's description of a program, compiled into the program.
type Program struct {
	// Name is the name of the program for people.
	Name string
	// Signature is the application signature.
	Signature string
	// PublicKeys are 64 hex digits each: the program's present key and the former keys of its license files.
	PublicKeys []string
	// ActivationKey makes the program accept typed activation codes; nil refuses them. Anyone who extracts the key from
	// the program can make codes.
	ActivationKey *license.ActivationKey
	// Policy defines how much of a PC may change under a typed code; a license file contains its own policy. The zero
	// value is the default policy; license.Policy{Enabled: true} allows no change.
	Policy license.Policy
	// Validation configures validation by the vendor's server; the zero value disables it.
	Validation Validation
}

// Validation defines how a program asks the vendor's server about its license. Typed activation codes are not
// validated.
type Validation struct {
	// Server is the server's address, such as "https://licenses.example.com"; http is for loopback only. Without a
	// server there is no validation and no grace.
	Server string
	// Every is the interval of Watch; 0 means one day.
	Every time.Duration
	// Grace is how long the program runs without an answer. With a server it is mandatory: NoGrace, Forever or a time
	// between. Check refuses 0, which Open treats as Forever.
	Grace time.Duration
}

// The limits of Validation.Grace.
const (
	// NoGrace allows a program to run only under a license that the server has confirmed within Validation.Every plus
	// one hour.
	NoGrace time.Duration = -1
	// Forever allows a program to run without an answer for as long as its license lasts.
	Forever time.Duration = math.MaxInt64
)

// Fingerprint reads the locks of this PC.
type Fingerprint interface {
	Read(ctx context.Context) (fingerprint.Reading, error)
}

// Options configure Open. The zero value means this PC, its folders, its clock and its network.
type Options struct {
	// Paths are additional license files for Open to read, such as one from the program's settings.
	Paths []string
	// Folder is the person's folder that programs share with the desktop app; "" means installed.UserFolder.
	Folder string
	// ExtraFolders are additional folders with license files; nil means the machine-wide folders of the program and the
	// folder of its executable.
	ExtraFolders []string
	// Fingerprint reads the locks; nil means this PC's, read once per process.
	Fingerprint Fingerprint
	// Transport is the HTTP transport; nil means the default, with the system's proxies.
	Transport http.RoundTripper
	// Now returns the time and Pause waits; nil means the real clock.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
	// Disk and Rand replace the system's disk and randomness.
	Disk installed.Disk
	Rand io.Reader
	// LockTimeout limits how long Codes, Activate, Remove and Validate wait for the lock of the license folder; 0 means
	// 20 seconds. They then fail with installed.ErrBusy. Open and Check do not wait for the lock.
	LockTimeout time.Duration
	// DiskTimeout limits how long a folder may take to respond, such as one on a disconnected network drive; 0 means 3
	// seconds. On Linux, a check reads folders on the root file system without a limit.
	DiskTimeout time.Duration

	touch *touch // for tests
}

// License is a program's view of its license on this PC. Its methods may be called from any goroutine.
type License struct {
	program   Program
	signature license.Signature
	key       license.Key
	keys      map[string]license.PublicKey // by key id
	broken    error                        // why the program cannot check any license
	beside    string                       // the folder of the executable
	options   Options
	store     *installed.Store

	checking   sync.Mutex          // held while the license is checked or changed
	pending    []installed.Contact // answers of the server that could not be stored; guarded by checking
	toValidate []candidate         // licenses to validate, from the latest check; guarded by checking
	mu         sync.Mutex          // guards verdict
	verdict    Verdict
}

// String returns the text of the verdict. It shows none of the secrets of a License.
func (l *License) String() string { return l.Verdict().String() }

// Format hides the secrets from every verb of package fmt.
func (l *License) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, l.String()) }

// LogValue hides the secrets from structured logs.
func (l *License) LogValue() slog.Value { return slog.StringValue(l.String()) }

// Check returns the mistakes in the vendor's description; nil if there are none. It is for the vendor's tests.
func (p Program) Check() error {
	l := &License{program: p}
	l.build()
	return errors.Join(l.broken, p.Validation.check(), p.checkPolicy())
}

// check returns a probable mistake in the validation.
func (v Validation) check() error {
	switch {
	case v.Server == "" && v.Grace != 0:
		return errors.New("the validation has a grace and no server: nothing would ever be asked")
	case v.Server != "" && v.Grace == 0:
		return errNoGrace
	case v.Grace > 0 && v.Grace < time.Hour:
		return fmt.Errorf("the grace of the validation is %v: write it with a unit, such as 30*24*time.Hour", v.Grace)
	case v.Every < 0 || v.Every > 0 && v.Every < time.Minute:
		return fmt.Errorf("the validation asks every %v: write it with a unit, such as 24*time.Hour", v.Every)
	case v.Grace > 0 && v.Grace < v.Every:
		return fmt.Errorf("the grace of the validation, %v, is shorter than the time between questions, %v", v.Grace, v.Every)
	}
	return nil
}

// checkPolicy returns a probable mistake in the policy for typed codes.
func (p Program) checkPolicy() error {
	policy := p.policy()
	if policy.MaxHardwareChanges < 0 || policy.MaxHardwareChanges > license.LockCount {
		return fmt.Errorf("the policy allows %d hardware changes: 0 to %d make sense",
			policy.MaxHardwareChanges, license.LockCount)
	}
	for _, l := range policy.Changeable {
		if l.Bits() == 0 {
			return fmt.Errorf("the policy names %v, which does not exist", l)
		}
	}
	return nil
}

var errNoGrace = errors.New("the validation has a server and no grace: " +
	"say with protect.NoGrace, protect.Forever or a time how long the program runs on without an answer")

// build parses the vendor's description.
func (l *License) build() {
	p := l.program
	fail := func(err error) { l.broken = errors.Join(l.broken, err) }
	signature, err := license.ParseSignature(p.Signature)
	if err != nil {
		fail(err)
	}
	l.signature, l.key, l.keys = signature, signature.Key(), map[string]license.PublicKey{}
	if p.Name == "" {
		fail(errors.New("the program has no name"))
	}
	if len(p.PublicKeys) == 0 {
		fail(errors.New("the program has no public key"))
	}
	for _, text := range p.PublicKeys {
		k, err := license.ParsePublicKey(text)
		if err != nil {
			fail(fmt.Errorf("public key %q: %w", text, err))
			continue
		}
		l.keys[k.KeyID()] = k
	}
	if p.Validation.Server != "" {
		if _, err := validationURL(p.Validation.Server, 1); err != nil {
			fail(err)
		}
		if p.Validation.Grace < 0 && p.Validation.Grace != NoGrace {
			fail(errors.New("the grace of the validation is negative"))
		}
	}
}

// Open finds the license of a program on this PC and checks it, without a network. It never fails: the Verdict has
// the result.
func (p Program) Open(ctx context.Context, o Options) *License {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.Folder == "" {
		o.Folder = installed.UserFolder()
	}
	if o.Fingerprint == nil {
		o.Fingerprint = thisPC
	}
	if o.DiskTimeout <= 0 {
		o.DiskTimeout = installed.DefaultDiskTimeout
	}
	store := installed.Open(o.Folder, installed.Options{
		Disk:        o.Disk,
		Rand:        o.Rand,
		Now:         o.Now,
		LockTimeout: o.LockTimeout,
		DiskTimeout: o.DiskTimeout,
	})
	l := &License{program: p, options: o, store: store}
	l.build()
	if o.ExtraFolders == nil {
		l.options.ExtraFolders = l.defaultFolders()
	}
	l.Check(ctx)
	return l
}

// defaultFolders returns the machine-wide folders of the program and the folder of its executable.
func (l *License) defaultFolders() (list []string) {
	for _, dir := range installed.MachineFolders() {
		list = append(list, installed.ProgramFolder(dir, l.signature))
	}
	if path, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		l.beside = filepath.Dir(path)
		list = append(list, l.beside)
	}
	return list
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// cachedFingerprint caches the first reading that succeeds.
type cachedFingerprint struct {
	Fingerprint
	mu      sync.Mutex
	reading *fingerprint.Reading
}

// thisPC reads the PC that the program runs on, once per process.
var thisPC Fingerprint = &cachedFingerprint{Fingerprint: fingerprint.System()}

func (c *cachedFingerprint) Read(ctx context.Context) (fingerprint.Reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading != nil {
		return *c.reading, nil
	}
	reading, err := c.Fingerprint.Read(ctx)
	if err == nil {
		c.reading = &reading
	}
	return reading, err
}
