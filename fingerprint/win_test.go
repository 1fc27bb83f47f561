package fingerprint

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// structure returns a structure of an SMBIOS table.
func structure(kind byte, formatted []byte, texts ...string) []byte {
	b := append([]byte{kind, byte(4 + len(formatted)), 0, 0}, formatted...)
	for _, text := range texts {
		b = append(append(b, text...), 0)
	}
	if len(texts) == 0 {
		b = append(b, 0)
	}
	return append(b, 0)
}

// smbiosTable returns a raw table as Windows returns it.
func smbiosTable(structures ...[]byte) []byte {
	return append([]byte{0, 3, 0, 0, 0, 0, 0, 0}, bytes.Join(structures, nil)...)
}

func firmware(vendor, version, date string) []byte {
	return structure(smbiosFirmware, []byte{1, 2, 0, 0xf0, 3, 0, 0, 0}, vendor, version, date)
}

func board(vendor, product string) []byte {
	return structure(smbiosBaseboard, []byte{1, 2, 0, 0}, vendor, product)
}

// dell is the table of a laptop, with a structure without texts before the others.
func dell(version, date string) []byte {
	return smbiosTable(
		structure(16, make([]byte, 11)),
		firmware("Dell Inc.", version, date),
		board("Dell Inc.", "0K240Y"),
		board("Dell Inc.", "a riser card"),
		structure(127, nil),
	)
}

func TestWindowsBIOSID(t *testing.T) {
	for name, c := range map[string]struct {
		table []byte
		want  string
	}{
		"laptop":                 {dell("1.8.0", "05/12/2023"), "Dell Inc. Dell Inc. 0K240Y"},
		"after an update":        {dell("1.31.0", "07/01/2026"), "Dell Inc. Dell Inc. 0K240Y"},
		"board before firmware":  {smbiosTable(board("ASUS", "PRIME"), firmware("AMI", "1", "2")), "AMI ASUS PRIME"},
		"NA NA is no board":      {smbiosTable(firmware("INSYDE Corp.", "1", "2"), board("NA", "NA")), "INSYDE Corp."},
		"vendor of the board":    {smbiosTable(firmware("AMI", "1", "2"), board("MSI", "Default string")), "AMI MSI"},
		"no firmware":            {smbiosTable(board("ASUS", "PRIME")), "ASUS PRIME"},
		"no board":               {smbiosTable(firmware("SeaBIOS", "1", "2")), "SeaBIOS"},
		"placeholders":           {smbiosTable(firmware("To be filled by O.E.M.", "1", "2"), board("NA", "NA")), ""},
		"version is no vendor":   {smbiosTable(firmware("", "1.8.0", "05/12/2023")), ""},
		"board of four bytes":    {smbiosTable(firmware("AMI", "1", "2"), structure(smbiosBaseboard, nil)), "AMI"},
		"text that is not there": {smbiosTable(structure(smbiosBaseboard, []byte{7, 1}, "PRIME")), "PRIME"},
		"empty":                  {smbiosTable(), ""},
		"header only in part":    {[]byte{0, 3}, ""},
		"length of three":        {smbiosTable([]byte{0, 3, 0, 0, 0, 0}), ""},
		"length behind the end":  {smbiosTable([]byte{0, 200, 0, 0, 0, 0}), ""},
		"text without an end":    {smbiosTable([]byte{0, 4, 0, 0, 'A', 'M', 'I'}), ""},
		"ends after a structure": {smbiosTable(board("ASUS", "PRIME")[:len(board("ASUS", "PRIME"))-1]), "ASUS PRIME"},
		"bytes after the end": {smbiosTable(board("ASUS", "PRIME"), structure(127, nil),
			[]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}), "ASUS PRIME"},
		"ends in an empty string": {smbiosTable(board("ASUS", "PRIME"), []byte{127, 4, 0, 0, 0}), "ASUS PRIME"},
	} {
		value, err := windowsSource{windowsPC{firmware: c.table}}.biosID()
		require.Equal(t, c.want, value, name)
		if c.want == "" {
			require.ErrorIs(t, err, ErrUnreadable, name)
		} else {
			require.NoError(t, err, name)
		}
	}
}

// storage returns a STORAGE_DEVICE_DESCRIPTOR.
func storage(bus byte, vendor, product, serial string) []byte {
	d := make([]byte, 40)
	d[descriptorBus] = bus
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

// identified returns the answer of a disk to identifyQuery.
func identified(p protocol, serial string) []byte {
	answer := identifyQuery(p)
	data := answer[protocolDataAt+protocolDataSize:]
	field := []byte(serial + strings.Repeat(" ", 20-len(serial)))
	if p == protocolATA {
		copy(data[20:], swapped(field))
	} else {
		copy(data[4:], field)
	}
	return answer
}

// adapterSerial returns a STORAGE_ADAPTER_SERIAL_NUMBER.
func adapterSerial(serial string) []byte {
	answer := make([]byte, 8+2*128)
	for i, c := range utf16.Encode([]rune(serial)) {
		binary.LittleEndian.PutUint16(answer[8+2*i:], c)
	}
	return answer
}

// One disk under several drivers: each reports the serial number of the disk, or nothing.
func TestDiskSerial(t *testing.T) {
	const serial, eui = "S3Z9NB0K123456X", "0025_385B_71B0_0A2B."
	const nguid = "E823_8FA6_BF53_0001_001B_448B_4A5C_6D7E."
	swappedHex := strings.ToUpper(hex.EncodeToString(swapped([]byte("     WD-WCC4N1ZS9A21"))))
	with := func(bus byte, serial string, identify []byte) windowsDisk {
		return windowsDisk{descriptor: storage(bus, "", "SSD", serial), identify: identify}
	}
	withAdapter := func(d windowsDisk, serial string) windowsDisk {
		d.adapterSerial = adapterSerial(serial)
		return d
	}
	own := identified(protocolNVMe, serial)
	const hdd = "WD-WCC4N1ZS9A21"
	const usb = 7
	for name, c := range map[string]struct {
		disk windowsDisk
		want string
	}{
		"Windows' NVMe driver":     {with(busNVMe, eui, own), serial},
		"NGUID":                    {with(busNVMe, nguid, own), serial},
		"serial of the adapter":    {withAdapter(with(busNVMe, eui, nil), serial+"  "), serial},
		"Identify says nothing":    {withAdapter(with(busNVMe, eui, identified(protocolNVMe, "")), serial), serial},
		"vendor's NVMe driver":     {with(busNVMe, serial+"     ", nil), serial},
		"RAID driver":              {with(busRAID, serial, nil), serial},
		"RAID driver with EUI-64":  {with(busRAID, eui, own), serial},
		"number of the namespace":  {with(busNVMe, serial+"_00000001.", nil), serial},
		"EUI-64 only":              {with(busNVMe, eui, nil), ""},
		"EUI-64 only, RAID driver": {with(busRAID, strings.TrimSuffix(eui, "."), nil), ""},
		"NGUID only":               {with(busNVMe, nguid, nil), ""},
		"placeholder":              {with(busNVMe, eui, identified(protocolNVMe, "00000000")), ""},
		"no bytes of text":         {with(busNVMe, eui, identified(protocolNVMe, "\x01\x02\x03\x04\x05")), ""},
		"answer that is cut off":   {with(busNVMe, eui, own[:500]), ""},
		"answer of another length": {with(busNVMe, eui, identified(protocolATA, serial)), ""},
		"SATA":                     {with(busSATA, hdd, identified(protocolATA, "     "+hdd)), hdd},
		"SATA without Identify":    {with(busSATA, "     "+hdd, nil), hdd},
		"SATA, driver swaps bytes": {with(busSATA, "DWW-CC4N1ZS9A21", identified(protocolATA, hdd)), hdd},
		"hex of swapped bytes":     {with(busATA, swappedHex, nil), hdd},
		"the same, RAID driver":    {with(busRAID, swappedHex, nil), hdd},
		"serial of hex digits":     {with(busNVMe, "50026B7381234567", nil), "50026B7381234567"},
		"USB":                      {with(usb, "4C530001171122115284", own), "4C530001171122115284"},
		"nothing":                  {windowsDisk{}, ""},
	} {
		require.Equal(t, c.want, c.disk.serial(), name)
		got, err := (&Reader{windowsSource{windowsPC{disks: []windowsDisk{c.disk}}}}).Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.want != "", got.Readable(license.HDHWID), name)
	}
}

func TestIdentifyQuery(t *testing.T) {
	words := func(query []byte) (list []uint32) {
		for at := 0; at < protocolDataAt+protocolDataSize; at += 4 {
			list = append(list, binary.LittleEndian.Uint32(query[at:]))
		}
		return list
	}
	nvme, ata := identifyQuery(protocolNVMe), identifyQuery(protocolATA)
	require.Equal(t, []uint32{49, 0, 3, 1, 1, 0, 40, 4096, 0, 0, 0, 0}, words(nvme))
	require.Equal(t, []uint32{50, 0, 2, 1, 0, 0, 40, 512, 0, 0, 0, 0}, words(ata))
	require.Len(t, nvme, 8+40+4096)
	require.Len(t, ata, 8+40+512)
}

// All disks of a mirrored system volume are listed, the smallest serial number first (spec: codes "Disks").
func TestDisksOfTheSystem(t *testing.T) {
	a := windowsDisk{descriptor: storage(busSATA, "", "HDD", "ZA1B2C3D")}
	b := windowsDisk{descriptor: storage(busSATA, "", "HDD", "WD-9A21")}
	for name, c := range map[string]struct {
		disks []windowsDisk
		want  []string
	}{
		"mirror":              {[]windowsDisk{a, b}, []string{"WD-9A21", "ZA1B2C3D"}},
		"in another order":    {[]windowsDisk{b, a}, []string{"WD-9A21", "ZA1B2C3D"}},
		"one without answers": {[]windowsDisk{{}, a}, []string{"ZA1B2C3D"}},
		"two namespaces":      {[]windowsDisk{a, a}, []string{"ZA1B2C3D"}},
	} {
		source := windowsSource{windowsPC{disks: c.disks}}
		serials, err := source.disks()
		require.NoError(t, err, name)
		require.Equal(t, c.want, serials, name)
	}
	eui := windowsDisk{descriptor: storage(busNVMe, "", "SSD", "0025_385B_71B0_0A2B.")}
	_, err := windowsSource{windowsPC{disks: []windowsDisk{eui}}}.disks()
	require.ErrorContains(t, err, "identifier")
}

func TestVolumeDisks(t *testing.T) {
	extents := make([]byte, 8+3*24)
	extents[0], extents[8], extents[8+24], extents[8+48] = 3, 1, 0, 1
	require.Equal(t, []uint32{1, 0}, volumeDisks(extents))
	extents[0] = 200
	require.Equal(t, []uint32{1, 0}, volumeDisks(extents))
	require.Empty(t, volumeDisks(extents[:20]))
	require.Empty(t, volumeDisks(nil))
}

// The bus types of STORAGE_BUS_TYPE: external and virtual drives do not count (spec: codes "Optical drives").
func TestWindowsOpticalDrives(t *testing.T) {
	const usb, iSCSI, sd, mmc, virtual, fileBacked, scsi, fireWire = 7, 9, 12, 13, 14, 15, 1, 4
	for _, bus := range []byte{0, scsi, fireWire, 5, 6, usb, iSCSI, 10, sd, mmc, virtual, fileBacked, 16, 17, 18, 19} {
		drives := [][]byte{storage(bus, "HL-DT-ST", "DVDRAM GU90N", "")}
		_, err := windowsSource{windowsPC{optical: drives}}.cdHardwareID()
		require.ErrorIs(t, err, ErrUnreadable, "bus %d", bus)
	}
	for _, bus := range []byte{busATAPI, busATA, busRAID, busSATA} {
		drives := [][]byte{
			storage(fileBacked, "Msft", "Virtual DVD-ROM", ""),
			storage(bus, "HL-DT-ST", "DVDRAM GU90N", "K1"),
			storage(bus, "ACME", "CD", ""),
		}
		value, err := windowsSource{windowsPC{optical: drives}}.cdHardwareID()
		require.NoError(t, err, "bus %d", bus)
		require.Equal(t, "HL-DT-ST DVDRAM GU90N K1", value, "bus %d", bus)
	}
}

func TestWindowsAdapters(t *testing.T) {
	const own, random, local = "f4:8e:38:00:12:ab", "da:a1:19:00:00:01", "52:54:00:8f:34:57"
	type change func(*windowsAdapter)
	with := func(changes ...change) windowsAdapter {
		a := windowsAdapter{
			name:      "{1}",
			ifType:    ifTypeEthernet,
			hardware:  true,
			instance:  `PCI\VEN_8086&DEV_15BB`,
			permanent: own,
			current:   own,
			container: builtInContainer,
		}
		for _, c := range changes {
			c(&a)
		}
		return a
	}
	wifi := func(a *windowsAdapter) { a.ifType = ifTypeWiFi }
	permanent := func(address string) change { return func(a *windowsAdapter) { a.permanent = address } }
	current := func(address string) change { return func(a *windowsAdapter) { a.current = address } }
	configured := func(address string) change { return func(a *windowsAdapter) { a.configured = address } }
	instance := func(instance string) change { return func(a *windowsAdapter) { a.instance = instance } }
	container := func(id string) change { return func(a *windowsAdapter) { a.container = id } }
	const want = "F48E380012AB"
	for name, c := range map[string]struct {
		adapter  windowsAdapter
		address  string
		external bool
	}{
		"built in":                      {with(), want, false},
		"member of a team":              {with(current("f4:8e:38:00:12:aa")), want, false},
		"set by hand":                   {with(configured("02AABBCCDD01"), current("02:aa:bb:cc:dd:01")), want, false},
		"set by hand, shown as own":     {with(configured("F4-8E-38-00-12-AB")), "", false},
		"no permanent one":              {with(permanent("00:00:00:00:00:00")), want, false},
		"no permanent one, set by hand": {with(permanent(""), configured("F48E380012AB")), "", false},
		"no permanent one, local":       {with(permanent(""), current(local)), "", false},
		"virtual machine":               {with(permanent(local)), "5254008F3457", false},
		"Hyper-V guest":                 {with(instance(`VMBUS\{f8615163-df3e-46c5-913f-f2d2f965ed0e}\5`)), want, false},
		"Broadcom's bus":                {with(instance(`B06BDRV\L2ND&PCI_16391`)), want, false},
		"Wi-Fi":                         {with(wifi), want, false},
		"Wi-Fi, random":                 {with(wifi, current(random)), want, false},
		"Wi-Fi, random is permanent":    {with(wifi, current(random), permanent(random)), "", false},
		"Wi-Fi, no permanent one":       {with(wifi, permanent("")), "", false},
		"USB":                           {with(instance(`usb\VID_0BDA&PID_8153`)), want, true},
		"Thunderbolt dock":              {with(container("{5c40c2c4-7aab-11ee-8f10-0050b6000007}")), want, true},
		"container unknown":             {with(container("")), want, false},
		"container in lower case":       {with(container(strings.ToLower(builtInContainer))), want, false},
		"no hardware":                   {with(func(a *windowsAdapter) { a.hardware = false }), "", false},
		"filter of an adapter":          {with(func(a *windowsAdapter) { a.filter = true }), "", false},
		"team":                          {with(instance(`COMPOSITEBUS\MS_IMPLAT_MP\{1}`)), "", false},
		"Hyper-V's switch":              {with(instance(`ROOT\VMS_MP\0000`)), "", false},
		"VMware's host network":         {with(instance(`ROOT\VMWARE\0000`)), "", false},
		"not in the registry":           {with(instance("")), "", false},
		"tunnel":                        {with(func(a *windowsAdapter) { a.ifType = 53 }), "", false},
		"group address":                 {with(permanent("01:00:5e:00:00:fb"), current("")), "", false},
	} {
		list, err := windowsSource{windowsPC{adapter: []windowsAdapter{c.adapter}}}.adapters()
		require.NoError(t, err, name)
		if c.address == "" {
			require.Empty(t, list, name)
			continue
		}
		require.Equal(t, []adapter{{name: "{1}", address: c.address, external: c.external}}, list, name)
	}
}

// ifTable returns a MIB_IF_TABLE2.
func ifTable(rows ...func(row []byte)) []byte {
	table := make([]byte, ifTableRows+len(rows)*ifRowSize)
	binary.LittleEndian.PutUint32(table, uint32(len(rows)))
	for i, fill := range rows {
		fill(table[ifTableRows+i*ifRowSize:][:ifRowSize])
	}
	return table
}

func TestInterfaceTable(t *testing.T) {
	id := []byte{0x72, 0xE9, 0x36, 0x4D, 0x25, 0xE3, 0xCE, 0x11, 0xBF, 0xC1, 0x08, 0x00, 0x2B, 0xE1, 0x03, 0x18}
	table := ifTable(func(row []byte) {
		copy(row[12:], id)
		row[1056] = 6
		copy(row[1060:], []byte{0xda, 0xa1, 0x19, 0, 0, 1})
		copy(row[1092:], []byte{0xf4, 0x8e, 0x38, 0, 0x12, 0xab})
		row[1128], row[1152] = ifTypeWiFi, 0b101
	}, func(row []byte) { row[1056], row[1128], row[1152] = 16, 131, 0b010 })
	want := []windowsAdapter{
		{
			name:      "{4D36E972-E325-11CE-BFC1-08002BE10318}",
			ifType:    ifTypeWiFi,
			hardware:  true,
			permanent: "f4:8e:38:00:12:ab",
			current:   "da:a1:19:00:00:01",
		},
		{name: "{00000000-0000-0000-0000-000000000000}", ifType: 131, filter: true},
	}
	require.Equal(t, want, parseInterfaceTable(table))
	require.Equal(t, want[:1], parseInterfaceTable(table[:len(table)-1]))
	table[3] = 0xff // more rows than the table has
	require.Equal(t, want, parseInterfaceTable(table))
	require.Empty(t, parseInterfaceTable(table[:4]))
}

type windowsPC struct {
	guid     string
	serial   uint32
	firmware []byte
	disks    []windowsDisk
	optical  [][]byte
	adapter  []windowsAdapter
}

var errNone = errors.New("none")

func (w windowsPC) machineID() (string, error)     { return w.guid, nil }
func (w windowsPC) volumeSerial() (uint32, error)  { return w.serial, nil }
func (w windowsPC) firmwareTable() ([]byte, error) { return w.firmware, nil }
func (w windowsPC) processor() (string, string, error) {
	return "GenuineIntel", "Intel64 Family 6 Model 158 Stepping 10", nil
}
func (w windowsPC) systemDisks() ([]windowsDisk, error)        { return w.disks, nil }
func (w windowsPC) opticalDrives() ([][]byte, error)           { return w.optical, nil }
func (w windowsPC) networkAdapters() ([]windowsAdapter, error) { return w.adapter, nil }

func TestWindows(t *testing.T) {
	nic := func(name, instance, address string) windowsAdapter {
		return windowsAdapter{
			name:      name,
			ifType:    ifTypeEthernet,
			hardware:  true,
			instance:  instance,
			permanent: address,
		}
	}
	pc := windowsPC{
		guid:     "6fa3c1d2-0000-4000-8000-112233445566",
		serial:   0x7c3e2238,
		firmware: dell("1.8.0", "05/12/2023"),
		disks:    []windowsDisk{{descriptor: storage(busSATA, "", "Samsung SSD 970", "S3Z9NB0K123456X")}},
		optical:  [][]byte{storage(busATAPI, "HL-DT-ST", "DVDRAM GU90N", "")},
		adapter: []windowsAdapter{
			nic("{2}", `USB\VID_0BDA&PID_8153`, "00:50:b6:00:00:07"),
			nic("{3}", `PCI\VEN_8086&DEV_15BB`, "f4:8e:38:00:12:ab"),
		},
	}
	reading, err := (&Reader{windowsSource{pc}}).Read(t.Context())
	require.NoError(t, err)
	want := license.RawLocks{
		"7C3E2238", "Dell Inc. Dell Inc. 0K240Y", pc.guid, "", "GenuineIntel Intel64 Family 6 Model 158 Stepping 10",
		"S3Z9NB0K123456X", "HL-DT-ST DVDRAM GU90N",
	}
	for i := range want {
		require.Equal(t, want[i], reading.raw[i], license.Lock(i+1))
	}
	require.Equal(t, []adapter{
		{name: "{3}", address: "F48E380012AB"},
		{name: "{2}", address: "0050B6000007", external: true},
	}, reading.adapters)

	empty, err := (&Reader{windowsSource{windowsPC{}}}).Read(t.Context())
	require.NoError(t, err)
	for _, l := range license.Locks() {
		require.Equal(t, l == license.CPUID, empty.Readable(l), l)
	}
}

func FuzzSMBIOS(f *testing.F) {
	f.Add(dell("1.8.0", "05/12/2023"))
	f.Fuzz(func(_ *testing.T, table []byte) { _, _ = parseSMBIOS(table) })
}

func FuzzDisk(f *testing.F) {
	const serial = "S3Z9NB0K123456X"
	f.Add(storage(busNVMe, "a", "b", "0025_385B_71B0_0A2B."), identified(protocolNVMe, serial), adapterSerial(serial))
	f.Add(storage(busSATA, "a", "b", "c"), identified(protocolATA, serial), []byte{})
	f.Fuzz(func(_ *testing.T, descriptor, identify, adapter []byte) {
		windowsDisk{descriptor, identify, adapter}.serial()
	})
}

func FuzzInterfaceTable(f *testing.F) {
	f.Add(ifTable(func([]byte) {}))
	f.Fuzz(func(_ *testing.T, table []byte) {
		parseInterfaceTable(table)
		volumeDisks(table)
	})
}
