#!/usr/bin/env bash
# Run a command that makes network and mount namespaces: as root as it is, as an ordinary user in a user namespace of its own.
set -eu
[ "$(id -u)" != 0 ] || exec "$@"
if ! unshare --user --map-root-user true 2>/dev/null; then
  echo "This system lets ordinary users make no namespaces. Run the command as root." >&2
  exit 1
fi
# ip keeps names of network namespaces below /run.
exec unshare --user --map-root-user --net --mount bash -c 'mount -t tmpfs tmpfs /run && exec "$@"' _ "$@"
