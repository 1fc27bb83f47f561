#!/usr/bin/env bash
# Make "ACEN Desktop.app" on a Mac, for Apple and Intel processors, and a .zip of it: packaging/macos/package.sh FOLDER
# It needs Go and Xcode's command line tools. The app is signed for this Mac alone, unless CODESIGN_IDENTITY names a
# "Developer ID Application" of the keychain; NOTARY_PROFILE, a profile of `xcrun notarytool store-credentials`, has it
# notarized, so that other Macs open it without a question.
set -eu
to=$1
cd "$(dirname "$0")/../.."
said() { sed -n 's/^'"$1"' = "\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' FyneApp.toml; }
name=$(said Name) version=$(said Version)
work=build/macos app="build/macos/$name.app"

# plist writes the app's Info.plist.
plist() { sed -e "s|@NAME@|$name|; s|@ID@|$(said ID)|; s|@VERSION@|$version|; s|@BUILD@|$(said Build)|" packaging/macos/Info.plist; }
if [ "$to" = --plist ]; then plist; exit; fi

[ "$(uname -s)" = Darwin ] || { echo "The app for macOS is built on a Mac: its window needs Apple's compiler and frameworks." >&2; exit 1; }
rm -rf "$work"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources" "$to"
go run ./packaging/icons build/icons
cp build/icons/acen.icns LICENSE "$app/Contents/Resources/"
plist >"$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist"

export MACOSX_DEPLOYMENT_TARGET=12.0
for arch in arm64 amd64; do
  CGO_ENABLED=1 GOOS=darwin GOARCH=$arch go build -ldflags "-s -w" -o "$work/$arch/acen" ./cmd/acen
  CGO_ENABLED=1 GOOS=darwin GOARCH=$arch go build -ldflags "-s -w" -o "$work/$arch/acenctl" ./cmd/acenctl
done
for program in acen acenctl; do
  lipo -create -output "$app/Contents/MacOS/$program" "$work/arm64/$program" "$work/amd64/$program"
done

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
