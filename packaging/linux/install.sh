#!/bin/sh
# Install ACEN Desktop from this folder, or remove it.
# usage: install.sh [--remove] [FOLDER]
# FOLDER is ~/.local by default, for this user only. For all users, run it as root with a folder such as /usr/local.
# Licenses and settings are not changed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
remove=
[ "${1-}" != --remove ] || { remove=yes; shift; }
case ${1-} in -*) echo "usage: $0 [--remove] [FOLDER]" >&2; exit 2 ;; esac
to=${1:-$HOME/.local}

cd "$here"
find bin share -type f | while read -r file; do
  if [ -n "$remove" ]; then
    rm -f "$to/$file"
  else
    mkdir -p "$to/$(dirname "$file")"
    rm -f "$to/$file" # a running program cannot be overwritten
    cp "$file" "$to/$file"
  fi
done
# The desktop entry has the path of the program, which need not be in PATH.
[ -n "$remove" ] || for entry in share/applications/*.desktop; do
  sed "s|^Exec=acen |Exec=\"$to/bin/acen\" |" "$entry" >"$to/$entry"
done
if command -v update-desktop-database >/dev/null; then update-desktop-database -q "$to/share/applications" || true; fi
if command -v update-mime-database >/dev/null && [ -d "$to/share/mime/packages" ]; then update-mime-database "$to/share/mime" || true; fi
if command -v gtk-update-icon-cache >/dev/null; then gtk-update-icon-cache -q -t "$to/share/icons/hicolor" 2>/dev/null || true; fi
if [ -n "$remove" ]; then echo "ACEN Desktop is removed from $to."; else echo "ACEN Desktop is in $to. Start it from your desktop's menu, or with $to/bin/acen."; fi
