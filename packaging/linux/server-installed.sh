#!/bin/sh
# Runs after acen-server was installed or upgraded. It restarts a running server. It starts none, because the settings
# have to be written first.
set -e
if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers /usr/lib/sysusers.d/acen-server.conf
elif ! getent passwd acen-server >/dev/null; then
  useradd --system --user-group --home-dir /var/lib/acen-server --shell /usr/sbin/nologin --comment "ACEN license server" acen-server
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart acen-server.service
fi
