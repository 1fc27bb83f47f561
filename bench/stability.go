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
	"slices"
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

// machineIDOf prints the ID that machineid finds in a recorded tree, which becomes the root folder of this process.
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

// outcome is the result of recognizing a fingerprint.
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

// ofRoot are the files that only root can read.
var ofRoot = []string{"sys/class/dmi/id/product_uuid", "sys/class/dmi/id/product_serial",
	"sys/class/dmi/id/board_serial"}

// The disk and the network card of a recorded PC.
const (
	disk = "sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	card = "sys/devices/pci0000:00/0000:00:19.0/net/eno1"
)

// recorded returns the tree of a PC as root sees it, with the files that the peers read.
func recorded(name string, changed ...license.Lock) tree {
	t := fingerprinttest.Tree(name, changed...)
	serial := strings.TrimSpace(string(t[disk+"/device/vpd_pg80"].Data[4:]))
	maps.Copy(t, tree{
		"sys/block/sda": link("../" + strings.TrimPrefix(disk, "sys/")), disk + "/removable": file("0\n"),
		disk + "/size": file("1000\n"), disk + "/device/serial": file(serial + "\n"),
		"run/udev/data/b8:0": file("E:ID_SERIAL_SHORT=" + serial + "\n"), "etc/hostname": file("studio\n"),
		"proc/meminfo": file(""),
		ofRoot[0]:      file("4c4c4544-0042-3510-8051-" + serial[:12] + "\n"), ofRoot[1]: file("PF" + serial[:6] + "\n"),
		ofRoot[2]:                       file("L1" + serial[:8] + "\n"),
		"sys/devices/system/cpu/online": file("0\n"),
	})
	return t
}

// adapter adds a network adapter.
func adapter(t tree, name, where, address, assigned string) {
	dir := "sys/devices/" + where + "/net/" + name
	maps.Copy(t, tree{"sys/class/net/" + name: link("../../" + strings.TrimPrefix(dir, "sys/")),
		dir + "/address": file(address + "\n"), dir + "/type": file("1\n"), dir + "/addr_assign_type": file(assigned + "\n")})
	if !strings.HasPrefix(where, "virtual") {
		maps.Copy(t, tree{dir + "/device": link("../.."), "sys/devices/" + where + "/uevent": file("DRIVER=x\n")})
	}
}

// event is a change of a PC, or another PC with the content of this one.
type event struct {
	name string
	best outcome // the correct outcome; a clone is another PC
	from tree    // before the event
	tree tree    // after the event
	// limit marks events that no lock can distinguish, which docs/spec/codes.md lists as limits.
	limit bool
}

// without deletes files from a tree and returns it.
func without(t tree, names ...string) tree {
	for _, name := range names {
		delete(t, name)
	}
	return t
}

// with replaces files in a tree and returns it.
func with(t tree, files tree) tree {
	maps.Copy(t, files)
	return t
}

// allEvents returns the rows of the table.
func allEvents() []event {
	return slices.Concat(eventsOfPCs(), eventsOfDrives(), eventsOfStorage(), eventsOfMachines(), eventsOfContainers())
}

// eventsOfPCs returns events of a PC with one disk.
func eventsOfPCs() []event {
	const dmi = "sys/class/dmi/id/"
	pc := func() tree { return recorded("a") }
	dock := pc()
	adapter(dock, "aaa0", "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0", "00:50:b6:41:9a:07", "0")
	thunderbolt := pc()
	const behind = "pci0000:00/0000:00:1d.4/0000:05:00.0/0000:06:04.0/0000:3b:00.0/0000:3c:02.0/0000:3e:00.0"
	adapter(thunderbolt, "aaa0", behind, "00:50:b6:41:9a:08", "0")
	thunderbolt["sys/devices/"+behind+"/removable"] = file("removable\n")
	bridges := pc()
	adapter(bridges, "wg0", "virtual", "", "0")
	adapter(bridges, "tun0", "virtual", "00:00:00:00:00:00", "0")
	adapter(bridges, "docker0", "virtual", "02:42:ac:11:00:02", "3")
	random := pc()
	random[card+"/address"], random[card+"/addr_assign_type"] = file("da:a1:19:5c:27:39\n"), file("3\n")
	random["sys/devices/pci0000:00/0000:00:19.0/ieee80211/phy0/macaddress"] = pc()[card+"/address"]
	update := with(pc(), tree{dmi + "bios_version": file("N32ET99W (1.75 )\n"), dmi + "bios_date": file("11/02/2025\n")})
	return []event{
		{name: "nothing", best: same, from: pc(), tree: pc()},
		{name: "dock with a network adapter", best: same, from: pc(), tree: dock},
		{name: "Thunderbolt dock with a network card", best: same, from: pc(), tree: thunderbolt},
		{name: "VPN and containers' bridges", best: same, from: pc(), tree: bridges},
		{name: "Wi-Fi with a random address", best: same, from: pc(), tree: random},
		{name: "USB stick", best: same, from: pc(), tree: withStick(pc())},
		{name: "another name of the PC", best: same, from: pc(), tree: with(pc(), tree{"etc/hostname": file("workshop\n")})},
		{name: "an ordinary user instead of the administrator", best: same, from: pc(), tree: without(pc(), ofRoot...)},
		{name: "BIOS update", best: same, from: pc(), tree: update},
		{name: "another network card", best: recognized, from: pc(), tree: sameBoard(recorded("a", license.NETID))},
		{name: "another processor", best: recognized, from: pc(), tree: sameBoard(recorded("a", license.CPUID))},
		{
			name: "another disk, the system installed anew",
			best: recognized,
			from: pc(),
			tree: sameBoard(recorded("a", license.HDID, license.OSID, license.HDHWID)),
		},
		{
			name: "the disk's content copied to another PC",
			best: lost,
			from: pc(),
			tree: recorded("a", license.BIOSID, license.NETID, license.CPUID, license.HDHWID),
		},
		{
			name: "the disk's content copied to another PC of the model",
			best: lost,
			from: pc(),
			tree: recorded("a", license.NETID, license.HDHWID),
		},
		{
			name: "another PC of the model",
			best: lost,
			from: pc(),
			tree: recorded("a", license.HDID, license.OSID, license.NETID, license.HDHWID),
		},
	}
}

// withStick adds a USB stick.
func withStick(t tree) tree {
	return with(t, blockDevice("sdb", "8:16", "pci0000:00/0000:00:14.0/usb2/2-2/2-2:1.0/host6/target6:0:0/6:0:0:0", tree{
		"removable":           file("1\n"),
		"size":                file("1000\n"),
		"device/serial":       file("STICK1\n"),
		"run/udev/data/b8:16": file("E:ID_SERIAL_SHORT=STICK1\n"),
	}))
}

// sameBoard gives a tree the serial numbers on the board of PC a.
func sameBoard(t tree) tree {
	a := recorded("a")
	for _, name := range ofRoot {
		t[name] = a[name]
	}
	return t
}

// write writes a tree to the disk.
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

// inNamespace lets a program change its root folder even without root.
func inNamespace(cmd *exec.Cmd) *exec.Cmd {
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{
				{ContainerID: 0, HostID: os.Getuid(), Size: 1},
			}, GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
	}
	return cmd
}

// identity is how a PC is identified.
type identity struct {
	reading fingerprint.Reading
	ids     map[string]string // IDs by peer
}

// identify identifies a PC with ours and with the peers.
func (r *run) identify(t tree, slashdevops string) (identity, error) {
	self, err := os.Executable()
	if err != nil {
		return identity{}, err
	}
	dir, err := os.MkdirTemp(r.temp, "tree")
	if err != nil {
		return identity{}, err
	}
	defer os.RemoveAll(dir)
	if err := errors.Join(os.Chmod(dir, 0o755), write(dir, t)); err != nil {
		return identity{}, err
	}
	pc := identity{ids: map[string]string{}}
	if pc.reading, err = fingerprint.Recorded(os.DirFS(dir)).Read(r); err != nil {
		return identity{}, err
	}
	var out bytes.Buffer
	cmd := inNamespace(exec.CommandContext(r, self, "machineid-of", dir))
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return identity{}, fmt.Errorf("machineid: %w", err)
	}
	pc.ids["machineid"] = strings.TrimSpace(out.String())
	if pc.ids["ghw"], err = ghwIdentity(dir); err != nil {
		return identity{}, err
	}
	if slashdevops == "" {
		return pc, nil
	}
	ask, stop, err := lineServer(inNamespace(exec.CommandContext(r, slashdevops, dir)))
	if err != nil {
		return identity{}, err
	}
	id, err := ask()
	stop()
	pc.ids["slashdevops"] = strings.TrimSpace(id)
	return pc, err
}

// recognize returns what becomes of a license.
func recognize(before, now fingerprint.Reading) outcome {
	key := benchSignature.Key()
	bound := before.Block(key)
	switch block := now.BlockFor(key, bound); {
	case block == bound && license.Compare(bound, block, license.DefaultPolicy()).Accepted:
		return same
	case license.Compare(bound, block, license.DefaultPolicy()).Accepted:
		return recognized
	}
	return lost
}

func measureStability(r *run, s *section) error {
	slashdevops := ""
	if r.slashdevops != "" {
		var err error
		slashdevops, err = buildPeer(r, "slashdevops", slashdevopsModule, r.slashdevops, peers.Slashdevops)
		if err != nil {
			return err
		}
	}
	var table strings.Builder
	table.WriteString("| what happens | right | ours | `denisbrodbeck/machineid` | `jaypipes/ghw` | " +
		"`slashdevops/machineid` | ours the best |\n|---|---|---|---|---|---|---|\n")
	for _, e := range allEvents() {
		before, err := r.identify(e.from, slashdevops)
		if err != nil {
			return err
		}
		now, err := r.identify(e.tree, slashdevops)
		if err != nil {
			return err
		}
		mine := recognize(before.reading, now.reading)
		name := e.name
		if e.limit {
			name += " †"
		}
		cells := []string{name, e.best.String(), mine.String()}
		best := "yes"
		for _, peer := range []string{"machineid", "ghw", "slashdevops"} {
			id, measured := now.ids[peer]
			if !measured {
				cells = append(cells, "not measured")
				continue
			}
			theirs := lost
			if id == before.ids[peer] && id != "none" {
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
	s.say("† A limit: no lock tells these apart. Validation by the server bounds them.")
	s.say("Every PC is a recorded tree of /proc, /sys, /run and /etc. Ours reads it and compares with the default " +
		"policy: same codes, recognized in spite of changes, or lost. " +
		"`machineid` and `slashdevops/machineid` run with the tree as their root folder, `ghw` with its own option for " +
		"one. These have no comparison: an id is the same or lost. " +
		"Of ghw, which makes no id, the id is BIOS, product, board, processor, disks that stay and adapters that are not " +
		"virtual. " +
		"`slashdevops/machineid` runs with all parts; it asks the kernel for adapters, which no tree changes, so that " +
		"dock and VPN cannot be seen in its column.")
	if slashdevops == "" {
		s.say("`slashdevops/machineid`: %s.", slashdevopsMissing)
	}
	return nil
}

// distance returns how far an outcome is from the correct one. Same is as good as recognized.
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
