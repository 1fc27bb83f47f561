package fingerprint

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// windowsCalls are what Windows is asked. Their answers are recorded for tests on other systems.
type windowsCalls interface {
	// machineID returns the registry's MachineGuid.
	machineID() (string, error)
	// volumeSerial returns the serial number of the system volume.
	volumeSerial() (uint32, error)
	// firmwareTable returns the raw SMBIOS table (GetSystemFirmwareTable 'RSMB').
	firmwareTable() ([]byte, error)
	// processor returns VendorIdentifier and Identifier of the first processor from the registry.
	processor() (vendor, identifier string, err error)
	// systemDisk returns the STORAGE_DEVICE_DESCRIPTOR of the disk that holds the system volume.
	systemDisk() ([]byte, error)
	// opticalDrive returns the STORAGE_DEVICE_DESCRIPTOR of the first optical drive.
	opticalDrive() ([]byte, error)
	// networkAdapters lists adapters with where they are plugged in and their permanent address.
	networkAdapters() ([]windowsAdapter, error)
}

// windowsAdapter is an adapter as Windows lists it.
type windowsAdapter struct {
	name     string // GUID
	instance string // PnP instance, such as "PCI\VEN_8086&…" or "USB\VID_…"
	ifType   uint32 // IANA ifType
	address  string // permanent address
}

type windowsSource struct{ windowsCalls }

func (s windowsSource) hdID() (string, error) {
	serial, err := s.volumeSerial()
	if err != nil || serial == 0 {
		return "", unreadable("the system volume shows no serial number")
	}
	return fmt.Sprintf("%08X", serial), nil
}

func (s windowsSource) osID() (string, error) {
	id, err := s.machineID()
	if err != nil || license.Normalize(id) == "" {
		return "", unreadable("the registry holds no MachineGuid")
	}
	return id, nil
}

func (s windowsSource) biosID() (string, error) {
	table, err := s.firmwareTable()
	if err != nil {
		return "", unreadable("the firmware does not describe itself")
	}
	return parseSMBIOS(table)
}

func (s windowsSource) cpuID() (string, error) {
	vendor, identifier, err := s.processor()
	if err != nil || license.Normalize(identifier) == "" {
		return "", unreadable("the processor is not described")
	}
	return vendor + " " + identifier, nil
}

func (s windowsSource) hdHardwareID() (string, error) {
	descriptor, err := s.systemDisk()
	if err != nil {
		return "", unreadable("the system disk does not answer")
	}
	if _, serial := parseStorageDescriptor(descriptor); license.Normalize(serial) != "" {
		return serial, nil
	}
	return "", unreadable("the system disk shows no serial number")
}

func (s windowsSource) cdHardwareID() (string, error) {
	descriptor, err := s.opticalDrive()
	if err != nil {
		return "", unreadable("there is no optical drive")
	}
	model, serial := parseStorageDescriptor(descriptor)
	if license.Normalize(model) == "" {
		return "", unreadable("the optical drive shows no model")
	}
	return strings.TrimSpace(model + " " + serial), nil
}

// The ifType of Ethernet and of Wi-Fi (IANA ifType-MIB).
const (
	ifTypeEthernet = 6
	ifTypeWiFi     = 71
)

// physicalBuses begin the PnP instance of adapters that are hardware.
var physicalBuses = []string{`PCI\`, `USB\`, `PCMCIA\`, `SD\`, `ACPI\`, `BTHUSB\`, `VMBUS\`}

func (s windowsSource) adapters() ([]adapter, error) {
	all, err := s.networkAdapters()
	if err != nil {
		return nil, unreadable("the network adapters are not listed")
	}
	var list []adapter
	for _, a := range all {
		instance := strings.ToUpper(a.instance)
		physical := false
		for _, bus := range physicalBuses {
			physical = physical || strings.HasPrefix(instance, bus)
		}
		address := hexAddress(a.address)
		if !physical || address == "" || a.ifType != ifTypeEthernet && a.ifType != ifTypeWiFi {
			continue
		}
		list = append(list, adapter{name: a.name, address: address, usb: strings.HasPrefix(instance, `USB\`)})
	}
	return list, nil
}

// smbiosHeader is the length of the header that Windows puts before the SMBIOS structures.
const smbiosHeader = 8

// parseSMBIOS returns vendor, version and release date of the firmware: structure type 0 of the SMBIOS specification.
func parseSMBIOS(table []byte) (string, error) {
	damaged := unreadable("the firmware's description is damaged")
	if len(table) < smbiosHeader {
		return "", damaged
	}
	rest := table[smbiosHeader:]
	for len(rest) >= 4 {
		kind, length := rest[0], int(rest[1])
		if length < 4 || length > len(rest) {
			return "", damaged
		}
		formatted, after := rest[:length], rest[length:]
		var texts []string
		for len(after) > 0 && after[0] != 0 {
			text, next, ok := strings.Cut(string(after), "\x00")
			if !ok {
				return "", damaged
			}
			texts, after = append(texts, text), []byte(next)
		}
		if kind == 0 && length >= 9 {
			text := func(index byte) string {
				if index == 0 || int(index) > len(texts) {
					return ""
				}
				return strings.TrimSpace(texts[index-1])
			}
			value := strings.TrimSpace(text(formatted[4]) + " " + text(formatted[5]) + " " + text(formatted[8]))
			if license.Normalize(value) == "" {
				return "", unreadable("the firmware gives only placeholders")
			}
			return value, nil
		}
		// An empty string set is two zero bytes, another one ends with one more.
		skip := 1
		if len(texts) == 0 {
			skip = 2
		}
		if len(after) < skip {
			break
		}
		rest = after[skip:]
	}
	return "", unreadable("the firmware does not describe itself")
}

// Offsets in STORAGE_DEVICE_DESCRIPTOR (winioctl.h).
const (
	descriptorVendor  = 12
	descriptorProduct = 16
	descriptorSerial  = 24
	descriptorMinimum = 28
)

// parseStorageDescriptor returns model and serial number of a storage device.
func parseStorageDescriptor(d []byte) (model, serial string) {
	if len(d) < descriptorMinimum {
		return "", ""
	}
	text := func(at int) string {
		offset := binary.LittleEndian.Uint32(d[at:])
		if offset < descriptorMinimum || uint64(offset) >= uint64(len(d)) {
			return ""
		}
		value, _, _ := strings.Cut(string(d[offset:]), "\x00")
		return strings.TrimSpace(strings.ToValidUTF8(value, ""))
	}
	return strings.TrimSpace(text(descriptorVendor) + " " + text(descriptorProduct)), text(descriptorSerial)
}
