#!/usr/bin/env bash
# Create the trees that Linux packages install below /usr.
# usage: tree.sh PROGRAMS ICONS MANUALS SBOMS TREE SERVER
# PROGRAMS is the folder with acen, acenctl and acen-server. ICONS and MANUALS are the outputs of packaging/icons and
# packaging/manual. SBOMS is the folder with the SBOM of each program. TREE, for the app, and SERVER, for acen-server, are
# replaced.
set -eu
programs=$1 icons=$2 manuals=$3 sboms=$4 tree=$5 server=$6
here=$(dirname "$0")
root=$here/../..
id=$(sed -n 's/^ID = "\(.*\)"$/\1/p' "$root/FyneApp.toml")
version=$(sed -n 's/^Version = "\(.*\)"$/\1/p' "$root/FyneApp.toml")
released=$(sed -n 's/.*<release version="'"$version"'" date="\([0-9-]*\)".*/\1/p' "$here/$id.metainfo.xml")
[ -n "$released" ] || { echo "packaging/linux/$id.metainfo.xml names no release $version." >&2; exit 1; }

umask 022
rm -rf "$tree"
install -D -m 755 -t "$tree/bin" "$programs/acen" "$programs/acenctl"
install -D -m 644 -t "$tree/share/applications" "$here/$id.desktop"
install -D -m 644 -t "$tree/share/metainfo" "$here/$id.metainfo.xml"
install -D -m 644 -t "$tree/share/mime/packages" "$here/$id.xml"
mkdir -p "$tree/share/icons"
cp -R "$icons/hicolor" "$tree/share/icons/"

mkdir -p "$tree/share/man"
cp -R "$manuals/acen/man1" "$tree/share/man/"

# Shell completion of acenctl.
mkdir -p "$tree/share/bash-completion/completions" "$tree/share/zsh/site-functions" "$tree/share/fish/vendor_completions.d"
"$programs/acenctl" completion bash >"$tree/share/bash-completion/completions/acenctl"
"$programs/acenctl" completion zsh >"$tree/share/zsh/site-functions/_acenctl"
"$programs/acenctl" completion fish >"$tree/share/fish/vendor_completions.d/acenctl.fish"

# documents TREE NAME writes the copyright file and the changelog that Debian's policy requires.
documents() {
  doc=$1/share/doc/$2
  mkdir -p "$doc"
  {
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: ACEN Desktop\n'
    printf 'Source: https://github.com/acen-desktop/acen\n\nFiles: *\nCopyright: %s\nLicense: Expat\n' "$(sed -n 's/^Copyright (c) //p' "$root/LICENSE")"
    sed '1,4d; s/^$/./; s/^/ /' "$root/LICENSE"
  } >"$doc/copyright"
  {
    printf '%s (%s-1) unstable; urgency=medium\n\n  * Release %s.\n\n' "$2" "$version" "$version"
    printf ' -- The ACEN Desktop authors <acen-desktop@users.noreply.github.com>  %s\n' "$(LC_ALL=C date -u -d "$released" '+%a, %d %b %Y %H:%M:%S +0000')"
  } | gzip -9n >"$doc/changelog.Debian.gz"
}
documents "$tree" acen
install -m 644 -t "$tree/share/doc/acen" "$sboms/acen.cdx.json" "$sboms/acenctl.cdx.json"

# The tree of acen-server.
rm -rf "$server"
install -D -m 755 -t "$server/bin" "$programs/acen-server"
install -D -m 644 "$here/../systemd/acen-server.sysusers" "$server/lib/sysusers.d/acen-server.conf"
install -d "$server/lib/systemd/system"
sed 's|/usr/local/bin/|/usr/bin/|' "$here/../systemd/acen-server.service" >"$server/lib/systemd/system/acen-server.service"
documents "$server" acen-server
install -m 644 -t "$server/share/doc/acen-server" "$sboms/acen-server.cdx.json"
mkdir -p "$server/share/man"
cp -R "$manuals/acen-server/man8" "$server/share/man/"
chmod -R u=rwX,go=rX "$tree" "$server"
