package fingerprint

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/license"
)

// darwinCalls are what macOS is asked. Their answers are recorded for tests on other systems.
type darwinCalls interface {
	// machineID returns the platform UUID.
	machineID() (string, error)
	// sysctl returns a value of the kernel's table as text; "" when there is none.
	sysctl(name string) string
	// registry returns a part of the I/O registry as a property list: `ioreg -a -r` with the given arguments.
	registry(arguments ...string) ([]byte, error)
}

type darwinSource struct{ darwinCalls }

func (s darwinSource) osID() (string, error) {
	id, err := s.machineID()
	if err != nil || license.Normalize(id) == "" {
		return "", unreadable("the system has no platform UUID")
	}
	return id, nil
}

func (s darwinSource) cpuID() (string, error) {
	var parts []string
	for _, name := range []string{"machdep.cpu.vendor", "machdep.cpu.family", "machdep.cpu.model", "machdep.cpu.stepping"} {
		if v := s.sysctl(name); v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) < 4 { // Apple silicon names brand and family only
		parts = []string{s.sysctl("machdep.cpu.brand_string"), s.sysctl("hw.cpufamily")}
	}
	if value := strings.TrimSpace(strings.Join(parts, " ")); license.Normalize(value) != "" {
		return value, nil
	}
	return "", unreadable("the processor is not described")
}

func (s darwinSource) biosID() (string, error) {
	for _, from := range []struct {
		arguments []string
		property  string
	}{
		{[]string{"-d", "1", "-n", "rom"}, "version"},
		{[]string{"-d", "1", "-n", "chosen"}, "system-firmware-version"},
	} {
		if value := s.property(from.arguments, from.property); license.Normalize(value) != "" {
			return "Apple " + value, nil
		}
	}
	return "", unreadable("the firmware does not describe itself")
}

func (s darwinSource) hdID() (string, error) {
	// The data volume is the one that lives on: the sealed system volume changes with every update.
	for _, entry := range s.entries("-c", "AppleAPFSVolume") {
		if roles, ok := entry["Role"].([]any); ok {
			for _, role := range roles {
				if uuid, ok := entry["UUID"].(string); ok && role == "Data" {
					return uuid, nil
				}
			}
		}
	}
	return "", unreadable("the system volume shows no UUID")
}

func (s darwinSource) hdHardwareID() (string, error) {
	for _, class := range []string{"IONVMeController", "IOAHCIBlockStorageDevice", "AppleANS3NVMeController"} {
		for _, entry := range s.entries("-c", class) {
			characteristics, _ := entry["Device Characteristics"].(map[string]any)
			for _, value := range []any{entry["Serial Number"], characteristics["Serial Number"]} {
				if serial := asText(value); license.Normalize(serial) != "" {
					return serial, nil
				}
			}
		}
	}
	return "", unreadable("the internal disk shows no serial number")
}

func (s darwinSource) cdHardwareID() (string, error) {
	for _, entry := range s.entries("-c", "IODVDServices") {
		characteristics, _ := entry["Device Characteristics"].(map[string]any)
		model := strings.TrimSpace(asText(characteristics["Vendor Name"]) + " " + asText(characteristics["Product Name"]))
		if license.Normalize(model) != "" {
			return strings.TrimSpace(model + " " + asText(characteristics["Serial Number"])), nil
		}
	}
	return "", unreadable("there is no optical drive")
}

func (s darwinSource) adapters() ([]adapter, error) {
	var list []adapter
	for _, entry := range s.entries("-l", "-c", "IOEthernetController") {
		address, ok := entry["IOMACAddress"].([]byte)
		if !ok || len(address) != 6 {
			continue
		}
		name := asText(entry["BSD Name"])
		for _, child := range children(entry) {
			if bsd := asText(child["BSD Name"]); bsd != "" {
				name = bsd
			}
		}
		class := asText(entry["IOClass"]) + asText(entry["IOProviderClass"])
		if normalized := hexAddress(fmt.Sprintf("%x", address)); normalized != "" {
			list = append(list, adapter{name: name, address: normalized, usb: strings.Contains(class, "USB")})
		}
	}
	if len(list) == 0 {
		return nil, unreadable("there is no physical network adapter")
	}
	return list, nil
}

// entries returns a part of the I/O registry; none when it cannot be read.
func (s darwinSource) entries(arguments ...string) []map[string]any {
	data, err := s.registry(arguments...)
	if err != nil {
		return nil
	}
	parsed, err := parsePlist(data)
	if err != nil {
		return nil
	}
	var list []map[string]any
	if all, ok := parsed.([]any); ok {
		for _, one := range all {
			if entry, ok := one.(map[string]any); ok {
				list = append(list, entry)
			}
		}
	}
	return list
}

func (s darwinSource) property(arguments []string, name string) string {
	for _, entry := range s.entries(arguments...) {
		if text := asText(entry[name]); text != "" {
			return text
		}
	}
	return ""
}

func children(entry map[string]any) (list []map[string]any) {
	all, _ := entry["IORegistryEntryChildren"].([]any)
	for _, one := range all {
		if child, ok := one.(map[string]any); ok {
			list = append(list, child)
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

// maxPlistDepth bounds how deep a property list nests.
const maxPlistDepth = 100

// parsePlist reads an XML property list: dictionaries, arrays, texts, data; other values are read as text.
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
