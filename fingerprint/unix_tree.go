package fingerprint

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/acen-desktop/acen/license"
)

// linuxSource reads the locks of a Linux PC from its file system. It is compiled on every system, for tests with
// recorded trees.
type linuxSource struct {
	root fs.FS // of "/"
	// machineID returns the system's machine ID.
	machineID func() (string, error)
	// permanentAddress returns the permanent address of an adapter; "" if unknown.
	permanentAddress func(name string) string
	// system returns the result of systemDrive for this reading.
	system func() (drive, error)
	// fileSystemID returns the ID of the file system that is mounted at a point; "" if it has none.
	fileSystemID func(point string) string
}

// snapshot returns a source that finds the system drive once and caches it.
func (s linuxSource) snapshot() sources {
	s.system = sync.OnceValues(s.systemDrive)
	return s
}

// maxFile is the maximum number of bytes read from one file.
const maxFile = 256 << 10

func (s linuxSource) read(name string) ([]byte, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// text reads a file of one line; "" if it cannot be read.
func (s linuxSource) text(name string) string {
	data, err := s.read(name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimRight(string(data), "\x00\n"))
}

func (s linuxSource) exists(name string) bool {
	_, err := fs.Stat(s.root, name)
	return err == nil
}

// link returns the target of a symbolic link as a path below the root; "" if there is none.
func (s linuxSource) link(name string) string {
	target, err := fs.ReadLink(s.root, name)
	if err != nil {
		return ""
	}
	if !strings.HasPrefix(target, "/") {
		target = path.Join(path.Dir(name), target)
	}
	return strings.TrimPrefix(path.Clean("/"+target), "/")
}

func (s linuxSource) osID() (string, error) {
	id, err := s.machineID()
	if err != nil {
		return "", unreadable("the system has no machine id")
	}
	if id = license.Normalize(id); len(id) != 32 || !readable(license.OSID, id) {
		return "", unreadable("the machine id is empty or not of the usual form")
	}
	return id, nil
}

func (s linuxSource) cpuID() (string, error) {
	data, err := s.read("proc/cpuinfo")
	if err != nil {
		return "", unreadable("the processor is not described")
	}
	return parseCPU(data)
}

// cpuFields are the fields that identify a processor model: those of x86, else those of ARM and others.
var cpuFields = [][]string{
	{"vendor_id", "cpu family", "model", "stepping"},
	{"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision"},
	{"mvendorid", "marchid", "mimpid"},
	{"cpu", "revision"},
}

// parseCPU parses the first processor of /proc/cpuinfo.
func parseCPU(data []byte) (string, error) {
	fields := map[string]string{}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if key := string(bytes.TrimSpace(name)); ok && fields[key] == "" {
			fields[key] = string(bytes.TrimSpace(value))
		}
	}
	for _, names := range cpuFields {
		var parts []string
		for _, name := range names {
			if v := fields[name]; v != "" {
				parts = append(parts, v)
			}
		}
		if len(parts) == len(names) {
			return strings.Join(parts, "-"), nil
		}
	}
	return "", unreadable("the processor's description names no model")
}

// biosID returns the values that a firmware update does not change: the vendor of the firmware, and vendor and
// product of the board. Only root can read serial numbers and the product's UUID.
func (s linuxSource) biosID() (string, error) {
	const dmi = "sys/class/dmi/id/"
	if id := joinReadable(s.text(dmi+"bios_vendor"), s.text(dmi+"board_vendor"), s.text(dmi+"board_name")); id != "" {
		return id, nil
	}
	// Boards without DMI have a device tree. The version of the boot loader changes with an update.
	for _, tree := range []string{"sys/firmware/devicetree/base/", "proc/device-tree/"} {
		compatible, _, _ := strings.Cut(s.text(tree+"compatible"), "\x00")
		for _, id := range []string{s.text(tree + "model"), compatible} {
			if readable(license.BIOSID, id) {
				return id, nil
			}
		}
	}
	return "", unreadable("the firmware reports no vendor or model")
}

// cdHardwareID returns model and serial number of the first built-in optical drive.
func (s linuxSource) cdHardwareID() (string, error) {
	entries, err := fs.ReadDir(s.root, "sys/class/block")
	if err != nil {
		return "", unreadable("there is no built-in optical drive")
	}
	for _, e := range entries { // sorted
		if !numbered(e.Name(), "sr") {
			continue
		}
		dir := s.link("sys/class/block/" + e.Name())
		if dir == "" || !s.builtInDrive(dir) {
			continue
		}
		vendor, model := s.text(dir+"/device/vendor"), s.text(dir+"/device/model")
		name := strings.TrimSpace(vendor + " " + model)
		if !readable(license.CDHWID, name) {
			continue
		}
		serial := ""
		if page, err := s.read(dir + "/device/vpd_pg80"); err == nil {
			serial = parseVPD80(page)
		}
		if !readable(license.HDHWID, serial) {
			serial = s.udev(s.text(dir + "/dev"))["E:ID_SERIAL_SHORT"]
		}
		if readable(license.HDHWID, serial) {
			name += " " + serial
		}
		return name, nil
	}
	return "", unreadable("there is no built-in optical drive")
}

// builtInDrive reports whether an optical drive is connected by SATA, PATA or SAS inside the case. Drives on USB,
// such as modems that emulate a disc with their software, and network drives are not built in.
func (s linuxSource) builtInDrive(dir string) bool {
	inside := false
	for element := range strings.SplitSeq(dir, "/") {
		inside = inside || numbered(element, "ata") || strings.HasPrefix(element, "end_device-")
		if numbered(element, "session") { // iSCSI
			return false
		}
	}
	return inside && !s.external(dir)
}

// machineIDFiles are the files with a machine ID, in the order of package machineid.
var machineIDFiles = []string{"var/lib/dbus/machine-id", "etc/machine-id"}

// treeMachineID returns the machine ID of a recorded tree.
func treeMachineID(root fs.FS) func() (string, error) {
	s := linuxSource{root: root}
	return func() (string, error) {
		for _, name := range machineIDFiles {
			if id := s.text(name); id != "" {
				return id, nil
			}
		}
		return "", errors.New("no machine id")
	}
}
