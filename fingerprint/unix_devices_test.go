package fingerprint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// inDock is the path of a network card behind Thunderbolt, below the bridges of the controller and of the dock.
const (
	upstream  = "pci0000:00/0000:00:1d.4/0000:05:00.0"
	inDock    = upstream + "/0000:06:04.0/0000:3b:00.0/0000:3c:02.0/0000:3e:00.0"
	inside    = "pci0000:00/0000:00:1c.0/0000:02:00.0"
	dockMAC   = "00:50:b6:7c:91:a5"
	insideMAC = "f4:8e:38:5c:12:ab"
	wifiMAC   = "a4:c3:f0:1d:27:39"
)

// External adapters do not count. Each has a name that sorts before the internal one.
func TestExternalAdapters(t *testing.T) {
	const bridge = upstream + "/0000:06:04.0/0000:3b:00.0" // of the dock
	removable := func(where, word string) map[string]string {
		return map[string]string{"sys/devices/" + where + "/removable": word + "\n"}
	}
	controller := func(where string) map[string]string {
		return map[string]string{"sys/bus/thunderbolt/devices/domain0": "-> ../../../devices/" + where + "/domain0"}
	}
	for name, c := range map[string]struct {
		where    string
		files    map[string]string
		external bool
	}{
		"USB":                       {"pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0", nil, true},
		"USB of a dock":             {inDock + "/usb4/4-1/4-1.3/4-1.3:1.0", nil, true},
		"marked as removable":       {inDock, removable(inDock, "removable"), true},
		"behind a removable bridge": {inDock, removable(bridge, "removable"), true},
		"Alpine Ridge":              {inDock, pciDevice(upstream, "0x8086", "0x1578"), true},
		"Goshen Ridge":              {inDock, pciDevice(bridge, "0x8086", "0x0b26"), true},
		"beside a controller":       {inDock, controller(upstream + "/0000:06:00.0/0000:07:00.0"), true},
		"inside":                    {inside, nil, false},
		"fixed":                     {inside, removable(inside, "fixed"), false},
		"of another vendor":         {inDock, pciDevice(upstream, "0x1b21", "0x1578"), false},
		"behind a switch on the board": {
			upstream + "/0000:06:09.0/0000:2a:00.0", pciDevice(upstream, "0x1022", "0x43c6"), false,
		},
		"a controller in the processor": {inside, controller("pci0000:00/0000:00:0d.2"), false},
	} {
		t.Run(name, func(t *testing.T) {
			const last = "pci0000:00/0000:00:1f.6"
			pc := linuxPC{files: merged(nic("aaa0", c.where, dockMAC, "0"), c.files, nic("eno1", last, insideMAC, "0"))}
			want := []string{"F48E385C12AB", "0050B67C91A5"}
			if !c.external {
				want = []string{"0050B67C91A5", "F48E385C12AB"}
			}
			reading := read(t, pc, false)
			require.Equal(t, want, addresses(reading))
			for _, a := range reading.adapters {
				require.Equal(t, a.name == "aaa0" && c.external, a.external, a.name)
			}
		})
	}
}

func pciDevice(where, vendor, device string) map[string]string {
	dir := "sys/devices/" + where
	return map[string]string{dir + "/vendor": vendor + "\n", dir + "/device": device + "\n"}
}

func addresses(r Reading) []string {
	var list []string
	for _, a := range r.adapters {
		list = append(list, a.address)
	}
	return list
}

// Sources of the permanent address of an adapter (spec: codes "Network adapters").
func TestPermanentAddresses(t *testing.T) {
	const card, net = "sys/devices/" + inside, "sys/devices/" + inside + "/net/"
	for name, c := range map[string]struct {
		files     map[string]string
		permanent string
		want      []string
	}{
		"as it shows":     {files: nic("eth0", inside, insideMAC, "0"), want: []string{"F48E385C12AB"}},
		"from the driver": {files: nic("eth0", inside, dockMAC, "3"), permanent: insideMAC, want: []string{"F48E385C12AB"}},
		"set by hand":     {files: nic("eth0", inside, insideMAC, "3")},
		"random":          {files: nic("eth0", inside, "da:a1:19:5c:27:39", "1"), permanent: "da:a1:19:5c:27:39"},
		"of a bond": {
			files: merged(nic("eth0", inside, dockMAC, "3"),
				map[string]string{net + "eth0/bonding_slave/perm_hwaddr": insideMAC + "\n"}),
			want: []string{"F48E385C12AB"},
		},
		"of a bond, which took it": {files: nic("eth0", inside, insideMAC, "2")},
		"Wi-Fi with a random address": {
			files: merged(nic("wlan0", inside, "da:a1:19:5c:27:39", "3"), map[string]string{
				card + "/ieee80211/phy0/macaddress": wifiMAC + "\n",
			}),
			want: []string{"A4C3F01D2739"},
		},
		"a radio in its class only": {
			files: merged(nic("wlan0", inside, "da:a1:19:5c:27:39", "3"), map[string]string{
				net + "wlan0/phy80211":                "-> ../../ieee80211/phy0",
				"sys/class/ieee80211/phy0/macaddress": wifiMAC + "\n",
			}),
			want: []string{"A4C3F01D2739"},
		},
		"one of two radios": {
			files: merged(nic("wlan0", inside, "da:a1:19:5c:27:39", "3"), map[string]string{
				net + "wlan0/phy80211":              "-> ../../ieee80211/phy1",
				card + "/ieee80211/phy0/macaddress": dockMAC + "\n",
				card + "/ieee80211/phy1/macaddress": wifiMAC + "\n",
			}),
			want: []string{"A4C3F01D2739"},
		},
		"two networks of one radio": {
			files: merged(nic("wlan0", inside, wifiMAC, "0"), nic("wlan1", inside, "a6:c3:f0:1d:27:39", "0"),
				map[string]string{card + "/ieee80211/phy0/macaddress": wifiMAC + "\n"}),
			permanent: "a6:c3:f0:1d:27:39",
			want:      []string{"A4C3F01D2739", "A4C3F01D2739"},
		},
		"a radio without an address": {
			files: merged(nic("wlan0", inside, wifiMAC, "3"),
				map[string]string{card + "/ieee80211/phy0/macaddress": "00:00:00:00:00:00\n"}),
		},
		"a virtual machine":      {files: nic("eth0", inside, "52:54:00:1d:27:39", "0"), want: []string{"5254001D2739"}},
		"made up by a container": {files: nic("eth0", "virtual", insideMAC, "0")},
		"a cable between two PCs": {
			files: nic("thunderbolt0", upstream+"/0000:06:00.0/0000:07:00.0/domain0/0-0/0-1/0-1.0", "02:5c:1d:27:39:ab", "0"),
		},
		"Bluetooth": {files: nic("bnep0", inside+"/bluetooth/hci0/hci0:256", insideMAC, "0")},
		"simulated": {files: nic("eth9", "netdevsim1", insideMAC, "0")},
		"no address": {
			files: nic("eth0", inside, "00:00:00:00:00:00", "0"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			pc := linuxPC{files: c.files, permanent: map[string]string{"eth0": c.permanent, "wlan1": c.permanent}}
			reading := read(t, pc, false)
			require.Equal(t, c.want, addresses(reading))
			require.Equal(t, len(c.want) > 0, reading.Readable(license.NETID))
		})
	}
}

// Adapters may be added and removed: that of the license is found among all of them (spec: codes "Network adapters").
func TestAdapterOfLicense(t *testing.T) {
	key := license.Signature("LUMENST7").Key()
	local := nic("eth1", "pci0000:00/0000:00:05.0/virtio3", "52:54:00:1d:27:39", "0")
	bound := read(t, linuxPC{files: local}, false).Block(key)
	others := merged(nic("eth0", inside, insideMAC, "0"), nic("eth2", inDock, dockMAC, "0"))
	more := read(t, linuxPC{files: merged(local, others)}, false)
	require.NotEqual(t, bound, more.Block(key))
	require.Equal(t, bound, more.BlockFor(key, bound))
}

// Of the devices named sr0, only an internal drive is one (spec: codes "Optical drives").
func TestOpticalDrives(t *testing.T) {
	const sata = "pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0"
	drive := map[string]string{
		"device/vendor": "HL-DT-ST\n", "device/model": "DVDRAM GU90N   \n", "device/vpd_pg80": vpd80("KZ9F1234567"),
	}
	const genuine = "HL-DT-ST DVDRAM GU90N KZ9F1234567"
	for name, c := range map[string]struct {
		where string
		files map[string]string
		want  string
	}{
		"SATA": {sata, drive, genuine},
		"SAS":  {"pci0000:00/0000:03:00.0/host2/port-2:0/end_device-2:0/target2:0:0/2:0:0:0", drive, genuine},
		"without serial": {
			sata, merged(drive, map[string]string{"device/vpd_pg80": vpd80("000000000000")}), "HL-DT-ST DVDRAM GU90N",
		},
		"USB":        {"pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host4/target4:0:0/4:0:0:0", drive, ""},
		"iSCSI":      {"platform/host6/session1/target6:0:0/6:0:0:0", drive, ""},
		"iSCSI card": {"pci0000:00/0000:03:00.0/host6/session1/ata1/target6:0:0/6:0:0:0", drive, ""},
		"modem": {
			"pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.2/host5/target5:0:0/5:0:0:0",
			map[string]string{"device/vendor": "HUAWEI\n", "device/model": "Mass Storage\n"}, "",
		},
		"card reader":       {"pci0000:00/0000:02:00.0/rtsx_pci_sdmmc.0/mmc_host/mmc0/mmc0:0001", drive, ""},
		"image":             {"virtual", drive, ""},
		"simulated":         {"pseudo_0/adapter0/host7/target7:0:0/7:0:0:0", drive, ""},
		"of the hypervisor": {"pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:0", drive, ""},
		"QEMU":              {sata, map[string]string{"device/vendor": "QEMU\n", "device/model": "QEMU DVD-ROM\n"}, ""},
		"VirtualBox":        {sata, map[string]string{"device/vendor": "VBOX\n", "device/model": "CD-ROM\n"}, ""},
		"VMware": {
			sata, map[string]string{"device/vendor": "NECVMWar\n", "device/model": "VMware SATA CD00\n"}, "",
		},
		"Hyper-V":            {sata, map[string]string{"device/vendor": "Msft\n", "device/model": "Virtual DVD-ROM\n"}, ""},
		"without any name":   {sata, map[string]string{"device/vendor": "\n"}, ""},
		"with a placeholder": {sata, map[string]string{"device/model": "None\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			reading := read(t, linuxPC{files: disk("sr0", "11:0", c.where, c.files)}, false)
			require.Equal(t, c.want, reading.raw[license.CDHWID-1])
			require.Equal(t, c.want != "", reading.Readable(license.CDHWID))
		})
	}
	// A dock may have SATA.
	dock := disk("sr0", "11:0", inDock+"/ata9/host9/target9:0:0/9:0:0:0", drive)
	require.Equal(t, genuine, read(t, linuxPC{files: dock}, false).raw[license.CDHWID-1])
	dock = merged(dock, pciDevice(upstream, "0x8086", "0x15ef"))
	require.False(t, read(t, linuxPC{files: dock}, false).Readable(license.CDHWID))
	// An external drive does not hide the internal one.
	usb := disk("sr0", "11:0", "pci0000:00/0000:00:14.0/usb1/1-3/1-3:1.0/host4/target4:0:0/4:0:0:0", drive)
	both := linuxPC{files: merged(usb, disk("sr1", "11:1", sata, drive))}
	require.Equal(t, genuine, read(t, both, false).raw[license.CDHWID-1])
}

func TestBIOSID(t *testing.T) {
	const dmi, tree = "sys/class/dmi/id/", "sys/firmware/devicetree/base/"
	board := func(firmware, vendor, name string) map[string]string {
		return map[string]string{
			dmi + "bios_vendor":  firmware + "\n",
			dmi + "bios_version": "1.8.0\n",
			dmi + "board_vendor": vendor + "\n",
			dmi + "board_name":   name + "\n",
		}
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"board":    {board("Dell Inc.", "Dell Inc.", "0KWVT8"), "Dell Inc. Dell Inc. 0KWVT8"},
		"no board": {board("SeaBIOS", "", ""), "SeaBIOS"},
		"placeholders": {
			board("American Megatrends Inc.", "Default string", "To be filled by O.E.M."), "American Megatrends Inc.",
		},
		"NA NA": {board("NA", "NA", "NA"), ""},
		"device tree": {
			map[string]string{tree + "model": "Raspberry Pi 5 Model B Rev 1.0\x00"},
			"Raspberry Pi 5 Model B Rev 1.0",
		},
		"without model":  {map[string]string{tree + "compatible": "radxa,rock-5b\x00rockchip,rk3588\x00"}, "radxa,rock-5b"},
		"as /proc shows": {map[string]string{"proc/device-tree/model": "Pine64 RockPro64 v2.1\x00"}, "Pine64 RockPro64 v2.1"},
		"nothing":        {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, read(t, linuxPC{files: c.files}, false).raw[license.BIOSID-1])
		})
	}
	// A firmware update changes version and date.
	update := map[string]string{dmi + "bios_version": "N32ET99W (1.75 )\n", dmi + "bios_date": "11/02/2025\n"}
	updated := linuxPC{files: merged(laptop.files, update), permanent: laptop.permanent}
	key := license.Signature("LUMENST7").Key()
	require.Equal(t, read(t, laptop, false).Block(key), read(t, updated, false).Block(key))
}
