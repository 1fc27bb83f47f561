package fingerprint

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/denisbrodbeck/machineid"
	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// smbios makes a raw table as Windows hands it out.
func smbios(vendor, version, date string) []byte {
	structure := func(kind byte, formatted []byte, texts ...string) []byte {
		b := append([]byte{kind, byte(4 + len(formatted)), 0, 0}, formatted...)
		for _, text := range texts {
			b = append(append(b, text...), 0)
		}
		if len(texts) == 0 {
			b = append(b, 0)
		}
		return append(b, 0)
	}
	table := []byte{0, 3, 0, 0, 0, 0, 0, 0}
	table = append(table, structure(16, make([]byte, 11))...)
	table = append(table, structure(0, []byte{1, 2, 0, 0xf0, 3, 0, 0, 0}, vendor, version, date)...)
	return append(table, structure(127, nil)...)
}

// storage makes a STORAGE_DEVICE_DESCRIPTOR.
func storage(vendor, product, serial string) []byte {
	d := make([]byte, 40)
	put := func(at int, text string) {
		if text == "" {
			return
		}
		binary.LittleEndian.PutUint32(d[at:], uint32(len(d)))
		d = append(append(d, text...), 0)
	}
	put(descriptorVendor, vendor)
	put(descriptorProduct, product)
	put(descriptorSerial, serial)
	return d
}

type windowsPC struct {
	guid     string
	serial   uint32
	firmware []byte
	disk, cd []byte
	adapter  []windowsAdapter
}

var errNone = errors.New("none")

func (w windowsPC) machineID() (string, error)     { return w.guid, nil }
func (w windowsPC) volumeSerial() (uint32, error)  { return w.serial, nil }
func (w windowsPC) firmwareTable() ([]byte, error) { return w.firmware, nil }
func (w windowsPC) processor() (string, string, error) {
	return "GenuineIntel", "Intel64 Family 6 Model 158 Stepping 10", nil
}
func (w windowsPC) systemDisk() ([]byte, error)                { return w.disk, nil }
func (w windowsPC) networkAdapters() ([]windowsAdapter, error) { return w.adapter, nil }
func (w windowsPC) opticalDrive() ([]byte, error) {
	if w.cd == nil {
		return nil, errNone
	}
	return w.cd, nil
}

func TestWindows(t *testing.T) {
	pc := windowsPC{
		guid: "6fa3c1d2-0000-4000-8000-112233445566", serial: 0x7c3e2238, firmware: smbios("Dell Inc.", "1.8.0", "05/12/2023"),
		disk: storage("", "Samsung SSD 970", "S3Z9NB0K123456X"), cd: storage("HL-DT-ST", "DVDRAM GU90N", ""),
		adapter: []windowsAdapter{
			{"{1}", `ROOT\VMWARE\0000`, ifTypeEthernet, "00:50:56:c0:00:01"}, {"{2}", `USB\VID_0BDA&PID_8153`, ifTypeEthernet, "00:50:b6:00:00:07"},
			{"{3}", `PCI\VEN_8086&DEV_15BB`, ifTypeEthernet, "f4:8e:38:00:12:ab"}, {"{4}", `SWD\RADIO\X`, 53, "00:00:00:00:00:00"}, {"{5}", `PCI\VEN_8086&DEV_2723`, ifTypeWiFi, "da:a1:19:00:00:01"},
		},
	}
	reading, err := (&Reader{windowsSource{pc}}).Read(t.Context())
	require.NoError(t, err)
	want := license.RawLocks{"7C3E2238", "Dell Inc. 1.8.0 05/12/2023", pc.guid, "", "GenuineIntel Intel64 Family 6 Model 158 Stepping 10", "S3Z9NB0K123456X", "HL-DT-ST DVDRAM GU90N"}
	for i := range want {
		require.Equal(t, want[i], reading.raw[i], license.Lock(i+1))
	}
	require.Equal(t, "F48E380012AB", reading.adapters[0].address)
	require.Len(t, reading.adapters, 3)

	empty, err := (&Reader{windowsSource{windowsPC{}}}).Read(t.Context())
	require.NoError(t, err)
	for _, l := range license.Locks() {
		require.Equal(t, l == license.CPUID, empty.Readable(l), l)
	}
}

type macPC struct{ lists map[string]string }

func (macPC) machineID() (string, error) { return "564D0A5C-1111-2222-3333-444455556666", nil }
func (macPC) sysctl(name string) string {
	return map[string]string{"machdep.cpu.brand_string": "Apple M2", "hw.cpufamily": "3660830781"}[name]
}

func (m macPC) registry(arguments ...string) ([]byte, error) {
	list, ok := m.lists[arguments[len(arguments)-1]]
	if !ok {
		return nil, errNone
	}
	return []byte(`<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0">` + list + `</plist>`), nil
}

func TestMac(t *testing.T) {
	pc := macPC{map[string]string{
		"AppleAPFSVolume":      `<array><dict><key>Role</key><array><string>System</string></array><key>UUID</key><string>AAAA</string></dict><dict><key>Role</key><array><string>Data</string></array><key>UUID</key><string>0F0E0D0C-AAAA-4BBB-8CCC-1234567890AB</string><key>Size</key><integer>5</integer></dict></array>`,
		"chosen":               `<array><dict><key>system-firmware-version</key><data>aUJvb3QtMTAxNTEuNjEuNAA=</data></dict></array>`,
		"IONVMeController":     `<array><dict><key>Serial Number</key><string>0ba01234567890ab </string></dict></array>`,
		"IOEthernetController": `<array><dict><key>IOMACAddress</key><data>9I44ABKr</data><key>IORegistryEntryChildren</key><array><dict><key>BSD Name</key><string>en0</string></dict></array></dict></array>`,
	}}
	reading, err := (&Reader{darwinSource{pc}}).Read(t.Context())
	require.NoError(t, err)
	want := license.RawLocks{"0F0E0D0C-AAAA-4BBB-8CCC-1234567890AB", "Apple iBoot-10151.61.4", "564D0A5C-1111-2222-3333-444455556666", "", "Apple M2 3660830781", "0ba01234567890ab", ""}
	for i := range want {
		require.Equal(t, want[i], reading.raw[i], license.Lock(i+1))
	}
	require.Equal(t, []adapter{{name: "en0", address: "F48E380012AB"}}, reading.adapters)

	bare, err := (&Reader{darwinSource{macPC{}}}).Read(t.Context())
	require.NoError(t, err)
	require.False(t, bare.Readable(license.NETID))
}

func TestReadingHidesItself(t *testing.T) {
	reading := read(t, desktop, true)
	reading.raw[0] = "SECRETMARKER"
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "reading", reading)
	encoded, err := json.Marshal(reading)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", reading, reading, reading, reading), log.String(), string(encoded)} {
		require.NotContains(t, text, "SECRETMARKER")
		require.NotContains(t, text, "F48E38")
	}
	for _, l := range license.Locks() {
		if err := reading.Problem(l); err != nil {
			require.NotContains(t, err.Error(), "SECRETMARKER")
		}
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := System().Read(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzSMBIOS(f *testing.F) {
	f.Add(smbios("Dell Inc.", "1.8.0", "05/12/2023"))
	f.Fuzz(func(_ *testing.T, table []byte) { _, _ = parseSMBIOS(table) })
}

func FuzzStorageDescriptor(f *testing.F) {
	f.Add(storage("a", "b", "c"))
	f.Fuzz(func(_ *testing.T, d []byte) { parseStorageDescriptor(d) })
}

func FuzzPlist(f *testing.F) {
	f.Add([]byte(`<plist><array><dict><key>a</key><data>AAA=</data></dict></array></plist>`))
	f.Add([]byte(strings.Repeat("<array>", 1000)))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parsePlist(data) })
}

// All seven locks, Site code and Machine ID of this machine.
func BenchmarkCodes(b *testing.B) {
	key := license.Signature("LUMENST7").Key()
	reader := System()
	for b.Loop() {
		reading, err := reader.Read(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		key.Codes(1, reading.Block(key))
	}
}

// The machine id alone, for comparison.
func BenchmarkMachineID(b *testing.B) {
	for b.Loop() {
		_, _ = machineid.ID()
	}
}
