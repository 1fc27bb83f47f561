#!/usr/bin/env bash
# Make "ACEN Desktop.app" on a Mac, for Apple and Intel processors, and a .zip of it: packaging/macos/package.sh FOLDER
# It needs Go and Xcode's command line tools. The app is signed for this Mac alone, unless CODESIGN_IDENTITY names a
# "Developer ID Application" of the keychain; NOTARY_PROFILE, a profile of `xcrun notarytool store-credentials`, has it
# notarized, so that other Macs open it without a question. Two parts of it work anywhere: `package.sh --plist` prints the Info.plist,
# and `package.sh --bundle APP PROGRAMS ICONS` lays the app out from the folder with acen and acenctl and that of packaging/icons.
set -eu
to=$1
cd "$(dirname "$0")/../.."
said() { sed -n 's/^'"$1"' = "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' FyneApp.toml; }
name=$(said Name) version=$(said Version)
work=build/macos app="build/macos/$name.app"

# plist writes the app's Info.plist.
plist() { sed -e "s|@NAME@|$name|; s|@ID@|$(said ID)|; s|@VERSION@|$version|; s|@BUILD@|$(said Build)|" packaging/macos/Info.plist; }

# bundle APP PROGRAMS ICONS lays the app out; signing it is the last step, because it seals all of this.
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
