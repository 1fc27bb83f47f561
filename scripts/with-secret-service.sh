#!/usr/bin/env bash
# Run a command with a temporary Secret Service (GNOME Keyring), without a display.
# usage: with-secret-service.sh [--locked|--no-service] command...
#   --locked      the keyring exists and is locked
#   --no-service  D-Bus runs without a Secret Service
# Needs dbus-run-session and gnome-keyring-daemon. The command has a temporary home and the caller's Go caches.
set -eu

mode=unlocked
case ${1-} in
--locked | --no-service) mode=${1#--}; shift ;;
esac

if command -v go >/dev/null; then
  GOCACHE=$(go env GOCACHE) GOMODCACHE=$(go env GOMODCACHE) GOPATH=$(go env GOPATH)
  export GOCACHE GOMODCACHE GOPATH
fi

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
export HOME=$temporary/home XDG_RUNTIME_DIR=$temporary/run
export XDG_DATA_HOME=$HOME/.local/share XDG_CONFIG_HOME=$HOME/.config XDG_CACHE_HOME=$HOME/.cache
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_DATA_HOME" "$XDG_CONFIG_HOME" "$XDG_CACHE_HOME"
chmod 700 "$XDG_RUNTIME_DIR"
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS || true

# Without service folders D-Bus does not activate an installed keyring.
config=$temporary/bus.conf
cat >"$config" <<'XML'
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
XML

export mode
# The daemon reads its password from standard input, and detaches when the keyring is ready.
dbus-run-session --config-file="$config" -- bash -c '
  set -eu
  case $mode in
  unlocked) printf "password of the test\n" | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null ;;
  locked) gnome-keyring-daemon --start --components=secrets --daemonize >/dev/null ;;
  esac
  "$@"
' _ "$@"
