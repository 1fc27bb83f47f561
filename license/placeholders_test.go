package license

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Values that vendors, hypervisors and bridges assign to many PCs (spec: codes "Unreadable values").
func TestPlaceholders(t *testing.T) {
	for _, raw := range []string{
		// firmware
		"xxxxxxxx", "12345678", "0123456789ABCDEF", "123456789ABC", "000000000001", "Not Settable", "Serial", "SN", "SerNum0",
		"EVAL", "BSS-0123456789", "BSN12345678901234567", "MB-1234567890", "Not Assigned", "Standard", "TBD", "11111111",
		"0x00000000", "None", "None1", "Default string", "To be filled by O.E.M.", "To Be Filled By O.E.M.",
		"To Be Defined By O.E.M", "TBD by ODM", "Fill By OEM", "O.E.M.", "OEM_Define1", "OEM Define 9", "OEM String",
		"OEM-specific", "OEM not specify", "OEM_Serial", "OEM Chassis Serial Number", "System Serial Number",
		"SystemSerialNumb", "System manufacturer", "System Product Name", "System SKU Number", "System Name",
		"Base Board Serial Number", "Base Board Asset Tag#", "Chassis Manufacture", "Chassis Serial Number",
		"Serial Number xxxxxx", "Product Name", "Asset Tag:", "A1_AssetTagNum0", "AssetTagNum4", "SerNum03", "PartNum0",
		"Manufacturer00", "ModulePartNumber12", "Array1_PartNumber0", "ChannelA_Dimm1_PartNum", "Type1ProductConfigId",
		"Type2 - Board Asset Tag", "No Asset Information", "No Asset Tag", "No Module Installed", "No Enclosure",
		"Not Specified", "Not Supported by CPU", "NotSupport", "Not Available", "Not Applicable", "Not Present",
		"Invalid Entry Length", "<BAD INDEX>", "<OUT OF SPEC>", "<cut out>", "(null string)", "[Empty]", "N/A", "NA NA",
		"Unknow", "UNKNOWN", "Undefined", "INVALID", "SKU", "Rev X.0x", "t.b.d", "IATPASS", "Tulip Computers", "SN-12345",
		"SN-123456fvgv3i0b8o5n6n7k", "SYS-9876543210", "Asset-1234567890", "ATN12345678901234567", "Default System BIOS",
		"Base Board Serial#", "c3d9b8674f4b94f6",
		"03000200-0400-0500-0006-000700080009", "FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE",
		// disks of hypervisors
		"QM00001", "QM00013", "drive-scsi0", "drive-scsi0-0-0-0", "drive-virtio-disk0", "drive-scsi-disk-0", "drive-ide2",
		"drive-sata0", "drive-efidisk0", "VB1234-56789", "VB0-01f003f6", "VB2-01700376", "VMWARE NVME_0000",
		"VMware NVME_0003", "00000000000000000001", "01000000000000000001", "11000000000000000001", "Virtual HD",
		"Virtual Disk", "persistent-disk-0", "local-ssd-12", "nvme_card", "nvme_card10", "nvme_card-pd", "SN: 000001",
		"BXHD00011", "deadbeef", "incus_root", "nvme-1",
		// bridges, readers and cards
		"eui.0000000000000001", "naa.5000000000000000", "35000000000000001", "152D00539000", "DD5641988389C",
		"DD56419883891", "DD56419003943", "DB987654321CC", "DD0000000000001D", "012345678999", "012345678904",
		"012345681310", "123456789000", "0123456789000", "1234567890ABCDEF", "0123456789ABCDEFGHIJ", "AAAABBBB0007",
		"000000004BA8", "AA00000000000489", "058F63666433", "058F63626371", "058F312D81B", "20100201396000000",
		"20071114173400000", "201506301013", "0x00000001", "0x12345678",
		// addresses
		"00:11:22:33:44:55", "12:34:56:78:9a:bc", "02:00:00:00:00:00", "88:88:88:88:87:88", "00:00:00:00:00:01",
		"5c:bb:f6:9e:ee:fa", "0c:5b:8f:27:9a:64", "58:2c:80:13:92:63", "00:1e:10:1f:00:00", "36:4b:50:b7:ef:da",
		"00:e0:4c:53:44:58", "00:e0:4c:68:00:01", "00:e0:4c:00:c0:b0", "00:0e:c6:87:72:01", "00:0e:c6:81:79:01",
		"00:15:18:01:81:31", "00:90:4c:c5:12:38", "00:90:4c:11:22:33", "00:a0:c9:00:00:00", "00:a0:c6:00:00:00",
		"02:42:ac:11:00:02", "02:42:ac:12:00:03", "02:42:c0:a8:10:02", "02:42:0a:00:01:05", "02:00:4c:4f:4f:50",
		"0a:00:27:00:00:0d", "00:50:56:c0:00:08", "00:1c:42:00:00:08", "52:54:00:12:34:56", "52:54:00:12:34:57",
		"02:00:00:00:00:0a", "02:50:41:00:00:01", "00:09:0f:fe:00:01", "00:05:9a:3c:7a:00", "44:45:53:54:00:01",
		"50:50:54:50:30:30", "33:50:6f:45:30:30", "20:41:53:59:4e:ff", "26:0f:20:52:41:53", "fe:ff:ff:ff:ff:ff",
		"11:22:33:00:00:00", "ac:de:48:00:11:22", "be:3a:f2:b6:05:9f", "04:4b:80:80:80:03", "de:ad:be:ef:00:00",
		"01:23:45:67:89:ab", "00:01:02:03:04:05", "02:03:04:05:06:07", "aa:bb:cc:dd:ee:ff", "66:55:44:33:22:11",
		"02:11:22:33:44:55", "00:00:5e:00:01:0a", "00:03:7f:ba:db:ad",
	} {
		for _, l := range Locks() {
			_, ok := Readable(l, raw)
			require.False(t, ok, "%q for %v", raw, l)
		}
	}
}

// Drives of hypervisors do not count as optical drives (spec: codes "Optical drives").
func TestVirtualOpticalDrives(t *testing.T) {
	for raw, want := range map[string]bool{
		"QEMU DVD-ROM QM00003": false, "VBOX CD-ROM VB2-01700376": false,
		"VMware Virtual SATA CDRW Drive 01000000000000000001": false, "NECVMWar VMware SATA CD01": false,
		"Msft Virtual CD/ROM": false, "Microsoft Virtual DVD-ROM": false,
		"Virtual DVD-ROM [1]": false, "XEN Virtual CD": false, "ELBY CLONEDRIVE": false,
		"HL-DT-ST DVDRAM GU90N KZ9F1234567": true, "TSSTcorp CDDVDW SH-224DB R8XX6GBF70123X": true,
		"MATSHITA DVD-R UJ-8A8": true, "PLDS DVD+-RW DU-8A5LH": true,
	} {
		_, ok := Readable(CDHWID, raw)
		require.Equal(t, want, ok, "%q", raw)
	}
	_, ok := Readable(HDHWID, "BHYVE-A61D-BA9B-18EF")
	require.True(t, ok, "the serial of a disk of bhyve differs from virtual machine to virtual machine")
	_, ok = Readable(BIOSID, "QEMU EDK II Standard PC (Q35 + ICH9, 2009)")
	require.True(t, ok, "the firmware of a hypervisor is a model")
}

// Real values that resemble placeholders (spec: codes "Unreadable values").
func TestRealValues(t *testing.T) {
	for _, raw := range []string{
		"12345", "123456", "987654", // other inventories refuse them; these rules accept them
		"WD-WCC4N1ZS9A21", "S3Z9NB0K123456X", "ZA1B2C3D", "2045E4B1F2A3", "50026B7380A1B2C3", "BTNH93250A1Q512B",
		"FJ82N513912502G0B", "0025_3852_01B2_C3D4.", "eui.0025385b71b0a1c2", "naa.5000c500a1b2c3d4", "vol0a1b2c3d4e5f60718",
		"VB7aff22ad-deb533d3", "6000c29f1b7d2a5c8e3d4f60718293a4", "0x67b0fa26", "AWS2A1B3C4D5E6F7081",
		"SN210408933996", "QM0001", "QM000012", "QMA0001B", "DRIVEN77A", "SERNUM0123", "NVME1234", "SN1234", "NOTX7AB2",
		"OEM7",
		"TAG12345", "PARTNER1", "NUMBER7AB", "BASE77XK", "SYSTEM01ABC", "EVAL7", "STANDARD7", "DEADBEEF1", "XXA1B2",
		"2010020139600000", "20100201396000001", "30100201396000000", "0000000012345678", "AA0000000000048X", "058F6366643",
		"02000000000000000000", "01010101010101010102", "Intel(R) Corporation NUC11TNBi5",
		"Standard PC (i440FX + PIIX, 1996)",
		"American Megatrends 05/12/2023 F.42", "GenuineIntel-6-158-10", "AuthenticAMD 23 113 0", "BFEBFBFF000906EA",
		"00:1a:2b:3c:4d:5e", "b8:27:eb:12:34:56", "f4-8e-38-00-12-ab", "52:54:00:a1:b2:c3", "00:15:5d:01:02:03",
		"08:00:27:cc:c8:fb", "00:1c:42:5a:b0:7d", "00:50:56:b0:00:08", "0a:00:28:00:00:00", "02:43:ac:11:00:02",
		"02:42:ac:2f:00:02",
		"00:e0:4c:68:00:17", "00:90:4c:c5:12:39", "0c:5b:8f:27:9a:65", "5c:bb:f6:9e:ee:55", "00:11:22:33:44:56",
		"a1be-a157", "bad1-be22", "be12-be34", "88:88:88:88:88:87", "12:34:56:78:9a:bd", "00:16:3e:1f:2a:03",
	} {
		for _, l := range Locks() {
			normalized, ok := Readable(l, raw)
			require.True(t, ok, "%q for %v", raw, l)
			require.Equal(t, Normalize(raw), normalized)
		}
	}
}

// Many serial numbers and addresses in the formats of their vendors.
func TestVendorSerialsAreReadable(t *testing.T) {
	const digits, hex = "0123456789", "0123456789ABCDEF"
	const letters, any = "ABCDEFGHJKLMNPRSTUVWXYZ", digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	random := rand.New(rand.NewPCG(17, 2))
	alphabets := map[rune]string{'#': digits, '~': hex, '?': letters, '*': any} // characters of a format
	fill := func(form string) string {
		return strings.Map(func(r rune) rune {
			if alphabet := alphabets[r]; alphabet != "" {
				return rune(alphabet[random.IntN(len(alphabet))])
			}
			return r
		}, form)
	}
	for _, maker := range []struct {
		name  string
		forms []string
	}{
		{"Western Digital", []string{"WD-WCC#?#******", "WD-WX##?##?####", "#####?######", "2###?#######"}},
		{"Seagate", []string{"Z#?#****", "W**#****", "ZA##****", "S???N#RR######"}},
		{"Samsung", []string{"S#?#N?#?######?", "S#?#NX#?######", "S#**NF#R######"}},
		{"Crucial, Micron", []string{"####E~~~~~~~", "2###~~~~~~~~", "UH~~~~~~~~~~"}},
		{"Kingston", []string{"50026B7~~~~~~~~~", "50026B7#########", "50026B72###~##~~"}},
		{"Toshiba", []string{"##?#?***T???", "X#?####?T??#", "Y###?#?#F???"}},
		{"Intel", []string{"BT??#######?###?", "PH??###########?", "CV??############??"}},
		{"SK hynix", []string{"FJ##N#########?#?", "?NC#N##########??", "EJ##N########?##?"}},
		{"SanDisk", []string{"4C5300###############", "2####?######", "#~~~~~~~~~~~~~~~~~~~"}},
		{"Hitachi", []string{"JP**#***********", "???***********", "PN####P#********"}},
		{"volumes", []string{"~~~~~~~~", "~~~~-~~~~", "~~~~~~~~-~~~~-4~~~-~~~~-~~~~~~~~~~~~", "~~~~~~~~~~~~~~~~"}},
		{"identifiers", []string{
			"eui.00~~~~~~~~~~~~~~", "naa.5000c500~~~~~~~~", "VB~~~~~~~~-~~~~~~~~", "vol~~~~~~~~~~~~~~~~~", "6000c29~~~~~~~~~",
		}},
		{"anything", []string{"*****", "******", "*******", "********", "**********", "************", "****************"}},
		{"addresses", []string{
			"~~~~~~~~~~~~", "00E04C~~~~~~", "000EC6~~~~~~", "00904C~~~~~~", "B827EB~~~~~~", "080027~~~~~~", "00155D~~~~~~",
			"0C5B8F~~~~~~", "00163E~~~~~~", "02~~~~~~~~~~", "00A0C9~~~~~~", "001122~~~~~~",
		}},
	} {
		for _, form := range maker.forms {
			for range 5000 {
				if raw := fill(form); placeholder(HDHWID, Normalize(raw)) {
					t.Fatalf("%s: %s in the form %s", maker.name, raw, form)
				}
			}
		}
	}
}

// Every entry can match, and names its source.
func TestPlaceholderTables(t *testing.T) {
	entry := func(value, source string) {
		require.NotEmpty(t, value)
		require.Equal(t, Normalize(value), value)
		require.NotEmpty(t, source, value)
	}
	for value, source := range placeholders {
		entry(value, source)
		require.False(t, patterned(value), "%s is covered by a rule", value)
		require.False(t, numbered(value), "%s is covered by a series", value)
	}
	for i, s := range series {
		entry(s.prefix, s.source)
		require.LessOrEqual(t, s.min, s.max, s.prefix)
		for length := range s.max + 3 {
			value := s.prefix + strings.Repeat("7", length)
			want := length >= s.min && length <= s.max
			for j, other := range series {
				rest, ok := strings.CutPrefix(value, other.prefix)
				want = want || j != i && ok && len(rest) >= other.min && len(rest) <= other.max && onlyDigits(rest)
			}
			require.Equal(t, want, numbered(value), value)
		}
		require.False(t, numbered(s.prefix+strings.Repeat("Z", s.max)) && s.max > 0 && s.min > 0, s.prefix)
	}
	for _, a := range sharedPrefixes {
		entry(a.prefix, a.source)
		require.True(t, sharedAddress((a.prefix + "9F8E7D6C5B4A")[:12]), a.prefix)
		require.False(t, sharedAddress((a.prefix + "9F8E7D6C5B4A")[:11]), a.prefix)
		require.False(t, sharedAddress((a.prefix + "ZZZZZZZZZZZZ")[:12]), a.prefix)
	}
	for _, d := range virtualDrives {
		entry(d.prefix, d.source)
	}
	for i, bucket := range words {
		for _, word := range bucket {
			require.Equal(t, Normalize(word), word)
			require.EqualValues(t, 'A'+i, word[0], word)
			require.True(t, wordsOnly("NOT"+word+"STRING"), word)
		}
	}
}

func TestWords(t *testing.T) {
	for value, want := range map[string]bool{
		"NOTSET": false, "NOTUSED": true, "NOTUSED1": true, "NOTUSED12": true, "NOTUSED123": false, "NOTUSEDXXXX": true,
		"NOTUSEDX1": false, "NOTUSEDY": false, "NOT1SET22": false,
		"UNSPECIFIED": false, "UNSPECIFIEDVALUE": true, "1NOTUSED": false,
		strings.Repeat("NOT", 8): true, strings.Repeat("NOT", 9): false, strings.Repeat("NO", 60): false,
		"NOTUSED" + strings.Repeat("X", 57): true, "NOTUSED" + strings.Repeat("X", 58): false,
	} {
		require.Equal(t, want, wordsOnly(value), "%q", value)
	}
}

// Readable does not allocate, because it runs at each start of a program.
func TestPlaceholderAllocates(t *testing.T) {
	for _, value := range []string{"WDWCC4N1ZS9A21", "001A2B3C4D5E", "NOTSUPPORTEDBYCPU", "QM00001", "S3Z9NB0K123456X"} {
		require.Zero(t, testing.AllocsPerRun(100, func() { placeholder(CDHWID, value) }), value)
	}
}

func BenchmarkPlaceholder(b *testing.B) {
	for _, value := range []string{"WDWCC4N1ZS9A21", "001A2B3C4D5E", "NOTSUPPORTEDBYCPU", "QM00001"} {
		b.Run(value, func(b *testing.B) {
			for b.Loop() {
				placeholder(HDHWID, value)
			}
		})
	}
}
