#!/usr/bin/env bash
# Build "ACEN Desktop.app" on a Mac, for Apple and Intel processors, and write a .zip of it to FOLDER.
# usage: package.sh FOLDER
#        package.sh --plist                      print the Info.plist
#        package.sh --bundle APP PROGRAMS ICONS  create APP from the folder with acen and acenctl and that of packaging/icons
# It needs Go and Xcode's command line tools; --plist and --bundle work on any system. The signature is valid on this Mac
# only, unless CODESIGN_IDENTITY names a "Developer ID Application" of the keychain. With NOTARY_PROFILE, a profile of
# `xcrun notarytool store-credentials`, the app is notarized, and other Macs open it without a warning.
set -eu
to=$1
cd "$(dirname "$0")/../.."
value() { sed -n 's/^'"$1"' = "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' FyneApp.toml; }
name=$(value Name) version=$(value Version)
work=build/macos app="build/macos/$name.app"

# plist prints the app's Info.plist.
plist() { sed -e "s|@NAME@|$name|; s|@ID@|$(value ID)|; s|@VERSION@|$version|; s|@BUILD@|$(value Build)|" packaging/macos/Info.plist; }

# bundle APP PROGRAMS ICONS creates the app. It is signed afterwards, because the signature covers all files.
bundle() {
  mkdir -p "$1/Contents/MacOS" "$1/Contents/Resources"
  cp "$3/acen.icns" LICENSE "$1/Contents/Resources/"
  plist >"$1/Contents/Info.plist"
  cp "$2/acen" "$2/acenctl" "$1/Contents/MacOS/"
  chmod 755 "$1/Contents/MacOS/acen" "$1/Contents/MacOS/acenctl"
}
case $to in
--plist) plist; exit ;;
--bundle) bundle "$2" "$3" "$4"; exit ;;
esac

[ "$(uname -s)" = Darwin ] || { echo "The app for macOS is built on a Mac: its window needs Apple's compiler and frameworks." >&2; exit 1; }
rm -rf "$work"
mkdir -p "$work/programs" "$to"
export GOTOOLCHAIN=$(sed -n 's/^toolchain //p' go.mod)
go run ./packaging/icons build/icons

export MACOSX_DEPLOYMENT_TARGET=12.0
for arch in arm64 amd64; do
  CGO_ENABLED=1 GOOS=darwin GOARCH=$arch go build -ldflags "-s -w" -o "$work/$arch/acen" ./cmd/acen
  CGO_ENABLED=1 GOOS=darwin GOARCH=$arch go build -ldflags "-s -w" -o "$work/$arch/acenctl" ./cmd/acenctl
done
for program in acen acenctl; do
  lipo -create -output "$work/programs/$program" "$work/arm64/$program" "$work/amd64/$program"
done
bundle "$app" "$work/programs" build/icons
plutil -lint "$app/Contents/Info.plist"

identity=${CODESIGN_IDENTITY:--}
runtime=()
[ "$identity" = - ] || runtime=(--options runtime --timestamp)
for part in "$app/Contents/MacOS/acenctl" "$app"; do
  codesign --force --sign "$identity" ${runtime[@]+"${runtime[@]}"} "$part"
done
codesign --verify --strict "$app"
[ "$("$app/Contents/MacOS/acen" --version)" = "acen $version" ]

zip="$to/acen-$version-macos.zip"
rm -f "$zip"
ditto -c -k --keepParent "$app" "$zip"
if [ -n "${NOTARY_PROFILE-}" ]; then
  xcrun notarytool submit "$zip" --keychain-profile "$NOTARY_PROFILE" --wait
  xcrun stapler staple "$app"
  rm -f "$zip"
  ditto -c -k --keepParent "$app" "$zip"
fi
echo "$zip"
