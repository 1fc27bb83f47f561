#!/usr/bin/env bash
# Run a command with a fresh Wine, which lies in a temporary folder and ends with the command: 64 bits, Windows 10, and no
# Mono or Gecko to ask for. `go test` with GOOS=windows runs its tests in it by itself.
set -eu

for program in wine wineserver x86_64-w64-mingw32-gcc-posix; do
  command -v $program >/dev/null || [ $program = wineserver ] || { echo "$program is not installed: run scripts/setup.sh windows." >&2; exit 1; }
done
here=$(cd "$(dirname "$0")" && pwd)
server=$(command -v wineserver || ls /usr/lib/wine/wineserver64)

folder=$(mktemp -d /tmp/acen-wine-XXXXXX)
export WINEPREFIX=$folder/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml=' WINESERVER=$server
trap '"$server" -k >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT
unset DISPLAY WAYLAND_DISPLAY || true

wineboot -i >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
"$server" -w
wine reg add 'HKCU\Software\Wine' /v Version /t REG_SZ /d win10 /f >>"$folder/log" 2>&1

# Wine before 9 has no bcryptprimitives.dll, and no Go program starts without it.
system=$WINEPREFIX/drive_c/windows/system32
[ -e "$system/bcryptprimitives.dll" ] ||
  x86_64-w64-mingw32-gcc-posix -shared -O2 -s -o "$system/bcryptprimitives.dll" "$here/../packaging/windows/testdata/prng.c" -ladvapi32

# The serial number of drive C, which Wine reads when its server starts.
echo 1A2B3C4D >"$WINEPREFIX/drive_c/.windows-serial"

# A server that was started without a display would give none to programs started soon after.
"$server" -k || true
"$server" -w

# Wine before 9 answers the deletion with POSIX semantics with a status that Go's os.RemoveAll does not know: tests are built
# by a copy of Go with one that does, as it knows the status of older versions of Windows. (An overlay may not replace files
# of a toolchain that lies in the module cache.)
goroot=$(go env GOROOT)
file=src/internal/syscall/windows/at_windows.go
cp -R "$goroot" "$folder/go"
chmod -R u+w "$folder/go"
sed 's/STATUS_NOT_SUPPORTED: /STATUS_NOT_SUPPORTED, NTStatus(0xC0000002): /' "$goroot/$file" >"$folder/go/$file"
cmp -s "$goroot/$file" "$folder/go/$file" && { echo "$0 does not fit this version of Go: see os.RemoveAll under Wine." >&2; exit 1; }
unset GOROOT
PATH=$folder/go/bin:$PATH

mkdir "$folder/bin"
# The first program starts Wine's services. They outlive it, and would hold the output of a test that was first.
printf '#!/bin/sh\nwine cmd /c exit >/dev/null 2>&1 </dev/null\nexec wine "$@"\n' >"$folder/bin/go_windows_amd64_exec"
chmod 755 "$folder/bin/go_windows_amd64_exec"
PATH=$folder/bin:$PATH "$@"
