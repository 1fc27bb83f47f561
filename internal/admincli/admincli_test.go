package admincli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/acen-desktop/acen/license"
)

// TestMain provides the program acen-server to the scripts in testdata.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"acen-server": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(Run(ctx, os.Args[1:], os.Getenv, os.Stderr))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"refused": refused,
			"start":   start,
			"stop":    stop,
			"signin":  signIn,
			"call":    call,
			"await":   await,
			"setjson": setJSON,
			"mode":    mode,
			"damage":  damage,
			"address": address,
		},
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for n, names := range [][2]string{{"SITE", "MACHINE"}, {"SITE2", "MACHINE2"}} {
				codes := pcCodes(n)
				env.Setenv(names[0], codes.Site.String())
				env.Setenv(names[1], codes.Machine.String())
			}
			return nil
		},
	})
}

// pcCodes returns the codes of a made-up PC for the program with the signature LUMENST7.
func pcCodes(n int) license.Codes {
	var raw license.RawLocks
	for i := range raw {
		raw[i] = strconv.Itoa(1000*n + i + 77)
	}
	key := license.Signature("LUMENST7").Key()
	return key.Codes(1, key.Block(raw))
}

// timeout ends a wait for an event that does not occur. It is not a performance limit.
const timeout = 60 * time.Second

// program returns a command that runs the program under test.
func program(ts *testscript.TestScript, args []string) *exec.Cmd {
	var path string
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if path = filepath.Join(dir, "acen-server"); isFile(path) || isFile(path+".exe") {
			break
		}
	}
	c := exec.Command(path, args...)
	c.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "ACEN_DATA", "ACEN_LISTEN", "ACEN_NAME", "ACEN_LOG_FORMAT"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	return c
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// refused STATUS REGEXP ARGS…: the program exits with the status and prints one matching line to standard error.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused STATUS REGEXP ARGS…")
	}
	c := program(ts, args[2:])
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	ts.Logf("%s%s", stdout.String(), stderr.String())
	var exit *exec.ExitError
	if !errors.As(err, &exit) || strconv.Itoa(exit.ExitCode()) != args[0] {
		ts.Fatalf("ended with %v instead of exit status %s", err, args[0])
	}
	if stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 ||
		!strings.HasPrefix(stderr.String(), "acen-server: ") {
		ts.Fatalf("did not say one sentence on standard error")
	}
	if !regexp.MustCompile(args[1]).MatchString(strings.TrimSpace(stderr.String())) {
		ts.Fatalf("did not say %q", args[1])
	}
}

// running is a server process.
type running struct {
	cmd    *exec.Cmd
	stdout bytes.Buffer // without the first line
	stderr bytes.Buffer
	ended  chan struct{}
}

// started holds the last process of each script, by the script's folder, because scripts run in parallel.
var started sync.Map

// start ARGS…: starts demo or serve and waits until it listens; sets URL, USERNAME and PASSWORD. stop writes its
// standard output and standard error to the files stdout and stderr.
func start(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: start demo|serve ARGS…")
	}
	s := &running{cmd: program(ts, args), ended: make(chan struct{})}
	stdout, err := s.cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := s.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	started.Store(ts.Getenv("WORK"), s)
	ts.Defer(func() { _ = s.cmd.Process.Kill(); <-s.ended })

	ready := make(chan string, 2)
	closed := make(chan struct{}, 2)
	go func() { // demo prints its URL to standard output
		r := bufio.NewReader(stdout)
		if line, err := r.ReadString('\n'); err == nil {
			s.stdout.WriteString(line)
			ready <- line
		}
		_, _ = io.Copy(&s.stdout, r)
		closed <- struct{}{}
	}()
	go func() { // serve logs its URL
		r := bufio.NewReader(stderr)
		for {
			line, err := r.ReadString('\n')
			s.stderr.WriteString(line)
			if args[0] == "serve" && strings.Contains(line, `"msg":"serving"`) {
				ready <- line
			}
			if err != nil {
				break
			}
		}
		closed <- struct{}{}
	}()
	go func() { <-closed; <-closed; _ = s.cmd.Wait(); close(s.ended) }()
	select {
	case line := <-ready:
		var login struct{ URL, Username, Password string }
		if err := json.Unmarshal([]byte(line), &login); err != nil || !strings.HasPrefix(login.URL, "http") {
			ts.Fatalf("it said %q", line)
		}
		ts.Setenv("URL", login.URL)
		ts.Setenv("USERNAME", login.Username)
		ts.Setenv("PASSWORD", login.Password)
	case <-s.ended:
		ts.Fatalf("it ended: %s", s.stderr.String())
	case <-time.After(timeout):
		ts.Fatalf("it does not listen")
	}
}

// stop [kill]: sends SIGTERM to the started program and checks its exit status, or kills it.
func stop(ts *testscript.TestScript, neg bool, args []string) {
	last, _ := started.Load(ts.Getenv("WORK"))
	s := last.(*running)
	signal := os.Signal(syscall.SIGTERM)
	if len(args) == 1 && args[0] == "kill" {
		signal = os.Kill
	}
	ts.Check(s.cmd.Process.Signal(signal))
	select {
	case <-s.ended:
	case <-time.After(timeout):
		ts.Fatalf("it does not end")
	}
	ts.Check(os.WriteFile(ts.MkAbs("stdout"), s.stdout.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("stderr"), s.stderr.Bytes(), 0o600))
	if signal != os.Kill && !s.cmd.ProcessState.Success() {
		ts.Fatalf("it ended with %v: %s", s.cmd.ProcessState, s.stderr.String())
	}
}

// signin: signs in at URL with USERNAME and PASSWORD; sets TOKEN. With !, the sign-in must be refused.
func signIn(ts *testscript.TestScript, neg bool, _ []string) {
	body, err := json.Marshal(map[string]string{"username": ts.Getenv("USERNAME"), "password": ts.Getenv("PASSWORD")})
	ts.Check(err)
	status, answer := request(ts, http.MethodPost, "/sessions", string(body))
	if (status == http.StatusCreated) == neg {
		ts.Fatalf("%d: %s", status, answer)
	}
	var session struct {
		AccessToken string `json:"access_token"`
	}
	ts.Check(json.Unmarshal(answer, &session))
	ts.Setenv("TOKEN", session.AccessToken)
}

// call STATUS METHOD PATH [BODY]: calls the API and writes the body of the response to the file answer.
func call(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: call STATUS METHOD PATH [BODY]")
	}
	status, answer := request(ts, args[1], args[2], strings.Join(args[3:], " "))
	ts.Check(os.WriteFile(ts.MkAbs("answer"), answer, 0o600))
	if strconv.Itoa(status) != args[0] {
		ts.Fatalf("%d: %s", status, answer)
	}
}

func request(ts *testscript.TestScript, method, path, body string) (int, []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, ts.Getenv("URL")+"/api/v1"+path, strings.NewReader(body))
	ts.Check(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+ts.Getenv("TOKEN"))
	r.Header.Set("Idempotency-Key", "5f0cc1c2-6f0c-4e2c-9d38-0b6c4d6a8f10")
	resp, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp.StatusCode, answer
}

// await PATTERN NAME: waits for a file that matches the pattern and copies it to NAME.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await PATTERN NAME")
	}
	ticker, end := time.NewTicker(20*time.Millisecond), time.NewTimer(timeout)
	defer ticker.Stop()
	defer end.Stop()
	for {
		found, err := filepath.Glob(ts.MkAbs(args[0]))
		ts.Check(err)
		if len(found) > 0 {
			data, err := os.ReadFile(found[0])
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
			return
		}
		select {
		case <-ticker.C:
		case <-end.C:
			ts.Fatalf("%s does not come", args[0])
		}
	}
}

// setjson VARIABLE FILE KEY: sets a variable to a member of a JSON object, or of the first object of a list.
func setJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: setjson VARIABLE FILE KEY")
	}
	text := strings.TrimLeft(ts.ReadFile(args[1]), " \n[")
	var object map[string]json.RawMessage
	ts.Check(json.NewDecoder(strings.NewReader(text)).Decode(&object))
	ts.Setenv(args[0], strings.Trim(string(object[args[2]]), `"`))
}

// address VARIABLE: reduces the URL in a variable to host:port.
func address(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimPrefix(ts.Getenv(args[0]), "http://"))
}

// mode FILE…: checks that only the owner can access the files.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if (info.Mode().Perm()&0o077 == 0) == neg {
			ts.Fatalf("%s has mode %v", name, info.Mode())
		}
	}
}

// damage FILE: overwrites the beginning of a file.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	copy(data, bytes.Repeat([]byte("damaged "), 512))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}
