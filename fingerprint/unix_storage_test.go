package fingerprint

import (
	"fmt"
	"maps"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// Disks of the storage in these tests.
const (
	sda  = "sys/devices/" + sataBus + "/block/sda"
	sdb  = "sys/devices/" + sataBus + "b/block/sdb"
	sdc  = "sys/devices/" + sataBus + "c/block/sdc"
	nvme = "sys/devices/" + nvmeBus + "/block/nvme0n1"
	uuid = "0f0e0d0c-aaaa-4bbb-8ccc-1234567890ab"
	byID = "dev/disk/by-uuid/" + uuid
)

// Two SATA disks, of which the second has the smaller serial number, and an SSD. Each has a partition 2.
var (
	diskA = merged(disk("sda", "8:0", sataBus, map[string]string{"device/vpd_pg80": vpd80("WD-WCC4N7654321")}),
		partition("sda", "sda2", "8:2", sataBus))
	diskB = merged(disk("sdb", "8:16", sataBus+"b", map[string]string{"device/vpd_pg80": vpd80("S2R5NX0H604417")}),
		partition("sdb", "sdb2", "8:18", sataBus+"b"))
	diskC = merged(disk("sdc", "8:32", sataBus+"c", map[string]string{"device/vpd_pg80": vpd80("5YD1XK7G")}),
		partition("sdc", "sdc2", "8:34", sataBus+"c"))
	ssd = merged(disk("nvme0n1", "259:0", nvmeBus, map[string]string{"device/serial": "S3Z9NB0K123456X\n"}),
		partition("nvme0n1", "nvme0n1p2", "259:2", nvmeBus))
)

// stacked is a virtual device on others, which are folders below /sys or other virtual devices.
func stacked(name, device string, below ...string) map[string]string {
	slaves := map[string]string{}
	for _, dir := range below {
		if strings.Contains(dir, "/") {
			slaves["slaves/"+path.Base(dir)] = "-> ../../../../" + strings.TrimPrefix(dir, "sys/devices/")
			continue
		}
		slaves["slaves/"+dir] = "-> ../../" + dir
	}
	return disk(name, device, "virtual", slaves)
}

// mountTable is /proc/self/mountinfo with lines of mount point, device, type, source and options.
func mountTable(lines ...string) map[string]string {
	var table strings.Builder
	table.WriteString("22 1 0:21 / /sys rw shared:7 - sysfs sysfs rw\n23 1 0:5 / /dev rw - devtmpfs udev rw\n")
	for i, line := range lines {
		f := append(strings.Fields(line), "rw")
		fmt.Fprintf(&table, "%d 1 %s / %s rw,relatime shared:1 - %s %s %s\n", 28+i, f[1], f[0], f[2], f[3], f[4])
	}
	return map[string]string{"proc/self/mountinfo": table.String()}
}

// zfsMember is the udev record of a device of a pool.
func zfsMember(device, pool, guid string) map[string]string {
	properties := "E:ID_FS_LABEL=" + pool + "\nE:ID_FS_TYPE=zfs_member\nE:ID_FS_UUID=" + guid + "\n"
	return map[string]string{"run/udev/data/b" + device: properties}
}

// btrfsDevices is the list of devices of a btrfs file system, as folders below /sys.
func btrfsDevices(uuid string, devices ...string) map[string]string {
	files := map[string]string{"sys/fs/btrfs/features/raid1c34": "0\n"}
	for _, dir := range devices {
		files["sys/fs/btrfs/"+uuid+"/devices/"+path.Base(dir)] = "-> ../../../../" + strings.TrimPrefix(dir, "sys/")
	}
	return files
}

const (
	serialA   = "WD-WCC4N7654321"
	serialB   = "S2R5NX0H604417"
	serialC   = "5YD1XK7G"
	serialSSD = "S3Z9NB0K123456X"
	poolGUID  = "14617205023829126817"
	twoPorts  = "virtual/nvme-subsystem/nvme-subsys0"
)

var lvmOnTwoDisks = merged(diskA, diskB, mountTable("/ 253:0 ext4 /dev/mapper/vg-root"),
	stacked("dm-0", "253:0", sda+"/sda2", sdb+"/sdb2"), map[string]string{byID: "-> ../../dm-0"})

var lvmThin = merged(diskA, mountTable("/ 253:3 ext4 /dev/mapper/vg-root"), map[string]string{byID: "-> ../../dm-3"},
	stacked("dm-0", "253:0", sda+"/sda2"), stacked("dm-1", "253:1", sda+"/sda2"), // metadata and data
	stacked("dm-2", "253:2", "dm-0", "dm-1"), stacked("dm-3", "253:3", "dm-2"))

var lvmCache = merged(diskA, ssd, mountTable("/ 253:3 ext4 /dev/mapper/vg-root"),
	stacked("dm-0", "253:0", nvme+"/nvme0n1p2"), stacked("dm-1", "253:1", nvme+"/nvme0n1p2"), // cache: metadata and data
	stacked("dm-2", "253:2", sda+"/sda2"), stacked("dm-3", "253:3", "dm-0", "dm-1", "dm-2"),
	map[string]string{byID: "-> ../../dm-3"})

var lvmOnTwoLUKS = merged(diskA, diskB, mountTable("/ 253:2 ext4 /dev/mapper/vg-root"),
	stacked("dm-0", "253:0", sda+"/sda2"), stacked("dm-1", "253:1", sdb+"/sdb2"), stacked("dm-2", "253:2", "dm-0", "dm-1"),
	map[string]string{byID: "-> ../../dm-2"})

var lvmRAID1 = merged(diskA, diskB, mountTable("/ 253:4 xfs /dev/mapper/vg-root"),
	stacked("dm-0", "253:0", sda+"/sda2"), stacked("dm-1", "253:1", sda+"/sda2"), // metadata and image
	stacked("dm-2", "253:2", sdb+"/sdb2"), stacked("dm-3", "253:3", sdb+"/sdb2"),
	stacked("dm-4", "253:4", "dm-0", "dm-1", "dm-2", "dm-3"), map[string]string{byID: "-> ../../dm-4"})

var btrfsRAID1 = merged(diskA, diskB, ssd, mountTable("/ 0:30 btrfs /dev/sda2"),
	btrfsDevices(uuid, sda+"/sda2", sdb+"/sdb2"), btrfsDevices("11111111-2222-4333-8444-5555aaaa6666", nvme+"/nvme0n1p2"),
	map[string]string{"dev/disk/by-uuid/" + uuid: "-> ../../sdb2"})

var mirror = merged(diskA, diskB, mountTable("/ 9:0 ext4 /dev/md0"), stacked("md0", "9:0", sda+"/sda2", sdb+"/sdb2"),
	map[string]string{byID: "-> ../../md0"})

var zfsMirror = merged(diskA, diskB, diskC, mountTable("/ 0:25 zfs rpool/ROOT/ubuntu_x1y2z3"),
	zfsMember("8:2", "rpool", poolGUID), zfsMember("8:18", "rpool", poolGUID),
	zfsMember("8:34", "tank", "99"))

var bcachefsOnTwo = merged(diskA, ssd, mountTable("/ 0:40 bcachefs /dev/sda2:/dev/nvme0n1p2"),
	bcachefsDevice(uuid, 0, sda+"/sda2"), bcachefsDevice(uuid, 1, nvme+"/nvme0n1p2"),
	bcachefsDevice("11111111-2222-4333-8444-5555aaaa6666", 0, "sys/devices/virtual/block/loop9"))

// bcachefsDevice is a device in the list of a bcachefs file system.
func bcachefsDevice(uuid string, n int, dir string) map[string]string {
	name := fmt.Sprintf("sys/fs/bcachefs/%s/dev-%d/block", uuid, n)
	return map[string]string{name: "-> ../../../../" + strings.TrimPrefix(dir, "sys/")}
}

// flatpak is the sandbox of an app on Fedora: /dev, /run/udev and /sys/fs are not the host's.
var flatpak = merged(ssd, stacked("dm-0", "253:0", nvme+"/nvme0n1p2"),
	map[string]string{"sys/devices/virtual/block/dm-0/dm/name": "luks-8a31\n"},
	mountTable("/ 0:60 tmpfs tmpfs", "/usr 0:35 btrfs /dev/mapper/luks-8a31", "/var 0:35 btrfs /dev/mapper/luks-8a31"))

// atomic is Fedora Atomic: a composefs image over the repository in /sysroot, on btrfs on LUKS.
var atomic = merged(ssd, stacked("dm-0", "253:0", nvme+"/nvme0n1p2"),
	map[string]string{"dev/mapper/luks-8a31": "-> ../dm-0"}, btrfsDevices(uuid, "sys/devices/virtual/block/dm-0"),
	mountTable(
		"/ 0:33 overlay composefs ro,lowerdir+=/run/ostree/.private/cfsroot-lower,datadir+=/sysroot/ostree/repo/objects",
		"/run 0:26 tmpfs tmpfs",
		"/sysroot 0:35 btrfs /dev/mapper/luks-8a31",
		"/var 0:35 btrfs /dev/mapper/luks-8a31",
	))

// both are the disks of storage on diskA and diskB, the smaller serial first.
var both = []string{serialB, serialA}

// Every layer between the system and its disks (spec: codes "Disks").
func TestStorage(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		fsid  map[string]string
		id    string   // HD ID
		disks []string // serial numbers of all disks; HD ID (HW) is the first
	}{
		{name: "a volume on two disks", files: lvmOnTwoDisks, id: uuid, disks: both},
		{name: "LVM thin", files: lvmThin, id: uuid, disks: []string{serialA}},
		{name: "LVM cache on an SSD", files: lvmCache, id: uuid, disks: []string{serialSSD, serialA}},
		{name: "LVM raid1", files: lvmRAID1, id: uuid, disks: both},
		{name: "LVM on two LUKS", files: lvmOnTwoLUKS, id: uuid, disks: both},
		{
			name: "LUKS on a RAID",
			files: merged(mirror, mountTable("/ 253:0 ext4 /dev/mapper/root"), stacked("dm-0", "253:0", "md0"),
				map[string]string{byID: "-> ../../dm-0"}),
			id:    uuid,
			disks: both,
		},
		{
			name: "a partition of a RAID",
			files: merged(mirror, mountTable("/ 259:7 ext4 /dev/md0p1"), partition("md0", "md0p1", "259:7", "virtual"),
				map[string]string{byID: "-> ../../md0p1"}),
			id:    uuid,
			disks: both,
		},
		{
			name: "bcache",
			files: merged(diskA, ssd, mountTable("/ 252:0 ext4 /dev/bcache0"),
				stacked("bcache0", "252:0", sda+"/sda2", nvme+"/nvme0n1p2"), map[string]string{byID: "-> ../../bcache0"}),
			id:    uuid,
			disks: []string{serialSSD, serialA},
		},
		{name: "btrfs RAID1", files: btrfsRAID1, id: uuid, disks: both},
		{
			name:  "btrfs names a lost disk",
			files: merged(diskB, mountTable("/ 0:30 btrfs /dev/sda2"), btrfsDevices(uuid, sdb+"/sdb2")),
			id:    uuid,
			disks: []string{serialB},
		},
		{
			name:  "btrfs without an initrd",
			files: merged(diskB, mountTable("/ 0:30 btrfs /dev/root"), btrfsDevices(uuid, sdb+"/sdb2")),
			id:    uuid,
			disks: []string{serialB},
		},
		{name: "bcachefs", files: bcachefsOnTwo, id: uuid, disks: []string{serialSSD, serialA}},
		{
			name:  "bcachefs in a sandbox",
			files: without(bcachefsOnTwo, "/block"),
			fsid:  map[string]string{"/": "5d1c0a7700000002"},
			id:    "5d1c0a7700000002",
			disks: []string{serialSSD, serialA},
		},
		{name: "ZFS mirror", files: zfsMirror, id: poolGUID, disks: both},
		{
			name: "a ZFS volume",
			files: merged(zfsMirror, mountTable("/ 230:16 ext4 /dev/zd16"), disk("zd16", "230:16", "virtual", nil),
				map[string]string{"run/udev/data/b230:16": "S:zvol/rpool/root\nE:ID_FS_UUID=" + uuid + "\n"}),
			id:    uuid,
			disks: both,
		},
		{
			name:  "ZFS without udev",
			files: mountTable("/ 0:25 zfs rpool/ROOT"),
			fsid:  map[string]string{"/": "5d1c0a7700000001"},
			id:    "5d1c0a7700000001",
		},
		{name: "Fedora Atomic, composefs", files: atomic, id: uuid, disks: []string{serialSSD}},
		{
			name: "Atomic without options",
			files: merged(atomic, mountTable(
				"/ 0:33 overlay composefs",
				"/sysroot 0:35 btrfs /dev/mapper/luks-8a31",
				"/etc/hosts 8:2 ext4 /dev/sda2",
			)),
			id:    uuid,
			disks: []string{serialSSD},
		},
		{
			name: "an overlay over a disk",
			files: merged(diskA, map[string]string{byID: "-> ../../sda2"}, mountTable(
				"/ 0:33 overlay overlayroot ro,lowerdir=/media/root-ro,upperdir=/media/root-rw/overlay,workdir=/w",
				"/media/root-ro 8:2 ext4 /dev/sda2",
				"/media/root-rw 0:24 tmpfs tmpfs",
			)),
			id:    uuid,
			disks: []string{serialA},
		},
		{
			name:  "Flatpak",
			files: flatpak,
			fsid:  map[string]string{"/usr": "7e57ab1e00000001"},
			id:    "7e57ab1e00000001",
			disks: []string{serialSSD},
		},
		{
			name: "Flatpak that shows the host",
			files: merged(flatpak, diskA, mountTable(
				"/ 0:60 tmpfs tmpfs",
				"/usr 8:2 ext4 /dev/sda2",
				"/run/host/os-release 259:2 ext4 /dev/nvme0n1p2",
			)),
			fsid:  map[string]string{"/run/host/os-release": "7e57ab1e00000002"},
			id:    "7e57ab1e00000002",
			disks: []string{serialSSD},
		},
		{
			name: "Snap",
			files: merged(ssd, mountTable(
				"/ 7:3 squashfs /dev/loop3",
				"/var/lib/snapd 259:2 ext4 /dev/nvme0n1p2",
				"/var/lib/snapd/hostfs 259:2 ext4 /dev/nvme0n1p2",
			), disk("loop3", "7:3", "virtual", map[string]string{"loop/backing_file": "/var/lib/snapd/snaps/core22_1.snap\n"})),
			disks: []string{serialSSD},
		},
		{
			name: "a root file system in memory",
			files: merged(ssd, mountTable("/ 1:0 ext2 /dev/ram0", "/var 259:2 ext4 /dev/nvme0n1p2"),
				disk("ram0", "1:0", "virtual", nil), map[string]string{byID: "-> ../../nvme0n1p2"}),
			id:    uuid,
			disks: []string{serialSSD},
		},
		{
			name: "an image on a disk",
			files: merged(diskA, mountTable("/ 7:0 ext4 /dev/loop0", "/host 8:2 fuseblk /dev/sda2"),
				disk("loop0", "7:0", "virtual", map[string]string{"loop/backing_file": "/host/ubuntu/root.disk\n"}),
				map[string]string{byID: "-> ../../loop0"}),
			id:    uuid,
			disks: []string{serialA},
		},
		{
			name: "a container that shows the disk of its host",
			files: merged(diskA, mountTable(
				"/ 0:55 overlay overlay lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B",
				"/etc/hosts 8:2 ext4 /dev/sda2",
			)),
			fsid:  map[string]string{"/etc/hosts": "7e57ab1e00000003"},
			id:    "7e57ab1e00000003",
			disks: []string{serialA},
		},
		{
			name: "an SSD with two ports",
			files: merged(mountTable("/ 259:2 ext4 /dev/nvme0n1p2"), map[string]string{byID: "-> ../../nvme0n1p2"},
				disk("nvme0n1", "259:0", twoPorts, map[string]string{"device/serial": serialSSD}),
				partition("nvme0n1", "nvme0n1p2", "259:2", twoPorts)),
			id:    uuid,
			disks: []string{serialSSD},
		},
		{
			name: "one disk on two paths",
			files: merged(diskA, disk("sdb", "8:16", sataBus+"b", map[string]string{"device/vpd_pg80": vpd80(serialA)}),
				mountTable("/ 253:0 ext4 /dev/mapper/mpatha"), stacked("dm-0", "253:0", sda, sdb),
				map[string]string{byID: "-> ../../dm-0"}),
			id:    uuid,
			disks: []string{serialA},
		},
		{
			name: "a started DVD",
			files: merged(mountTable("/ 11:0 iso9660 /dev/sr0"), map[string]string{byID: "-> ../../sr0"},
				disk("sr0", "11:0", sataBus, map[string]string{"device/vpd_pg80": vpd80(serialA)})),
			id: uuid,
		},
		{
			name: "a mount that hides an earlier one",
			files: merged(diskA, diskB, mountTable("/ 8:18 ext4 /dev/sdb2", "/ 8:2 ext4 /dev/sda2"),
				map[string]string{byID: "-> ../../sda2"}),
			id:    uuid,
			disks: []string{serialA},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			reading := read(t, linuxPC{files: c.files, fsid: c.fsid}, false)
			require.Equal(t, c.id, reading.raw[license.HDID-1])
			require.Equal(t, c.disks, reading.disks)
			first := ""
			if len(c.disks) > 0 {
				first = c.disks[0]
			}
			require.Equal(t, first, reading.raw[license.HDHWID-1])
		})
	}
}

// Changes of the storage of a PC that a license is bound to. Both locks of the disk are the same as long as the disk
// of the license is present (spec: codes "Disks").
func TestStorageChanges(t *testing.T) {
	key := license.Signature("LUMENST7").Key()
	// diskC would be first.
	grownMirror := merged(mirror, diskC, stacked("md0", "9:0", sda+"/sda2", sdb+"/sdb2", sdc+"/sdc2"))
	grownGroup := merged(lvmOnTwoDisks, diskC, stacked("dm-0", "253:0", sda+"/sda2", sdb+"/sdb2", sdc+"/sdc2"))
	halfMirror := merged(diskB, mountTable("/ 9:0 ext4 /dev/md0"), stacked("md0", "9:0", sdb+"/sdb2"),
		map[string]string{byID: "-> ../../md0"})
	swapped := merged(mirror, disk("sda", "8:0", sataBus, map[string]string{"device/vpd_pg80": vpd80(serialB)}),
		disk("sdb", "8:16", sataBus+"b", map[string]string{"device/vpd_pg80": vpd80(serialA)}))
	overlay := mountTable("/ 0:33 overlay overlay lowerdir=/lower", "/lower 9:0 ext4 /dev/md0")
	for name, c := range map[string]struct{ then, now map[string]string }{
		"a volume group that grew":     {lvmOnTwoDisks, grownGroup},
		"a mirror with a new disk":     {mirror, grownMirror},
		"a mirror that lost a member":  {mirror, halfMirror},
		"another order":                {mirror, swapped},
		"LVM raid1 that lost a member": {lvmRAID1, without(lvmRAID1, "slaves/sda2")},
		"btrfs with a new disk":        {btrfsRAID1, merged(btrfsRAID1, diskC, btrfsDevices(uuid, sdc+"/sdc2"))},
		"ZFS with a new disk":          {zfsMirror, merged(zfsMirror, zfsMember("8:34", "rpool", poolGUID))},
		"an overlay over it":           {mirror, merged(mirror, overlay)},
	} {
		t.Run(name, func(t *testing.T) {
			bound := read(t, linuxPC{files: c.then}, false).Block(key)
			now := read(t, linuxPC{files: c.now}, false)
			require.Equal(t, bound, now.BlockFor(key, bound))
			require.NotZero(t, bound.Value(license.HDHWID))
			require.NotZero(t, bound.Value(license.HDID))
		})
	}
	// A new disk is first for a new license, and is found for a license that is bound to it.
	grown := read(t, linuxPC{files: grownMirror}, false)
	require.Equal(t, []string{serialC, serialB, serialA}, grown.disks)
	bound := read(t, linuxPC{files: mirror}, false).Block(key)
	require.NotEqual(t, bound, grown.Block(key))
	require.Equal(t, grown.Block(key), grown.BlockFor(key, grown.Block(key), bound))
	require.Equal(t, bound, grown.BlockFor(key, bound, grown.Block(key)))
	// A mirror of other disks is another PC's.
	others := merged(diskC, mountTable("/ 9:0 ext4 /dev/md0"), stacked("md0", "9:0", sdc+"/sdc2"))
	other := read(t, linuxPC{files: others}, false)
	require.NotEqual(t, bound.Value(license.HDHWID), other.BlockFor(key, bound).Value(license.HDHWID))
}

// without returns the files whose names lack suffix.
func without(files map[string]string, suffix string) map[string]string {
	left := maps.Clone(files)
	maps.DeleteFunc(left, func(name, _ string) bool { return strings.HasSuffix(name, suffix) })
	return left
}

// Sources of a disk's serial number, and values derived from placeholders.
func TestDiskSerials(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		udev  string
		want  string
	}{
		"SCSI page before the rest": {
			files: map[string]string{"device/vpd_pg80": vpd80(" KZ9F1234567 "), "device/serial": "other\n"},
			want:  "KZ9F1234567",
		},
		"NVMe": {
			files: map[string]string{"device/serial": "S3Z9NB0K123456X     \n", "wwid": "eui.0025385b71b0a1c2\n"},
			want:  "S3Z9NB0K123456X",
		},
		"virtio": {files: map[string]string{"serial": "vol-0a1b2c3d\n"}, want: "vol-0a1b2c3d"},
		"SD card": {
			files: map[string]string{"device/serial": "0x5a3c91e7\n", "device/cid": "035344534c333247805a3c91e7014500\n"},
			want:  "0x5a3c91e7",
		},
		"SD card without serial": {
			files: map[string]string{"device/serial": "0x00000000\n", "device/cid": "035344534c3332478000000000014500\n"},
		},
		"SD card of an old kernel": {
			files: map[string]string{"device/cid": "035344534c333247805a3c91e7014500\n"},
			want:  "035344534c333247805a3c91e7014500",
		},
		"worldwide name": {
			files: map[string]string{"device/vpd_pg80": vpd80("00000000"), "device/wwid": "naa.50014ee2b5e7c6d1\n"},
			want:  "naa.50014ee2b5e7c6d1",
		},
		"made-up worldwide name": {files: map[string]string{"wwid": "eui.0000000000000001\n"}},
		"name made of model and serial, NVMe": {
			files: map[string]string{"device/serial": "00000001\n", "wwid": "nvme.15ad-3030303030303031-564d77-00000001\n"},
		},
		"name made of model and serial, SATA": {
			files: map[string]string{"device/vpd_pg80": vpd80("11111111"), "device/wwid": "t10.ATA ACME DISK   11111111\n"},
		},
		"udev":                    {udev: "E:ID_SERIAL=ACME_DISK_5YD1XK7G\nE:ID_SERIAL_SHORT=5YD1XK7G\n", want: "5YD1XK7G"},
		"udev has only the model": {udev: "E:ID_SERIAL=ACME_DISK\n"},
		"placeholders everywhere": {
			files: map[string]string{"serial": "1234567890\n"},
			udev:  "E:ID_SERIAL_SHORT=1234567890\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := merged(mountTable("/ 8:0 ext4 /dev/sda"), disk("sda", "8:0", sataBus, c.files),
				map[string]string{"run/udev/data/b8:0": c.udev})
			require.Equal(t, c.want, read(t, linuxPC{files: files}, false).raw[license.HDHWID-1])
		})
	}
}

// Devices in a cycle, or on more devices than any real storage.
func TestEndlessStorage(t *testing.T) {
	circle := merged(mountTable("/ 253:0 ext4 /dev/dm-0"),
		stacked("dm-0", "253:0", "dm-1"), stacked("dm-1", "253:1", "dm-0"))
	require.ErrorIs(t, read(t, linuxPC{files: circle}, false).Err(license.HDHWID), ErrUnreadable)

	chain := mountTable("/ 253:0 ext4 /dev/dm-0")
	for i := range 2 * maxDevices {
		maps.Copy(chain, stacked(fmt.Sprint("dm-", i), fmt.Sprint("253:", i), fmt.Sprint("dm-", i+1)))
	}
	maps.Copy(chain, stacked(fmt.Sprint("dm-", 2*maxDevices), "254:0", sda+"/sda2"))
	require.ErrorIs(t, read(t, linuxPC{files: merged(diskA, chain)}, false).Err(license.HDHWID), ErrUnreadable)
}

func TestMountInfo(t *testing.T) {
	all := parseMountInfo([]byte(`nonsense
28 1 8:2 / / rw,relatime shared:1 master:2 - ext4 /dev/sda2 rw,errors=remount-ro
29 1 8/2 / /bad rw - ext4 /dev/sda2 rw
30 1 8: / /bad rw - ext4 /dev/sda2 rw
31 1 0:44 / /mnt/two\040words rw - zfs my\040pool/data rw
32 1 0:45 / /mnt rw - tmpfs
33 1 0:46 / /mnt rw - tmpfs tmpfs`))
	require.Equal(t, mounts{
		{point: "/", device: "8:2", fsType: "ext4", source: "/dev/sda2", options: "rw,errors=remount-ro"},
		{point: "/mnt/two words", device: "0:44", fsType: "zfs", source: "my pool/data", options: "rw"},
		{point: "/mnt", device: "0:46", fsType: "tmpfs", source: "tmpfs"},
	}, all)
	holding, ok := all.holding("/mnt/two words/file")
	require.True(t, ok)
	require.Equal(t, "0:44", holding.device)
	holding, ok = all.holding("/mnt/two")
	require.True(t, ok)
	require.Equal(t, "0:46", holding.device)
	_, ok = all.holding("/etc/hosts")
	require.False(t, ok, "the root file system does not count")
}
