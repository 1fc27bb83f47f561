package license

import "strings"

// The tables in this file list values that look like a serial number or an address but identify no PC: firmware fields
// that the maker did not fill in, serials that a hypervisor or a USB bridge gives to each disk, and addresses that
// entire product lines share (spec: codes "Unreadable values"). Each has its source, the project that recognizes it or
// the product that reports it. Values that the rules of Readable cover, such as "BSN12345678901234567", "0x0" and
// "123456789ABC", are not repeated here; "12345" and "123456", which inventories refuse, count as real by these rules.
//
// The tables hold for every lock: no real value of another lock looks like one of them.

// placeholder reports whether a normalized value, which must not be empty, is in one of the tables.
func placeholder(l Lock, normalized string) bool {
	if _, ok := placeholders[normalized]; ok {
		return true
	}
	return numbered(normalized) || wordsOnly(normalized) || sharedAddress(normalized) ||
		l == CDHWID && virtualDrive(normalized)
}

// Sources that several entries have.
const (
	axonius    = "Axonius: addresses that are not unique"
	boards     = "inventories: reported by boards of several makers"
	bridges    = "lists of serials that sticks, card readers and USB bridges of several makers have"
	dmidecode  = "dmidecode: what it prints for an absent value"
	fwts       = "Firmware Test Suite: dmi_patterns of its DMI tests"
	glpi       = "GLPI, FusionInventory: default blacklists"
	hardinfo   = "HardInfo: dmi_util.c"
	huawei     = "Huawei: sticks of one series have one address"
	ocs        = "OCS Inventory: default blacklists"
	osquery    = "osquery: placeholder UUIDs"
	systemd    = "systemd: hwdb, names of vendors and products that mean nothing"
	virtualBox = "VirtualBox: serial of the virtual drive, the same on every PC"
	vpn        = "address of the virtual adapter of a VPN client"
	xstd       = "xstd: default strings of SMBIOS"
)

// placeholders maps complete values to their sources.
var placeholders = map[string]string{
	// Strings of the firmware. Values of several words are wordsOnly's.
	"BLANK":                    boards,
	"BYOEM":                    boards,
	"CUTOUT":                   fwts,
	"DEFAULT":                  boards,
	"EMPTY":                    dmidecode,
	"ERROR":                    boards,
	"EVAL":                     ocs,
	"IATPASS":                  ocs,
	"INVALID":                  ocs,
	"NA":                       ocs,
	"NANA":                     "Windows: maker and product of a board that has neither",
	"NIL":                      boards,
	"NONE":                     dmidecode,
	"NONE1":                    fwts,
	"NOTSET":                   boards,
	"NULL":                     xstd,
	"ODM":                      fwts,
	"OEM":                      systemd,
	"REVX0X":                   hardinfo,
	"SERIAL":                   boards,
	"SKU":                      hardinfo,
	"SN":                       boards,
	"SQUARE":                   xstd,
	"STANDARD":                 boards,
	"TBD":                      fwts,
	"TULIPCOMPUTERS":           ocs,
	"UNDEFINED":                boards,
	"UNINITIALIZED":            "systemd: machine-id of an image before its first start",
	"UNKNOW":                   glpi,
	"UNKNOWN":                  dmidecode,
	"UNSPECIFIED":              boards,
	"ALLSERIES":                glpi,
	"ASSET1234567890":          fwts,
	"C3D9B8674F4B94F6":         "Rockchip: serial of boards on which none is programmed",
	"SN12345":                  ocs,
	"SN123456FVGV3I0B8O5N6N7K": ocs,
	"03142563":                 xstd,
	"ABCDEFGHIJKLM":            fwts,

	// UUIDs of the firmware.
	"00020003000400050006000700080009": osquery,
	"02000100030004000005000600070008": "KVM: UUID of a firmware without one",
	"03000200040005000006000700080009": osquery,
	"030201000504070608090A0B0C0D0E0F": osquery,
	"0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A": fwts,
	"01010101010101010101010101010101": glpi,
	"10000000000080000040000000000000": osquery,
	"123456781234567890ABCDDEEFAABBCC": boards,
	"6AB5B300538D10149FB5B0684D007B53": glpi,
	"FEFEFEFEFEFEFEFEFEFEFEFEFEFEFEFE": "osquery: issue 8887",

	// Disks of hypervisors.
	"DEADBEEF":              "QEMU: serial of an NVMe disk in its manual",
	"0XDEADBEEF":            "QEMU: serial of an NVMe disk in its manual",
	"INCUSROOT":             "Incus: root disk",
	"LXDROOT":               "LXD: root disk",
	"NVMECARDPD":            "Google Compute Engine: NVMe disk",
	"QEMUHARDDISK":          "QEMU: model of its disk",
	"VBOXHARDDISK":          "VirtualBox: model of its disk",
	"VIRTUALDISK":           "Hyper-V: model of its SCSI disk",
	"VIRTUALHD":             "Hyper-V, Virtual PC: model of their IDE disk",
	"VMWAREVIRTUALDISK":     "VMware: model of its SCSI disk",
	"VMWAREVIRTUALNVMEDISK": "VMware: model of its NVMe disk",
	"VB001F003F6":           virtualBox,
	"VB11A2B3C4D":           virtualBox,
	"VB201700376":           virtualBox,

	// Disks behind a USB bridge or a card reader.
	"000000000563":                     bridges,
	"000000004BA8":                     "Ewent EW7017: serial of each adapter",
	"0123456789000":                    fwts,
	"0123456789ABCDEF0123456789ABCDEF": "Telechips: serial of its mass storage",
	"0123456789ABCDEFGHIJ":             bridges,
	"058F0O1111B1":                     "Alcor: serial of its controllers",
	"058F312D81B":                      "Alcor: serial of its controllers",
	"105000000000":                     bridges,
	"123456789000":                     ocs,
	"1234567890ABCDEF":                 bridges,
	"130818V01":                        bridges,
	"152D00539000":                     "JMicron JMS567: serial of each disk in the enclosure (Rockstor)",
	"201506301013":                     "Genesys GL3224: serial of each card reader",
	"202006054D01":                     "JMicron JMS567: serial of each disk in the enclosure",
	"35000000000000001":                "ASMedia ASM235CM: serial of each disk in the enclosure",
	"801130168383":                     bridges,

	// Addresses.
	"0000FFFFFFFF": "Dell OpenManage Enterprise: common MAC addresses",
	"0001027D9B1C": ocs,
	"00037FBADBAD": "OpenWrt on IPQ40xx: address of each port",
	"00037F112233": "Atheros: address of a card without calibration data",
	"00059A3C7800": vpn,
	"00059A3C7A00": vpn,
	"0008A1460635": ocs,
	"0008A166E21A": ocs,
	"00090FAA0001": vpn,
	"00090FFE0001": vpn,
	"0009DD103768": ocs,
	"000BCAFE0000": glpi,
	"000BCAFE0001": axonius,
	"000EC6817901": "ASIX AX88179: adapter without a programmed address",
	"000EC6877201": "ASIX AX88772: adapter without a programmed address",
	"000FEA9AE2F0": ocs,
	"00105A7271F3": ocs,
	"00111185088B": ocs,
	"001518018131": "Amlogic: default of the boot loader (Ophub)",
	"001E101F0000": huawei,
	"005345000000": "Dell OpenManage Enterprise: common MAC addresses",
	"00904C112233": "Broadcom: default of the driver bcmdhd",
	"00904CC50034": "Broadcom: template of the settings of a card",
	"00904CC51238": "Linux: brcmfmac, default address of a template",
	"00A0C6000000": "Linux: qmi_wwan, address of a faulty firmware",
	"00A0C9000000": "Intel I225, I226: adapter without a programmed address (cloud-init)",
	"00E04C00C0B0": "coreboot: default of RTL8168",
	"00E04C534458": "DM9601, SR9700: adapters of one series have one address",
	"00E04C680001": "Realtek: default of its programming tool",
	"020054554E01": "Windows: Teredo",
	"02004C4F4F50": "Windows: loopback adapter (Npcap)",
	"02004E435049": glpi,
	"0250F3000000": "Linux: qmi_wwan, default address of a modem",
	"02BA7BD5C66F": "Olimex A64: address of each board",
	"044B80808003": "nVidia nForce: adapter without a programmed address",
	"080027000192": "Nuvoton NUC980: default of the driver",
	"0ACAFEF00D04": "HPE iLO: virtual network interface",
	"0C5B8F279A64": huawei,
	"101111111111": ocs,
	"112233000000": "OpenCore: address in its sample",
	"204153594EFF": "Windows: RAS async adapter",
	"33506F453030": "Windows: WAN Miniport (PPPoE)",
	"505054503030": "Windows: WAN Miniport (PPTP)",
	"582C80139263": huawei,
	"5CBBF69EEEFA": "WSL 2: address in bridged mode",
	"86E0C0EAFAA9": "Rock64: default of the boot loader",
	"86E0C0EAFAC9": "Rock64: default of the boot loader",
	"888888888788": "Intel: adapter without a programmed address",
	"ACDE48001122": "Apple T2: interface to the coprocessor",
	"BE3AF2B6059F": "American Megatrends: USB interface of the board's management controller",
	"D20A2DA004BE": glpi,
	"D26B252F2CE7": glpi,
	"DC446DC0FF02": "Armbian on Tanix TX6s: address in the device tree",
	"E2E616200A35": glpi,
}

// series are values that differ from PC to PC only in a short number: a prefix and min to max digits.
var series = [...]struct {
	prefix   string
	min, max int
	hex      bool // the digits are hexadecimal
	source   string
}{
	{"01234567", 4, 4, false, "Realtek RTL9210: serial of the bridge"},
	{"01234568", 4, 4, false, "Realtek RTL9210: serial of the bridge"},
	{"058F63", 6, 6, false, "Alcor: serial of its card readers and sticks"},
	{"AA000000000", 1, 6, false, "Samsung: serial of sticks of several series"},
	{"A1ASSETTAGNUM", 0, 2, false, fwts},
	{"AAAABBBB", 4, 4, true, "ASMedia ASM246X: serial of the bridge"},
	{"BXCD", 5, 5, false, "Bochs: optical drive"},
	{"BXHD", 5, 5, false, "Bochs: disk"},
	{"DB98765432", 3, 3, true, "JMicron: serial of the bridge"},
	{"DD56419", 5, 7, true, "JMicron JMS578, JMS583: serial of the bridge"},
	{"DRIVE", 1, 6, false, "QEMU: name of the drive"},
	{"DRIVEEFIDISK", 1, 2, false, "Proxmox: name of the drive"},
	{"DRIVEIDE", 1, 6, false, "libvirt, Proxmox: name of the drive"},
	{"DRIVENVME", 1, 6, false, "libvirt, Proxmox: name of the drive"},
	{"DRIVESATA", 1, 6, false, "libvirt, Proxmox: name of the drive"},
	{"DRIVESATADISK", 1, 6, false, "libvirt: name of the drive"},
	{"DRIVESCSI", 1, 6, false, "libvirt, Proxmox: name of the drive"},
	{"DRIVESCSIDISK", 1, 6, false, "Linode: name of the drive"},
	{"DRIVESD", 1, 6, false, "libvirt: name of the drive"},
	{"DRIVEUSB", 1, 6, false, "libvirt, Proxmox: name of the drive"},
	{"DRIVEUSBDISK", 1, 6, false, "libvirt: name of the drive"},
	{"DRIVEVIRTIO", 1, 6, false, "Proxmox: name of the drive"},
	{"DRIVEVIRTIODISK", 1, 6, false, "libvirt: name of the drive"},
	{"LOCALNVMESSD", 1, 2, false, "Google Compute Engine: local disk"},
	{"LOCALSSD", 1, 2, false, "Google Compute Engine: local disk"},
	{"MANUFACTURER", 0, 2, false, hardinfo},
	{"NVME", 1, 2, false, "QEMU: serial that scripts give to an NVMe disk"},
	{"NVMECARD", 0, 2, false, "Google Compute Engine: NVMe disk"},
	{"PERSISTENTDISK", 1, 3, false, "Google Compute Engine: persistent disk"},
	{"QM", 5, 5, false, "QEMU: ATA disk"},
	{"SERNUM", 0, 2, false, fwts},
	{"SN0000", 1, 2, false, "Azure: NVMe Accelerator"},
	{"SN", 1, 2, false, boards},
	{"VIRTUALHDD", 0, 2, false, "Parallels: model of its disk"},
	{"VMWARENVME", 0, 4, false, "VMware: NVMe disk"},
}

// numbered reports whether a value belongs to a series.
func numbered(value string) bool {
	for i := range series {
		s := &series[i]
		if s.prefix[0] != value[0] { // rules out most at once
			continue
		}
		if digits, ok := strings.CutPrefix(value, s.prefix); ok && len(digits) >= s.min && len(digits) <= s.max &&
			(onlyDigits(digits) || s.hex && onlyHex(digits)) {
			return true
		}
	}
	// VMware gives the disks of an IDE or SATA controller zeros and ones; card readers of Realtek have a date and zeros.
	return len(value) == 20 && strings.Trim(value, "01") == "" && value[19] == '1' ||
		len(value) == 17 && value[:2] == "20" && value[12:] == "00000" && onlyDigits(value)
}

// words are the words, by first letter, of which the texts in empty firmware fields consist, such as "To be filled by
// O.E.M.", "Base Board Serial Number", "Not Supported by CPU", "AssetTagNum0" and "Type2 - Board Asset Tag". They come
// from the lists of dmidecode, the Firmware Test Suite, GLPI, FusionInventory, OCS Inventory, HardInfo, inxi, Salt,
// systemd, Fleet and xstd.
var words = [26][]string{
	0:         {"APPLICABLE", "ARRAY", "ASSET", "ASSIGNED", "AVAILABLE"},
	'B' - 'A': {"BAD", "BANK", "BASE", "BE", "BIOS", "BOARD", "BY"},
	'C' - 'A': {"CHANNELA", "CHANNELB", "CHANNELC", "CHANNELD", "CHASSIS", "CODE", "CONFIG", "CONFIGURED", "CPU"},
	'D' - 'A': {"DEFAULT", "DEFINE", "DEFINED", "DETERMINED", "DIMM", "DONE"},
	'E' - 'A': {"EMPTY", "ENCLOSURE", "ENTERED", "ENTRY"},
	'F' - 'A': {"FAMILY", "FILL", "FILLED", "FOUND"},
	'I' - 'A': {"ID", "IMPLEMENTED", "IN", "INDEX", "INFORMATION", "INITIALIZED", "INSTALLED", "INVALID"},
	'K' - 'A': {"KNOWN"},
	'L' - 'A': {"LENGTH"},
	'M' - 'A': {"MAINBOARD", "MANUFACTURE", "MANUFACTURER", "MODEL", "MODULE", "MOTHERBOARD"},
	'N' - 'A': {"NAME", "NO", "NONE", "NOT", "NULL", "NUM", "NUMB", "NUMBER"},
	'O' - 'A': {"ODM", "OEM", "OEMS", "OF", "OUT"},
	'P' - 'A': {"PART", "PRESENT", "PRODUCT", "PROGRAMMED", "PROVIDED"},
	'R' - 'A': {"READABLE"},
	'S' - 'A': {
		"SER", "SERIAL", "SET", "SETTABLE", "SKU", "SPEC", "SPECIFIC", "SPECIFIED", "SPECIFY", "STRING", "SUPPORT",
		"SUPPORTED", "SYSTEM",
	},
	'T' - 'A': {"TAG", "TBD", "THE", "TO", "TRACKING", "TYPE"},
	'U' - 'A': {"UNDEFINED", "UNKNOW", "UNKNOWN", "UNSPECIFIED", "UPDATED", "USED"},
	'V' - 'A': {"VALID", "VALUE", "VENDOR", "VERSION"},
	'Y' - 'A': {"YET"},
}

// wordsOnly reports whether a value consists of two or more words, each with up to two digits after it, and any number
// of X at the end, which stand for letters to be filled in.
func wordsOnly(value string) bool {
	const longest = 64 // characters
	return len(value) <= longest && wordsFrom(value, 0, 0)
}

// wordsFrom is wordsOnly for the rest of a value, of which count words with so many letters precede.
func wordsFrom(value string, count, letters int) bool {
	const shortest = 7 // letters; fewer may be part of a real value by chance
	const most = 8     // words; limits the time for a hostile value
	if value == "" || strings.Trim(value, "X") == "" {
		return count > 1 && letters >= shortest
	}
	if value[0] < 'A' || count == most {
		return false
	}
	for _, word := range words[value[0]-'A'] {
		rest, ok := strings.CutPrefix(value, word)
		if !ok {
			continue
		}
		for range 2 {
			if rest != "" && rest[0] <= '9' {
				rest = rest[1:]
			}
		}
		if wordsFrom(rest, count+1, letters+len(word)) {
			return true
		}
	}
	return false
}

// sharedPrefixes are the prefixes of addresses that many PCs have.
var sharedPrefixes = [...]struct{ prefix, source string }{
	{"00005E0001", "VRRP: virtual router"},
	{"00005E0002", "VRRP: virtual router"},
	{"001C420000", "Parallels: adapters of the host"},
	{"005056C0", "VMware: adapters of the host (GLPI)"},
	{"0200000000", "Android, Juniper, micro virtual machines: the address that is given for an unknown one"},
	{"02420A", "Docker: address made of the IPv4 address"},
	{"0242AC1", "Docker: address made of the IPv4 address"},
	{"0242C0A8", "Docker: address made of the IPv4 address"},
	{"0250410000", vpn},
	{"028037EC02", "Ericsson: mobile broadband cards have one address (GLPI)"},
	{"0A002700", "VirtualBox: adapters of the host"},
	{"364B50B7EF", "ZTE: sticks of one series have one address"},
	{"44455354", "Windows: dial-up adapters (OCS Inventory)"},
	{"5254001234", "QEMU: default of the adapters"},
	{"DEADBEEF", "Linux: wlcore, address of a card without settings"},
}

// sharedAddress reports whether a value is a MAC address that many PCs have.
func sharedAddress(value string) bool {
	if len(value) != 12 || !onlyHex(value) {
		return false
	}
	for i := range sharedPrefixes {
		if strings.HasPrefix(value, sharedPrefixes[i].prefix) {
			return true
		}
	}
	// "RAS" ends the addresses of WAN Miniports, 11:22:33:44:55 those of examples.
	return strings.HasSuffix(value, "20524153") || strings.HasSuffix(value, "1122334455") || evenSteps(value)
}

// evenSteps reports whether the bytes of an address go up or down evenly, as in 00:11:22:33:44:55 or 02:03:04:05:06:07,
// which appear in manuals, boot loaders and the settings of boards.
func evenSteps(address string) bool {
	octet := func(i int) byte { return hexDigit(address[2*i])<<4 | hexDigit(address[2*i+1]) }
	step := octet(1) - octet(0)
	for i := 2; i < len(address)/2; i++ {
		if octet(i)-octet(i-1) != step {
			return false
		}
	}
	return true
}

// virtualDrives are the prefixes of the models of optical drives that a hypervisor or a program emulates.
var virtualDrives = [...]struct{ prefix, source string }{
	{"BHYVE", "bhyve"},
	{"DTSOFT", "DAEMON Tools"},
	{"ELBYCLONEDRIVE", "Virtual CloneDrive"},
	{"MICROSOFTVIRTUAL", "Windows: mounted image"},
	{"MSFTVIRTUAL", "Hyper-V"},
	{"NECVMWAR", "VMware"},
	{"PARALLELSVIRTUAL", "Parallels"},
	{"QEMU", "QEMU"},
	{"VBOX", "VirtualBox"},
	{"VIRTUAL", "Parallels, and programs that mount an image"},
	{"VMWARE", "VMware"},
	{"XEN", "Xen"},
}

// virtualDrive reports whether a value is the model and serial of an emulated optical drive.
func virtualDrive(value string) bool {
	for i := range virtualDrives {
		if strings.HasPrefix(value, virtualDrives[i].prefix) {
			return true
		}
	}
	return false
}

func onlyDigits(value string) bool {
	for i := range len(value) {
		if value[i] > '9' {
			return false
		}
	}
	return true
}

func onlyHex(value string) bool {
	for i := range len(value) {
		if value[i] > 'F' {
			return false
		}
	}
	return true
}

// hexDigit returns the value of a hexadecimal digit of a normalized value.
func hexDigit(digit byte) byte {
	if digit <= '9' {
		return digit - '0'
	}
	return digit - 'A' + 10
}
