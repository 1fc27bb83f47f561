//go:build packages

package packages

import (
	"bufio"
	"bytes"
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen"
)

// timeout limits each wait.
const timeout = 5 * time.Minute

// pollInterval is the time between two checks of the state of another process.
const pollInterval = 100 * time.Millisecond

// oldVersion is the version of the package from which the test upgrades.
const oldVersion = "0.0.1"

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	require.NotEmpty(t, value, "%s is not set: run `make test-packages`", name)
	return value
}

// run runs a command and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := try(t, name, args...)
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return out
}

func try(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

// packageFile returns the one package file that matches a pattern.
func packageFile(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(setting(t, "PACKAGES"), pattern))
	require.NoError(t, err)
	require.Len(t, found, 1, "%s in %s", pattern, setting(t, "PACKAGES"))
	return found[0]
}

// root is a clean system. Each command in it has its own mount namespace.
type root struct{ folder string }

func newRoot(t *testing.T) root {
	t.Helper()
	r := root{folder: filepath.Join(t.TempDir(), "root")}
	require.NoError(t, os.Mkdir(r.folder, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(r.folder), 0o755))
	run(t, "tar", "-xpf", setting(t, "ROOT"), "-C", r.folder)
	run(t, "cp", "/etc/resolv.conf", "/etc/hosts", filepath.Join(r.folder, "etc"))
	// Do not start services.
	require.NoError(t, os.WriteFile(filepath.Join(r.folder, "usr/sbin/policy-rc.d"), []byte("#!/bin/sh\nexit 101\n"),
		0o755))
	return r
}

// command returns the command that runs a shell script in the root.
func (r root) command(script string) []string {
	return []string{"unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", `
		mount --make-rprivate /
		mount -t proc proc "$1/proc"; mount --rbind /sys "$1/sys"; mount --rbind /dev "$1/dev"
		exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -euc "$2"`,
		"sh", r.folder, script}
}

func (r root) sh(t *testing.T, script string) string {
	t.Helper()
	c := r.command(script)
	return run(t, c[0], c[1:]...)
}

// copyIn copies a file to the folder /packages of the root and returns its path there.
func (r root) copyIn(t *testing.T, file string) (inside string) {
	t.Helper()
	folder := filepath.Join(r.folder, "packages")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	run(t, "cp", file, folder)
	return "/packages/" + filepath.Base(file)
}

// read returns the content of a file in the root.
func (r root) read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(r.folder, path))
	require.NoError(t, err)
	return string(data)
}

// display starts an X server that programs in a root reach through its abstract socket.
func display(t *testing.T) string {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset",
		"+render")
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	require.NoError(t, write.Close())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	number, err := bufio.NewReader(read).ReadString('\n')
	require.NoError(t, err, "Xvfb did not start")
	return ":" + strings.TrimSpace(number)
}

// window starts the app in a root as the user anna and waits until the sign-in screen is drawn.
func (r root) window(t *testing.T, picture, start string) {
	t.Helper()
	screen := display(t)
	c := r.command(`exec runuser -u anna -- env HOME=/home/anna DISPLAY=` + screen +
		` LIBGL_ALWAYS_SOFTWARE=1 FYNE_THEME=light ` + start)
	var printed bytes.Buffer
	cmd := exec.Command(c[0], c[1:]...)
	cmd.Stdout, cmd.Stderr = &printed, &printed
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	defer func() { _ = cmd.Process.Kill(); <-done }()

	file := filepath.Join(setting(t, "ARTIFACTS"), picture+".png")
	t.Setenv("DISPLAY", screen)
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	end := time.NewTimer(timeout)
	defer end.Stop()
	for {
		select {
		case <-done:
			t.Fatalf("the app ended: %s", printed.String())
		case <-end.C:
			t.Fatalf("the app shows no window: %s", printed.String())
		case <-ticker.C:
		}
		if _, err := try(t, "xdotool", "search", "--onlyvisible", "--name", acen.About().Name); err != nil {
			continue
		}
		run(t, "import", "-window", "root", file)
		if colors(t, file) > 100 { // antialiased text, buttons and the icon
			return
		}
	}
}

func colors(t *testing.T, file string) int {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	picture, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	seen := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}

// TestDeb upgrades an older .deb on a clean Debian. The app starts before and after, and the user's data are unchanged
// by the upgrade and the removal.
func TestDeb(t *testing.T) {
	version := acen.About().Version
	r := newRoot(t)
	r.sh(t, "apt-get -q update; useradd -m anna")
	older := r.copyIn(t, packageFile(t, "old/acen_*.deb"))
	r.sh(t, "apt-get -q install -y --no-install-recommends "+older)
	require.Contains(t, r.sh(t, "dpkg-query -W -f '${Version}' acen"), oldVersion)

	const data = "/home/anna/.local/share/acen-desktop"
	r.window(t, "deb-first-start", "acen")
	require.FileExists(t, filepath.Join(r.folder, data, "acen.db"))
	r.sh(t, "runuser -u anna -- sh -c 'echo mine > "+data+"/note'")

	deb := r.copyIn(t, packageFile(t, "acen_"+version+"-*.deb"))
	r.sh(t, "apt-get -q install -y "+deb+" desktop-file-utils shared-mime-info")
	require.Contains(t, r.sh(t, "dpkg-query -W -f '${Version}' acen"), version)
	require.Equal(t, "acenctl version "+version+"\n", r.sh(t, "acenctl --version"))
	require.Equal(t, "acen "+version+"\n", r.sh(t, "acen --version"))
	require.NotContains(t, r.sh(t, "ldd /usr/bin/acen"), "not found")
	r.window(t, "deb-upgraded", "acen")
	require.Equal(t, "mine\n", r.read(t, data+"/note"))

	// The app is registered for its files and links.
	require.Contains(t, r.read(t, "usr/share/mime/globs2"), "application/vnd.acen.license:*.acen")
	known := r.read(t, "usr/share/applications/mimeinfo.cache")
	for _, kind := range []string{"application/vnd.acen.license", "x-scheme-handler/acen"} {
		require.Contains(t, known, kind+"="+acen.About().ID+".desktop;")
	}

	r.sh(t, "apt-get -q purge -y acen")
	require.NoFileExists(t, filepath.Join(r.folder, "usr/bin/acen"))
	require.Empty(t, r.sh(t,
		"find /usr /etc /var -name '*acen*' -not -path '*/log/*' -not -path '*/cache/*' "+
			"-not -path '*/lib/dpkg/*' -not -path '*/lib/apt/*'"))
	require.Equal(t, "mine\n", r.read(t, data+"/note"))
	require.FileExists(t, filepath.Join(r.folder, data, "acen.db"))
}

// TestServerDeb installs the server's .deb: it has a user, a unit and settings that only root can read. Removing it
// preserves data and settings, because they contain the keys of every license. Purging it deletes the settings, never
// the data.
func TestServerDeb(t *testing.T) {
	r := newRoot(t)
	deb := r.copyIn(t, packageFile(t, "acen-server_*.deb"))
	r.sh(t, "apt-get -q update; apt-get -q install -y --no-install-recommends "+deb)
	require.Contains(t, r.sh(t, "acen-server --version"), acen.About().Version)
	require.Contains(t, r.sh(t, "getent passwd acen-server"), ":/var/lib/acen-server:")
	const settings = "etc/acen-server/acen-server.env"
	info, err := os.Stat(filepath.Join(r.folder, settings))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	unit := r.read(t, "usr/lib/systemd/system/acen-server.service")
	require.Contains(t, unit, "\nExecStart=/usr/bin/acen-server serve\n")

	r.sh(t, "install -d -m 700 -o acen-server -g acen-server /var/lib/acen-server")
	r.sh(t, "runuser -u acen-server -- "+
		"acen-server program add --data /var/lib/acen-server --name Notepad --signature NOTEPAD1")
	require.FileExists(t, filepath.Join(r.folder, "var/lib/acen-server/acen.db"))
	r.sh(t, "apt-get -q remove -y acen-server")
	require.NoFileExists(t, filepath.Join(r.folder, "usr/bin/acen-server"))
	require.FileExists(t, filepath.Join(r.folder, "var/lib/acen-server/acen.db"))
	require.FileExists(t, filepath.Join(r.folder, settings))
	r.sh(t, "apt-get -q purge -y acen-server")
	require.FileExists(t, filepath.Join(r.folder, "var/lib/acen-server/acen.db"))
	require.FileExists(t, filepath.Join(r.folder, "var/lib/acen-server/master.key"))
	require.NoFileExists(t, filepath.Join(r.folder, settings))
}

// TestTar installs, upgrades and removes the tar.xz without root.
func TestTar(t *testing.T) {
	folder, home := t.TempDir(), t.TempDir()
	run(t, "tar", "-xJf", packageFile(t, "acen-[0-9]*.tar.xz"), "-C", folder)
	install := filepath.Join(folder, "acen-"+acen.About().Version, "install.sh")
	to := filepath.Join(home, "with a space")
	mine := filepath.Join(to, "share", "acen-desktop", "acen.db")
	require.NoError(t, os.MkdirAll(filepath.Dir(mine), 0o700))
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o600))
	for range 2 { // the second run upgrades
		require.Contains(t, run(t, install, to), "is in "+to)
	}
	require.Equal(t, "acen "+acen.About().Version+"\n", run(t, filepath.Join(to, "bin", "acen"), "--version"))
	entry := filepath.Join(to, "share", "applications", acen.About().ID+".desktop")
	run(t, "desktop-file-validate", entry)
	text, err := os.ReadFile(entry)
	require.NoError(t, err)
	require.Contains(t, string(text), "\nExec=\""+to+"/bin/acen\" %u\n")
	_, err = try(t, install, "--help")
	require.Error(t, err)
	run(t, install, "--remove", to)
	require.NoFileExists(t, entry)
	require.Empty(t, run(t, "find", filepath.Join(to, "bin"), "-type", "f"))
	kept, err := os.ReadFile(mine)
	require.NoError(t, err)
	require.Equal(t, "mine", string(kept))
}

// TestRPM checks that the .rpm has the files of the .deb and requires the libraries that the program loads.
func TestRPM(t *testing.T) {
	rpm, deb := packageFile(t, "acen-[0-9]*.rpm"), packageFile(t, "acen_*.deb")
	var inDeb []string
	for line := range strings.Lines(run(t, "dpkg-deb", "-c", deb)) {
		_, name, ok := strings.Cut(strings.TrimSpace(line), " ./")
		if ok && !strings.HasSuffix(name, "/") && !strings.Contains(name, "lintian") {
			inDeb = append(inDeb, "/"+name)
		}
	}
	require.NotEmpty(t, inDeb)
	inRPM := run(t, "rpm", "-qlp", rpm)
	for _, name := range inDeb {
		require.Contains(t, inRPM, name+"\n")
	}
	needs := run(t, "rpm", "-qp", "--requires", rpm)
	for _, library := range []string{"libGL.so.1()(64bit)", "libX11.so.6()(64bit)", "libXcursor.so.1()(64bit)",
		"libXi.so.6()(64bit)"} {
		require.Contains(t, needs, library)
	}
	require.Contains(t, run(t, "rpm", "-qp", "--queryformat", "%{VERSION} %{LICENSE} %{URL}", rpm),
		acen.About().Version+" MIT "+acen.About().Website)
}

// rpm runs rpm for a root. Debian has no database of the libraries that Fedora's packages provide, so callers pass
// --nodeps.
func (r root) rpm(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, "rpm", append([]string{"--root", r.folder}, args...)...)
}

// TestRPMInstalled upgrades an older .rpm in a root. No installed file differs from the package, the required libraries
// exist, the app starts, and removing it preserves the user's data.
func TestRPMInstalled(t *testing.T) {
	version := acen.About().Version
	r := newRoot(t)
	r.sh(t, "apt-get -q update; useradd -m anna")
	r.sh(t, "apt-get -q install -y --no-install-recommends libgl1 libx11-6 "+
		"libxcursor1 libxrandr2 libxinerama1 libxi6 libxxf86vm1 xdg-utils")
	r.rpm(t, "--initdb")
	r.rpm(t, "-i", "--nodeps", packageFile(t, "old/acen-[0-9]*.rpm"))
	require.Equal(t, oldVersion, lastLine(r.rpm(t, "-q", "--queryformat", "%{VERSION}", "acen")))
	const data = "/home/anna/.local/share/acen-desktop"
	r.window(t, "rpm-first-start", "acen")
	require.FileExists(t, filepath.Join(r.folder, data, "acen.db"))
	r.sh(t, "runuser -u anna -- sh -c 'echo mine > "+data+"/note'")

	r.rpm(t, "-U", "--nodeps", packageFile(t, "acen-[0-9]*.rpm"))
	require.Equal(t, version, lastLine(r.rpm(t, "-q", "--queryformat", "%{VERSION}", "acen")))
	require.Empty(t, r.rpm(t, "-V", "--nodeps", "acen"))
	libraries := r.sh(t, "ldconfig -p")
	for line := range strings.Lines(run(t, "rpm", "-qp", "--requires", packageFile(t, "acen-[0-9]*.rpm"))) {
		if library, _, ok := strings.Cut(line, "("); ok && strings.HasPrefix(library, "lib") {
			require.Contains(t, libraries, library+" ", "the required library exists")
		}
	}
	require.Equal(t, "acenctl version "+version+"\n", r.sh(t, "acenctl --version"))
	require.Equal(t, "acen "+version+"\n", r.sh(t, "acen --version"))
	r.window(t, "rpm-upgraded", "acen")

	r.rpm(t, "-e", "acen")
	require.NoFileExists(t, filepath.Join(r.folder, "usr/bin/acen"))
	require.Empty(t, r.sh(t, "find /usr /etc -name '*acen*'"))
	require.Equal(t, "mine\n", r.read(t, data+"/note"))
	require.FileExists(t, filepath.Join(r.folder, data, "acen.db"))
}

// TestServerRPM installs the server's .rpm: it has a user and settings that only root can read. Removing it preserves
// changed settings and the data.
func TestServerRPM(t *testing.T) {
	r := newRoot(t)
	r.rpm(t, "--initdb")
	r.rpm(t, "-i", "--nodeps", packageFile(t, "acen-server-*.rpm"))
	require.Contains(t, r.sh(t, "acen-server --version"), acen.About().Version)
	require.Contains(t, r.sh(t, "getent passwd acen-server"), ":/var/lib/acen-server:")
	require.Empty(t, r.rpm(t, "-V", "--nodeps", "acen-server"))
	const settings = "/etc/acen-server/acen-server.env"
	require.Equal(t, "600 root\n", r.sh(t, "stat -c '%a %U' "+settings))
	r.sh(t, "echo ACEN_LISTEN=127.0.0.1:9090 >> "+settings)
	r.sh(t, "install -d -m 700 -o acen-server -g acen-server /var/lib/acen-server")
	r.sh(t, "runuser -u acen-server -- "+
		"acen-server program add --data /var/lib/acen-server --name Notepad --signature NOTEPAD1")
	r.rpm(t, "-e", "acen-server")
	require.NoFileExists(t, filepath.Join(r.folder, "usr/bin/acen-server"))
	require.FileExists(t, filepath.Join(r.folder, "var/lib/acen-server/acen.db"))
	require.Contains(t, r.read(t, settings+".rpmsave"), "ACEN_LISTEN=127.0.0.1:9090")
}

// lastLine returns the last line, without the warnings of Debian's rpm before it.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestCheckers runs the checkers of Debian and of the desktops.
func TestCheckers(t *testing.T) {
	run(t, "lintian", "--allow-root", "--fail-on", "error,warning", packageFile(t, "acen_*.deb"),
		packageFile(t, "acen-server_*.deb"))
	share := filepath.Join(t.TempDir(), "acen")
	run(t, "dpkg-deb", "-x", packageFile(t, "acen_*.deb"), share)
	run(t, "desktop-file-validate", filepath.Join(share, "usr/share/applications", acen.About().ID+".desktop"))
	run(t, "appstreamcli", "validate", "--no-net",
		filepath.Join(share, "usr/share/metainfo", acen.About().ID+".metainfo.xml"))
	run(t, "update-mime-database", filepath.Join(share, "usr/share/mime"))
	types, err := os.ReadFile(filepath.Join(share, "usr/share/mime/globs2"))
	require.NoError(t, err)
	require.Contains(t, string(types), "application/vnd.acen.license:*.acen")
}
