package fingerprint

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// darwinCalls are the calls to macOS. Tests replay recorded results on any system.
type darwinCalls interface {
	// sysctl returns a kernel variable as text; "" if there is none.
	sysctl(name string) string
	// dataVolume returns the BSD name of the volume with the data of the running system, such as "disk3s5"; "" if
	// unknown.
	dataVolume() string
	// run runs a program and returns its output.
	run(path string, arguments ...string) ([]byte, error)
}

// darwinSource reads the raw values from the I/O Registry and from kernel variables (spec: codes "Locks").
type darwinSource struct{ darwinCalls }

// ioreg is the absolute path of the program that prints the I/O Registry, because PATH may contain another one.
const ioreg = "/usr/sbin/ioreg"

// Arguments of ioreg that select entries. Only Intel Macs have the entry "rom", and only in the IODeviceTree plane.
var (
	ioPlatform = []string{"-d", "1", "-c", "IOPlatformExpertDevice"}
	ioFirmware = []string{"-p", "IODeviceTree", "-d", "1", "-n", "rom"}
	ioVolumes  = []string{"-d", "1", "-c", "AppleAPFSVolume"}
	ioDisks    = []string{"-c", "IOBlockStorageDevice"}
	ioOptical  = []string{"-d", "1", "-c", "IODVDServices"}
	ioAdapters = []string{"-c", "IOEthernetController"}
)

// osID returns the platform UUID.
func (s darwinSource) osID() (string, error) {
	platform, err := s.entries(ioPlatform)
	if err != nil {
		return "", err
	}
	for _, entry := range platform {
		if id := asText(entry["IOPlatformUUID"]); readable(license.OSID, id) {
			return id, nil
		}
	}
	return "", unreadable("the system has no platform UUID")
}

// cpuID returns vendor, family, model and stepping of an Intel processor, or brand and family of Apple silicon.
func (s darwinSource) cpuID() (string, error) {
	var parts []string
	for _, name := range []string{"vendor", "family", "model", "stepping"} {
		if v := s.sysctl("machdep.cpu." + name); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) < 4 { // Apple silicon
		parts = []string{s.sysctl("machdep.cpu.brand_string"), s.sysctl("hw.cpufamily")}
	}
	if value := strings.TrimSpace(strings.Join(parts, " ")); readable(license.CPUID, value) {
		return value, nil
	}
	return "", unreadable("the processor is not described")
}

// biosID returns the values that a firmware update does not change: the vendor of the firmware, and vendor and model
// of the board (spec: codes "Locks").
func (s darwinSource) biosID() (string, error) {
	firmware, err := s.entries(ioFirmware)
	if err != nil {
		return "", err
	}
	platform, err := s.entries(ioPlatform)
	if err != nil {
		return "", err
	}
	vendor := property(firmware, "vendor")
	board := cmp.Or(
		property(platform, "board-id"), // Intel Macs
		property(platform, "target-sub-type"),
		property(platform, "target-type"),
		property(platform, "model"),
	)
	return modelOf(vendor, property(platform, "manufacturer"), board)
}

// hdID returns the UUID of the data volume, because the sealed system volume changes with every update.
func (s darwinSource) hdID() (string, error) {
	volumes, err := s.entries(ioVolumes)
	if err != nil {
		return "", err
	}
	running, first := s.dataVolume(), ""
	for _, entry := range volumes {
		uuid := asText(entry["UUID"])
		if running != "" && asText(entry["BSD Name"]) == running && readable(license.HDID, uuid) {
			return uuid, nil
		}
		roles, _ := entry["Role"].([]any)
		if first == "" && slices.Contains(roles, any("Data")) {
			first = uuid
		}
	}
	if readable(license.HDID, first) {
		return first, nil
	}
	return "", unreadable("the system volume shows no UUID")
}

// disks returns the serial numbers of the built-in disks that hold the running system, in ascending order, or of all
// built-in disks if none is known to hold it.
func (s darwinSource) disks() ([]string, error) {
	list, err := s.entries(ioDisks)
	if err != nil {
		return nil, err
	}
	running := s.dataVolume()
	var all, system []string
	for _, entry := range list {
		serial := asText(characteristics(entry)["Serial Number"])
		if !builtIn(entry) || optical(entry) || !readable(license.HDHWID, serial) {
			continue
		}
		all = append(all, serial)
		if running != "" && holds(entry, running) {
			system = append(system, serial)
		}
	}
	if len(system) == 0 {
		system = all
	}
	if len(system) == 0 {
		return nil, unreadable("the built-in disk shows no serial number")
	}
	slices.Sort(system)
	return slices.Compact(system), nil
}

// cdHardwareID returns model and serial number of the first built-in optical drive.
func (s darwinSource) cdHardwareID() (string, error) {
	drives, err := s.entries(ioOptical)
	if err != nil {
		return "", err
	}
	for _, entry := range drives {
		c := characteristics(entry)
		model := strings.TrimSpace(asText(c["Vendor Name"]) + " " + asText(c["Product Name"]))
		if builtIn(entry) && readable(license.CDHWID, model) {
			return strings.TrimSpace(model + " " + asText(c["Serial Number"])), nil
		}
	}
	return "", unreadable("there is no built-in optical drive")
}

func characteristics(entry map[string]any) map[string]any {
	c, _ := entry["Device Characteristics"].(map[string]any)
	return c
}

// builtInInterconnects are the interconnects of built-in drives. Others, such as that of a built-in card reader, have
// removable media.
var builtInInterconnects = []string{"Apple Fabric", "PCI-Express", "PCI", "SATA", "ATA", "ATAPI"}

// builtIn reports whether a drive is built into the Mac.
func builtIn(entry map[string]any) bool {
	protocol, _ := entry["Protocol Characteristics"].(map[string]any)
	return asText(protocol["Physical Interconnect Location"]) == "Internal" &&
		slices.Contains(builtInInterconnects, asText(protocol["Physical Interconnect"]))
}

// optical reports whether a block device is an optical drive.
func optical(entry map[string]any) bool {
	class := asText(entry["IOObjectClass"])
	return slices.ContainsFunc([]string{"DVD", "CompactDisc", "BDServices"}, func(kind string) bool {
		return strings.Contains(class, kind)
	})
}

// holds reports whether an entry or one of its descendants is the volume with a BSD name.
func holds(entry map[string]any, bsdName string) bool {
	return asText(entry["BSD Name"]) == bsdName ||
		slices.ContainsFunc(children(entry), func(child map[string]any) bool { return holds(child, bsdName) })
}

// adapters returns the adapters whose name begins with "en", which Ethernet and Wi-Fi have. Thunderbolt ports and
// phones have locally administered addresses: these count only if there is no other address, as in virtual machines.
func (s darwinSource) adapters() ([]adapter, error) {
	controllers, err := s.entries(ioAdapters)
	if err != nil {
		return nil, err
	}
	var list []adapter
	for _, entry := range controllers {
		raw, ok := entry["IOMACAddress"].([]byte)
		if !ok || len(raw) != 6 {
			continue
		}
		name := asText(entry["BSD Name"])
		external := strings.Contains(asText(entry["IOObjectClass"])+asText(entry["IOClass"]), "USB")
		for _, child := range children(entry) {
			if bsd := asText(child["BSD Name"]); bsd != "" {
				name = bsd
			}
			if builtIn, ok := child["IOBuiltin"].(bool); ok {
				external = external || !builtIn
			}
		}
		address := hexAddress(fmt.Sprintf("%x", raw))
		if address != "" && strings.HasPrefix(name, "en") {
			list = append(list, adapter{name: name, address: address, external: external})
		}
	}
	if slices.ContainsFunc(list, func(a adapter) bool { return !a.local() }) {
		list = slices.DeleteFunc(list, adapter.local)
	}
	if len(list) == 0 {
		return nil, unreadable("there is no physical network adapter")
	}
	return list, nil
}

// entries returns the entries of the I/O Registry that the arguments select, with their descendants.
func (s darwinSource) entries(arguments []string) ([]map[string]any, error) {
	data, err := s.run(ioreg, slices.Concat([]string{"-a", "-r", "-l"}, arguments)...)
	if err != nil {
		return nil, unreadable("the I/O Registry does not answer")
	}
	if len(bytes.TrimSpace(data)) == 0 { // no entry matches
		return nil, nil
	}
	parsed, err := parsePlist(data)
	if err != nil {
		return nil, unreadable("the I/O Registry is not understood")
	}
	all, _ := parsed.([]any)
	return dictionaries(all), nil
}

// property returns the text of a property of the first entry that has one; "" if none has.
func property(entries []map[string]any, name string) string {
	for _, entry := range entries {
		if text := asText(entry[name]); text != "" {
			return text
		}
	}
	return ""
}

func children(entry map[string]any) []map[string]any {
	all, _ := entry["IORegistryEntryChildren"].([]any)
	return dictionaries(all)
}

func dictionaries(all []any) (list []map[string]any) {
	for _, one := range all {
		if d, ok := one.(map[string]any); ok {
			list = append(list, d)
		}
	}
	return list
}

func asText(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case []byte:
		return strings.TrimSpace(strings.Trim(strings.ToValidUTF8(string(v), ""), "\x00"))
	}
	return ""
}

var errPlist = errors.New("this is no property list")

// maxPlistDepth limits the nesting of a property list.
const maxPlistDepth = 100

// parsePlist parses an XML property list: dictionaries, arrays, texts, data, booleans; other values are parsed as
// text.
func parsePlist(data []byte) (any, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil, errPlist
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local != "plist" {
			return plistValue(decoder, start, 0)
		}
	}
}

func plistValue(decoder *xml.Decoder, start xml.StartElement, depth int) (any, error) {
	if depth > maxPlistDepth {
		return nil, errPlist
	}
	switch start.Name.Local {
	case "dict":
		dict := map[string]any{}
		key := ""
		err := plistChildren(decoder, func(child xml.StartElement) error {
			if child.Name.Local == "key" {
				text, err := plistText(decoder)
				key = text
				return err
			}
			value, err := plistValue(decoder, child, depth+1)
			dict[key] = value
			return err
		})
		return dict, err
	case "array":
		list := []any{}
		err := plistChildren(decoder, func(child xml.StartElement) error {
			value, err := plistValue(decoder, child, depth+1)
			list = append(list, value)
			return err
		})
		return list, err
	case "data":
		text, err := plistText(decoder)
		if err != nil {
			return nil, err
		}
		value, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return []byte(nil), nil
		}
		return value, nil
	case "true", "false":
		_, err := plistText(decoder)
		return start.Name.Local == "true", err
	default:
		return plistText(decoder)
	}
}

func plistChildren(decoder *xml.Decoder, child func(xml.StartElement) error) error {
	for {
		token, err := decoder.Token()
		if err != nil {
			return errPlist
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := child(token); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func plistText(decoder *xml.Decoder) (string, error) {
	var b strings.Builder
	for {
		token, err := decoder.Token()
		if err != nil {
			return "", errPlist
		}
		switch token := token.(type) {
		case xml.CharData:
			b.Write(token)
		case xml.StartElement:
			return "", errPlist
		case xml.EndElement:
			return b.String(), nil
		}
	}
}
