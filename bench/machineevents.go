package main

import (
	"strings"

	"github.com/acen-desktop/acen/license"
)

// machine is a type of virtual machine or small computer: the properties that all machines of the type share.
type machine struct {
	name    string
	vendor  string // firmware vendor
	board   string
	address string // prefix of its network addresses
	// disk returns the files of the folder of its disk, for the serial number of one machine.
	disk func(serial string) tree
}

// vpd80 returns page 80h of a SCSI disk.
func vpd80(serial string) string { return string([]byte{0, 0x80, 0, byte(len(serial))}) + serial }

var machines = []machine{
	{"KVM, virtio", "SeaBIOS", "", "52:54:00", func(string) tree { return tree{"serial": file("\n")} }},
	{"QEMU, SATA", "SeaBIOS", "", "52:54:00", func(string) tree {
		return tree{
			"device/vpd_pg80": file(vpd80("QM00001")),
			"device/wwid":     file("t10.ATA     QEMU HARDDISK           QM00001\n"),
		}
	}},
	{"Proxmox, SCSI", "SeaBIOS", "", "bc:24:11", func(string) tree {
		return tree{
			"device/vpd_pg80": file(vpd80("drive-scsi0")),
			"device/wwid":     file("t10.QEMU    QEMU HARDDISK   drive-scsi0\n"),
		}
	}},
	{"VMware, NVMe", "VMware, Inc.", "VBSA", "00:50:56", func(string) tree {
		return tree{
			"device/serial": file("VMWARE NVME_0000\n"),
			"wwid":          file("nvme.15ad-564d57415245204e564d455f30303030-564d77617265-00000001\n"),
		}
	}},
	{"VMware, SCSI", "Phoenix Technologies LTD", "440BX Desktop Reference Platform", "00:0c:29", noSerial},
	{"VirtualBox", "innotek GmbH", "VirtualBox", "08:00:27", func(serial string) tree {
		return tree{"device/vpd_pg80": file(vpd80("VB" + strings.ToLower(serial[:8]+"-"+serial[8:16])))}
	}},
	{"Hyper-V", "Microsoft Corporation", "Virtual Machine", "00:15:5d", func(serial string) tree {
		return tree{"device/wwid": file("naa.60022480" + strings.ToLower(serial) + "\n")}
	}},
	{"Xen", "Xen", "", "00:16:3e", noSerial},
	{"EC2", "Amazon EC2", "", "0a:58:a9", func(serial string) tree {
		return tree{"device/serial": file("vol0" + strings.ToLower(serial) + "\n")}
	}},
	{"Raspberry Pi", "", "", "dc:a6:32", func(serial string) tree {
		return tree{
			"device/serial": file("0x" + strings.ToLower(serial[:8]) + "\n"),
			"device/cid":    file("035344534c33324780" + strings.ToLower(serial[:8]) + "014500\n"),
		}
	}},
}

func noSerial(string) tree { return nil }

// copied returns one of several machines made from one image. The listed locks are its own.
func (m machine) copied(own ...license.Lock) tree {
	const dmi = "sys/class/dmi/id/"
	t := recorded("a", own...)
	serial := diskSerial(t)
	without(t, disk+"/device/vpd_pg80", disk+"/device/serial", "run/udev/data/b8:0")
	for name, f := range m.disk(serial) {
		t[disk+"/"+name] = f
	}
	address := strings.TrimSpace(string(t[card+"/address"].Data))
	t[card+"/address"] = file(m.address + address[len("f4:8e:38"):] + "\n")
	if m.vendor == "" {
		without(t, dmi+"bios_vendor", dmi+"bios_version", dmi+"bios_date", dmi+"board_vendor", dmi+"board_name")
		t["sys/firmware/devicetree/base/model"] = file(m.name + " 4 Model B Rev 1.4\x00")
		return t
	}
	t[dmi+"bios_vendor"], t[dmi+"bios_version"] = file(m.vendor+"\n"), file("1.16.2\n")
	without(t, dmi+"board_vendor", dmi+"board_name")
	if m.board != "" {
		t[dmi+"board_vendor"], t[dmi+"board_name"] = file(m.vendor+"\n"), file(m.board+"\n")
	}
	return t
}

// eventsOfMachines returns events of virtual machines and their copies.
func eventsOfMachines() []event {
	var events []event
	for _, m := range machines {
		events = append(events,
			event{
				name: m.name + ": started again",
				best: same,
				from: m.copied(),
				tree: m.copied(),
			},
			event{
				name: m.name + ": a copy with its own address",
				best: lost,
				from: m.copied(),
				tree: m.copied(license.NETID, license.HDHWID),
			},
		)
	}
	kvm := machines[0]
	return append(events,
		event{
			name: kvm.name + ": moved to a host with another processor",
			best: recognized,
			from: kvm.copied(),
			tree: kvm.copied(license.CPUID),
		},
		event{
			name: kvm.name + ": another machine of the kind",
			best: lost,
			from: kvm.copied(),
			tree: kvm.copied(license.HDID, license.OSID, license.NETID, license.HDHWID),
		},
		event{
			name:  kvm.name + ": a full copy with its address and its disk's serial",
			best:  lost,
			from:  kvm.copied(),
			tree:  kvm.copied(),
			limit: true,
		},
	)
}

// eventsOfDrives returns events of optical drives and of devices that look like one.
func eventsOfDrives() []event {
	optical := func(where, vendor, model string) tree {
		return blockDevice("sr0", "11:0", where, tree{
			"device/vendor": file(vendor + "\n"),
			"device/model":  file(model + "\n"),
			"removable":     file("1\n"),
			"size":          file("1000\n"),
		})
	}
	pc := func(more tree) tree { return joined(recorded("a"), more) }
	const usb = "pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host4/target4:0:0/4:0:0:0"
	built := optical("pci0000:00/ata2/host1/target1:0:0/1:0:0:0", "HL-DT-ST", "DVDRAM GU90N")
	iso := joined(blockDevice("loop0", "7:0", "virtual", tree{"loop/backing_file": file("/home/a/disc.iso\n")}),
		mounted("/ 8:2 ext4 /dev/sda2", "/media/a/disc 7:0 iso9660 /dev/loop0"))
	const simulated = "pseudo_0/adapter0/host7/target7:0:0/7:0:0:0"
	return []event{
		{name: "an ISO file mounted", best: same, from: pc(nil), tree: pc(iso)},
		{
			name: "an ISO file in a virtual drive",
			best: same,
			from: pc(nil),
			tree: pc(optical(simulated, "Linux", "scsi_debug")),
		},
		{name: "a USB DVD drive", best: same, from: pc(nil), tree: pc(optical(usb, "HL-DT-ST", "DVDRAM GP57"))},
		{
			name: "a modem stick with a disc of its software",
			best: same,
			from: pc(nil),
			tree: pc(optical(usb, "HUAWEI", "Mass Storage")),
		},
		{name: "the built-in DVD drive removed", best: recognized, from: pc(built), tree: pc(nil)},
	}
}

// Docker mounts three files of the host into a container; Podman creates them in memory.
const (
	docker = "/etc/hosts 8:2 ext4 /dev/sda2"
	podman = "/etc/hosts 0:26 tmpfs tmpfs"
)

// container returns a container on a host, with the mount of a file.
func container(host tree, hosts string) tree {
	for name := range host {
		for _, hidden := range []string{"sys/class/net/", "dev/", "run/"} {
			if strings.HasPrefix(name, hidden) {
				delete(host, name)
			}
		}
	}
	adapter(host, "eth0", "virtual", "02:42:ac:11:00:02", "3")
	const root = "/ 0:55 overlay overlay lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B"
	return joined(host, mounted(root, hosts))
}

// eventsOfContainers returns events of a container and its copies.
func eventsOfContainers() []event {
	host := func(own ...license.Lock) tree { return recorded("a", own...) }
	kind := []license.Lock{license.NETID, license.HDHWID} // locks in which hosts of one type differ
	return []event{
		{
			name: "in a container on the PC",
			best: recognized,
			from: host(),
			tree: container(host(license.OSID), docker),
		},
		{
			name: "Docker: the container made anew",
			best: same,
			from: container(host(), docker),
			tree: container(host(), docker),
		},
		{
			name: "Docker: a copy of the container on another host of the kind",
			best: lost,
			from: container(host(), docker),
			tree: container(host(kind...), docker),
		},
		{
			name: "Podman: the container made anew",
			best: same,
			from: container(host(), podman),
			tree: container(host(), podman),
		},
		{
			name: "Podman: a copy of the container on a host of another kind",
			best: lost,
			from: container(host(), podman),
			tree: container(host(append(kind, license.BIOSID, license.CPUID)...), podman),
		},
		{
			name:  "Podman: a copy of the container on another host of the kind",
			best:  lost,
			from:  container(host(), podman),
			tree:  container(host(kind...), podman),
			limit: true,
		},
	}
}
