#!/usr/bin/env bash
# Run a command with made-up firmware data in /sys/class/dmi, in a mount namespace of its own. DMI_VENDOR is the vendor.
set -eu
export DMI_VENDOR="Example Firmware Works"
exec unshare --map-current-user --keep-caps --mount bash -euc '
  mount -t tmpfs -o mode=755 tmpfs /sys/class
  mkdir -p /sys/class/dmi/id
  say() { printf "%s\n" "$2" >"/sys/class/dmi/id/$1"; }
  say bios_vendor "$DMI_VENDOR"; say bios_version "N32ET75W (1.51)"; say bios_date 07/01/2026
  say sys_vendor "Example PCs"; say product_name "20XW"; say product_serial PF2ABCDE; say board_vendor "Example PCs"; say board_name 20XW
  "$@"' bash "$@"
