package fingerprint

import (
	"cmp"
	"io/fs"
	"path"
	"strings"
)

// arphrdEther is the hardware type of Ethernet and Wi-Fi (linux/if_arp.h).
const arphrdEther = "1"

// The kernel's addr_assign_type (linux/netdevice.h): the source of the present address of an adapter.
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
		// Links in /sys/class/net point to the device. Adapters without hardware are below devices/virtual.
		dir := s.link(class + "/" + name)
		if dir == "" {
			dir = class + "/" + name
		}
		if virtualAdapter(dir) {
			continue
		}
		hardware := s.link(dir + "/device")
		if hardware == "" && !s.exists(dir+"/device") || s.text(dir+"/type") != arphrdEther {
			continue
		}
		if address := s.address(name, dir); address != "" {
			where := dir
			if !strings.HasPrefix(dir, "sys/devices/") {
				where = hardware
			}
			list = append(list, adapter{name: name, address: address, external: s.external(where)})
		}
	}
	return list, nil
}

// virtualAdapter reports whether an adapter is not physical although it has a device: it is simulated, a Thunderbolt
// network between two PCs, or a network over Bluetooth.
func virtualAdapter(dir string) bool {
	for element := range strings.SplitSeq(dir, "/") {
		if element == "virtual" || element == "bluetooth" || numbered(element, "domain") ||
			numbered(element, "netdevsim") {
			return true
		}
	}
	return false
}

// address returns the permanent address of an adapter; "" if unknown.
func (s linuxSource) address(name, dir string) string {
	assigned := s.text(dir + "/addr_assign_type")
	if assigned == addressRandom {
		return ""
	}
	// All interfaces of a radio share its address; their own ones may be derived from it.
	if address := hexAddress(s.radio(dir)); address != "" {
		return address
	}
	if address := hexAddress(s.permanentAddress(name)); address != "" {
		return address
	}
	// A bond assigns one address to all its adapters.
	if address := hexAddress(s.text(dir + "/bonding_slave/perm_hwaddr")); address != "" {
		return address
	}
	if assigned == addressPermanent {
		return hexAddress(s.text(dir + "/address"))
	}
	return "" // set by a person
}

// radio returns the permanent address of a Wi-Fi adapter's radio; "" for other adapters.
func (s linuxSource) radio(dir string) string {
	radios := path.Dir(path.Dir(dir)) + "/ieee80211"
	phy := path.Base(s.link(dir + "/phy80211"))
	if phy == "." { // no link
		entries, err := fs.ReadDir(s.root, radios)
		if err != nil || len(entries) != 1 {
			return ""
		}
		phy = entries[0].Name()
	}
	return cmp.Or(s.text(radios+"/"+phy+"/macaddress"), s.text("sys/class/ieee80211/"+phy+"/macaddress"))
}

// external reports whether a device is outside of the PC's case: on USB, or behind Thunderbolt, as in a dock, where
// it is on a PCI bus like a built-in device.
func (s linuxSource) external(dir string) bool {
	bridge := false // whether there is a PCI device below
	for at := dir; strings.HasPrefix(at, "sys/devices/"); at = path.Dir(at) {
		switch name := path.Base(at); {
		case numbered(name, "usb"), numbered(name, "domain"):
			return true
		case pciAddress(name):
			if s.text(at+"/removable") == "removable" || bridge && s.thunderboltBridge(at) {
				return true
			}
			bridge = true
		}
	}
	return s.behindThunderbolt(dir)
}

// thunderboltBridge reports whether a PCI device is a bridge of a Thunderbolt controller or dock
// (drivers/thunderbolt/nhi.h of Linux). Kernels before 5.14 do not mark devices behind them as removable.
func (s linuxSource) thunderboltBridge(dir string) bool {
	const intel = "0x8086"
	switch s.text(dir + "/device") {
	case "0x1513", "0x151a", "0x151b", "0x1547", "0x1548", "0x1549", // the first generation
		"0x1567", "0x1569", "0x156b", "0x156d", "0x157e", // Redwood, Falcon and Win Ridge
		"0x1576", "0x1578", "0x15c0", "0x15d3", "0x15da", // Alpine Ridge
		"0x15e7", "0x15ea", "0x15ef", // Titan Ridge
		"0x1136", "0x0b26", "0x5786", "0x57a4": // Maple, Goshen and Barlow Ridge
		return s.text(dir+"/vendor") == intel
	}
	return false
}

// behindThunderbolt reports whether a device shares the bridge of a Thunderbolt controller of its own chip. The kernel
// lists controllers as pci…/root port/bridge/port/controller/domain0.
func (s linuxSource) behindThunderbolt(dir string) bool {
	const bus = "sys/bus/thunderbolt/devices"
	entries, err := fs.ReadDir(s.root, bus)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if !numbered(e.Name(), "domain") {
			continue
		}
		controller := path.Dir(s.link(bus + "/" + e.Name()))
		port := path.Dir(controller)
		bridge := path.Dir(port)
		if pciAddress(path.Base(port)) && pciAddress(path.Base(bridge)) && strings.HasPrefix(dir, bridge+"/") {
			return true
		}
	}
	return false
}

// numbered reports whether name is prefix followed by a number, such as "usb2".
func numbered(name, prefix string) bool {
	number, ok := strings.CutPrefix(name, prefix)
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

// pciAddress reports whether name is the address of a PCI device, such as "0000:00:1f.6".
func pciAddress(name string) bool {
	return strings.Count(name, ":") == 2 && strings.Count(name, ".") == 1 && strings.Trim(name, "0123456789abcdef:.") == ""
}
