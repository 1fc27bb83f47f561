#!/usr/bin/env bash
# Install the Debian or Ubuntu packages for building and running (run), testing (test), building and testing for Windows
# (windows), or testing packages (packages). If everything is installed, it prints nothing. On other systems it prints
# what is missing and fails.
# usage: setup.sh run|test|windows|packages
set -eu

build=(
  gcc libc6-dev pkg-config libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev
  libxxf86vm-dev
)
run=(ca-certificates libgl1-mesa-dri xdg-utils)
test=(
  xvfb xauth xdotool xclip openbox imagemagick x11-utils x11-xserver-utils x11-xkb-utils dbus gnome-keyring xdg-utils
  iproute2 util-linux postgresql
)
windows=(
  gcc-mingw-w64-x86-64-posix wine wine64 nsis zip xvfb xauth xdotool imagemagick x11-utils x11-xkb-utils xdg-utils
)
packages=(
  xvfb xauth xdotool imagemagick x11-utils x11-xkb-utils mmdebstrap lintian man-db desktop-file-utils appstream
  shared-mime-info rpm
)

case ${1:-run} in
run) wanted=("${build[@]}" "${run[@]}") ;;
test) wanted=("${build[@]}" "${run[@]}" "${test[@]}") ;;
windows) wanted=("${windows[@]}") ;;
packages) wanted=("${build[@]}" "${run[@]}" "${packages[@]}") ;;
*) echo "usage: $0 run|test|windows|packages" >&2; exit 2 ;;
esac

toolchain=$(sed -n 's/^toolchain //p' "$(dirname "$0")/../go.mod")
command -v go >/dev/null || { echo "Go is not installed. Install Go ${toolchain#go} from https://go.dev/dl/ and try again." >&2; exit 1; }
# Go 1.21 and newer download the toolchain that GOTOOLCHAIN names; older versions ignore it.
[ "$(GOTOOLCHAIN=$toolchain go env GOVERSION)" = "$toolchain" ] || {
  echo "Go ${toolchain#go} is needed, and the Go on this machine could not download it. Install it from https://go.dev/dl/ and try again." >&2
  exit 1
}

# Windows and macOS need only a C compiler.
case $(uname -s) in
Linux) ;;
*) command -v cc >/dev/null || command -v gcc >/dev/null || { echo "No C compiler found: install Xcode's command line tools (macOS) or MSYS2's mingw-w64 gcc (Windows)." >&2; exit 1; }
   exit 0 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  command -v pkg-config >/dev/null && pkg-config --exists gl x11 xcursor xrandr xinerama xi xxf86vm && exit 0
  echo "This is not Debian or Ubuntu. Install the development packages of OpenGL, X11, Xcursor, Xrandr, Xinerama, Xi and Xxf86vm, and gcc and pkg-config." >&2
  exit 1
fi

missing=()
for p in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "Missing packages: ${missing[*]}. Install them as root: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=sudo
fi
echo "Installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! { $sudo apt-get -q update && $sudo apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "The packages above could not be installed." >&2
  exit 1
fi
