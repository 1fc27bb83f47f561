package fingerprint

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// macPC has the recorded output of complete command lines; other programs, paths and arguments fail.
type macPC struct {
	answers map[string]string
	data    string // BSD name of the data volume
}

func (macPC) sysctl(name string) string {
	return map[string]string{"machdep.cpu.brand_string": "Apple M2", "hw.cpufamily": "3660830781"}[name]
}

func (m macPC) dataVolume() string { return m.data }

func (m macPC) run(path string, arguments ...string) ([]byte, error) {
	answer, ok := m.answers[strings.Join(append([]string{path}, arguments...), " ")]
	if !ok {
		return nil, errNone
	}
	if answer == "" {
		return nil, nil
	}
	return []byte(`<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0"><array>` + answer + `</array></plist>`), nil
}

// The command lines.
const (
	macPlatform = "/usr/sbin/ioreg -a -r -l -d 1 -c IOPlatformExpertDevice"
	macROM      = "/usr/sbin/ioreg -a -r -l -p IODeviceTree -d 1 -n rom"
	macVolumes  = "/usr/sbin/ioreg -a -r -l -d 1 -c AppleAPFSVolume"
	macDisks    = "/usr/sbin/ioreg -a -r -l -c IOBlockStorageDevice"
	macOptical  = "/usr/sbin/ioreg -a -r -l -d 1 -c IODVDServices"
	macAdapters = "/usr/sbin/ioreg -a -r -l -c IOEthernetController"
)

// The identifiers of the Macs.
const (
	macUUID         = "0F0E0D0C-AAAA-4BBB-8CCC-1234567890AB"
	macPlatformUUID = "564D0A5C-1111-2222-3333-444455556666"
)

// macVolume is an APFS volume.
func macVolume(role, uuid, name string) string {
	return `<dict><key>Role</key><array><string>` + role + `</string></array><key>UUID</key><string>` + uuid +
		`</string><key>BSD Name</key><string>` + name + `</string><key>Size</key><integer>5</integer></dict>`
}

// macDrive is a block device with its descendants.
func macDrive(class, interconnect, location, serial string, below ...string) string {
	return `<dict><key>IOObjectClass</key><string>` + class + `</string>` +
		`<key>Protocol Characteristics</key><dict><key>Physical Interconnect</key><string>` + interconnect +
		`</string><key>Physical Interconnect Location</key><string>` + location + `</string></dict>` +
		`<key>Device Characteristics</key><dict><key>Vendor Name</key><string>HL-DT-ST</string><key>Product Name</key>` +
		`<string>DVDRW GX40N</string><key>Serial Number</key><string>` + serial + `</string></dict>` +
		`<key>IORegistryEntryChildren</key><array>` + strings.Join(below, "") + `</array></dict>`
}

// macController is a network adapter: its address in Base64, the name of its interface, and whether it is built in.
func macController(class, address, name, builtIn string) string {
	return `<dict><key>IOObjectClass</key><string>` + class + `</string><key>IOMACAddress</key><data>` + address +
		`</data><key>IORegistryEntryChildren</key><array><dict><key>BSD Name</key><string>` + name + `</string>` + builtIn +
		`</dict></array></dict>`
}

func macData(name, base64 string) string {
	return `<key>` + name + `</key><data>` + base64 + `</data>`
}

// macBook is a Mac with Apple silicon. Texts of its device tree end with a zero byte.
func macBook() macPC {
	return macPC{data: "disk3s5", answers: map[string]string{
		macPlatform: `<dict><key>IOPlatformUUID</key><string>` + macPlatformUUID + `</string>` +
			macData("manufacturer", "QXBwbGUgSW5jLgA=") + macData("target-sub-type", "SjQxM0FQAA==") +
			macData("model", "TWFjMTQsMgA=") + `</dict>`,
		macROM:     "",
		macVolumes: macVolume("System", "AAAA1111", "disk3s1") + macVolume("Data", macUUID, "disk3s5"),
		macDisks: macDrive("AppleSDXCBlockStorageDevice", "Secure Digital", "Internal", "0x1234cafe") +
			macDrive("IOEmbeddedNVMe", "Apple Fabric", "Internal", "0ba01234567890ab ", macVolume("Data", "x", "disk3s5")),
		macOptical:  "",
		macAdapters: macController("AppleBCMWLAN", "9I44ABKr", "en0", "<key>IOBuiltin</key><true/>"),
	}}
}

// intelMac is an iMac with an optical drive.
func intelMac(version string) macPC {
	return macPC{data: "disk1s1", answers: map[string]string{
		macPlatform: `<dict><key>IOPlatformUUID</key><string>` + macPlatformUUID + `</string>` +
			macData("manufacturer", "QXBwbGUgSW5jLgA=") + macData("board-id", "TWFjLTI3QUQyRjkxAA==") +
			macData("model", "aU1hYzE5LDEA") + `</dict>`,
		macROM:     `<dict>` + macData("vendor", "QXBwbGUgSW5jLgA=") + macData("version", version) + `</dict>`,
		macVolumes: macVolume("Data", macUUID, "disk1s1"),
		macDisks: macDrive("IOAHCI", "SATA", "Internal", "S3Z9NB0K123456X", macVolume("Data", "x", "disk1s1")) +
			macDrive("IODVDServices", "SATA", "Internal", "M000"),
		macOptical:  macDrive("IODVDServices", "SATA", "Internal", "M000KX"),
		macAdapters: macController("BCM5701Enet", "9I44ABKr", "en0", "<key>IOBuiltin</key><true/>"),
	}}
}

func (m macPC) with(command, answer string) macPC {
	answers := map[string]string{}
	for c, a := range m.answers {
		answers[c] = a
	}
	answers[command] = answer
	m.answers = answers
	return m
}

func TestMac(t *testing.T) {
	for name, c := range map[string]struct {
		pc   macPC
		want license.RawLocks
	}{
		"Apple silicon": {macBook(), license.RawLocks{
			macUUID, "Apple Inc. J413AP", macPlatformUUID, "", "Apple M2 3660830781", "0ba01234567890ab", "",
		}},
		"Intel": {intelMac("MTA0"), license.RawLocks{
			macUUID, "Apple Inc. Apple Inc. Mac-27AD2F91", macPlatformUUID, "", "Apple M2 3660830781", "S3Z9NB0K123456X",
			"HL-DT-ST DVDRW GX40N M000KX",
		}},
	} {
		reading, err := (&Reader{darwinSource{c.pc}}).Read(t.Context())
		require.NoError(t, err)
		for i := range c.want {
			require.Equal(t, c.want[i], reading.raw[i], "%s: %s", name, license.Lock(i+1))
		}
		require.Equal(t, []adapter{{name: "en0", address: "F48E380012AB"}}, reading.adapters, name)
	}
}

// If the I/O Registry does not respond, or returns garbage, no lock has a part of its value.
func TestMacWithoutRegistry(t *testing.T) {
	for command, locks := range map[string][]license.Lock{
		macPlatform: {license.OSID, license.BIOSID},
		macROM:      {license.BIOSID},
		macVolumes:  {license.HDID},
		macDisks:    {license.HDHWID},
		macOptical:  {license.CDHWID},
		macAdapters: {license.NETID},
	} {
		for _, l := range license.Locks() {
			missing := intelMac("MTA0").with(command, "")
			delete(missing.answers, command)
			for _, pc := range []macPC{missing, intelMac("MTA0").with(command, "<data>")} {
				reading, err := (&Reader{darwinSource{pc}}).Read(t.Context())
				require.NoError(t, err)
				require.Equal(t, !slices.Contains(locks, l), reading.Readable(l), "%s without %s", l, command)
			}
		}
	}
}

func TestMacFirmwareUpdate(t *testing.T) {
	before, err := darwinSource{intelMac("MTA0")}.biosID()
	require.NoError(t, err)
	after, err := darwinSource{intelMac("MjAwMA==")}.biosID()
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestMacVolume(t *testing.T) {
	const first, second = "11112222-AAAA", "0F0E0D0C-AAAA"
	two := macBook().with(macVolumes, macVolume("Data", first, "disk5s5")+macVolume("Data", second, "disk3s5"))
	for data, want := range map[string]string{"disk3s5": second, "disk5s5": first, "": first, "disk9s1": first} {
		two.data = data
		uuid, err := darwinSource{two}.hdID()
		require.NoError(t, err, data)
		require.Equal(t, want, uuid, data)
	}
}

func TestMacDisks(t *testing.T) {
	system := macVolume("Data", "x", "disk3s5")
	internal := func(serial string, below ...string) string {
		return macDrive("A", "SATA", "Internal", serial, below...)
	}
	fabric := macDrive("IOEmbeddedNVMeBlockDevice", "Apple Fabric", "Internal", "INT1")
	usb := macDrive("IOBlockStorageServices", "USB", "External", "EXT1", system)
	for name, c := range map[string]struct {
		disks []string
		want  string // separated by spaces
	}{
		"external disk":         {[]string{usb, fabric}, "INT1"},
		"external NVMe disk":    {[]string{macDrive("A", "PCI-Express", "External", "EXT1", system), fabric}, "INT1"},
		"card reader":           {[]string{macDrive("A", "Secure Digital", "Internal", "CARD1", system), fabric}, "INT1"},
		"optical drive":         {[]string{macDrive("IODVDServices", "SATA", "Internal", "DVD1", system), fabric}, "INT1"},
		"mounted image":         {[]string{macDrive("A", "Virtual Interface", "File", "IMG1", system), fabric}, "INT1"},
		"second disk":           {[]string{internal("AAA1"), internal("INT1", system)}, "INT1"},
		"deep below":            {[]string{internal("AAA1"), internal("INT1", internal("", internal("", system)))}, "INT1"},
		"two disks of a system": {[]string{internal("INT2", system), internal("INT1", system)}, "INT1 INT2"},
		"system not found":      {[]string{internal("INT2"), internal("INT1")}, "INT1 INT2"},
		"placeholder":           {[]string{internal("None", system), fabric}, "INT1"},
		"none":                  {[]string{usb}, ""},
	} {
		source := darwinSource{macBook().with(macDisks, strings.Join(c.disks, ""))}
		serials, err := source.disks()
		require.Equal(t, c.want, strings.Join(serials, " "), name)
		if c.want == "" {
			require.ErrorIs(t, err, ErrUnreadable, name)
		}
	}
}

func TestMacOpticalDrives(t *testing.T) {
	superDrive := macDrive("IODVDServices", "USB", "External", "K1")
	_, err := darwinSource{macBook().with(macOptical, superDrive)}.cdHardwareID()
	require.ErrorIs(t, err, ErrUnreadable)
	both := superDrive + macDrive("IODVDServices", "ATAPI", "Internal", "K2")
	value, err := darwinSource{macBook().with(macOptical, both)}.cdHardwareID()
	require.NoError(t, err)
	require.Equal(t, "HL-DT-ST DVDRW GX40N K2", value)
}

func TestMacAdapters(t *testing.T) {
	const yes, no = "<key>IOBuiltin</key><true/>", "<key>IOBuiltin</key><false/>"
	const global, local = "9I44ABKr", "NoI4ABKr"
	wifi := macController("AppleBCMWLAN", global, "en0", yes)
	own := adapter{name: "en0", address: "F48E380012AB"}
	for name, c := range map[string]struct {
		controllers []string
		want        []adapter
	}{
		"Wi-Fi": {[]string{wifi}, []adapter{own}},
		"USB": {[]string{wifi, macController("AppleUSBNCMData", "AFC2ADEH", "en7", "")},
			[]adapter{own, {name: "en7", address: "0050B6003107", external: true}}},
		"Thunderbolt dock": {[]string{macController("AppleEthernetAquantiaAqtion", global, "en8", no)},
			[]adapter{{name: "en8", address: own.address, external: true}}},
		"port of Thunderbolt": {[]string{wifi, macController("AppleThunderboltIPPort", local, "en1", yes)}, []adapter{own}},
		"virtual machine": {[]string{macController("AppleVirtIONetwork", local, "en0", yes)},
			[]adapter{{name: "en0", address: "3682380012AB"}}},
		"AWDL, which is random": {[]string{macController("IO80211", local, "awdl0", yes)}, nil},
		"five bytes":            {[]string{macController("X", "9I44ABI=", "en0", yes)}, nil},
	} {
		list, err := darwinSource{macBook().with(macAdapters, strings.Join(c.controllers, ""))}.adapters()
		if c.want == nil {
			require.ErrorIs(t, err, ErrUnreadable, name)
			continue
		}
		require.Equal(t, c.want, list, name)
	}
}

func FuzzPlist(f *testing.F) {
	f.Add([]byte(`<plist><array><dict><key>a</key><data>AAA=</data><key>b</key><true/></dict></array></plist>`))
	f.Add([]byte(strings.Repeat("<array>", 1000)))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parsePlist(data) })
}
