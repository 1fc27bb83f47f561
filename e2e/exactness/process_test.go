package exactness

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/service"
)

// The test binary runs a server if these environment variables are set.
const (
	folderVariable   = "EXACTNESS_FOLDER"
	databaseVariable = "EXACTNESS_DATABASE"
	listenVariable   = "EXACTNESS_LISTEN"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(folderVariable); folder != "" {
		serve(folder)
	}
	os.Exit(m.Run())
}

// serve runs a server like acen-server serve. Callers set their address in X-Forwarded-For, as behind a proxy.
func serve(folder string) {
	running, err := service.Start(context.Background(), service.Options{
		Location: service.Location{Folder: folder, Database: os.Getenv(databaseVariable)},
		Listening: listen.Config{
			Address: os.Getenv(listenVariable),
			Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		},
		Name:    "exactness",
		Version: "test",
		Logger:  slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}, nil)
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(running.URL + "\n")
	_ = running.Wait()
	os.Exit(0)
}

// process is one server process. After a kill it is restarted on the same port.
type process struct {
	t      *testing.T
	place  service.Location
	mu     sync.RWMutex // held for writing while the server is down
	listen string
	url    string
	run    *exec.Cmd
}

func startProcess(t *testing.T, place service.Location) *process {
	p := &process{t: t, place: place, listen: "127.0.0.1:0"}
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NoError(t, p.start())
	t.Cleanup(func() {
		_ = p.run.Process.Kill()
		_ = p.run.Wait()
	})
	return p
}

func (p *process) start() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	p.run = exec.Command(program)
	p.run.Env = append(os.Environ(), folderVariable+"="+p.place.Folder, databaseVariable+"="+p.place.Database,
		listenVariable+"="+p.listen)
	p.run.Stderr = os.Stderr
	out, err := p.run.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.run.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	p.url = strings.TrimSpace(line)
	p.listen = strings.TrimPrefix(p.url, "http://")
	return nil
}

// kill kills the process, whatever it does, and restarts it.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.run.Process.Kill()
	_ = p.run.Wait()
	if err := p.start(); err != nil {
		p.t.Errorf("restart server: %v", err)
	}
}

// address returns the URL of the process. It blocks while the process restarts.
func (p *process) address() string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.url
}

// killer kills a process, and sometimes the database, after a random number of answers.
type killer struct {
	mu     sync.Mutex
	left   int
	kills  int
	victim []*process
	crash  func() // crashes the database; nil for an embedded one
}

func (k *killer) answered() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.left--; k.left > 0 {
		return
	}
	k.left = 20 + rand.IntN(100)
	k.kills++
	if k.crash != nil && k.kills%10 == 0 {
		k.crash()
		return
	}
	k.victim[rand.IntN(len(k.victim))].kill()
}
