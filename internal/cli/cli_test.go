package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // for ageJobs

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/internal/app/paths"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/store"
)

// TestMain provides the program acenctl to the scripts in testdata, which run it against a real server process.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"acenctl": func() {
		if folder := os.Getenv("TEST_KEYRING"); folder != "" {
			systemKeyring = func() keyring.Store { return files(folder) }
		}
		if os.Getenv("TEST_LOCK_TIMEOUT") != "" {
			localLicenses = func(data string) *installed.Store {
				return installed.Open(paths.OpenLicenses(data).Dir(), installed.Options{LockTimeout: time.Nanosecond})
			}
		}
		os.Exit(Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}})
}

func TestScripts(t *testing.T) {
	folder := t.TempDir()
	server := filepath.Join(folder, "acen-server")
	build := exec.Command("go", "build", "-o", server, "../../cmd/acen-server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the server cannot be built: %v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("SERVER_PROGRAM", server)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TZ", "UTC")
			return os.MkdirAll(filepath.Join(e.WorkDir, "home"), 0o700)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"server":     startServer,
			"stopserver": killServer,
			"busyserver": answerBusy,
			"codes":      codesOfPC,
			"removal":    removalCodeOf,
			"serials":    freeSerials,
			"solve":      solve,
			"keyring":    useKeyring,
			"field":      field,
			"letgo":      letGo,
			"run":        runProgram,
			"losecode":   loseCode,
			"agejobs":    ageJobs,
			"hold":       holdLock,
			"release":    releaseLock,
			"backup":     backUp,
			"restore":    restore,
			"waive":      waiveVerification,
			"unlimited":  removeLimits,
			"switch":     switchOrder,
			"trialdata":  trialData,
			"runprogram": runNotepad,
		},
		RequireExplicitExec: true,
	})
}

// files is a keyring that stores each secret in a file of this folder.
type files string

func (f files) path(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(string(f), fmt.Sprintf("%x", sum[:8]))
}

func (f files) Get(_ context.Context, name string) (string, error) {
	data, err := os.ReadFile(f.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return "", keyring.ErrNotFound
	}
	return string(data), err
}

func (f files) Set(_ context.Context, name, secret string) error {
	return os.WriteFile(f.path(name), []byte(secret), 0o600)
}

func (f files) Delete(_ context.Context, name string) error {
	if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func useKeyring(ts *testscript.TestScript, _ bool, _ []string) {
	folder := ts.MkAbs("keyring")
	ts.Check(os.MkdirAll(folder, 0o700))
	ts.Setenv("TEST_KEYRING", folder)
}

// servers maps process ids to the commands of running servers.
var servers sync.Map

// startServer starts a server with sample data and sets URL and PASSWORD. If URL is set already, the server listens on
// that address.
func startServer(ts *testscript.TestScript, _ bool, _ []string) {
	listen := "127.0.0.1:0"
	if url := ts.Getenv("URL"); url != "" {
		listen = strings.TrimPrefix(url, "http://")
	}
	c := exec.Command(ts.Getenv("SERVER_PROGRAM"), "demo", "--data", ts.MkAbs("data"), "--listen", listen)
	out, err := c.StdoutPipe()
	ts.Check(err)
	var log bytes.Buffer
	c.Stderr = &log
	ts.Check(c.Start())
	ts.Defer(func() { _ = c.Process.Kill(); _ = c.Wait() })
	var login struct{ URL, Username, Password string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		ts.Fatalf("the server did not start: %v\n%s", err, log.String())
	}
	ts.Check(json.Unmarshal(line, &login))
	go func() { _, _ = io.Copy(io.Discard, out) }()
	ts.Setenv("URL", login.URL)
	ts.Setenv("LOCALHOST", strings.Replace(login.URL, "127.0.0.1", "localhost", 1))
	ts.Setenv("PASSWORD", login.Password)
	ts.Check(os.WriteFile(ts.MkAbs("password"), []byte(login.Password+"\n"), 0o600))
	servers.Store(c.Process.Pid, c)
	ts.Setenv("SERVER_PID", strconv.Itoa(c.Process.Pid))
}

func killServer(ts *testscript.TestScript, _ bool, _ []string) {
	pid, err := strconv.Atoi(ts.Getenv("SERVER_PID"))
	ts.Check(err)
	c, _ := servers.Load(pid)
	ts.Check(c.(*exec.Cmd).Process.Kill())
	_ = c.(*exec.Cmd).Wait() // reports the signal
}

// answerBusy refuses every request at the address of the stopped server because it is busy.
func answerBusy(ts *testscript.TestScript, _ bool, _ []string) {
	listener, err := net.Listen("tcp", strings.TrimPrefix(ts.Getenv("URL"), "http://"))
	ts.Check(err)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", api.ProblemMediaType)
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = json.NewEncoder(w).Encode(api.NewProblem(api.ErrUnavailable, "The server is busy."))
		}),
		ReadHeaderTimeout: time.Minute,
	}
	go func() { _ = server.Serve(listener) }()
	ts.Defer(func() { _ = server.Close() })
}

// codesOfPC sets VAR_SITE, VAR_MID and VAR_MERGED to the codes of a made-up PC with a generation and other values of
// some locks: codes A1 pc-a 1 NET_ID.
func codesOfPC(ts *testscript.TestScript, _ bool, args []string) {
	var raw license.RawLocks
	for i := range raw {
		raw[i] = fmt.Sprintf("%s lock %d", args[1], i)
	}
	for _, name := range args[3:] {
		l, err := license.ParseLock(name)
		ts.Check(err)
		raw[l-1] = "another " + name
	}
	generation, err := strconv.Atoi(args[2])
	ts.Check(err)
	key := license.Signature("LUMENST7").Key()
	codes := key.Codes(uint16(generation), key.Block(raw))
	ts.Setenv(args[0]+"_SITE", codes.Site.String())
	ts.Setenv(args[0]+"_MID", codes.Machine.String())
	ts.Setenv(args[0]+"_MERGED", codes.Merged())
}

// data calls fn with the opened data folder of the server.
func data(ts *testscript.TestScript, fn func(ctx context.Context, d *service.Data) error) {
	ctx := context.Background()
	d, err := service.OpenData(ctx, service.Location{Folder: ts.MkAbs("data")})
	ts.Check(err)
	ts.Check(errors.Join(fn(ctx, d), d.Store.Close()))
}

// removalCodeOf writes the removal code of a license to the file removal.
func removalCodeOf(ts *testscript.TestScript, _ bool, args []string) {
	id, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	data(ts, func(ctx context.Context, d *service.Data) error {
		return d.Store.Read(ctx, func(tx store.Tx) error {
			l, err := tx.Licenses.Get(ctx, id)
			if err != nil {
				return err
			}
			p, err := tx.Programs.Get(ctx, l.ProgramID)
			if err != nil {
				return err
			}
			key, err := d.Secrets.ActivationKey(p)
			if err != nil {
				return err
			}
			return os.WriteFile(ts.MkAbs("removal"), []byte(key.RemovalSeed(l.Activation).RemovalCode(l.Codes).String()+"\n"),
				0o600)
		})
	})
}

// letGo begins the departure of a license from this PC, as its program does without the app.
func letGo(ts *testscript.TestScript, _ bool, args []string) {
	removalCodeOf(ts, false, args)
	code, err := license.ParseRemovalCode(strings.TrimSpace(ts.ReadFile("removal")))
	ts.Check(err)
	id, err := strconv.ParseInt(args[0], 10, 64)
	ts.Check(err)
	data(ts, func(ctx context.Context, d *service.Data) error {
		return d.Store.Read(ctx, func(tx store.Tx) error {
			l, err := tx.Licenses.Get(ctx, id)
			if err != nil {
				return err
			}
			return thisPC(ts).Leave(ctx, "LUMENST7", installed.Spent{Codes: l.Codes, LicenseID: id, RemovalCode: code})
		})
	})
}

// thisPC opens the license folder of the script's PC.
func thisPC(ts *testscript.TestScript) *installed.Store {
	return installed.Open(filepath.Join(ts.Getenv("XDG_DATA_HOME"), "acen", "licenses"), installed.Options{})
}

// loseCode deletes the removal codes from the state file.
func loseCode(ts *testscript.TestScript, _ bool, _ []string) {
	_, err := thisPC(ts).Update(context.Background(), "LUMENST7", func(s *installed.State) error {
		for i := range s.Spent {
			s.Spent[i].RemovalCode = 0
		}
		return nil
	})
	ts.Check(err)
}

// ageJobs moves the creation of the open jobs back by a day and sets their state: agejobs sent.
func ageJobs(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.Getenv("XDG_DATA_HOME"), "acen-desktop", "acen.db"))
	ts.Check(err)
	_, err = db.Exec(`UPDATE jobs SET created_at = created_at - ?, state = ? WHERE state IN ('pending', 'sent')`,
		(24 * time.Hour).Microseconds(), args[0])
	ts.Check(errors.Join(err, db.Close()))
}

// held maps the work folders of scripts to the file locks that they hold.
var held sync.Map

// holdLock holds the file lock of the sample program's licenses in this process, until releaseLock.
func holdLock(ts *testscript.TestScript, _ bool, _ []string) {
	lock := flock.New(filepath.Join(installed.ProgramFolder(thisPC(ts).Dir(), "LUMENST7"), "lock"))
	ts.Check(lock.Lock())
	ts.Defer(func() { _ = lock.Unlock() })
	held.Store(ts.Getenv("WORK"), lock)
	ts.Setenv("TEST_LOCK_TIMEOUT", "short")
}

func releaseLock(ts *testscript.TestScript, _ bool, _ []string) {
	lock, _ := held.Load(ts.Getenv("WORK"))
	ts.Check(lock.(*flock.Flock).Unlock())
	ts.Setenv("TEST_LOCK_TIMEOUT", "")
}

// removeLimits removes the task limits of the sample programs.
func removeLimits(ts *testscript.TestScript, _ bool, _ []string) {
	data(ts, func(ctx context.Context, d *service.Data) error {
		return d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
			programs, err := tx.Programs.List(ctx)
			for _, p := range programs {
				p.Tasks = nil
				err = errors.Join(err, tx.Programs.Change(ctx, p))
			}
			return err
		})
	})
}

// switchOrder makes the sample order active or inactive: switch off.
func switchOrder(ts *testscript.TestScript, _ bool, args []string) {
	data(ts, func(ctx context.Context, d *service.Data) error {
		return d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
			o, err := tx.Orders.Lock(ctx, 1042)
			if err != nil {
				return err
			}
			o.Active = args[0] == "on"
			return tx.Orders.Change(ctx, o)
		})
	})
}

// backUp copies the data folder of the stopped server; restore replaces the data folder with the copy.
func backUp(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(os.CopyFS(ts.MkAbs("backup"), os.DirFS(ts.MkAbs("data"))))
}

func restore(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(os.RemoveAll(ts.MkAbs("data")))
	ts.Check(os.Rename(ts.MkAbs("backup"), ts.MkAbs("data")))
}

// runProgram writes the name and the public keys of a program to the state file, as the program does at its start:
// run DATA SIGNATURE NAME.
func runProgram(ts *testscript.TestScript, _ bool, args []string) {
	data(ts, func(ctx context.Context, d *service.Data) error {
		return d.Store.Read(ctx, func(tx store.Tx) error {
			programs, err := tx.Programs.List(ctx)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(programs, func(p store.Program) bool { return string(p.Signature) == args[1] })
			licenses := installed.Open(filepath.Join(ts.MkAbs(args[0]), "licenses"), installed.Options{})
			_, err = licenses.Update(ctx, programs[i].Signature, func(s *installed.State) error {
				s.Program = installed.Program{Name: args[2], PublicKeys: []string{programs[i].PublicKey.String()}}
				return nil
			})
			return err
		})
	})
}

// freeSerials sets SERIAL to a serial number that made no order yet.
func freeSerials(ts *testscript.TestScript, _ bool, _ []string) {
	data(ts, func(ctx context.Context, d *service.Data) error {
		list, err := sample.FreeSerials(ctx, d, sample.SerialProgram, 1)
		if err == nil {
			ts.Setenv("SERIAL", list[0])
		}
		return err
	})
}

// Every error has the exit status that exit-codes explains, and the message for an open task says so.
func TestExitStatus(t *testing.T) {
	refusal := api.NewProblem(api.ErrNotFound, "There is no such license.")
	for _, c := range []struct {
		err    error
		status int
		words  string
	}{
		{errors.New("a fault"), exitFailed, "a fault"},
		{usageError{errors.New("no")}, exitUsage, "no"},
		{manager.ErrSignedOut, exitSignedOut, "you are not signed in"},
		{errors.Join(manager.ErrSignedOut, manager.ErrKeyringUnavailable), exitSignedOut, "you are not signed in"},
		{refusal, exitRefused, "There is no such license."},
		{manager.ErrUnreachable, exitNetwork, ""},
		{openTaskError{manager.ErrUnreachable}, exitOpenTask, "Nothing is lost: the task stays open"},
		{openTaskError{refusal}, exitOpenTask, "There is no such license. Nothing is lost: the task stays open"},
		{openTaskError{manager.ErrKeyringUnavailable}, exitLocal, "Nothing is lost: the task stays open"},
		{openTaskError{manager.ErrStorage}, exitLocal, "Nothing is lost: the task stays open"},
		{manager.ErrStorage, exitLocal, ""},
		{manager.ErrAlreadyRunning, exitLocal, "close its window"},
		{fmt.Errorf("a record: %w", manager.ErrNewer), exitLocal, "newer version"},
		{manager.ErrNoReceipt, exitRefused, "does not prove"},
		{manager.ErrLeftThisPC, exitRefused, "acenctl send"},
		{manager.ErrJobSent, exitRefused, "acenctl jobs --give-up"},
		{manager.ErrTooLate, exitRefused, "already taken"},
		{manager.ErrNewerLicense, exitRefused, "acenctl removal-codes"},
		{manager.ErrTooEarly, exitRefused, "one day after"},
	} {
		if status := exitStatus(c.err); status != c.status {
			t.Errorf("%v ends with %d, not %d", c.err, status, c.status)
		}
		if words := sentence(c.err); !strings.Contains(words, c.words) {
			t.Errorf("%v is told as %q", c.err, words)
		}
	}
}

// waiveVerification disables the verification number of new orders. A running server reads the option within seconds.
func waiveVerification(ts *testscript.TestScript, _ bool, _ []string) {
	data(ts, func(ctx context.Context, d *service.Data) error {
		return d.Store.Write(ctx, store.NoLock,
			func(tx store.Tx) error { return tx.Options.Set(ctx, "order-verification", "off") })
	})
}

var errFound = errors.New("found")

// solve sets NUMBER to the number of a verification. It tries all numbers against the hash in the database.
func solve(ts *testscript.TestScript, _ bool, args []string) {
	data(ts, func(ctx context.Context, d *service.Data) error {
		err := d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
			v, err := tx.Attempts.TakeVerification(ctx, args[0])
			if err != nil {
				return err
			}
			for n := range 1_000_000 {
				number := fmt.Sprintf("%06d", n)
				if sum := sha256.Sum256([]byte(v.ID + " " + number)); bytes.Equal(sum[:], v.NumberHash) {
					ts.Setenv("NUMBER", number)
					return errFound // rolls TakeVerification back
				}
			}
			return errors.New("no number fits")
		})
		if errors.Is(err, errFound) {
			return nil
		}
		return err
	})
}

// field sets a variable to a value of the JSON that the last command printed: field ID licenses.0.id.
func field(ts *testscript.TestScript, _ bool, args []string) {
	var value any
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	decoder.UseNumber()
	ts.Check(decoder.Decode(&value))
	for _, name := range strings.Split(args[1], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			n, err := strconv.Atoi(name)
			ts.Check(err)
			value = v[n]
		}
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}

// Control characters of a server's text do not reach the terminal.
func TestPrintable(t *testing.T) {
	if got := printable("a\x1b[2Jb\tc\nd\u009b\r é"); got != "a[2Jb\tc\nd é" {
		t.Errorf("got %q", got)
	}
}

// trialData creates the state file and the license file of a trial version on this PC. It sets LICENSES to their
// folder, and copies the state file to trial.json.
func trialData(ts *testscript.TestScript, _ bool, _ []string) {
	dir := installed.ProgramFolder(filepath.Join(ts.Getenv("XDG_DATA_HOME"), "acen", "licenses"), "NOTEPAD1")
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Setenv("LICENSES", dir)
	for name, from := range map[string]string{"pc.json": "pc-v1.json", "notepad-7.acen": "notepad-7-v1.acen"} {
		content, err := os.ReadFile(filepath.Join(testdataOfInstalled, from))
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, name), content, 0o600))
		if name == "pc.json" {
			ts.Check(os.WriteFile(ts.MkAbs("trial.json"), content, 0o600))
		}
	}
}

// testdataOfInstalled is an absolute path, because every script runs in its own folder.
var testdataOfInstalled, _ = filepath.Abs(filepath.Join("..", "..", "license", "installed", "testdata"))

// runNotepad writes the name and the public key of the program of trialData to the state file.
func runNotepad(ts *testscript.TestScript, _ bool, _ []string) {
	store := installed.Open(filepath.Dir(ts.Getenv("LICENSES")), installed.Options{})
	_, err := store.Update(context.Background(), "NOTEPAD1", func(s *installed.State) error {
		key := license.SigningKeyFromSeed([32]byte{1}).Public()
		s.Program = installed.Program{Name: "Notepad", PublicKeys: []string{key.String()}}
		return nil
	})
	ts.Check(err)
}
