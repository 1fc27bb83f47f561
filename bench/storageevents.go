package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// blockDevice returns a block device of a tree. Its files are relative to its folder, except those below run.
func blockDevice(name, device, where string, files tree) tree {
	dir := "sys/devices/" + where + "/block/" + name
	to := strings.TrimPrefix(dir, "sys/")
	t := tree{
		dir + "/dev":              file(device + "\n"),
		"sys/block/" + name:       link("../" + to),
		"sys/class/block/" + name: link("../../" + to),
		"sys/dev/block/" + device: link("../../" + to),
	}
	for name, f := range files {
		if !strings.HasPrefix(name, "run/") {
			name = dir + "/" + name
		}
		t[name] = f
	}
	return t
}

// stacked returns a virtual device on others, which are folders below /sys or names of virtual devices.
func stacked(name, device string, below ...string) tree {
	slaves := tree{}
	for _, dir := range below {
		if strings.Contains(dir, "/") {
			slaves["slaves/"+path.Base(dir)] = link("../../../../" + strings.TrimPrefix(dir, "sys/devices/"))
			continue
		}
		slaves["slaves/"+dir] = link("../../" + dir)
	}
	return blockDevice(name, device, "virtual", slaves)
}

// mounted returns a mount table. Each line has mount point, device, type, source and options.
func mounted(lines ...string) tree {
	var table strings.Builder
	for i, line := range lines {
		f := append(strings.Fields(line), "rw")
		fmt.Fprintf(&table, "%d 1 %s / %s rw,relatime shared:1 - %s %s %s\n", 28+i, f[1], f[0], f[2], f[3], f[4])
	}
	return tree{"proc/self/mountinfo": file(table.String())}
}

// diskWithPartition returns another disk of a PC, with a partition 2.
func diskWithPartition(name string, minor int, serial string) tree {
	where := "pci0000:00/ata9/" + name
	partition, device := name+"2", fmt.Sprint("8:", minor+2)
	dir := "sys/devices/" + where + "/block/" + name + "/" + partition
	to := "../../" + strings.TrimPrefix(dir, "sys/")
	t := tree{
		dir + "/dev":                   file(device + "\n"),
		dir + "/partition":             file("2\n"),
		"sys/class/block/" + partition: link(to),
		"sys/dev/block/" + device:      link(to),
	}
	return with(t, blockDevice(name, fmt.Sprint("8:", minor), where, tree{
		"removable":                            file("0\n"),
		"size":                                 file("1000\n"),
		"device/serial":                        file(serial + "\n"),
		fmt.Sprint("run/udev/data/b8:", minor): file("E:ID_SERIAL_SHORT=" + serial + "\n"),
	}))
}

// The other disks. The serial number of sda, to which a license is bound first, has hexadecimal digits: that of sdb
// sorts after it, that of sdc before it.
const (
	sdb = "sys/devices/pci0000:00/ata9/sdb/block/sdb"
	sdc = "sys/devices/pci0000:00/ata9/sdc/block/sdc"
)

// layout puts the system of a PC, which is on sda, on disks in another way. uuid is that of its file system.
type layout struct {
	name string
	lay  func(uuid string) tree
}

// named gives a device the UUID of the system.
func named(device, uuid string) tree {
	return tree{"run/udev/data/b" + device: file("E:ID_FS_UUID=" + uuid + "\n")}
}

// zfsMember returns what udev records of a device of a pool.
func zfsMember(device string) tree {
	const properties = "E:ID_FS_LABEL=rpool\nE:ID_FS_TYPE=zfs_member\nE:ID_FS_UUID=14617205023829126817\n"
	return tree{"run/udev/data/b" + device: file(properties)}
}

// btrfsDevice returns a device that btrfs lists.
func btrfsDevice(uuid, dir string) tree {
	name := "sys/fs/btrfs/" + uuid + "/devices/" + path.Base(dir)
	return tree{name: link("../../../../" + strings.TrimPrefix(dir, "sys/"))}
}

// joined merges trees.
func joined(all ...tree) tree {
	t := tree{}
	for _, files := range all {
		with(t, files)
	}
	return t
}

var layouts = []layout{
	{"LVM", func(uuid string) tree {
		return joined(
			mounted("/ 253:0 ext4 /dev/mapper/vg-root"), named("253:0", uuid),
			stacked("dm-0", "253:0", disk+"/sda2"),
		)
	}},
	{"LVM thin", func(uuid string) tree {
		return joined(
			mounted("/ 253:3 ext4 /dev/mapper/vg-root"), named("253:3", uuid),
			stacked("dm-0", "253:0", disk+"/sda2"), stacked("dm-1", "253:1", disk+"/sda2"),
			stacked("dm-2", "253:2", "dm-0", "dm-1"), stacked("dm-3", "253:3", "dm-2"),
		)
	}},
	{"LVM cache", func(uuid string) tree {
		return joined(
			mounted("/ 253:3 ext4 /dev/mapper/vg-root"), named("253:3", uuid),
			stacked("dm-0", "253:0", sdb+"/sdb2"), stacked("dm-1", "253:1", sdb+"/sdb2"),
			stacked("dm-2", "253:2", disk+"/sda2"), stacked("dm-3", "253:3", "dm-0", "dm-1", "dm-2"),
		)
	}},
	{"LVM raid1", func(uuid string) tree {
		return joined(
			mounted("/ 253:4 ext4 /dev/mapper/vg-root"), named("253:4", uuid),
			stacked("dm-0", "253:0", disk+"/sda2"), stacked("dm-1", "253:1", disk+"/sda2"),
			stacked("dm-2", "253:2", sdb+"/sdb2"), stacked("dm-3", "253:3", sdb+"/sdb2"),
			stacked("dm-4", "253:4", "dm-0", "dm-1", "dm-2", "dm-3"),
		)
	}},
	{"LVM on two LUKS", func(uuid string) tree {
		return joined(
			mounted("/ 253:2 ext4 /dev/mapper/vg-root"), named("253:2", uuid),
			stacked("dm-0", "253:0", disk+"/sda2"), stacked("dm-1", "253:1", sdb+"/sdb2"),
			stacked("dm-2", "253:2", "dm-0", "dm-1"),
		)
	}},
	{"mirror of two disks", func(uuid string) tree {
		return joined(
			mounted("/ 9:0 ext4 /dev/md0"), named("9:0", uuid),
			stacked("md0", "9:0", disk+"/sda2", sdb+"/sdb2"),
		)
	}},
	{"btrfs RAID1", func(uuid string) tree {
		return joined(
			mounted("/ 0:30 btrfs /dev/sdb2"),
			btrfsDevice(uuid, disk+"/sda2"), btrfsDevice(uuid, sdb+"/sdb2"),
		)
	}},
	{"ZFS mirror", func(string) tree {
		return joined(mounted("/ 0:25 zfs rpool/ROOT/system"), zfsMember("8:2"), zfsMember("8:18"))
	}},
	{"bcachefs on two disks", func(uuid string) tree {
		t := mounted("/ 0:40 bcachefs /dev/sda2:/dev/sdb2")
		for i, dir := range []string{disk + "/sda2", sdb + "/sdb2"} {
			name := fmt.Sprint("sys/fs/bcachefs/", uuid, "/dev-", i, "/block")
			t[name] = link("../../../../" + strings.TrimPrefix(dir, "sys/"))
		}
		return t
	}},
	{"bcache", func(uuid string) tree {
		return joined(
			mounted("/ 252:0 ext4 /dev/bcache0"), named("252:0", uuid),
			stacked("bcache0", "252:0", disk+"/sda2", sdb+"/sdb2"),
		)
	}},
	{"Fedora Atomic, composefs", func(uuid string) tree {
		return joined(btrfsDevice(uuid, disk+"/sda2"), mounted(
			"/ 0:33 overlay composefs ro,lowerdir+=/run/ostree/.private/cfsroot-lower,datadir+=/sysroot/ostree/repo/objects",
			"/sysroot 0:35 btrfs /dev/sda2",
			"/var 0:35 btrfs /dev/sda2",
		))
	}},
	{"overlay over a disk", func(string) tree {
		return mounted(
			"/ 0:33 overlay overlay ro,lowerdir=/media/root-ro,upperdir=/media/root-rw/o",
			"/media/root-ro 8:2 ext4 /dev/sda2",
		)
	}},
	{"in Flatpak", func(string) tree {
		return mounted("/ 0:60 tmpfs tmpfs", "/usr 8:2 ext4 /dev/sda2", "/var 8:2 ext4 /dev/sda2")
	}},
	{"in Snap", func(string) tree {
		return joined(
			mounted("/ 7:3 squashfs /dev/loop3", "/var/lib/snapd/hostfs 8:2 ext4 /dev/sda2"),
			blockDevice("loop3", "7:3", "virtual", nil),
		)
	}},
}

// stored returns a PC with this layout and a second disk.
func (l layout) stored(changed ...license.Lock) tree {
	t := sameBoard(recorded("a", changed...))
	return joined(t, diskWithPartition("sdb", 16, "S2R5NX0H604417"), l.lay(systemUUID(t)))
}

// systemUUID returns the UUID of the file system of a recorded PC.
func systemUUID(t tree) string {
	return strings.TrimSpace(strings.TrimPrefix(string(t["run/udev/data/b8:2"].Data), "E:ID_FS_UUID="))
}

// eventsOfStorage returns events of PCs with each layout.
func eventsOfStorage() []event {
	var events []event
	byName := map[string]layout{}
	for _, l := range layouts {
		byName[l.name] = l
		events = append(events, event{
			name: l.name + ": another network card",
			best: recognized,
			from: l.stored(),
			tree: l.stored(license.NETID),
		})
	}
	third := diskWithPartition("sdc", 32, "00YD1XK7")
	raid, btrfs, lvm, zfs := byName["mirror of two disks"], byName["btrfs RAID1"], byName["LVM"], byName["ZFS mirror"]
	uuid := systemUUID(recorded("a"))
	const slaves = "sys/devices/virtual/block/md0/slaves/"
	return append(events,
		event{
			name: "LVM: the volume group grew by a disk",
			best: same,
			from: lvm.stored(),
			tree: joined(lvm.stored(), third, stacked("dm-0", "253:0", disk+"/sda2", sdc+"/sdc2")),
		},
		event{
			name: "mirror: a third disk",
			best: same,
			from: raid.stored(),
			tree: joined(raid.stored(), third, stacked("md0", "9:0", disk+"/sda2", sdb+"/sdb2", sdc+"/sdc2")),
		},
		event{
			name: "mirror: a member lost",
			best: same,
			from: raid.stored(),
			tree: without(raid.stored(), slaves+"sdb2"),
		},
		event{
			name: "mirror: the member lost that the license is bound to",
			best: recognized,
			from: raid.stored(),
			tree: without(raid.stored(), slaves+"sda2"),
		},
		event{
			name: "btrfs RAID1: a third disk",
			best: same,
			from: btrfs.stored(),
			tree: joined(btrfs.stored(), third, btrfsDevice(uuid, sdc+"/sdc2")),
		},
		event{
			name: "ZFS mirror: a third disk",
			best: same,
			from: zfs.stored(),
			tree: joined(zfs.stored(), third, zfsMember("8:34")),
		},
		event{
			name: "ZFS mirror: its content copied to another PC of the model",
			best: lost,
			from: zfs.stored(),
			tree: joined(zfs.stored(license.NETID, license.HDHWID), diskWithPartition("sdb", 16, "S9QM7K2ZZ")),
		},
	)
}

// diskSerial returns the serial number of a PC's disk.
func diskSerial(t tree) string { return strings.TrimSpace(string(t[disk+"/device/serial"].Data)) }
