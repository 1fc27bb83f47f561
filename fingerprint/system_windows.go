package fingerprint

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"unsafe"

	"github.com/denisbrodbeck/machineid"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// System reads the PC that the program runs on.
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
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `HARDWARE\DESCRIPTION\System\CentralProcessor\0`, registry.QUERY_VALUE)
	if err != nil {
		return "", "", err
	}
	defer key.Close()
	vendor, _, vendorErr := key.GetStringValue("VendorIdentifier")
	identifier, _, err = key.GetStringValue("Identifier")
	return vendor, identifier, errors.Join(vendorErr, err)
}

const (
	ioctlStorageQueryProperty   = 0x2d1400
	ioctlStorageGetDeviceNumber = 0x2d1080
)

// openDevice opens a device without asking for any access, which every user may.
func openDevice(path string) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	return windows.CreateFile(name, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
}

func storageDescriptor(path string) ([]byte, error) {
	h, err := openDevice(path)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(h)
	var query [12]byte // STORAGE_PROPERTY_QUERY for StorageDeviceProperty, standard query
	answer := make([]byte, 4096)
	var n uint32
	err = windows.DeviceIoControl(h, ioctlStorageQueryProperty, &query[0], uint32(len(query)), &answer[0], uint32(len(answer)), &n, nil)
	if err != nil {
		return nil, err
	}
	return answer[:min(int(n), len(answer))], nil
}

func (windowsSystem) systemDisk() ([]byte, error) {
	drive, err := systemDrive()
	if err != nil {
		return nil, err
	}
	volume := `\\.\` + drive
	h, err := openDevice(volume)
	if err != nil {
		return nil, err
	}
	var number struct{ deviceType, device, partition uint32 }
	var n uint32
	err = windows.DeviceIoControl(h, ioctlStorageGetDeviceNumber, nil, 0, (*byte)(unsafe.Pointer(&number)), uint32(unsafe.Sizeof(number)), &n, nil)
	_ = windows.CloseHandle(h)
	if err != nil {
		return storageDescriptor(volume)
	}
	return storageDescriptor(fmt.Sprintf(`\\.\PhysicalDrive%d`, number.device))
}

func (windowsSystem) opticalDrive() ([]byte, error) {
	mask, err := windows.GetLogicalDrives()
	if err != nil {
		return nil, err
	}
	for i := range 26 {
		drive := string(rune('A'+i)) + ":"
		root, err := windows.UTF16PtrFromString(drive + `\`)
		if err == nil && mask&(1<<i) != 0 && windows.GetDriveType(root) == windows.DRIVE_CDROM {
			return storageDescriptor(`\\.\` + drive)
		}
	}
	return nil, errors.New("there is no optical drive")
}

// networkClass lists the network connections by the GUID of their adapter.
const networkClass = `SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}`

func (windowsSystem) networkAdapters() ([]windowsAdapter, error) {
	size := uint32(16 << 10)
	for range 4 {
		buffer := make([]byte, size)
		first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buffer[0]))
		const flags = windows.GAA_FLAG_SKIP_UNICAST | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST | windows.GAA_FLAG_SKIP_DNS_SERVER
		err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
		if errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var list []windowsAdapter
		for a := first; a != nil; a = a.Next {
			guid := windows.BytePtrToString(a.AdapterName)
			w := windowsAdapter{name: guid, instance: pnpInstance(guid), ifType: a.IfType, address: permanentAddress(guid)}
			if w.address == "" && a.PhysicalAddressLength == 6 && !setByHand(guid) {
				w.address = net.HardwareAddr(a.PhysicalAddress[:6]).String()
			}
			list = append(list, w)
		}
		return list, nil
	}
	return nil, errors.New("the list of adapters keeps growing")
}

func pnpInstance(guid string) string {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, networkClass+`\`+guid+`\Connection`, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer key.Close()
	instance, _, err := key.GetStringValue("PnPInstanceID")
	if err != nil {
		return ""
	}
	return instance
}

// adapterClass holds the drivers' settings of adapters.
const adapterClass = `SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}`

// setByHand reports whether the driver was told another address than the adapter's own.
func setByHand(guid string) bool {
	class, err := registry.OpenKey(registry.LOCAL_MACHINE, adapterClass, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return false
	}
	defer class.Close()
	names, err := class.ReadSubKeyNames(-1)
	if err != nil {
		return false
	}
	for _, name := range names {
		key, err := registry.OpenKey(class, name, registry.QUERY_VALUE)
		if err != nil {
			continue
		}
		id, _, idErr := key.GetStringValue("NetCfgInstanceId")
		address, _, addressErr := key.GetStringValue("NetworkAddress")
		_ = key.Close()
		if idErr == nil && strings.EqualFold(id, guid) {
			return addressErr == nil && address != ""
		}
	}
	return false
}

const (
	ioctlNDISQueryGlobalStats = 0x170002
	oid8023PermanentAddress   = 0x01010101
)

// permanentAddress asks the adapter's driver for the address that it was made with.
func permanentAddress(guid string) string {
	h, err := openDevice(`\\.\` + guid)
	if err != nil {
		return ""
	}
	defer windows.CloseHandle(h)
	oid := uint32(oid8023PermanentAddress)
	var address [6]byte
	var n uint32
	err = windows.DeviceIoControl(h, ioctlNDISQueryGlobalStats, (*byte)(unsafe.Pointer(&oid)), 4, &address[0], 6, &n, nil)
	if err != nil || n != 6 {
		return ""
	}
	return net.HardwareAddr(address[:]).String()
}
