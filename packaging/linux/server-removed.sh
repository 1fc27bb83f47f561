#!/bin/sh
# Before acen-server is removed. Data and settings stay: they hold the keys of every license.
set -e
case $1 in
remove | 0) [ ! -d /run/systemd/system ] || systemctl disable --now acen-server.service ;;
esac
