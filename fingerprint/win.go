package fingerprint

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// windowsCalls are the calls to Windows. Tests replay recorded results on other systems.
type windowsCalls interface {
	// machineID returns the registry's MachineGuid.
	machineID() (string, error)
	// volumeSerial returns the serial number of the system volume.
	volumeSerial() (uint32, error)
	// firmwareTable returns the raw SMBIOS table (GetSystemFirmwareTable 'RSMB').
	firmwareTable() ([]byte, error)
	// processor returns VendorIdentifier and Identifier of the first processor from the registry.
	processor() (vendor, identifier string, err error)
	// systemDisks lists the disks that hold the system volume.
	systemDisks() ([]windowsDisk, error)
	// opticalDrives returns the STORAGE_DEVICE_DESCRIPTOR of each optical drive, in the system's order.
	opticalDrives() ([][]byte, error)
	// networkAdapters lists the network interfaces with their registry values.
	networkAdapters() ([]windowsAdapter, error)
}

// windowsDisk contains the answers to queries of a disk. An answer is empty if the driver does not support the query.
type windowsDisk struct {
	descriptor    []byte // STORAGE_DEVICE_DESCRIPTOR
	identify      []byte // STORAGE_PROTOCOL_DATA_DESCRIPTOR, the answer to identifyQuery
	adapterSerial []byte // STORAGE_ADAPTER_SERIAL_NUMBER
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
	if err != nil || !readable(license.OSID, id) {
		return "", unreadable("the registry holds no MachineGuid")
	}
	return id, nil
}

func (s windowsSource) biosID() (string, error) {
	table, err := s.firmwareTable()
	if err != nil {
		return "", unreadable("the firmware reports no vendor or model")
	}
	return parseSMBIOS(table)
}

func (s windowsSource) cpuID() (string, error) {
	vendor, identifier, err := s.processor()
	if err != nil || !readable(license.CPUID, identifier) {
		return "", unreadable("the processor is not described")
	}
	return vendor + " " + identifier, nil
}

// disks returns the serial numbers of the disks that hold the system volume, in ascending order.
func (s windowsSource) disks() ([]string, error) {
	list, err := s.systemDisks()
	if err != nil || len(list) == 0 {
		return nil, unreadable("the system disk does not answer")
	}
	var serials []string
	identified := false
	for _, d := range list {
		if serial := d.serial(); readable(license.HDHWID, serial) {
			serials = append(serials, serial)
		}
		identified = identified || isEUI(parseStorageDescriptor(d.descriptor).serial)
	}
	switch {
	case len(serials) > 0:
		slices.Sort(serials)
		return slices.Compact(serials), nil
	case identified:
		return nil, unreadable("the driver of the system disk shows an identifier in place of its serial number")
	}
	return nil, unreadable("the system disk shows no serial number")
}

func (s windowsSource) cdHardwareID() (string, error) {
	drives, err := s.opticalDrives()
	if err != nil {
		return "", unreadable("there is no built-in optical drive")
	}
	for _, descriptor := range drives {
		d := parseStorageDescriptor(descriptor)
		if slices.Contains(builtInBuses, d.bus) && readable(license.CDHWID, d.model) {
			return strings.TrimSpace(d.model + " " + d.serial), nil
		}
	}
	return "", unreadable("there is no built-in optical drive")
}

// windowsAdapter is a network interface as Windows lists it (MIB_IF_ROW2 of netioapi.h), and its registry values.
type windowsAdapter struct {
	name      string // GUID
	ifType    uint32 // IANA ifType
	hardware  bool   // the interface is for hardware
	filter    bool   // the interface belongs to a filter above another one, and has the same addresses
	permanent string // permanent address; "" if the driver reports none
	current   string

	instance   string // PnP instance, such as "PCI\VEN_8086&…" or "USB\VID_…"
	container  string // GUID of the device that the adapter is a part of; "" if unknown
	configured string // address that a person set for the driver; "" if none
}

// The ifType of Ethernet and of Wi-Fi (IANA ifType-MIB).
const (
	ifTypeEthernet = 6
	ifTypeWiFi     = 71
)

// physicalBuses are the prefixes of the PnP instances of hardware adapters. Those in the last line belong to drivers
// that create their adapters below a device of their own: Broadcom, QLogic, Mellanox, Xen.
var physicalBuses = []string{
	`PCI\`, `USB\`, `PCMCIA\`, `SD\`, `ACPI\`, `BTHUSB\`, `VMBUS\`,
	`B06BDRV\`, `EBDRV\`, `QEBDRV\`, `MLX4\`, `XENVIF\`,
}

// builtInContainer is the container of every device that is built into the PC
// (GUID_CONTAINERID_INTERNALLY_CONNECTED_DEVICE).
const builtInContainer = "{00000000-0000-0000-FFFF-FFFFFFFFFFFF}"

// adapters lists all physical adapters, including those that are not bound to IP: members of teams, and the adapter
// below Hyper-V's external switch.
func (s windowsSource) adapters() ([]adapter, error) {
	all, err := s.networkAdapters()
	if err != nil {
		return nil, unreadable("the network adapters are not listed")
	}
	var list []adapter
	for _, a := range all {
		address := a.address()
		if !a.physical() || address == "" {
			continue
		}
		list = append(list, adapter{name: a.name, address: address, external: a.external()})
	}
	return list, nil
}

// physical reports whether an interface is an Ethernet or Wi-Fi hardware adapter.
func (a windowsAdapter) physical() bool {
	instance := strings.ToUpper(a.instance)
	return a.hardware && !a.filter && (a.ifType == ifTypeEthernet || a.ifType == ifTypeWiFi) &&
		slices.ContainsFunc(physicalBuses, func(bus string) bool { return strings.HasPrefix(instance, bus) })
}

// external reports whether an adapter can be unplugged, such as one in a dock, whatever bus it is on.
func (a windowsAdapter) external() bool {
	return strings.HasPrefix(strings.ToUpper(a.instance), `USB\`) ||
		a.container != "" && !strings.EqualFold(a.container, builtInContainer)
}

// address returns the permanent address of an adapter, or "". Some drivers report a random address, or the one that a
// person set, as permanent. For an adapter that reports none, address returns the current one if nothing can have
// changed it.
func (a windowsAdapter) address() string {
	permanent, current, configured := hexAddress(a.permanent), hexAddress(a.current), hexAddress(a.configured)
	switch {
	case permanent != "" && permanent == configured:
		return ""
	case permanent != "" && a.ifType == ifTypeWiFi && (adapter{address: permanent}).local():
		return ""
	case permanent != "":
		return permanent
	case current == "" || a.ifType == ifTypeWiFi || a.configured != "" || (adapter{address: current}).local():
		return ""
	}
	return current
}

// Offsets in MIB_IF_TABLE2 and its rows (netioapi.h). They are the same for all processors, unlike those of a Go
// struct.
const (
	ifTableRows        = 8
	ifRowGUID          = 12
	ifRowAddressLength = 1056
	ifRowAddress       = 1060
	ifRowPermanent     = 1092
	ifRowType          = 1128
	ifRowFlags         = 1152
	ifRowSize          = 1352

	ifFlagHardware = 1 << 0
	ifFlagFilter   = 1 << 1
)

// parseInterfaceTable parses a MIB_IF_TABLE2. It skips rows beyond the end of the table.
func parseInterfaceTable(table []byte) (list []windowsAdapter) {
	if len(table) < ifTableRows {
		return nil
	}
	n := int(min(binary.LittleEndian.Uint32(table), uint32((len(table)-ifTableRows)/ifRowSize)))
	for i := range n {
		row := table[ifTableRows+i*ifRowSize:][:ifRowSize]
		a := windowsAdapter{
			name:     guid(row[ifRowGUID:]),
			ifType:   binary.LittleEndian.Uint32(row[ifRowType:]),
			hardware: row[ifRowFlags]&ifFlagHardware != 0,
			filter:   row[ifRowFlags]&ifFlagFilter != 0,
		}
		if binary.LittleEndian.Uint32(row[ifRowAddressLength:]) == 6 {
			a.current = net.HardwareAddr(row[ifRowAddress:][:6]).String()
			a.permanent = net.HardwareAddr(row[ifRowPermanent:][:6]).String()
		}
		list = append(list, a)
	}
	return list
}

// guid formats a GUID as in the registry.
func guid(b []byte) string {
	return fmt.Sprintf("{%08X-%04X-%04X-%X-%X}", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:16])
}

// Structures of the SMBIOS specification (DSP0134), and the header that Windows puts before them.
const (
	smbiosHeader = 8

	smbiosFirmware  = 0
	smbiosBaseboard = 2
	smbiosEnd       = 127
)

// smbiosStructure is one structure of an SMBIOS table.
type smbiosStructure struct {
	formatted []byte
	texts     []string
}

// text returns the text whose number is at an offset of the structure; "" if there is none.
func (s smbiosStructure) text(offset int) string {
	if offset >= len(s.formatted) {
		return ""
	}
	n := int(s.formatted[offset])
	if n == 0 || n > len(s.texts) {
		return ""
	}
	return strings.TrimSpace(s.texts[n-1])
}

// parseSMBIOS returns the vendor of the firmware, and vendor and product of the board. It omits version and date of
// the firmware, because an update changes them (spec: codes "Locks").
func parseSMBIOS(table []byte) (string, error) {
	damaged := unreadable("the firmware's description is damaged")
	if len(table) < smbiosHeader {
		return "", damaged
	}
	found := map[byte]smbiosStructure{}
	for rest := table[smbiosHeader:]; len(rest) >= 4; {
		length := int(rest[1])
		if length < 4 || length > len(rest) {
			return "", damaged
		}
		s := smbiosStructure{formatted: rest[:length]}
		kind := rest[0]
		if kind == smbiosEnd {
			break // the length of the table is a maximum: garbage may follow
		}
		rest = rest[length:]
		for len(rest) > 0 && rest[0] != 0 {
			end := bytes.IndexByte(rest, 0)
			if end < 0 {
				return "", damaged
			}
			s.texts, rest = append(s.texts, string(rest[:end])), rest[end+1:]
		}
		if _, again := found[kind]; !again { // the first board is the main board
			found[kind] = s
		}
		// An empty string set is two zero bytes; another one ends with an additional one.
		end := 1
		if len(s.texts) == 0 {
			end = 2
		}
		rest = rest[min(end, len(rest)):]
	}
	firmware, board := found[smbiosFirmware], found[smbiosBaseboard]
	return modelOf(firmware.text(4), board.text(4), board.text(5))
}

// modelOf joins the parts of the model name of a PC without placeholders.
func modelOf(parts ...string) (string, error) {
	if model := joinReadable(parts...); model != "" {
		return model, nil
	}
	return "", unreadable("the firmware reports no vendor or model")
}

// The relevant bus types of STORAGE_DEVICE_DESCRIPTOR (STORAGE_BUS_TYPE of ntddstor.h).
const (
	busATAPI = 2
	busATA   = 3
	busRAID  = 8
	busSATA  = 11
	busNVMe  = 17
)

// builtInBuses are the buses of built-in optical drives. Drives on others are external (USB, FireWire, SD) or
// virtual: virtual, file-backed, iSCSI, and SCSI, which emulators report.
var builtInBuses = []uint32{busATAPI, busATA, busRAID, busSATA}

// Offsets in STORAGE_DEVICE_DESCRIPTOR (winioctl.h).
const (
	descriptorVendor  = 12
	descriptorProduct = 16
	descriptorSerial  = 24
	descriptorBus     = 28
	descriptorMinimum = 32
)

// storageDevice contains the relevant fields of a STORAGE_DEVICE_DESCRIPTOR.
type storageDevice struct {
	bus           uint32
	model, serial string
}

// parseStorageDescriptor parses a STORAGE_DEVICE_DESCRIPTOR. Fields of a damaged one are empty.
func parseStorageDescriptor(d []byte) storageDevice {
	if len(d) < descriptorMinimum {
		return storageDevice{}
	}
	text := func(at int) string {
		offset := binary.LittleEndian.Uint32(d[at:])
		if offset < descriptorMinimum || uint64(offset) >= uint64(len(d)) {
			return ""
		}
		value, _, _ := strings.Cut(string(d[offset:]), "\x00")
		return strings.TrimSpace(strings.ToValidUTF8(value, ""))
	}
	return storageDevice{
		bus:    binary.LittleEndian.Uint32(d[descriptorBus:]),
		model:  strings.TrimSpace(text(descriptorVendor) + " " + text(descriptorProduct)),
		serial: text(descriptorSerial),
	}
}

// protocol is a STORAGE_PROTOCOL_TYPE with a query that identifies a disk.
type protocol uint32

const (
	protocolNone protocol = 0
	protocolATA  protocol = 2
	protocolNVMe protocol = 3
)

// protocol returns the protocol of a disk. A RAID driver does not report it, but the form of the serial number
// reveals it.
func (d storageDevice) protocol() protocol {
	switch {
	case d.bus == busNVMe || isEUI(d.serial):
		return protocolNVMe
	case d.bus == busATA || d.bus == busSATA || decodeATA(d.serial) != "":
		return protocolATA
	}
	return protocolNone
}

// Parts of a query of protocol-specific data, and of its answer (STORAGE_PROPERTY_QUERY, STORAGE_PROTOCOL_SPECIFIC_DATA
// and STORAGE_PROTOCOL_DATA_DESCRIPTOR of ntddstor.h).
const (
	propertyAdapterProtocol = 49 // StorageAdapterProtocolSpecificProperty
	propertyDeviceProtocol  = 50 // StorageDeviceProtocolSpecificProperty
	propertyAdapterSerial   = 57 // StorageAdapterSerialNumberProperty

	protocolDataAt     = 8  // in the query and in the answer
	protocolDataSize   = 40 // of STORAGE_PROTOCOL_SPECIFIC_DATA
	protocolDataOffset = protocolDataAt + 16
	protocolDataLength = protocolDataAt + 20

	dataTypeIdentify   = 1 // NVMeDataTypeIdentify and AtaDataTypeIdentify
	identifyController = 1 // CNS of NVM Express

	identifySizeNVMe = 4096
	identifySizeATA  = 512
)

// identifyQuery returns the buffer for a STORAGE_PROPERTY_QUERY of a disk's Identify data and for its answer.
func identifyQuery(p protocol) []byte {
	property, value, size := uint32(propertyAdapterProtocol), uint32(identifyController), identifySizeNVMe
	if p == protocolATA {
		property, value, size = propertyDeviceProtocol, 0, identifySizeATA
	}
	query := make([]byte, protocolDataAt+protocolDataSize+size)
	for i, field := range []uint32{
		property, 0, // PropertyId, QueryType
		uint32(p), dataTypeIdentify, value, 0, protocolDataSize, uint32(size), // STORAGE_PROTOCOL_SPECIFIC_DATA
	} {
		binary.LittleEndian.PutUint32(query[4*i:], field)
	}
	return query
}

// identifyData returns the Identify data in an answer; nil if there are none of this size.
func identifyData(answer []byte, size int) []byte {
	if len(answer) < protocolDataAt+protocolDataSize {
		return nil
	}
	offset := uint64(binary.LittleEndian.Uint32(answer[protocolDataOffset:])) + protocolDataAt
	length := uint64(binary.LittleEndian.Uint32(answer[protocolDataLength:]))
	if length < uint64(size) || offset+uint64(size) > uint64(len(answer)) {
		return nil
	}
	return answer[offset:][:size]
}

// serial returns the disk's own serial number, the same for all drivers, or "" if unknown. Windows' own NVMe driver
// reports the EUI-64 or NGUID of the namespace instead, others report the serial number of the controller. A disk
// whose driver reports only the former is unreadable.
func (d windowsDisk) serial() string {
	device := parseStorageDescriptor(d.descriptor)
	switch device.protocol() {
	case protocolNVMe:
		if data := identifyData(d.identify, identifySizeNVMe); data != nil {
			if serial := printable(data[4:24]); readable(license.HDHWID, serial) {
				return serial
			}
		}
		if serial := parseAdapterSerial(d.adapterSerial); readable(license.HDHWID, serial) {
			return serial
		}
		if isEUI(device.serial) {
			return ""
		}
		return withoutNamespace(device.serial)
	case protocolATA:
		if data := identifyData(d.identify, identifySizeATA); data != nil {
			if serial := printable(swapped(data[20:40])); readable(license.HDHWID, serial) {
				return serial
			}
		}
		if serial := decodeATA(device.serial); serial != "" {
			return serial
		}
	}
	return device.serial
}

// isEUI reports whether a serial number is an EUI-64 or NGUID as Windows' NVMe driver writes it: four or eight groups
// of four hex digits, such as "0025_385B_71B0_0A2B.".
func isEUI(serial string) bool {
	groups := strings.Split(strings.TrimSuffix(serial, "."), "_")
	return (len(groups) == 4 || len(groups) == 8) && !slices.ContainsFunc(groups, func(group string) bool {
		return len(group) != 4 || strings.Trim(group, "0123456789ABCDEFabcdef") != ""
	})
}

// withoutNamespace removes the number of the namespace, which Windows' NVMe driver appends to the serial number of a
// controller whose namespaces have neither EUI-64 nor NGUID: "S3Z9NB0K123456X_00000001.".
func withoutNamespace(serial string) string {
	text, ok := strings.CutSuffix(serial, ".")
	at := len(text) - len("_00000001")
	if !ok || at <= 0 || text[at] != '_' || strings.Trim(text[at+1:], "0123456789ABCDEFabcdef") != "" {
		return serial
	}
	return strings.TrimSpace(text[:at])
}

// decodeATA returns the serial number in 40 hex digits, as some drivers return the field of an ATA disk: 20
// characters, in each pair the second one first. It returns "" for a serial number of another form.
func decodeATA(serial string) string {
	field, err := hex.DecodeString(serial)
	if err != nil || len(field) != 20 {
		return ""
	}
	return printable(swapped(field))
}

// swapped returns a field of ATA Identify data as text: each 16-bit word has its first character in the high byte.
func swapped(field []byte) []byte {
	text := make([]byte, len(field)&^1)
	for i := range text {
		text[i] = field[i^1]
	}
	return text
}

// printable returns a field of printable ASCII without surrounding spaces and zeros; "" if it has anything else.
func printable(field []byte) string {
	text := strings.Trim(string(field), " \x00")
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return text
}

// parseAdapterSerial parses a STORAGE_ADAPTER_SERIAL_NUMBER: version, size, and the serial number in UTF-16.
func parseAdapterSerial(answer []byte) string {
	const begin = 8
	var text []byte
	for at := begin; at+1 < len(answer); at += 2 {
		c := binary.LittleEndian.Uint16(answer[at:])
		if c == 0 {
			break
		}
		text = append(text, byte(min(c, 0xff)))
	}
	return printable(text)
}

// volumeDisks returns the distinct numbers of the disks in a VOLUME_DISK_EXTENTS (winioctl.h).
func volumeDisks(extents []byte) (numbers []uint32) {
	const first, size = 8, 24
	if len(extents) < first {
		return nil
	}
	for i := range min(binary.LittleEndian.Uint32(extents), uint32((len(extents)-first)/size)) {
		if n := binary.LittleEndian.Uint32(extents[first+i*size:]); !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}
