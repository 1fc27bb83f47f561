// Package fingerprinttest provides fake PCs for tests: readers whose locks are derived from a name, and recorded
// trees that replace the hardware that a Linux program sees. It does not read the machine that runs the tests.
package fingerprinttest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"slices"
	"testing/fstest"

	"github.com/acen-desktop/acen/fingerprint"
	"github.com/acen-desktop/acen/license"
)

const (
	disk = "sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda"
	card = "sys/devices/pci0000:00/0000:00:19.0"
)

// PC returns a fake PC without an optical drive. Its locks are derived from its name, except for those in changed.
func PC(name string, changed ...license.Lock) *fingerprint.Reader {
	return fingerprint.Recorded(Tree(name, changed...))
}

// signatures are those of the programs in tests. Small locks are chosen so that their values differ after a change.
var signatures = []license.Signature{
	"LUMENST7", "LUMENRND", "NOTEPAD1", "TIDESRV2", "EQH524Y", "UNKNOWN7", "SECOND", "OTHERPRG", "EXACTLY1",
}

// rawOf returns the raw value of a lock that is derived from v.
func rawOf(l license.Lock, v [sha256.Size]byte) string {
	switch l {
	case license.CPUID:
		return fmt.Sprintf("GenuineIntel-6-%d-%d", v[0], v[1])
	case license.BIOSID:
		return fmt.Sprintf("LENOVO LENOVO %X", v[:4])
	}
	return fmt.Sprintf("%x", v)
}

// Tree returns the recorded tree of a PC.
func Tree(name string, changed ...license.Lock) fstest.MapFS {
	value := func(l license.Lock) [sha256.Size]byte {
		was := sha256.Sum256(fmt.Appendf(nil, "%s %s", name, l))
		if !slices.Contains(changed, l) {
			return was
		}
		for n := 0; ; n++ {
			v := sha256.Sum256(fmt.Appendf(nil, "%s %s changed %d", name, l, n))
			if !slices.ContainsFunc(signatures, func(s license.Signature) bool {
				return s.Key().LockValue(l, rawOf(l, v)) == s.Key().LockValue(l, rawOf(l, was))
			}) {
				return v
			}
		}
	}
	hd, bios, os := value(license.HDID), value(license.BIOSID), value(license.OSID)
	net, cpu, hw := value(license.NETID), value(license.CPUID), value(license.HDHWID)
	tree := fstest.MapFS{}
	for path, text := range map[string]string{
		"proc/cpuinfo": fmt.Sprintf("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"+
			"model\t\t: %d\nstepping\t: %d\n\n", cpu[0], cpu[1]),
		"proc/self/mountinfo": "28 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n",
		"etc/machine-id":      fmt.Sprintf("%x\n", os[:16]),
		"run/udev/data/b8:2": fmt.Sprintf("E:ID_FS_UUID=%x-%x-%x-%x-%x\n", hd[:4], hd[4:6], hd[6:8],
			hd[8:10], hd[10:16]),
		"sys/class/dmi/id/bios_vendor":      "LENOVO\n",
		"sys/class/dmi/id/bios_version":     "N32ET84W (1.60 )\n",
		"sys/class/dmi/id/bios_date":        "03/14/2024\n",
		"sys/class/dmi/id/board_vendor":     "LENOVO\n",
		"sys/class/dmi/id/board_name":       fmt.Sprintf("%X\n", bios[:4]),
		disk + "/dev":                       "8:0\n",
		disk + "/device/vpd_pg80":           string([]byte{0, 0x80, 0, 16}) + fmt.Sprintf("%X", hw[:8]),
		disk + "/sda2/dev":                  "8:2\n",
		disk + "/sda2/partition":            "2\n",
		card + "/uevent":                    "DRIVER=x\n",
		card + "/net/eno1/address":          fmt.Sprintf("f4:8e:38:%02x:%02x:%02x\n", net[0], net[1], net[2]),
		card + "/net/eno1/type":             "1\n",
		card + "/net/eno1/addr_assign_type": "0\n",
	} {
		tree[path] = &fstest.MapFile{Data: []byte(text), Mode: 0o444}
	}
	for path, target := range map[string]string{
		"sys/dev/block/8:0":       "../../" + disk[len("sys/"):],
		"sys/dev/block/8:2":       "../../" + disk[len("sys/"):] + "/sda2",
		"sys/class/block/sda":     "../../" + disk[len("sys/"):],
		"sys/class/net/eno1":      "../../" + card[len("sys/"):] + "/net/eno1",
		card + "/net/eno1/device": "../..",
	} {
		tree[path] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
	}
	return tree
}
