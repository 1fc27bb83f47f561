#!/bin/sh
# Runs before acen-server is removed. Data and settings stay, because they contain the keys of all licenses.
set -e
case $1 in
remove | 0) [ ! -d /run/systemd/system ] || systemctl disable --now acen-server.service ;;
esac
