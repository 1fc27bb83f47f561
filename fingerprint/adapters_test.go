package fingerprint

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/license"
)

// The order of adapters (spec: codes "Network adapters").
func TestAdapterOrder(t *testing.T) {
	want := []adapter{
		{name: "eth0", address: "F48E380012AA"},
		{name: "eth0", address: "F48E380012AB"},
		{name: "eth1", address: "F48E380012A0"},
		{name: "aaa0", address: "0050B6000007", external: true},
		{name: "aaa1", address: "525400123456"}, // locally administered
		{name: "aaa2", address: "525400123457", external: true},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, prefer)
	require.Equal(t, want, got)
}

func TestAdapterAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"f4:8e:38:00:12:ab": "F48E380012AB",
		"52-54-00-1d-27-39": "5254001D2739",
		"52:54:00:12:34:56": "", // the default of QEMU
		"01:00:5e:00:00:fb": "", // a group address
		"33:33:00:00:00:01": "", // a group address
		"00:00:00:00:00:00": "",
		"ff:ff:ff:ff:ff:ff": "",
		"f4:8e:38:00:12":    "",
		"f4:8e:38:00:12:zz": "",
		"":                  "",
	} {
		require.Equal(t, want, hexAddress(text), text)
	}
}

// Adapters that resemble hardware: one of a simulated radio, which is a virtual device with a device link, and one
// whose address the kernel generated at this start (spec: codes "Network adapters").
func TestIgnoredAdapters(t *testing.T) {
	pc := laptop
	simulated := "virtual/mac80211_hwsim/hwsim0"
	pc.files = merged(
		laptop.files,
		nic("wlan7", simulated, "f4:8e:38:00:00:01", "0"),
		map[string]string{"sys/devices/" + simulated + "/net/wlan7/device": "-> ../.."},
		nic("usb0", "pci0000:00/0000:00:14.0/usb2/2-2/2-2:1.0", "f4:8e:38:00:00:02", "1"),
	)
	pc.permanent = merged(laptop.permanent, map[string]string{"wlan7": "f4:8e:38:00:00:01", "usb0": "f4:8e:38:00:00:02"})
	require.Equal(t, read(t, laptop, false).adapters, read(t, pc, false).adapters)
}

func TestMachineIDForm(t *testing.T) {
	pc := desktop
	pc.files = merged(desktop.files)
	for id, readable := range map[string]bool{
		"8f7e6d5c4b3a29180706f5e4d3c2b1a0":     true,
		"8f7e6d5c-4b3a-2918-0706-f5e4d3c2b1a0": true,
		"8f7e6d5c4b3a29180706f5e4d3c2b1a":      false,
		"8f7e6d5c4b3a29180706f5e4d3c2b1a01":    false,
		"localhost":                            false,
	} {
		pc.files["etc/machine-id"] = id + "\n"
		require.Equal(t, readable, read(t, pc, true).Readable(license.OSID), id)
	}
}
