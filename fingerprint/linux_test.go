package fingerprint

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// linuxPC is a recorded PC: files below "/", links as "path -> target", and results of the kernel.
type linuxPC struct {
	files     map[string]string
	permanent map[string]string // permanent addresses of adapters
	fsid      map[string]string // file-system ids of mount points
	// adminOnly lists files that only root may read.
	adminOnly []string
}

func (pc linuxPC) reader(admin bool) *Reader {
	tree := fstest.MapFS{}
	for name, content := range pc.files {
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			tree[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
			continue
		}
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o444}
	}
	var root fs.FS = tree
	if !admin {
		root = restricted{tree, pc.adminOnly}
	}
	return &Reader{linuxSource{
		root:             root,
		machineID:        treeMachineID(root),
		permanentAddress: func(name string) string { return pc.permanent[name] },
		fileSystemID:     func(point string) string { return pc.fsid[point] },
	}}
}

// restricted is a tree as an ordinary user sees it.
type restricted struct {
	fstest.MapFS
	names []string
}

func (w restricted) Open(name string) (fs.File, error) {
	for _, n := range w.names {
		if n == name {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		}
	}
	return w.MapFS.Open(name)
}

func merged(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// Parts of recorded PCs.
var (
	intel = map[string]string{"proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n" +
		"model\t\t: 158\nmodel name\t: Intel(R) Core(TM)\nstepping\t: 10\n\nprocessor\t: 1\nmodel\t\t: 1\n"}
	dmi = map[string]string{
		"sys/class/dmi/id/bios_vendor": "LENOVO\n", "sys/class/dmi/id/bios_version": "N32ET84W (1.60 )\n",
		"sys/class/dmi/id/bios_date":    "03/14/2024\n",
		"sys/class/dmi/id/board_vendor": "LENOVO\n", "sys/class/dmi/id/board_name": "20XWCTO1WW\n",
		"sys/class/dmi/id/product_serial": "PF2ABCDE\n",
		"sys/class/dmi/id/product_uuid":   "4c4c4544-0042-3510-8051-b4c04f4d3332\n",
	}
	dmiAdmin = []string{"sys/class/dmi/id/product_serial", "sys/class/dmi/id/product_uuid"}
	systemd  = map[string]string{"etc/machine-id": "8f7e6d5c4b3a29180706f5e4d3c2b1a0\n"}
)

func disk(name, device, bus string, extra map[string]string) map[string]string {
	dir := "sys/devices/" + bus + "/block/" + name
	m := map[string]string{
		dir + "/dev":              device + "\n",
		"sys/dev/block/" + device: "-> ../../" + strings.TrimPrefix(dir, "sys/"),
		"sys/class/block/" + name: "-> ../../" + strings.TrimPrefix(dir, "sys/"),
	}
	for file, content := range extra {
		m[dir+"/"+file] = content
	}
	return m
}

func partition(of, name, device, bus string) map[string]string {
	dir := "sys/devices/" + bus + "/block/" + of + "/" + name
	return map[string]string{
		dir + "/dev": device + "\n", dir + "/partition": "2\n",
		"sys/dev/block/" + device: "-> ../../" + strings.TrimPrefix(dir, "sys/"),
		"sys/class/block/" + name: "-> ../../" + strings.TrimPrefix(dir, "sys/"),
	}
}

func mounted(device, fsType, source string) map[string]string {
	return map[string]string{"proc/self/mountinfo": "22 1 0:21 / /sys rw shared:7 - sysfs sysfs rw\n28 1 " + device +
		" / / rw,relatime shared:1 - " + fsType + " " + source + " rw\n31 28 0:5 / /dev rw - devtmpfs udev rw\n"}
}

func nic(name, where, address, assigned string) map[string]string {
	dir := "sys/devices/" + where + "/net/" + name
	m := map[string]string{
		"sys/class/net/" + name: "-> ../../" + strings.TrimPrefix(dir, "sys/"), dir + "/address": address + "\n",
		dir + "/type": "1\n", dir + "/addr_assign_type": assigned + "\n",
	}
	if !strings.HasPrefix(where, "virtual") {
		m[dir+"/device"] = "-> ../.."
		m["sys/devices/"+where+"/uevent"] = "DRIVER=x\n"
	}
	return m
}

// Virtual adapters of a PC with containers and a VPN.
var virtualAdapters = merged(
	nic("lo", "virtual", "00:00:00:00:00:00", "0"), nic("docker0", "virtual", "02:42:ac:11:00:02", "3"),
	nic("br0", "virtual", "f4:8e:38:00:12:ab", "3"),
	nic("veth1a2b", "virtual", "9e:11:22:33:44:55", "1"), nic("tun0", "virtual", "00:00:00:00:00:00", "0"),
	nic("wg0", "virtual", "", "0"),
)

const (
	nvmeBus = "pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0"
	sataBus = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0"
)

func vpd80(serial string) string {
	return string([]byte{0, 0x80, 0, byte(len(serial))}) + serial
}

var laptop = linuxPC{
	files: merged(intel, dmi, systemd, mounted("253:0", "ext4", "/dev/mapper/vg-root"),
		disk("nvme0n1", "259:0", nvmeBus,
			map[string]string{"device/serial": "S3Z9NB0K123456X\n", "wwid": "eui.0025385b71b0a1c2\n"}),
		partition("nvme0n1", "nvme0n1p3", "259:3", nvmeBus),
		disk("dm-1", "253:1", "virtual",
			map[string]string{"slaves/nvme0n1p3": "-> ../../../../" + nvmeBus + "/block/nvme0n1/nvme0n1p3"}),
		disk("dm-0", "253:0", "virtual", map[string]string{"slaves/dm-1": "-> ../../dm-1"}),
		map[string]string{"dev/disk/by-uuid/a1b2c3d4-0000-4000-8000-000000000001": "-> ../../dm-0",
			"dev/disk/by-uuid/FFFF-0001": "-> ../../nvme0n1p1"},
		nic("wlp2s0", "pci0000:00/0000:02:00.0", "da:a1:19:00:00:01", "3"),
		nic("enp0s31f6", "pci0000:00/0000:00:1f.6", "f4:8e:38:00:12:ab", "0")),
	permanent: map[string]string{"wlp2s0": "a4:c3:f0:11:22:33", "enp0s31f6": "f4:8e:38:00:12:ab"},
	adminOnly: dmiAdmin,
}

var docked = linuxPC{
	files: merged(laptop.files, virtualAdapters,
		nic("aaa0", "pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0", "00:50:b6:00:00:07", "0")),
	permanent: merged(laptop.permanent, map[string]string{"aaa0": "00:50:b6:00:00:07"}),
	adminOnly: dmiAdmin,
}

var desktop = linuxPC{
	files: merged(intel, dmi, systemd, mounted("8:2", "ext4", "/dev/sda2"),
		disk("sda", "8:0", sataBus,
			map[string]string{"device/vpd_pg80": vpd80("WD-WCC4N1234567"), "device/wwid": "naa.50014ee2b5e7c6d1\n"}),
		partition("sda", "sda2", "8:2", sataBus),
		map[string]string{"run/udev/data/b8:2": "S:disk/by-uuid/x\nE:ID_FS_UUID=0f0e0d0c-aaaa-4bbb-8ccc-1234567890ab\n"},
		disk("sr0", "11:0", "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0",
			map[string]string{"device/vendor": "HL-DT-ST\n", "device/model": "DVDRAM GU90N   \n",
				"device/vpd_pg80": vpd80("KZ9F1234567")}),
		nic("eno1", "pci0000:00/0000:00:19.0", "f4:8e:38:00:12:ab", "0")),
	adminOnly: dmiAdmin,
}

var raidServer = linuxPC{
	files: merged(intel, dmi, systemd, mounted("9:0", "ext4", "/dev/md0"),
		disk("sda", "8:0", sataBus, map[string]string{"device/vpd_pg80": vpd80("ZZZ222")}),
		partition("sda", "sda1", "8:1", sataBus),
		disk("sdb", "8:16", sataBus+"b", map[string]string{"device/vpd_pg80": vpd80("AAA111")}),
		partition("sdb", "sdb1", "8:17", sataBus+"b"),
		disk("md0", "9:0", "virtual",
			map[string]string{"slaves/sda1": "-> ../../../../" + sataBus + "/block/sda/sda1",
				"slaves/sdb1": "-> ../../../../" + sataBus + "b/block/sdb/sdb1"}),
		map[string]string{"dev/disk/by-uuid/11112222-3333-4444-8555-666677778888": "-> ../../md0"},
		nic("eno2", "pci0000:00/0000:00:19.1", "3c:ec:ef:00:00:02", "0"),
		nic("eno1", "pci0000:00/0000:00:19.0", "3c:ec:ef:00:00:01", "0"),
		map[string]string{"sys/class/dmi/id/bios_vendor": "American Megatrends Inc."}),
	// Bonding assigned the address of the first adapter to both.
	permanent: map[string]string{"eno1": "3c:ec:ef:00:00:01", "eno2": "3c:ec:ef:00:00:02"},
	adminOnly: dmiAdmin,
}

var vm = linuxPC{
	files: merged(intel, systemd, mounted("0:30", "btrfs", "/dev/vda1"),
		map[string]string{"sys/class/dmi/id/bios_vendor": "SeaBIOS\n", "sys/class/dmi/id/bios_version": "1.16.2-1\n",
			"sys/class/dmi/id/bios_date": "04/01/2014\n"},
		disk("vda", "254:0", "pci0000:00/0000:00:04.0/virtio1", map[string]string{"serial": "vol-0a1b2c3d\n"}),
		partition("vda", "vda1", "254:1", "pci0000:00/0000:00:04.0/virtio1"),
		map[string]string{"dev/disk/by-uuid/99990000-aaaa-4bbb-8ccc-dddd00001111": "-> ../../vda1"},
		nic("eth0", "pci0000:00/0000:00:03.0/virtio0", "52:54:00:1d:27:39", "0"),
		nic("ifb0", "virtual", "aa:bb:cc:dd:ee:02", "1")),
}

var containerPC = linuxPC{
	files: merged(intel, dmi, systemd, mounted("0:55", "overlay", "overlay"),
		nic("eth0", "virtual", "02:42:ac:11:00:02", "3"), nic("lo", "virtual", "00:00:00:00:00:00", "0")),
	fsid: map[string]string{"/": "deadbeef00000001"},
}

var raspberry = linuxPC{
	files: merged(systemd, mounted("179:2", "ext4", "/dev/root"),
		map[string]string{"proc/cpuinfo": "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\n" +
			"CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\nSerial\t\t: 10000000abcdef01\n"},
		map[string]string{"sys/firmware/devicetree/base/model": "Raspberry Pi 4 Model B Rev 1.4\x00",
			"sys/firmware/devicetree/base/chosen/bootloader/version": "2024/01/05\x00"},
		disk("mmcblk0", "179:0", "platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa",
			map[string]string{"device/cid": "035344534c333247805a3c91e7014500\n", "device/serial": "0x5a3c91e7\n"}),
		partition("mmcblk0", "mmcblk0p2", "179:2", "platform/emmc2bus/fe340000.mmc/mmc_host/mmc0/mmc0:aaaa"),
		map[string]string{"dev/disk/by-uuid/deadbeef-0000-4111-8222-333344445555": "-> ../../mmcblk0p2"},
		nic("eth0", "platform/scb/fd580000.ethernet", "dc:a6:32:00:00:01", "0"),
		nic("wlan0", "platform/soc/fe300000.mmcnr/mmc1:0001:1", "dc:a6:32:00:00:02", "0")),
}

func read(t *testing.T, pc linuxPC, admin bool) Reading {
	t.Helper()
	reading, err := pc.reader(admin).Read(t.Context())
	require.NoError(t, err)
	return reading
}

func TestLinuxPCs(t *testing.T) {
	for name, c := range map[string]struct {
		pc   linuxPC
		want map[license.Lock]string
	}{
		"laptop: LVM on LUKS on NVMe, Wi-Fi with a made-up address": {laptop, map[license.Lock]string{
			license.HDID: "a1b2c3d4-0000-4000-8000-000000000001", license.BIOSID: "LENOVO LENOVO 20XWCTO1WW",
			license.OSID:  "8F7E6D5C4B3A29180706F5E4D3C2B1A0",
			license.NETID: "F48E380012AB", license.CPUID: "GenuineIntel-6-158-10", license.HDHWID: "S3Z9NB0K123456X",
		}},
		"desktop: SATA, optical drive, UUID from udev": {desktop, map[license.Lock]string{
			license.HDID: "0f0e0d0c-aaaa-4bbb-8ccc-1234567890ab", license.BIOSID: "LENOVO LENOVO 20XWCTO1WW",
			license.OSID:  "8F7E6D5C4B3A29180706F5E4D3C2B1A0",
			license.NETID: "F48E380012AB", license.CPUID: "GenuineIntel-6-158-10", license.HDHWID: "WD-WCC4N1234567",
			license.CDHWID: "HL-DT-ST DVDRAM GU90N KZ9F1234567",
		}},
		"server: RAID of two disks, two adapters": {raidServer, map[license.Lock]string{
			license.HDID: "11112222-3333-4444-8555-666677778888", license.BIOSID: "American Megatrends Inc. LENOVO 20XWCTO1WW",
			license.OSID:  "8F7E6D5C4B3A29180706F5E4D3C2B1A0",
			license.NETID: "3CECEF000001", license.CPUID: "GenuineIntel-6-158-10", license.HDHWID: "AAA111",
		}},
		"virtual machine: btrfs, a locally administered adapter only": {vm, map[license.Lock]string{
			license.HDID: "99990000-aaaa-4bbb-8ccc-dddd00001111", license.BIOSID: "SeaBIOS",
			license.OSID:  "8F7E6D5C4B3A29180706F5E4D3C2B1A0",
			license.NETID: "5254001D2739", license.CPUID: "GenuineIntel-6-158-10", license.HDHWID: "vol-0a1b2c3d",
		}},
		"container: no disk, no adapter of its own": {containerPC, map[license.Lock]string{
			license.BIOSID: "LENOVO LENOVO 20XWCTO1WW", license.OSID: "8F7E6D5C4B3A29180706F5E4D3C2B1A0",
			license.CPUID: "GenuineIntel-6-158-10",
		}},
		"Raspberry Pi": {raspberry, map[license.Lock]string{
			license.HDID: "deadbeef-0000-4111-8222-333344445555", license.BIOSID: "Raspberry Pi 4 Model B Rev 1.4",
			license.OSID:  "8F7E6D5C4B3A29180706F5E4D3C2B1A0",
			license.NETID: "DCA632000001", license.CPUID: "0x41-8-0x0-0xd08-3", license.HDHWID: "0x5a3c91e7",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, admin := range []bool{true, false} {
				reading := read(t, c.pc, admin)
				for _, l := range license.Locks() {
					got := reading.raw[l-1]
					if l == license.NETID && len(reading.adapters) > 0 {
						got = reading.adapters[0].address
					}
					require.Equal(t, c.want[l], got, "%s (administrator: %v)", l, admin)
					require.Equal(t, c.want[l] != "", reading.Readable(l), l)
					if c.want[l] == "" {
						require.ErrorIs(t, reading.Err(l), ErrUnreadable)
					}
				}
			}
			key := license.Signature("LUMENST7").Key()
			require.Equal(t, read(t, c.pc, true).Block(key), read(t, c.pc, false).Block(key),
				"administrator and user get the same codes")
		})
	}
}

func TestDockAndVPN(t *testing.T) {
	key := license.Signature("LUMENST7").Key()
	require.Equal(t, read(t, laptop, false).Block(key), read(t, docked, false).Block(key))

	// A license bound to the dock's adapter is recognized while the dock is connected, whatever adapter is first.
	raw := read(t, docked, false).raw
	raw[license.NETID-1] = "0050b6000007"
	bound := key.Block(raw)
	require.Equal(t, bound, read(t, docked, false).BlockFor(key, bound))
	require.NotEqual(t, bound, read(t, laptop, false).BlockFor(key, bound))
}

func TestEmptyMachineID(t *testing.T) {
	pc := desktop
	pc.files = merged(desktop.files, map[string]string{"var/lib/dbus/machine-id": "\n", "etc/machine-id": ""})
	require.ErrorIs(t, read(t, pc, true).Err(license.OSID), ErrUnreadable)
	pc.files["etc/machine-id"] = "uninitialized\n"
	require.ErrorIs(t, read(t, pc, true).Err(license.OSID), ErrUnreadable)
}

func TestPlaceholdersAreUnreadable(t *testing.T) {
	pc := desktop
	pc.files = merged(desktop.files, map[string]string{
		"sys/class/dmi/id/bios_vendor": "NA\n", "sys/class/dmi/id/board_vendor": "NA\n",
		"sys/class/dmi/id/board_name":                           "To be filled by O.E.M.\n",
		"sys/devices/" + sataBus + "/block/sda/device/vpd_pg80": vpd80("0000000000"),
		"sys/devices/" + sataBus + "/block/sda/device/wwid":     "None\n",
	})
	reading := read(t, pc, true)
	require.False(t, reading.Readable(license.BIOSID))
	require.False(t, reading.Readable(license.HDHWID))
}

// Loops, endless files and garbage only make a lock unreadable.
func TestHostileTree(t *testing.T) {
	pc := linuxPC{files: merged(mounted("253:0", "ext4", "/dev/../../etc/passwd"),
		disk("dm-0", "253:0", "virtual",
			map[string]string{"slaves/dm-0": "-> ../../dm-0", "dev": strings.Repeat("x", 1<<20)}),
		map[string]string{"proc/cpuinfo": strings.Repeat(":", 1<<20), "dev/disk/by-uuid/loop": "-> loop",
			"sys/class/net/eth0": "-> eth0", "sys/class/block/sr0": "-> ../../../../../.."})}
	// Real files: the system follows links itself.
	folder := t.TempDir()
	for name, content := range pc.files {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if target, ok := strings.CutPrefix(content, "-> "); ok {
			require.NoError(t, os.Symlink(target, path))
			continue
		}
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	root := os.DirFS(folder)
	hostile := &Reader{linuxSource{
		root:             root,
		machineID:        treeMachineID(root),
		permanentAddress: func(string) string { return "ff:ff:ff:ff:ff:ff" },
		fileSystemID:     func(string) string { return "" },
	}}
	reading, err := hostile.Read(t.Context())
	require.NoError(t, err)
	for _, l := range license.Locks() {
		require.False(t, reading.Readable(l), l)
	}
	require.Empty(t, reading.adapters)
}

func FuzzMountInfo(f *testing.F) {
	f.Add([]byte("28 1 8:2 / / rw - ext4 /dev/sda2 rw"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, m := range parseMountInfo(data) {
			if strings.Trim(m.device, "0123456789:") != "" {
				t.Fatal(m.device)
			}
		}
	})
}

func FuzzCPUInfo(f *testing.F) {
	f.Add([]byte(intel["proc/cpuinfo"]))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parseCPU(data); _ = parseVPD80(data) })
}
