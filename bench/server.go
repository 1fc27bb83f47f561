package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/server"
	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/password"
	"github.com/acen-desktop/acen/server/service"
	"github.com/acen-desktop/acen/server/settings"
	"github.com/acen-desktop/acen/server/store"
)

func init() { children["serve"] = serve }

const (
	serverSignature license.Signature = "LUMENST7"
	passphrase                        = "correct horse battery staple"
	// manySeats is the number of licenses of an order for new licenses.
	manySeats = 10_000_000
)

// fixture describes the data of our server at its start.
type fixture struct {
	// Clients have an order each for new licenses.
	Clients int
	// Orders is the number of further orders of the first client, with Licenses each.
	Orders, Licenses int
}

// endpoints is what a server prints when it listens.
type endpoints struct {
	URL    string
	Static string // base URL of the static files
	Orders []int64
}

// serve is a child process: the product's server on generated data, and a server of static files.
func serve(args []string) (err error) {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	data := flags.String("data", "", "")
	database := flags.String("database", "", "")
	static := flags.String("static", "", "")
	profile := flags.String("profile", "", "")
	var n fixture
	flags.IntVar(&n.Clients, "clients", 1, "")
	flags.IntVar(&n.Orders, "orders", 0, "")
	flags.IntVar(&n.Licenses, "licenses", 0, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	d, err := service.OpenData(ctx, service.Location{Folder: *data, Database: *database})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Store.Close()) }()
	cost := password.Cost{Memory: 64, Time: 1, Threads: 1}
	ready := endpoints{}
	if ready.Orders, err = fill(ctx, d, n, cost); err != nil {
		return err
	}
	// All calls come from one host, so its rate limit is disabled.
	s, err := server.New(server.Options{
		Store:     d.Store,
		Secrets:   d.Secrets,
		Logger:    slog.New(slog.NewJSONHandler(io.Discard, nil)),
		Name:      "Bench",
		Version:   "bench",
		Passwords: cost,
		Requests:  settings.RequestRate{PerSecond: 1e9, Burst: 1e9},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	files, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = listen.Serve(ctx, listener, s.Handler()) }()
	go func() { _ = http.Serve(files, http.FileServer(http.Dir(*static))) }()
	ready.URL, ready.Static = "http://"+listener.Addr().String(), "http://"+files.Addr().String()
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	// Lines on standard input start and stop a profile; its end stops the server.
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		switch lines.Text() {
		case "profile":
			f, err := os.Create(*profile)
			if err != nil {
				return err
			}
			err = pprof.StartCPUProfile(f)
			if err != nil {
				return err
			}
		case "profiled":
			pprof.StopCPUProfile()
		}
		fmt.Println("done")
	}
	return lines.Err()
}

// fill adds a program, clients with orders, and licenses.
func fill(ctx context.Context, d *service.Data, n fixture, cost password.Cost) (orders []int64, err error) {
	hash, err := cost.Hash(passphrase)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Second)
	err = d.Store.Write(ctx, store.NoLock, func(tx store.Tx) error {
		orders = nil
		p := store.Program{
			Name:               "Lumen Studio 7",
			Signature:          serverSignature,
			RequiresActivation: true,
			Policy:             license.DefaultPolicy(),
			Features:           3,
			CreatedAt:          now,
		}
		if err := d.Secrets.NewProgramKeys(&p); err != nil {
			return err
		}
		if p.ID, err = tx.Programs.Add(ctx, p); err != nil {
			return err
		}
		key, err := d.Secrets.ActivationKey(p)
		if err != nil {
			return err
		}
		var first int64
		for i := range n.Clients {
			id, err := tx.Clients.Add(ctx, store.Client{
				Username:         client(i),
				PasswordHash:     hash,
				RegistrationName: "Client",
				Emails:           []string{"a@example.com"},
				Active:           true,
				CreatedAt:        now,
			})
			if err != nil {
				return err
			}
			if i == 0 {
				first = id
			}
			order := store.Order{
				ClientID:      id,
				ProgramID:     p.ID,
				OrderedAt:     now,
				LicensesTotal: manySeats,
				Active:        true,
				Visible:       true,
				CanManage:     true,
				Features:      3,
				Policy:        p.Policy,
			}
			made, err := tx.Orders.Add(ctx, order)
			if err != nil {
				return err
			}
			orders = append(orders, made)
		}
		pcs := codes{}
		for range n.Orders {
			order := store.Order{
				ClientID:      first,
				ProgramID:     p.ID,
				OrderedAt:     now,
				LicensesTotal: n.Licenses + 5,
				Active:        true,
				Visible:       true,
				CanManage:     true,
				Features:      3,
				Policy:        p.Policy,
			}
			id, err := tx.Orders.Add(ctx, order)
			if err != nil {
				return err
			}
			orders = append(orders, id)
			for i := range n.Licenses {
				l := store.License{
					OrderID:     id,
					ProgramID:   p.ID,
					Codes:       pcs.next(),
					Note:        fmt.Sprintf("Workstation %05d", i),
					Features:    3,
					Policy:      p.Policy,
					ActivatedAt: now,
					Status:      api.StatusActive,
				}
				if l.ID, err = tx.Licenses.NextID(ctx); err != nil {
					return err
				}
				l.OriginalID = l.ID
				if l.Activation, err = key.Activate(l.Codes, license.Grant{
					Features: 3,
					Issue:    uint16(l.ID % (license.MaxIssue + 1)),
				}); err != nil {
					return err
				}
				if err := tx.Licenses.Add(ctx, l); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return orders, err
}

func client(i int) string { return fmt.Sprintf("client%03d", i) }

// codes generates the codes of PCs. No Site code repeats.
type codes struct {
	n    uint64
	seen map[license.SiteCode]bool
}

var serverKey = serverSignature.Key()

func (c *codes) next() license.Codes {
	if c.seen == nil {
		c.seen = map[license.SiteCode]bool{}
	}
	for {
		c.n++
		made := serverKey.Codes(uint16(c.n)&license.MaxGeneration, license.Block(c.n*0x9e3779b97f4a7c15>>1))
		if !c.seen[made.Site] {
			c.seen[made.Site] = true
			return made
		}
	}
}

// started is a running server.
type started struct {
	endpoints
	in     io.WriteCloser
	out    *bufio.Reader
	cmd    *exec.Cmd
	folder string // data folder
	path   string // path of the profile
}

// startServer starts our server in a child process. database is a URL of PostgreSQL, or "" for SQLite.
func startServer(r *run, database, static string, n fixture) (*started, error) {
	folder, err := os.MkdirTemp(r.temp, "server")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "cpu.prof")
	s, err := launch(r, "serve", "-data", folder, "-database", database, "-static", static, "-profile", path,
		"-clients", fmt.Sprint(n.Clients), "-orders", fmt.Sprint(n.Orders), "-licenses", fmt.Sprint(n.Licenses))
	if err != nil {
		return nil, err
	}
	s.folder, s.path = folder, path
	return s, nil
}

// launch runs this program as a server, which prints its address when it listens.
func launch(r *run, args ...string) (*started, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &started{cmd: exec.CommandContext(r, self, args...)}
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	line, err := s.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &s.endpoints)
	}
	if err != nil {
		return nil, errors.Join(errors.New("server did not start"), err, s.stop())
	}
	return s, nil
}

func (s *started) stop() error { return errors.Join(s.in.Close(), s.cmd.Wait()) }

// tell sends a line and waits for the reply.
func (s *started) tell(line string) error {
	if _, err := io.WriteString(s.in, line+"\n"); err != nil {
		return err
	}
	_, err := s.out.ReadString('\n')
	return err
}

// profiled returns the top of a profile of the server while do runs.
func (s *started) profiled(r *run, do func() error) (string, error) {
	if err := s.tell("profile"); err != nil {
		return "", err
	}
	err := do()
	if err := errors.Join(err, s.tell("profiled")); err != nil {
		return "", err
	}
	return top(r, s.path)
}

// caller is the HTTP client, which keeps its connections alive.
var caller = &http.Client{Transport: &http.Transport{
	MaxIdleConns:        300,
	MaxIdleConnsPerHost: 300,
	DisableCompression:  true,
}}

// signIn returns the access token of a client.
func (s *started) signIn(i int) (string, error) {
	body := fmt.Sprintf(`{"username":%q,"password":%q,"device_name":"bench"}`, client(i), passphrase)
	var session api.Session
	err := call(http.MethodPost, s.URL+api.Base+"/sessions", "", "", strings.NewReader(body), http.StatusCreated,
		func(b io.Reader) error {
			return json.NewDecoder(b).Decode(&session)
		})
	return session.AccessToken, err
}

// call makes one request and reads the whole response.
func call(method, url, token, key string, body io.Reader, status int, read func(io.Reader) error) error {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set(api.IdempotencyKey, key)
	}
	response, err := caller.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != status {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Errorf("%s %s answered %d: %s", method, url, response.StatusCode, text)
	}
	if read != nil {
		if err := read(response.Body); err != nil {
			return err
		}
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
