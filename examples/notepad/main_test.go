package main

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/server/admin"
	"github.com/acen-desktop/acen/server/sample"
	"github.com/acen-desktop/acen/server/servertest"
	"github.com/acen-desktop/acen/server/store"
)

// TestMain provides the program notepad to the scripts in testdata, which run it on made-up PCs.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"notepad": func() {
		publicKeys, activationKey, server = os.Getenv("TEST_KEYS"), os.Getenv("TEST_ACTIVATION_KEY"), os.Getenv("TEST_SERVER")
		options.Fingerprint = fingerprinttest.PC(os.Getenv("TEST_PC"))
		now, err := time.Parse(time.RFC3339, os.Getenv("TEST_NOW"))
		if err != nil {
			panic(err)
		}
		options.Now = func() time.Time { return now }
		if os.Getenv("TEST_CHANGED") != "" {
			options.Fingerprint = fingerprinttest.PC(os.Getenv("TEST_PC"), license.NETID, license.CPUID)
		}
		if os.Getenv("TEST_LOCK_TIMEOUT") != "" {
			options.LockTimeout = time.Nanosecond
		}
		main()
	}})
}

func TestScripts(t *testing.T) { testscript.Run(t, scripts(t)) }

// scripts returns the parameters of the scripts. Each has a license server, whose clock the PC shares.
func scripts(t *testing.T) testscript.Params {
	return testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			w, err := newVendor(t)
			if err != nil {
				return err
			}
			e.Values["vendor"] = w
			e.Setenv("TEST_KEYS", w.program.PublicKey.String())
			e.Setenv("TEST_SERVER", w.URL)
			e.Setenv("TEST_PC", "a")
			e.Setenv("TEST_NOW", w.Clock.Now().Format(time.RFC3339))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("XDG_DATA_DIRS", filepath.Join(e.WorkDir, "shared"))
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"buy":         buy,
			"giveback":    giveBack,
			"typedcodes":  typedCodes,
			"change":      changeFeatures,
			"stopserver":  stopServer,
			"word":        word,
			"endlicense":  endLicense,
			"fails":       fails,
			"machinewide": machineWide,
			"hold":        hold,
			"newerstate":  newerState,
			"later":       later,
		},
	}
}

// vendor is a server with sample data and a client that is signed in.
type vendor struct {
	*servertest.Server
	client  *client.Client
	program store.Program
	license api.License
}

func newVendor(t *testing.T) (*vendor, error) {
	v := &vendor{Server: servertest.Start(t)}
	err := v.Store.Read(t.Context(), func(tx store.Tx) error {
		order, err := tx.Orders.Get(t.Context(), sample.WithSerial)
		if err == nil {
			v.program, err = tx.Programs.Get(t.Context(), order.ProgramID)
		}
		return err
	})
	require.NoError(t, err)
	v.client, err = client.New(client.Options{Server: v.URL, Now: v.Clock.Now})
	require.NoError(t, err)
	_, err = v.client.SignIn(t.Context(),
		api.SessionRequest{Username: v.Login.Username, Password: v.Login.Password, DeviceName: "test"})
	return v, err
}

// of returns the vendor of a script.
func of(ts *testscript.TestScript) *vendor { return ts.Value("vendor").(*vendor) }

// buy activates the codes in SITE and MID, and writes the license file: buy FILE.
func buy(ts *testscript.TestScript, _ bool, args []string) {
	v, ctx := of(ts), context.Background()
	var err error
	v.license, err = v.client.NewLicense(ctx, uuid.NewString(), sample.WithSerial,
		api.NewLicense{SiteCode: ts.Getenv("SITE"), MachineID: ts.Getenv("MID"), Note: "Notes"})
	ts.Check(err)
	_, content, err := v.client.LicenseFile(ctx, v.license.ID)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(content), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("mail"), []byte("Dear customer,\n\nActivation code: "+v.license.ActivationCode+"\n"),
		0o600))
	ts.Setenv("LICENSE", strconv.FormatInt(v.license.ID, 10))
	ts.Setenv("CODE", v.license.ActivationCode)
}

// giveBack hands in the removal code in REMOVAL, which frees a seat.
func giveBack(ts *testscript.TestScript, _ bool, _ []string) {
	v := of(ts)
	before, err := v.client.Licenses(context.Background(), sample.WithSerial, false)
	ts.Check(err)
	_, err = v.client.Remove(context.Background(), uuid.NewString(), v.license.ID,
		api.Removal{RemovalCode: ts.Getenv("REMOVAL")})
	ts.Check(err)
	after, err := v.client.Licenses(context.Background(), sample.WithSerial, false)
	ts.Check(err)
	if len(after) != len(before)-1 {
		ts.Fatalf("%d licenses, then %d", len(before), len(after))
	}
}

// typedCodes gives the program the activation key.
func typedCodes(ts *testscript.TestScript, _ bool, _ []string) {
	key, err := of(ts).Secrets.ActivationKey(of(ts).program)
	ts.Check(err)
	b := key.Bytes()
	ts.Setenv("TEST_ACTIVATION_KEY", hex.EncodeToString(b[:]))
}

// changeFeatures changes what the vendor grants: change FEATURES.
func changeFeatures(ts *testscript.TestScript, _ bool, args []string) {
	features, err := strconv.ParseUint(args[0], 10, 16)
	ts.Check(err)
	v := of(ts)
	_, err = admin.Admin{Data: v.Data, Now: v.Clock.Now}.ChangeLicense(context.Background(), v.license.ID,
		func(l *store.License) error { l.Features = uint16(features); return nil })
	ts.Check(err)
}

// endLicense ends the license on the server.
func endLicense(ts *testscript.TestScript, _ bool, _ []string) {
	v := of(ts)
	_, err := admin.Admin{Data: v.Data, Now: v.Clock.Now}.EndLicense(context.Background(), v.license.ID)
	ts.Check(err)
}

// later advances the clocks of the program and the server: later DAYS.
func later(ts *testscript.TestScript, _ bool, args []string) {
	days, err := strconv.Atoi(args[0])
	ts.Check(err)
	clock := of(ts).Clock
	clock.Advance(time.Duration(days) * 24 * time.Hour)
	ts.Setenv("TEST_NOW", clock.Now().Format(time.RFC3339))
}

func stopServer(ts *testscript.TestScript, _ bool, _ []string) { of(ts).HTTP.Close() }

// fails runs the program and checks its exit status: fails STATUS ARGUMENTS….
func fails(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("notepad", args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("ended with %v instead of exit status %s", err, args[0])
	}
}

// machineWide moves a license file to the license folder of all users.
func machineWide(ts *testscript.TestScript, _ bool, args []string) {
	dir := installed.ProgramFolder(ts.MkAbs(filepath.Join("shared", "acen", "licenses")), license.Signature(signature))
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(os.Rename(ts.MkAbs(args[0]), filepath.Join(dir, args[0])))
}

// hold holds the file lock of the program's licenses until the end of the script.
func hold(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithCancel(context.Background())
	held, ended := make(chan struct{}), make(chan error)
	go func() {
		_, err := storeOf(ts).Update(ctx, license.Signature(signature), func(*installed.State) error {
			close(held)
			<-ctx.Done()
			return nil
		})
		ended <- err
	}()
	<-held
	ts.Defer(func() {
		cancel()
		ts.Check(<-ended)
	})
}

// newerState replaces the state file by one of a newer version.
func newerState(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(os.WriteFile(storeOf(ts).StatePath(license.Signature(signature)), []byte(`{"version":99}`), 0o600))
}

func storeOf(ts *testscript.TestScript) *installed.Store {
	return installed.Open(filepath.Join(ts.Getenv("XDG_DATA_HOME"), "acen", "licenses"), installed.Options{})
}

// word sets a variable to the text after a name in the last output: word SITE 'Site code'.
func word(ts *testscript.TestScript, _ bool, args []string) {
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if rest, ok := strings.CutPrefix(line, args[1]); ok {
			ts.Setenv(args[0], strings.TrimSpace(rest))
			return
		}
	}
	ts.Fatalf("there is no %s", args[1])
}
