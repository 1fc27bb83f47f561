//go:build wine && windows

package fingerprint

import (
	"os"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"github.com/acen-desktop/acen/license"
)

// Wine determines the results of the system: `make test-windows`.
func TestWineLocks(t *testing.T) {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Cryptography`,
		registry.ALL_ACCESS|registry.WOW64_64KEY)
	require.NoError(t, err)
	defer key.Close()
	former, _, err := key.GetStringValue("MachineGuid")
	require.NoError(t, err)
	const guid = "0c5b1f0e-6f0a-4f0b-9d5e-3a0b5c7d9e11"
	require.NoError(t, key.SetStringValue("MachineGuid", guid))
	defer func() { require.NoError(t, key.SetStringValue("MachineGuid", former)) }()
	serial, err := os.ReadFile(`C:\.windows-serial`)
	require.NoError(t, err)

	reading, err := System().Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, guid, reading.raw[license.OSID-1])
	require.Equal(t, strings.TrimSpace(string(serial)), reading.raw[license.HDID-1])
	require.True(t, reading.Readable(license.CPUID))
	for _, l := range license.Locks() {
		if problem := reading.Err(l); problem != nil {
			require.ErrorIs(t, problem, ErrUnreadable)
		}
	}

	// SMBIOS is what Wine finds below /sys, where scripts/with-dmi.sh mounts fake values.
	if vendor := os.Getenv("DMI_VENDOR"); vendor != "" {
		require.Equal(t, vendor+" Example PCs 20XW", reading.raw[license.BIOSID-1])
	}

	// Another installation of Windows on the same hardware has another OS ID; no other lock differs.
	require.NoError(t, key.SetStringValue("MachineGuid", "f3a1c0de-0000-4000-8000-000000000001"))
	again, err := System().Read(t.Context())
	require.NoError(t, err)
	for _, l := range license.Locks() {
		require.Equal(t, l != license.OSID, reading.raw[l-1] == again.raw[l-1], l)
	}
}

// parseInterfaceTable uses the offsets of the system's structure.
func TestWineInterfaceTable(t *testing.T) {
	var table windows.MibIfTable2
	var row windows.MibIfRow2
	for name, c := range map[string]struct{ want, got uintptr }{
		"first row": {unsafe.Offsetof(table.Table), ifTableRows},
		"size":      {unsafe.Sizeof(row), ifRowSize},
		"GUID":      {unsafe.Offsetof(row.InterfaceGuid), ifRowGUID},
		"length":    {unsafe.Offsetof(row.PhysicalAddressLength), ifRowAddressLength},
		"address":   {unsafe.Offsetof(row.PhysicalAddress), ifRowAddress},
		"permanent": {unsafe.Offsetof(row.PermanentPhysicalAddress), ifRowPermanent},
		"type":      {unsafe.Offsetof(row.Type), ifRowType},
		"flags":     {unsafe.Offsetof(row.InterfaceAndOperStatusFlags), ifRowFlags},
	} {
		require.Equal(t, c.want, c.got, name)
	}
	list, err := windowsSystem{}.networkAdapters()
	require.NoError(t, err)
	require.NotEmpty(t, list)
}
