package fingerprint

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// mount is a line of /proc/self/mountinfo.
type mount struct {
	point   string
	device  string // major:minor
	fsType  string
	source  string
	options string // of the file system
}

// mounts are all mounts in the order of mounting.
type mounts []mount

// unescape decodes white space as the kernel escapes it in /proc/self/mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// parseMountInfo parses /proc/self/mountinfo and skips malformed lines.
func parseMountInfo(data []byte) mounts {
	var all mounts
	for line := range strings.Lines(string(data)) {
		before, after, ok := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(rest) < 2 || !validDevice(fields[2]) {
			continue
		}
		m := mount{
			point:  unescape.Replace(fields[4]),
			device: fields[2],
			fsType: rest[0],
			source: unescape.Replace(rest[1]),
		}
		if len(rest) > 2 {
			m.options = unescape.Replace(rest[2])
		}
		all = append(all, m)
	}
	return all
}

// validDevice reports whether number has the form major:minor.
func validDevice(number string) bool {
	major, minor, ok := strings.Cut(number, ":")
	return ok && major != "" && minor != "" && strings.Trim(major+minor, "0123456789") == ""
}

// at returns the visible mount at a mount point: the last one.
func (all mounts) at(point string) (mount, bool) {
	for _, m := range slices.Backward(all) {
		if m.point == point {
			return m, true
		}
	}
	return mount{}, false
}

// holding returns the mount of an absolute path, unless that is the root file system.
func (all mounts) holding(name string) (mount, bool) {
	for point := path.Clean(name); len(point) > 1; point = path.Dir(point) {
		if m, ok := all.at(point); ok {
			return m, true
		}
	}
	return mount{}, false
}

func (s linuxSource) mounts() (mounts, error) {
	data, err := s.read("proc/self/mountinfo")
	if err != nil {
		return nil, unreadable("the root file system is not known")
	}
	return parseMountInfo(data), nil
}

// drive is the file system of the operating system.
type drive struct {
	mount mount
	// uuid is the UUID of a file system that lists its devices itself; "" for others.
	uuid string
	// devices are the block devices of the file system, disks the physical disks below them, as folders below /sys.
	devices, disks []string
}

// systemMounts are the mount points at which the disk of the system is searched for, in order, if the root file
// system is not on a disk.
var systemMounts = []string{
	"/sysroot",                                                                // OSTree and composefs
	"/run/host", "/run/host/sysroot", "/run/host/usr", "/run/host/os-release", // the host in Flatpak and Toolbx
	"/var/lib/snapd/hostfs", // the host in Snap
	"/usr", "/var", "/nix",
	"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", // files that Docker mounts into a container
}

// systemDrive returns the file system of the operating system: the root file system, else the one below an overlay,
// else the first of systemMounts that is on a disk (spec: codes "Disks").
func (s linuxSource) systemDrive() (drive, error) {
	all, err := s.mounts()
	if err != nil {
		return drive{}, err
	}
	root, ok := all.at("/")
	if !ok {
		return drive{}, unreadable("the root file system is not known")
	}
	first := s.drive(root, all)
	if len(first.disks) > 0 {
		return first, nil
	}
	var others mounts
	for _, layer := range overlayLayers(root) {
		if m, ok := all.holding(layer); ok && !slices.Contains(others, m) {
			others = append(others, m)
		}
	}
	for _, place := range systemMounts {
		if m, ok := all.at(place); ok && !slices.Contains(others, m) {
			others = append(others, m)
		}
	}
	for _, m := range others {
		if d := s.drive(m, all); len(d.disks) > 0 {
			return d, nil
		}
	}
	return first, nil
}

// overlayLayers returns the folders of an overlay, the lower ones first: they are on a disk even if the upper one is in
// memory.
func overlayLayers(m mount) []string {
	if m.fsType != "overlay" {
		return nil
	}
	var lower, upper []string
	for option := range strings.SplitSeq(m.options, ",") {
		name, value, _ := strings.Cut(option, "=")
		switch strings.TrimSuffix(name, "+") {
		case "lowerdir", "datadir":
			lower = append(lower, strings.Split(value, ":")...)
		case "upperdir":
			upper = append(upper, value)
		}
	}
	return slices.DeleteFunc(append(lower, upper...), func(layer string) bool { return !path.IsAbs(layer) })
}

func (s linuxSource) drive(m mount, all mounts) drive {
	d := drive{mount: m}
	d.uuid, d.devices = s.devices(m)
	d.disks = s.disksBelow(d.devices, all)
	return d
}

// devices returns the block devices of a file system, and its UUID if it lists them itself.
func (s linuxSource) devices(m mount) (uuid string, devices []string) {
	switch m.fsType {
	case "btrfs":
		uuid, devices = s.members(m, "sys/fs/btrfs/*/devices/*")
	case "bcachefs":
		uuid, devices = s.members(m, "sys/fs/bcachefs/*/dev-*/block")
	case "zfs":
		uuid, devices = s.pool(m.source)
	}
	if len(devices) == 0 {
		devices = s.mounted(m)
	}
	return uuid, devices
}

// mounted returns the devices that a mount names.
func (s linuxSource) mounted(m mount) []string {
	if dir := s.link("sys/dev/block/" + m.device); dir != "" {
		return []string{dir}
	}
	// btrfs and others mount an anonymous device and name the real ones as source.
	var devices []string
	for source := range strings.SplitSeq(m.source, ":") {
		if dir := s.blockDevice(source); dir != "" {
			devices = append(devices, dir)
		}
	}
	return devices
}

// blockDevice returns the folder below /sys of a device such as "/dev/mapper/root"; "" if there is none.
func (s linuxSource) blockDevice(source string) string {
	device, ok := strings.CutPrefix(path.Clean(source), "/dev/")
	if !ok {
		return ""
	}
	if target := s.link("dev/" + device); strings.HasPrefix(target, "dev/") {
		device = target
	}
	const class = "sys/class/block"
	if dir := s.link(class + "/" + path.Base(device)); dir != "" {
		return dir
	}
	// A sandbox has no links in /dev/mapper.
	name, ok := strings.CutPrefix(device, "mapper/")
	if !ok {
		return ""
	}
	entries, err := fs.ReadDir(s.root, class)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if dir := class + "/" + e.Name(); strings.HasPrefix(e.Name(), "dm-") && s.text(dir+"/dm/name") == name {
			return s.link(dir)
		}
	}
	return ""
}

// members returns the UUID and the devices of a mounted file system of a kind that lists its devices below /sys/fs. The
// pattern matches links to them; its first variable part is the UUID.
func (s linuxSource) members(m mount, pattern string) (uuid string, devices []string) {
	links, err := fs.Glob(s.root, pattern)
	if err != nil {
		return "", nil
	}
	all := map[string][]string{}
	for _, name := range links {
		if dir := s.link(name); dir != "" {
			uuid := strings.Split(name, "/")[3]
			all[uuid] = append(all[uuid], dir)
		}
	}
	mounted := s.mounted(m)
	for uuid, devices := range all {
		// The mount may name a removed device; a single file system is the mounted one nevertheless.
		if len(all) == 1 || slices.ContainsFunc(mounted, func(dir string) bool { return slices.Contains(devices, dir) }) {
			return uuid, devices
		}
	}
	return "", nil
}

// pool returns the GUID and the devices of the ZFS pool of a data set: those on which udev found its label. The
// kernel does not list them for users.
func (s linuxSource) pool(dataset string) (guid string, devices []string) {
	name, _, _ := strings.Cut(dataset, "/")
	entries, err := fs.ReadDir(s.root, "sys/class/block")
	if err != nil || name == "" {
		return "", nil
	}
	for _, e := range entries {
		dir := s.link("sys/class/block/" + e.Name())
		if dir == "" {
			continue
		}
		found := s.udev(s.text(dir + "/dev"))
		if found["E:ID_FS_TYPE"] != "zfs_member" || found["E:ID_FS_LABEL"] != name {
			continue
		}
		devices = append(devices, dir)
		// Disks of a former pool with this name have another GUID.
		if id := found["E:ID_FS_UUID"]; guid == "" || id != "" && id < guid {
			guid = id
		}
	}
	return guid, devices
}

// maxDevices limits how many devices are visited from a file system down to its disks.
const maxDevices = 256

// disksBelow returns the physical disks below devices, through partitions, LVM, LUKS, RAID, caches and images.
func (s linuxSource) disksBelow(devices []string, all mounts) []string {
	var disks []string
	seen := map[string]bool{}
	for queue := slices.Clone(devices); len(queue) > 0 && len(seen) < maxDevices; queue = queue[1:] {
		dir := queue[0]
		if seen[dir] {
			continue
		}
		seen[dir] = true
		lower := s.below(dir, all)
		if len(lower) == 0 && physical(dir) {
			disks = append(disks, dir)
		}
		queue = append(queue, lower...)
	}
	return disks
}

// physical reports whether a block device without another one below it is a disk. The kernel lists the disks of NVMe
// controllers with several ports as virtual devices.
func physical(dir string) bool {
	return strings.HasPrefix(dir, "sys/devices/") && !strings.HasPrefix(path.Base(dir), "sr") &&
		(!strings.HasPrefix(dir, "sys/devices/virtual/") || strings.HasPrefix(dir, "sys/devices/virtual/nvme-subsystem/"))
}

// below returns the devices directly below a device: the disk of a partition, the members of a volume or an array, the
// devices of the file system with a mounted image, or those of the pool of a ZFS volume.
func (s linuxSource) below(dir string, all mounts) []string {
	if s.exists(dir + "/partition") {
		return []string{path.Dir(dir)}
	}
	var devices []string
	if entries, err := fs.ReadDir(s.root, dir+"/slaves"); err == nil {
		for _, e := range entries {
			if lower := s.link(dir + "/slaves/" + e.Name()); lower != "" {
				devices = append(devices, lower)
			}
		}
	}
	switch name := path.Base(dir); {
	case len(devices) > 0:
	case strings.HasPrefix(name, "loop"):
		if m, ok := all.holding(s.text(dir + "/loop/backing_file")); ok {
			_, devices = s.devices(m)
		}
	case strings.HasPrefix(name, "zd"):
		for property := range s.udev(s.text(dir + "/dev")) {
			if volume, ok := strings.CutPrefix(property, "S:zvol/"); ok {
				_, devices = s.pool(volume)
			}
		}
	}
	return devices
}

func (s linuxSource) hdID() (string, error) {
	d, err := s.system()
	if err != nil {
		return "", err
	}
	if d.uuid != "" {
		return d.uuid, nil
	}
	for _, dir := range d.devices {
		if uuid := s.uuidOf(dir); uuid != "" {
			return uuid, nil
		}
	}
	switch d.mount.fsType { // those whose id is derived from their UUID
	case "ext2", "ext3", "ext4", "btrfs", "bcachefs", "zfs":
		if id := s.fileSystemID(d.mount.point); id != "" {
			return id, nil
		}
	}
	return "", unreadable("the root file system has no UUID that everybody may read")
}

// uuidOf returns the UUID of the file system on a block device.
func (s linuxSource) uuidOf(dir string) string {
	const byUUID = "dev/disk/by-uuid"
	entries, err := fs.ReadDir(s.root, byUUID)
	if err == nil {
		for _, e := range entries { // sorted by name
			if path.Base(s.link(byUUID+"/"+e.Name())) == path.Base(dir) {
				return e.Name()
			}
		}
	}
	return s.udev(s.text(dir + "/dev"))["E:ID_FS_UUID"]
}

// udev returns the udev record of a block device: properties as "E:NAME", and links as "S:PATH" without a value.
func (s linuxSource) udev(device string) map[string]string {
	if !validDevice(device) {
		return nil
	}
	data, err := s.read("run/udev/data/b" + device)
	if err != nil {
		return nil
	}
	found := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		found[name] = strings.TrimSpace(value)
	}
	return found
}

// disks returns the serial numbers of all physical disks of the system drive in ascending order, because the names of
// disks may change at the next start.
func (s linuxSource) disks() ([]string, error) {
	d, err := s.system()
	if err != nil {
		return nil, err
	}
	if len(d.disks) == 0 {
		return nil, unreadable("the root file system lies on no disk of this system")
	}
	var serials []string
	for _, dir := range d.disks {
		if serial := s.diskSerial(dir); serial != "" {
			serials = append(serials, serial)
		}
	}
	if len(serials) == 0 {
		return nil, unreadable("the disk of the root file system shows no serial number")
	}
	slices.SortFunc(serials, func(a, b string) int { return cmp.Compare(license.Normalize(a), license.Normalize(b)) })
	return slices.Compact(serials), nil
}

// diskSerial returns the serial number of a disk, or else its worldwide name, from files that every user may read.
func (s linuxSource) diskSerial(dir string) string {
	if page, err := s.read(dir + "/device/vpd_pg80"); err == nil {
		if serial := parseVPD80(page); readable(license.HDHWID, serial) {
			return serial
		}
	}
	names := []string{"/device/serial", "/serial"}
	if !s.exists(dir + "/device/serial") {
		names = append(names, "/device/cid") // of an SD card: contains the serial number
	}
	for _, name := range names {
		if serial := s.text(dir + name); readable(license.HDHWID, serial) {
			return serial
		}
	}
	for _, name := range []string{"/wwid", "/device/wwid"} {
		// The other forms, "nvme." and "t10.", consist of model and serial number, which is missing.
		wwid := s.text(dir + name)
		form, _, _ := strings.Cut(wwid, ".")
		if slices.Contains([]string{"naa", "eui", "uuid"}, form) && readable(license.HDHWID, wwid) {
			return wwid
		}
	}
	// Without a serial number, ID_SERIAL is the model.
	if serial := s.udev(s.text(dir + "/dev"))["E:ID_SERIAL_SHORT"]; readable(license.HDHWID, serial) {
		return serial
	}
	return ""
}

// parseVPD80 parses the serial number of a SCSI unit: vital product data page 80h of SPC-4.
func parseVPD80(page []byte) string {
	if len(page) < 4 || page[1] != 0x80 {
		return ""
	}
	length := int(page[2])<<8 | int(page[3])
	serial := page[4:min(4+length, len(page))]
	return strings.TrimSpace(strings.ToValidUTF8(string(bytes.Trim(serial, "\x00")), ""))
}
