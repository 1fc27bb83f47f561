//go:build unix

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/client/keyring"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license/installed"
	"github.com/acen-desktop/acen/manager"
	"github.com/acen-desktop/acen/server/servertest"
)

// killedEnv is the environment variable with the child process's task and the step at which it is killed, as JSON.
const killedEnv = "ACEN_TEST_KILLED"

func TestMain(m *testing.M) {
	if text := os.Getenv(killedEnv); text != "" {
		if err := runChild(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child describes an app in its own process, which is killed with SIGKILL before its KillAt-th touch of disk, keyring
// or network.
type child struct {
	Data    string    `json:"data"`
	Now     time.Time `json:"now"`
	Task    string    `json:"task"`
	License int64     `json:"license"`
	KillAt  int64     `json:"kill_at"`
}

// killSwitch counts touches and kills the process at one of them.
type killSwitch struct{ left atomic.Int64 }

func (b *killSwitch) touch() {
	if b.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // wait for the signal
	}
}

// killDisk is a disk that touches a kill switch before each change.
type killDisk struct{ *killSwitch }

func (d killDisk) Write(path string, content []byte) error {
	// A kill during the write leaves half a file
	if err := os.WriteFile(path, content[:len(content)/2], 0o600); err != nil {
		return err
	}
	d.touch()
	return os.WriteFile(path, content, 0o600)
}

func (d killDisk) Rename(from, to string) error {
	d.touch()
	return os.Rename(from, to)
}

func (d killDisk) Remove(path string) error {
	d.touch()
	return os.Remove(path)
}

// fileKeyring is a keyring in files, which outlives its process.
type fileKeyring struct {
	dir   string
	touch func()
}

func (k fileKeyring) Get(_ context.Context, name string) (string, error) {
	k.touch()
	content, err := os.ReadFile(k.path(name))
	if os.IsNotExist(err) {
		err = keyring.ErrNotFound
	}
	return string(content), err
}

func (k fileKeyring) Set(_ context.Context, name, secret string) error {
	k.touch()
	fresh := k.path(name) + ".fresh"
	if err := os.WriteFile(fresh, []byte(secret), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, k.path(name))
}

func (k fileKeyring) Delete(_ context.Context, name string) error {
	k.touch()
	err := os.Remove(k.path(name))
	if os.IsNotExist(err) {
		err = nil
	}
	return err
}

func (k fileKeyring) path(name string) string { return filepath.Join(k.dir, fmt.Sprintf("%x", name)) }

// killNetwork touches a kill switch before each call and after each answer.
type killNetwork struct{ *killSwitch }

func (n killNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.touch()
	response, err := http.DefaultTransport.RoundTrip(r)
	n.touch()
	return response, err
}

func killedOptions(data string, now func() time.Time, b *killSwitch) manager.Options {
	o := manager.Options{
		DataDir:     data,
		Fingerprint: fingerprint.System(),
		DeviceName:  "test",
		Now:         now,
		Keyring:     fileKeyring{dir: data, touch: func() {}},
		Pause:       func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if b == nil {
		return o
	}
	o.Keyring = fileKeyring{dir: data, touch: b.touch}
	o.HTTPTransport = killNetwork{b}
	o.Installed = installed.Open(filepath.Join(data, "licenses"), installed.Options{Disk: killDisk{b}, Now: now})
	return o
}

func runChild(text string) error {
	var c child
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	ctx := context.Background()
	b := &killSwitch{}
	m, err := manager.Open(ctx, killedOptions(c.Data, func() time.Time { return c.Now }, b))
	if err != nil {
		return err
	}
	defer m.Close()
	if _, err := m.Resume(ctx); err != nil {
		return err
	}
	b.left.Store(c.KillAt)
	return killedTasks[c.Task](ctx, m, c.License)
}

// killedTasks are the tasks during which the app is killed.
var killedTasks = map[string]func(ctx context.Context, m *manager.Manager, id int64) error{
	"activate": func(ctx context.Context, m *manager.Manager, _ int64) error {
		pc, err := thisStudioPC(ctx, m)
		if err != nil {
			return err
		}
		_, err = m.NewLicense(ctx, manager.NewLicense{OrderID: studioOrder, Codes: pc.Codes, ThisPC: true})
		return err
	},
	"move": func(ctx context.Context, m *manager.Manager, id int64) error {
		l, err := cachedLicense(ctx, m, id)
		if err == nil {
			_, err = m.Move(ctx, l)
		}
		return err
	},
	"remove": func(ctx context.Context, m *manager.Manager, id int64) error {
		l, err := cachedLicense(ctx, m, id)
		if err == nil {
			_, err = m.Remove(ctx, manager.Remove{License: l})
		}
		return err
	},
	"pick up": func(ctx context.Context, m *manager.Manager, id int64) error {
		l, err := cachedLicense(ctx, m, id)
		if err == nil {
			_, err = m.PickUp(ctx, l)
		}
		return err
	},
}

func thisStudioPC(ctx context.Context, m *manager.Manager) (manager.ThisPC, error) {
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return manager.ThisPC{}, err
	}
	for _, o := range orders.Orders {
		if o.ID == studioOrder {
			return m.ThisPC(ctx, o.ProgramID)
		}
	}
	return manager.ThisPC{}, fmt.Errorf("no order")
}

func cachedLicense(ctx context.Context, m *manager.Manager, id int64) (manager.License, error) {
	table, _, err := m.CachedLicenses(ctx, studioOrder)
	for _, l := range table.Licenses {
		if l.ID == id {
			return l, err
		}
	}
	return manager.License{}, fmt.Errorf("no license %d: %w", id, err)
}

// TestKilledAtEveryStep kills the app at every step of a task, one after the other. Afterwards the license is on this
// PC, or it has left and its removal code is stored here or at the server. It is never lost and never in two places,
// and the task resumes.
func TestKilledAtEveryStep(t *testing.T) {
	for task := range killedTasks {
		t.Run(task, func(t *testing.T) {
			s := servertest.Start(t)
			// It picks up and removes remaining licenses, so that each round has the same seats
			other := newPC(t, s, fingerprinttest.PC("other"))
			other.signIn(t, s)
			p := &pc{options: killedOptions(t.TempDir(), s.Clock.Now, nil)}
			p.start(t)
			t.Cleanup(func() { _ = p.Close() })
			p.signIn(t, s)
			allowEverything(t, s)
			completed := false
			for step := int64(1); !completed; step++ {
				require.Less(t, step, int64(200))
				before := activeLicenses(t, s, studioOrder)
				l := prepareKilled(t, task, p, other)
				require.NoError(t, p.Close())
				completed = !killed(t, child{
					Data:    p.options.DataDir,
					Now:     s.Clock.Now(),
					Task:    task,
					License: l.ID,
					KillAt:  step,
				})
				p.start(t)
				requireRemovalCodeStored(t, s, p, l)
				_, err := p.Resume(t.Context())
				require.NoError(t, err, "step %d", step)
				_, err = p.Orders(t.Context())
				require.NoError(t, err)
				done, err := p.ResumeJobs(t.Context())
				require.NoError(t, err, "step %d", step)
				for _, job := range done {
					require.NoError(t, job.Err, "step %d", step)
				}
				checkAndRemove(t, s, p, other, completed, task, l, step)
				require.Equal(t, before, activeLicenses(t, s, studioOrder), "step %d", step)
			}
		})
	}
}

// prepareKilled makes the license of the task.
func prepareKilled(t *testing.T, task string, p, other *pc) manager.License {
	t.Helper()
	studioProgram(t, p)
	switch task {
	case "activate":
		return manager.License{}
	case "pick up":
		l, err := other.Move(t.Context(), other.activateThisPC(t))
		require.NoError(t, err)
		require.NotNil(t, p.row(t, l.ID))
		return l
	}
	l := p.activateThisPC(t)
	require.NotNil(t, p.row(t, l.ID))
	return l
}

// killed runs a child and reports whether it was killed before it completed its task.
func killed(t *testing.T, c child) bool {
	t.Helper()
	text, err := json.Marshal(c)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killedEnv+"="+string(text))
	output, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "%v: %s", err, output)
	return true
}

// requireRemovalCodeStored checks, before anything is sent, that the removal code of a license that left this PC is
// stored.
func requireRemovalCodeStored(t *testing.T, s *servertest.Server, p *pc, l manager.License) {
	t.Helper()
	state, err := installed.Open(filepath.Join(p.options.DataDir, "licenses"), installed.Options{}).State(studioSignature)
	require.NoError(t, err)
	for _, spent := range state.Spent {
		if spent.LicenseID != l.ID || l.ID == 0 {
			continue
		}
		kept, err := p.KeptCodes(t.Context())
		require.NoError(t, err)
		for _, k := range kept {
			if k.LicenseID == l.ID {
				require.Equal(t, removalCode(t, s, l.ID), spent.RemovalCode)
				return
			}
		}
		require.NotContains(t, []string{"active"}, serverState(t, s, l.ID),
			"license %d has left and its removal code is not stored", l.ID)
	}
}

// serverState returns "active" or the end of a license at the server.
func serverState(t *testing.T, s *servertest.Server, id int64) string {
	t.Helper()
	l := storedLicense(t, s, id)
	if l.Status == api.StatusActive && l.ReleasedAt == nil {
		return "active"
	}
	return "released or ended " + strconv.FormatInt(id, 10)
}

// checkAndRemove checks that the task took effect once or not at all, and removes its license.
func checkAndRemove(
	t *testing.T, s *servertest.Server, p, other *pc, completed bool, task string, l manager.License, step int64,
) {
	t.Helper()
	ctx := t.Context()
	table, err := p.Licenses(ctx, studioOrder)
	require.NoError(t, err)
	var onThisPC, released []manager.License
	for _, row := range table.Licenses {
		if row.ThisPC {
			onThisPC = append(onThisPC, row)
			require.True(t, row.Installed, "step %d: the license file is installed", step)
		}
		if row.ReleasedAt != nil {
			released = append(released, row)
		}
	}
	require.LessOrEqual(t, len(onThisPC)+len(released), 1, "step %d", step)
	switch task {
	case "activate", "pick up":
		require.True(t, !completed || len(onThisPC) == 1, "step %d", step)
		require.True(t, task == "activate" || len(onThisPC)+len(released) == 1,
			"step %d: the license is on this PC or released", step)
	case "move":
		require.Equal(t, 1, len(onThisPC)+len(released), "step %d: the license is on this PC or released", step)
		require.True(t, !completed || len(released) == 1, "step %d", step)
	case "remove":
		require.True(t, !completed || len(onThisPC) == 0, "step %d", step)
		require.Equal(t, len(onThisPC) == 1, storedLicense(t, s, l.ID).Status == api.StatusActive, "step %d", step)
	}
	kept, err := p.KeptCodes(ctx)
	require.NoError(t, err)
	require.Empty(t, kept, "step %d", step)
	for _, row := range onThisPC {
		_, err := p.Remove(ctx, manager.Remove{License: row})
		require.NoError(t, err)
	}
	for _, row := range released {
		require.NotNil(t, other.row(t, row.ID))
		pickedUp, err := other.PickUp(ctx, row)
		require.NoError(t, err, "step %d", step)
		_, err = other.Remove(ctx, manager.Remove{License: pickedUp})
		require.NoError(t, err)
	}
	require.Empty(t, p.files(t))
}
