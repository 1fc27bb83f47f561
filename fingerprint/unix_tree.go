package fingerprint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// linuxSource reads the locks of a Linux PC out of its file system. It is compiled everywhere, so that recorded trees
// can be read in tests.
type linuxSource struct {
	root fs.FS // of "/"
	// machineID is how the system's machine id is found.
	machineID func() (string, error)
	// permanentAddress asks an adapter for the address it was made with; "" when it does not say.
	permanentAddress func(name string) string
	// fileSystemID returns the id of the root file system for those that derive it from their UUID; "" for others.
	fileSystemID func() string
}

// maxFile bounds what is read of one file, in bytes.
const maxFile = 256 << 10

func (s linuxSource) read(name string) ([]byte, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// text reads a file of one line; "" when it cannot be read.
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

// link returns the target of a symbolic link as a path below the root; "" when there is none.
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
	if id = license.Normalize(id); len(id) != 32 {
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

// cpuFields are the fields that name a processor: those of x86, else those of ARM and its relatives.
var cpuFields = [][]string{
	{"vendor_id", "cpu family", "model", "stepping"},
	{"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision"},
	{"mvendorid", "marchid", "mimpid"},
	{"cpu", "revision"},
}

// parseCPU reads the first processor of /proc/cpuinfo.
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

// biosID uses only files that every user may read: serial numbers and the product's UUID are the administrator's.
func (s linuxSource) biosID() (string, error) {
	const dmi = "sys/class/dmi/id/"
	parts := []string{s.text(dmi + "bios_vendor"), s.text(dmi + "bios_version"), s.text(dmi + "bios_date")}
	if license.Normalize(parts[1]) != "" {
		return strings.Join(parts, " "), nil
	}
	// Boards without DMI: the model and what the boot loader says of itself.
	const tree = "sys/firmware/devicetree/base/"
	if model := s.text(tree + "model"); license.Normalize(model) != "" {
		version := s.text(tree + "chosen/bootloader/version")
		if version == "" {
			version = s.text(tree + "chosen/u-boot,version")
		}
		return strings.TrimSpace(model + " " + version), nil
	}
	return "", unreadable("the firmware does not describe itself")
}

// rootMount is what /proc/self/mountinfo says of the root file system.
type rootMount struct {
	device string // major:minor
	fsType string
	source string
}

// parseMountInfo finds the last mount on "/".
func parseMountInfo(data []byte) (rootMount, error) {
	var root rootMount
	for line := range strings.Lines(string(data)) {
		before, after, ok := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if ok && len(fields) >= 5 && fields[4] == "/" && len(rest) >= 2 {
			root = rootMount{device: fields[2], fsType: rest[0], source: rest[1]}
		}
	}
	if root.device == "" || strings.ContainsAny(root.device, "/") || strings.Count(root.device, ":") != 1 {
		return root, unreadable("the root file system is not known")
	}
	return root, nil
}

func (s linuxSource) rootMount() (rootMount, error) {
	data, err := s.read("proc/self/mountinfo")
	if err != nil {
		return rootMount{}, unreadable("the root file system is not known")
	}
	return parseMountInfo(data)
}

// blockDevice returns the folder below /sys of the device that holds the root file system.
func (s linuxSource) blockDevice(m rootMount) (string, error) {
	if dir := s.link("sys/dev/block/" + m.device); dir != "" {
		return dir, nil
	}
	// btrfs and others mount an anonymous device and name the real one as their source.
	if name := s.deviceName(m.source); name != "" {
		if dir := s.link("sys/class/block/" + name); dir != "" {
			return dir, nil
		}
	}
	return "", unreadable("the root file system lies on no disk of this system")
}

// deviceName returns the kernel's name of a device below /dev, such as "sda2" or "dm-0".
func (s linuxSource) deviceName(source string) string {
	device, ok := strings.CutPrefix(path.Clean(source), "/dev/")
	if !ok {
		return ""
	}
	if target := s.link("dev/" + device); strings.HasPrefix(target, "dev/") {
		return path.Base(target)
	}
	return path.Base(device)
}

func (s linuxSource) hdID() (string, error) {
	m, err := s.rootMount()
	if err != nil {
		return "", err
	}
	if dir, err := s.blockDevice(m); err == nil {
		if uuid := s.uuidOf(path.Base(dir), s.text(dir+"/dev")); uuid != "" {
			return uuid, nil
		}
	}
	switch m.fsType {
	case "ext2", "ext3", "ext4", "btrfs":
		if id := s.fileSystemID(); id != "" {
			return id, nil
		}
	}
	return "", unreadable("the root file system has no UUID that everybody may read")
}

// uuidOf returns the UUID of a device's file system.
func (s linuxSource) uuidOf(name, device string) string {
	const byUUID = "dev/disk/by-uuid"
	entries, err := fs.ReadDir(s.root, byUUID)
	if err == nil {
		for _, e := range entries { // sorted by name
			if path.Base(s.link(byUUID+"/"+e.Name())) == name {
				return e.Name()
			}
		}
	}
	return s.udev(device, "ID_FS_UUID")
}

// udev returns a property that udev recorded of a block device; "" when it did not.
func (s linuxSource) udev(device, property string) string {
	if device == "" || strings.Contains(device, "/") {
		return ""
	}
	data, err := s.read("run/udev/data/b" + device)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "E:"+property+"="); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// maxDepth bounds how many layers (LVM, LUKS, RAID) are followed from a file system to its disk.
const maxDepth = 8

func (s linuxSource) hdHardwareID() (string, error) {
	m, err := s.rootMount()
	if err != nil {
		return "", err
	}
	dir, err := s.blockDevice(m)
	if err != nil {
		return "", err
	}
	for range maxDepth {
		if s.exists(dir + "/partition") {
			dir = path.Dir(dir)
			continue
		}
		below, err := fs.ReadDir(s.root, dir+"/slaves")
		if err != nil || len(below) == 0 {
			break
		}
		// Of several disks below (RAID, LVM) the one whose serial comes first is taken: names may change at the next start.
		if len(below) > 1 {
			var serials []string
			for _, e := range below {
				if serial := s.diskSerial(s.disk(s.link(dir + "/slaves/" + e.Name()))); serial != "" {
					serials = append(serials, serial)
				}
			}
			if len(serials) == 0 {
				return "", unreadable("the disks of the root file system show no serial number")
			}
			return slices.Min(serials), nil
		}
		next := s.link(dir + "/slaves/" + below[0].Name())
		if next == "" {
			break
		}
		dir = next
	}
	if serial := s.diskSerial(s.disk(dir)); serial != "" {
		return serial, nil
	}
	return "", unreadable("the disk of the root file system shows no serial number")
}

// disk returns the whole disk of a partition, or the disk itself.
func (s linuxSource) disk(dir string) string {
	if dir != "" && s.exists(dir+"/partition") {
		return path.Dir(dir)
	}
	return dir
}

// diskSerial returns what a disk calls itself, from files that everybody may read.
func (s linuxSource) diskSerial(dir string) string {
	if dir == "" {
		return ""
	}
	if page, err := s.read(dir + "/device/vpd_pg80"); err == nil {
		if serial := parseVPD80(page); license.Normalize(serial) != "" {
			return serial
		}
	}
	for _, name := range []string{"/device/serial", "/device/cid", "/serial", "/wwid", "/device/wwid"} {
		if serial := s.text(dir + name); license.Normalize(serial) != "" {
			return serial
		}
	}
	device := s.text(dir + "/dev")
	for _, property := range []string{"ID_SERIAL_SHORT", "ID_SERIAL"} {
		if serial := s.udev(device, property); license.Normalize(serial) != "" {
			return serial
		}
	}
	return ""
}

// parseVPD80 reads the serial number of a SCSI unit: vital product data page 80h of SPC-4.
func parseVPD80(page []byte) string {
	if len(page) < 4 || page[1] != 0x80 {
		return ""
	}
	length := int(page[2])<<8 | int(page[3])
	serial := page[4:min(4+length, len(page))]
	return strings.TrimSpace(strings.ToValidUTF8(string(bytes.Trim(serial, "\x00")), ""))
}

func (s linuxSource) cdHardwareID() (string, error) {
	entries, err := fs.ReadDir(s.root, "sys/class/block")
	if err != nil {
		return "", unreadable("there is no optical drive")
	}
	for _, e := range entries { // sorted: the first drive
		name := e.Name()
		if !strings.HasPrefix(name, "sr") {
			continue
		}
		dir := s.link("sys/class/block/" + name)
		if dir == "" {
			continue
		}
		model := strings.TrimSpace(s.text(dir+"/device/vendor") + " " + s.text(dir+"/device/model"))
		if license.Normalize(model) == "" {
			continue
		}
		serial := ""
		if page, err := s.read(dir + "/device/vpd_pg80"); err == nil {
			serial = parseVPD80(page)
		}
		if serial == "" {
			serial = s.udev(s.text(dir+"/dev"), "ID_SERIAL_SHORT")
		}
		return strings.TrimSpace(model + " " + serial), nil
	}
	return "", unreadable("there is no optical drive")
}

// arphrdEther is the hardware type of Ethernet and Wi-Fi (linux/if_arp.h).
const arphrdEther = "1"

// The kernel's addr_assign_type (linux/netdevice.h): how an adapter got its present address.
const (
	addressPermanent = "0"
	addressRandom    = "1"
)

func (s linuxSource) adapters() ([]adapter, error) {
	const class = "sys/class/net"
	entries, err := fs.ReadDir(s.root, class)
	if err != nil {
		return nil, unreadable("the network adapters are not listed")
	}
	var list []adapter
	for _, e := range entries {
		name := e.Name()
		// Links in /sys/class/net lead to the device; what has no hardware below it lies under devices/virtual.
		dir := s.link(class + "/" + name)
		if dir == "" {
			dir = class + "/" + name
		}
		hardware := s.link(dir + "/device")
		if strings.Contains(dir, "devices/virtual/") || hardware == "" && !s.exists(dir+"/device") || s.text(dir+"/type") != arphrdEther {
			continue
		}
		assigned := s.text(dir + "/addr_assign_type")
		if assigned == addressRandom {
			continue
		}
		address := hexAddress(s.permanentAddress(name))
		if address == "" && assigned == addressPermanent {
			address = hexAddress(s.text(dir + "/address"))
		}
		if address == "" {
			continue // set by hand, and the one it was made with is not told
		}
		list = append(list, adapter{name: name, address: address, usb: strings.Contains(dir, "/usb") || strings.Contains(hardware, "/usb")})
	}
	return list, nil
}

// machineIDFiles are where a machine id is kept, in the order in which machineid looks.
var machineIDFiles = []string{"var/lib/dbus/machine-id", "etc/machine-id"}

// treeMachineID finds the machine id of a recorded tree.
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

// statfsID formats a file-system id.
func statfsID(a, b int32) string {
	if a == 0 && b == 0 {
		return ""
	}
	return fmt.Sprintf("%08x%08x", uint32(a), uint32(b))
}
