package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing/fstest"

	"github.com/denisbrodbeck/machineid"

	"github.com/acen-desktop/acen/bench/peers"
	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/fingerprint/fingerprinttest"
	"github.com/acen-desktop/acen/license"
)

func init() { children["machineid-of"] = machineIDOf }

// machineIDOf prints what machineid finds in a recorded tree, which becomes the root of this process.
func machineIDOf(args []string) error {
	if err := errors.Join(syscall.Chroot(args[0]), os.Chdir("/")); err != nil {
		return err
	}
	id, err := machineid.ID()
	if err != nil {
		id = "none"
	}
	fmt.Println(id)
	return nil
}

// outcome is what became of a fingerprint.
type outcome int

const (
	lost outcome = iota
	recognized
	same
)

func (o outcome) String() string { return []string{"lost", "recognized", "same"}[o] }

// tree is a recorded PC.
type tree = fstest.MapFS

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), Mode: 0o444} }
func link(to string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(to), Mode: fs.ModeSymlink | 0o777}
}

// ofRoot is what only the administrator reads.
var ofRoot = []string{"sys/class/dmi/id/product_uuid", "sys/class/dmi/id/product_serial", "sys/class/dmi/id/board_serial"}

// recorded is the tree of a PC as the administrator sees it, with what the peers look for.
func recorded(name string, changed ...license.Lock) tree {
	t := fingerprinttest.Tree(name, changed...)
	disk := "sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	serial := strings.TrimSpace(string(t[disk+"/device/vpd_pg80"].Data[4:]))
	maps.Copy(t, tree{
		"sys/block/sda": link("../" + strings.TrimPrefix(disk, "sys/")), disk + "/removable": file("0\n"), disk + "/size": file("1000\n"), disk + "/device/serial": file(serial + "\n"),
		"run/udev/data/b8:0": file("E:ID_SERIAL_SHORT=" + serial + "\n"), "etc/hostname": file("studio\n"), "proc/meminfo": file(""),
		ofRoot[0]: file("4c4c4544-0042-3510-8051-" + serial[:12] + "\n"), ofRoot[1]: file("PF" + serial[:6] + "\n"), ofRoot[2]: file("L1" + serial[:8] + "\n"),
		"sys/devices/system/cpu/online": file("0\n"),
	})
	return t
}

// adapter adds a network adapter.
func adapter(t tree, name, where, address, assigned string) {
	dir := "sys/devices/" + where + "/net/" + name
	maps.Copy(t, tree{"sys/class/net/" + name: link("../../" + strings.TrimPrefix(dir, "sys/")), dir + "/address": file(address + "\n"), dir + "/type": file("1\n"), dir + "/addr_assign_type": file(assigned + "\n")})
	if !strings.HasPrefix(where, "virtual") {
		maps.Copy(t, tree{dir + "/device": link("../.."), "sys/devices/" + where + "/uevent": file("DRIVER=x\n")})
	}
}

// event is something that happens to a PC.
type event struct {
	name string
	best outcome // what is right; a clone is another PC
	tree func() tree
}

// without is a tree without some of its files.
func without(t tree, names ...string) tree {
	for _, name := range names {
		delete(t, name)
	}
	return t
}

var events = []event{
	{"nothing", same, func() tree { return recorded("a") }},
	{"dock with a network adapter", same, func() tree {
		t := recorded("a")
		adapter(t, "aaa0", "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0", "00:50:b6:00:00:07", "0")
		return t
	}},
	{"VPN and containers' bridges", same, func() tree {
		t := recorded("a")
		adapter(t, "wg0", "virtual", "", "0")
		adapter(t, "tun0", "virtual", "00:00:00:00:00:00", "0")
		adapter(t, "docker0", "virtual", "02:42:ac:11:00:02", "3")
		return t
	}},
	{"USB stick", same, func() tree {
		t := recorded("a")
		disk := "sys/devices/pci0000:00/0000:00:14.0/usb2/2-2/2-2:1.0/host6/target6:0:0/6:0:0:0/block/sdb"
		maps.Copy(t, tree{"sys/block/sdb": link("../" + strings.TrimPrefix(disk, "sys/")), "sys/class/block/sdb": link("../../" + strings.TrimPrefix(disk, "sys/")), "sys/dev/block/8:16": link("../../" + strings.TrimPrefix(disk, "sys/")),
			disk + "/removable": file("1\n"), disk + "/size": file("1000\n"), disk + "/dev": file("8:16\n"), disk + "/device/serial": file("STICK1\n"), "run/udev/data/b8:16": file("E:ID_SERIAL_SHORT=STICK1\n")})
		return t
	}},
	{"another name of the PC", same, func() tree {
		t := recorded("a")
		t["etc/hostname"] = file("workshop\n")
		return t
	}},
	{"an ordinary user instead of the administrator", same, func() tree { return without(recorded("a"), ofRoot...) }},
	{"BIOS update", recognized, func() tree { return sameBoard(recorded("a", license.BIOSID)) }},
	{"another disk, the system installed anew", recognized, func() tree { return sameBoard(recorded("a", license.HDID, license.OSID, license.HDHWID)) }},
	{"in a container on the PC", recognized, func() tree {
		t := recorded("a", license.OSID)
		t["proc/self/mountinfo"] = file("28 1 0:55 / / rw,relatime - overlay overlay rw\n")
		for name := range t {
			if strings.HasPrefix(name, "sys/class/net/") || strings.HasPrefix(name, "dev/") {
				delete(t, name)
			}
		}
		adapter(t, "eth0", "virtual", "02:42:ac:11:00:02", "3")
		return t
	}},
	{"the disk's content copied to another PC", lost, func() tree {
		return recorded("a", license.BIOSID, license.NETID, license.CPUID, license.HDHWID)
	}},
}

// sameBoard gives a tree the numbers that lie on the board of PC a.
func sameBoard(t tree) tree {
	a := recorded("a")
	for _, name := range ofRoot {
		t[name] = a[name]
	}
	return t
}

// write puts a tree on the disk.
func write(dir string, t tree) error {
	for name, f := range t {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		var err error
		if f.Mode&fs.ModeSymlink != 0 {
			err = os.Symlink(string(f.Data), path)
		} else {
			err = os.WriteFile(path, f.Data, 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inNamespace lets a program change its root also when it is not started by the administrator.
func inNamespace(cmd *exec.Cmd) *exec.Cmd {
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	return cmd
}

func measureStability(r *run, s *section) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	slashdevops := ""
	if r.slashdevops != "" {
		if slashdevops, err = buildPeer(r, "slashdevops", slashdevopsModule, r.slashdevops, peers.Slashdevops); err != nil {
			return err
		}
	}
	key := benchSignature.Key()
	var bound license.Block
	before := map[string]string{}
	var table strings.Builder
	table.WriteString("| what happens | right | ours | `denisbrodbeck/machineid` | `jaypipes/ghw` | `slashdevops/machineid` | ours the best |\n|---|---|---|---|---|---|---|\n")
	for i, e := range events {
		t := e.tree()
		dir, err := os.MkdirTemp(r.temp, "tree")
		if err != nil {
			return err
		}
		if err := errors.Join(os.Chmod(dir, 0o755), write(dir, t)); err != nil {
			return err
		}
		reading, err := fingerprint.Recorded(os.DirFS(dir)).Read(r)
		if err != nil {
			return err
		}
		if i == 0 {
			bound = reading.Block(key)
		}
		now := reading.BlockFor(key, bound)
		mine := lost
		if now == bound {
			mine = same
		} else if license.Compare(bound, now, license.DefaultPolicy()).Accepted {
			mine = recognized
		}

		found := map[string]string{}
		var out bytes.Buffer
		cmd := inNamespace(exec.CommandContext(r, self, "machineid-of", dir))
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("machineid in a root folder of its own: %w", err)
		}
		found["machineid"] = strings.TrimSpace(out.String())
		if found["ghw"], err = ghwIdentity(dir); err != nil {
			return err
		}
		if slashdevops != "" {
			ask, stop, err := asked(inNamespace(exec.CommandContext(r, slashdevops, dir)))
			if err != nil {
				return err
			}
			id, err := ask()
			stop()
			if err != nil {
				return err
			}
			found["slashdevops"] = strings.TrimSpace(id)
		}
		if i == 0 {
			before = found
		}
		cells := []string{e.name, e.best.String(), mine.String()}
		best := "yes"
		for _, peer := range []string{"machineid", "ghw", "slashdevops"} {
			id, measured := found[peer]
			if !measured {
				cells = append(cells, "not measured")
				continue
			}
			theirs := lost
			if id == before[peer] && id != "none" {
				theirs = same
			}
			cells = append(cells, theirs.String())
			if distance(theirs, e.best) < distance(mine, e.best) {
				best = "**no**"
			}
		}
		table.WriteString("| " + strings.Join(append(cells, best), " | ") + " |\n")
	}
	s.text = append(s.text, strings.TrimRight(table.String(), "\n"))
	s.say("Every PC is a recorded tree of /proc, /sys, /run and /etc. Ours reads it and compares with the default policy: same codes, recognized in spite of changes, or lost. " +
		"`machineid` and `slashdevops/machineid` run with the tree as their root folder, `ghw` with its own option for one. These have no comparison: an id is the same or lost. " +
		"Of ghw, which makes no id, the id is BIOS, product, board, processor, disks that stay and adapters that are not virtual. " +
		"`slashdevops/machineid` runs with all parts; it asks the kernel for adapters, which no tree changes, so that dock and VPN cannot be seen in its column.")
	if slashdevops == "" {
		s.say("`slashdevops/machineid`: %s.", slashdevopsMissing)
	}
	return nil
}

// distance is how far an outcome is from the right one. Same is as good as recognized.
func distance(o, right outcome) int {
	if right == lost {
		return int(o)
	}
	if o == lost {
		return 2
	}
	if o < right {
		return 1
	}
	return 0
}
