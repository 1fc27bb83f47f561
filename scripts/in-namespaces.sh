#!/usr/bin/env bash
# Run a command that creates network and mount namespaces. Unless the user is root, it runs in a new user namespace.
set -eu
[ "$(id -u)" != 0 ] || exec "$@"
if ! unshare --user --map-root-user true 2>/dev/null; then
  echo "This system lets ordinary users make no namespaces. Run the command as root." >&2
  exit 1
fi
# ip stores the names of network namespaces below /run.
exec unshare --user --map-root-user --net --mount bash -c 'mount -t tmpfs tmpfs /run && exec "$@"' _ "$@"
