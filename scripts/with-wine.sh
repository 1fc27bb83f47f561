#!/usr/bin/env bash
# Run a command with a temporary 64-bit Wine that reports Windows 10, without Mono and Gecko. `go test` with GOOS=windows
# runs tests in it.
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

# Wine before 9 lacks bcryptprimitives.dll, without which no Go program starts.
system=$WINEPREFIX/drive_c/windows/system32
[ -e "$system/bcryptprimitives.dll" ] ||
  x86_64-w64-mingw32-gcc-posix -shared -O2 -s -o "$system/bcryptprimitives.dll" "$here/../packaging/windows/testdata/prng.c" -ladvapi32

# The serial number of drive C, which Wine reads when its server starts.
echo 1A2B3C4D >"$WINEPREFIX/drive_c/.windows-serial"

# Programs cannot use a display if the server was started without one.
"$server" -k || true
"$server" -w

# Wine before 9 refuses deletion with POSIX semantics with a status that os.RemoveAll does not recognize, unlike that of
# older versions of Windows. Tests are built with a copy of Go that does, since an overlay cannot replace files of a
# toolchain in the module cache.
goroot=$(go env GOROOT)
file=src/internal/syscall/windows/at_windows.go
cp -R "$goroot" "$folder/go"
chmod -R u+w "$folder/go"
sed 's/STATUS_NOT_SUPPORTED: /STATUS_NOT_SUPPORTED, NTStatus(0xC0000002): /' "$goroot/$file" >"$folder/go/$file"
cmp -s "$goroot/$file" "$folder/go/$file" && { echo "$0 does not fit this version of Go: see os.RemoveAll under Wine." >&2; exit 1; }
unset GOROOT
PATH=$folder/go/bin:$PATH

mkdir "$folder/bin"
# The first program starts Wine's services, which outlive it and would keep the output of a test open.
printf '#!/bin/sh\nwine cmd /c exit >/dev/null 2>&1 </dev/null\nexec wine "$@"\n' >"$folder/bin/go_windows_amd64_exec"
chmod 755 "$folder/bin/go_windows_amd64_exec"
PATH=$folder/bin:$PATH "$@"
