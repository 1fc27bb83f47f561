package fingerprint

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/denisbrodbeck/machineid"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// System returns a Reader of the PC that the program runs on.
func System() *Reader { return &Reader{windowsSource{windowsSystem{}}} }

type windowsSystem struct{}

func (windowsSystem) machineID() (string, error) { return machineid.ID() }

// systemDrive returns the drive of the system folder, such as "C:".
func systemDrive() (string, error) {
	folder, err := windows.GetSystemWindowsDirectory()
	if err != nil || len(folder) < 2 || folder[1] != ':' {
		return "", errors.New("the system folder has no drive")
	}
	return folder[:2], nil
}

func (windowsSystem) volumeSerial() (serial uint32, err error) {
	drive, err := systemDrive()
	if err != nil {
		return 0, err
	}
	root, err := windows.UTF16PtrFromString(drive + `\`)
	if err != nil {
		return 0, err
	}
	err = windows.GetVolumeInformation(root, nil, 0, &serial, nil, nil, nil, 0)
	return serial, err
}

var getSystemFirmwareTable = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetSystemFirmwareTable")

// rsmb is the provider signature of the raw SMBIOS table.
const rsmb = 'R'<<24 | 'S'<<16 | 'M'<<8 | 'B'

const maxFirmwareTable = 1 << 20

func (windowsSystem) firmwareTable() ([]byte, error) {
	size, _, err := getSystemFirmwareTable.Call(rsmb, 0, 0, 0)
	if size == 0 || size > maxFirmwareTable {
		return nil, err
	}
	table := make([]byte, size)
	size, _, err = getSystemFirmwareTable.Call(rsmb, 0, uintptr(unsafe.Pointer(&table[0])), size)
	if size == 0 || int(size) > len(table) {
		return nil, err
	}
	return table[:size], nil
}

func (windowsSystem) processor() (vendor, identifier string, err error) {
	const path = `HARDWARE\DESCRIPTION\System\CentralProcessor\0`
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return "", "", err
	}
	defer key.Close()
	vendor, _, vendorErr := key.GetStringValue("VendorIdentifier")
	identifier, _, err = key.GetStringValue("Identifier")
	return vendor, identifier, errors.Join(vendorErr, err)
}

const (
	ioctlStorageQueryProperty = 0x2d1400
	ioctlVolumeGetDiskExtents = 0x560000 // IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS

	propertyDevice = 0 // StorageDeviceProperty
)

// openDevice opens a device without any access right, which every user may.
func openDevice(path string) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(name, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
}

// query asks a storage device for a property. It returns nil if the device does not answer.
func query(device windows.Handle, question []byte, size int) []byte {
	answer := make([]byte, size)
	var n uint32
	err := windows.DeviceIoControl(device, ioctlStorageQueryProperty, &question[0], uint32(len(question)),
		&answer[0], uint32(len(answer)), &n, nil)
	if err != nil {
		return nil
	}
	return answer[:min(int(n), len(answer))]
}

// standardQuery returns a STORAGE_PROPERTY_QUERY for the descriptor of a property.
func standardQuery(property byte) []byte { return []byte{property, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0} }

const (
	maxDescriptor     = 4096
	adapterSerialSize = 8 + 2*128 // of STORAGE_ADAPTER_SERIAL_NUMBER
)

var errNoAnswer = errors.New("the device does not answer")

func storageDescriptor(path string) ([]byte, error) {
	h, err := openDevice(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = windows.CloseHandle(h) }()
	if d := query(h, standardQuery(propertyDevice), maxDescriptor); d != nil {
		return d, nil
	}
	return nil, errNoAnswer
}

// readDisk queries the identity of a disk, also with its own protocol.
func readDisk(path string) (d windowsDisk, err error) {
	h, err := openDevice(path)
	if err != nil {
		return d, err
	}
	defer func() { _ = windows.CloseHandle(h) }()
	if d.descriptor = query(h, standardQuery(propertyDevice), maxDescriptor); d.descriptor == nil {
		return d, errNoAnswer
	}
	p := parseStorageDescriptor(d.descriptor).protocol()
	if p != protocolNone {
		question := identifyQuery(p)
		d.identify = query(h, question, len(question))
	}
	if p == protocolNVMe && d.identify == nil {
		d.adapterSerial = query(h, standardQuery(propertyAdapterSerial), adapterSerialSize)
	}
	return d, nil
}

// maxExtents is the maximum number of extents of a volume.
const maxExtents = 64

// systemDisks queries the disks below the system volume: several, if it is mirrored or spanned.
func (windowsSystem) systemDisks() (list []windowsDisk, err error) {
	drive, err := systemDrive()
	if err != nil {
		return nil, err
	}
	volume := `\\.\` + drive
	h, err := openDevice(volume)
	if err != nil {
		return nil, err
	}
	extents := make([]byte, 8+24*maxExtents)
	var n uint32
	err = windows.DeviceIoControl(h, ioctlVolumeGetDiskExtents, nil, 0, &extents[0], uint32(len(extents)), &n, nil)
	_ = windows.CloseHandle(h)
	var numbers []uint32
	if err == nil {
		numbers = volumeDisks(extents[:min(int(n), len(extents))])
	}
	paths := []string{volume} // if its disks are unknown, the volume itself answers
	if len(numbers) > 0 {
		paths = nil
	}
	for _, number := range numbers {
		paths = append(paths, fmt.Sprintf(`\\.\PhysicalDrive%d`, number))
	}
	for _, path := range paths {
		d, e := readDisk(path)
		if e == nil {
			list = append(list, d)
		}
		err = errors.Join(err, e)
	}
	if len(list) > 0 {
		return list, nil
	}
	return nil, err
}

// maxOptical is the maximum number of optical drives to query. Their numbers may have gaps where one was unplugged.
const maxOptical = 8

func (windowsSystem) opticalDrives() (list [][]byte, err error) {
	for i := range maxOptical {
		if d, err := storageDescriptor(fmt.Sprintf(`\\.\CdRom%d`, i)); err == nil {
			list = append(list, d)
		}
	}
	return list, nil
}

// networkClass lists the network connections by the GUID of their adapter.
const networkClass = `SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}`

// networkAdapters reads the table of all interfaces, not only those that are bound to IP.
func (windowsSystem) networkAdapters() ([]windowsAdapter, error) {
	var table *windows.MibIfTable2
	if err := windows.GetIfTable2Ex(windows.MibIfTableNormal, &table); err != nil {
		return nil, err
	}
	defer windows.FreeMibTable(unsafe.Pointer(table))
	rows := unsafe.Slice((*byte)(unsafe.Pointer(table)), ifTableRows+int(table.NumEntries)*ifRowSize)
	list := parseInterfaceTable(rows)
	drivers := networkDrivers()
	for i := range list {
		a := &list[i]
		if !a.hardware || a.filter {
			continue
		}
		driver := drivers[strings.ToUpper(a.name)]
		a.configured = driver.address
		a.instance = cmp.Or(registryText(networkClass+`\`+a.name+`\Connection`, "PnPInstanceID"), driver.instance)
		if a.instance != "" {
			a.container = registryText(enumerated+`\`+a.instance, "ContainerID")
		}
	}
	return list, nil
}

// enumerated lists the devices by their PnP instance.
const enumerated = `SYSTEM\CurrentControlSet\Enum`

// registryText returns a text of the machine's registry; "" if there is none.
func registryText(path, name string) string {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer key.Close()
	text, _, err := key.GetStringValue(name)
	if err != nil {
		return ""
	}
	return text
}

// adapterClass holds the drivers' settings of adapters.
const adapterClass = `SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}`

// networkDriver is the settings of an adapter's driver.
type networkDriver struct {
	instance string // PnP instance
	address  string // set by a person; "" if it was not
}

// networkDrivers returns the settings of the adapters' drivers by the GUID of the adapter, in upper case.
func networkDrivers() map[string]networkDriver {
	class, err := registry.OpenKey(registry.LOCAL_MACHINE, adapterClass, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil
	}
	defer class.Close()
	names, err := class.ReadSubKeyNames(-1)
	if err != nil {
		return nil
	}
	drivers := map[string]networkDriver{}
	for _, name := range names {
		path := adapterClass + `\` + name
		if id := registryText(path, "NetCfgInstanceId"); id != "" {
			drivers[strings.ToUpper(id)] = networkDriver{
				instance: registryText(path, "DeviceInstanceID"),
				address:  registryText(path, "NetworkAddress"),
			}
		}
	}
	return drivers
}
