# Packages, which are written to build/packages.
VERSION  := $(shell sed -n 's/^Version = "\(.*\)"$$/\1/p' FyneApp.toml)
BUILD    := $(shell sed -n 's/^Build = \(.*\)$$/\1/p' FyneApp.toml)
WEBSITE  := $(shell sed -n 's/^Website = "\(.*\)"$$/\1/p' FyneApp.toml)
ARCH     := $(shell go env GOARCH)
PACKAGES := build/packages

NFPM_VERSION := v2.45.2
NFPM         := $(TOOLS)/nfpm-$(NFPM_VERSION)

# The compiler is named with its variant, because the unqualified name may change its variant, which invalidates the cache.
MINGW   := x86_64-w64-mingw32
WINDOWS := CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=$(MINGW)-gcc-posix

.PHONY: icon icons manuals programs-linux tree-linux programs-windows package-deb package-rpm package-tar package-windows \
  package-windows-installer package-macos setup-windows setup-packages test-windows in-wine test-packages

icon: icons ## draw Icon.png and assets/icon.png anew from assets/icon.svg
	cp build/icons/Icon.png Icon.png
	cp build/icons/icon.png assets/icon.png

icons:
	go run ./packaging/icons build/icons

manuals:
	rm -rf build/manuals
	go run ./packaging/manual build/manuals

# acen is position-independent, for which the toolkit is built a second time in some minutes. The other programs link no
# C and run on any Linux.
programs-linux: setup-run
	go build -tags $(TAGS) -buildmode=pie -trimpath -ldflags "-s -w" -o build/linux/ ./cmd/acen
	CGO_ENABLED=0 go build -ldflags "-s -w" -o build/linux/ ./cmd/acenctl ./cmd/acen-server

# $(call sboms,FOLDER,PROGRAMS,SUFFIX) writes the SBOM of each program in FOLDER, its modules with versions and hashes, to
# build/sbom/NAME.cdx.json and to the folder of the packages.
define sboms
mkdir -p build/sbom $(PACKAGES)
for program in $(2); do \
  $(CYCLONEDX) bin -json -noserial -notimestamp -std -version v$(VERSION) -output build/sbom/$${program%.exe}.cdx.json $(1)/$$program; \
  cp build/sbom/$${program%.exe}.cdx.json $(PACKAGES)/$${program%.exe}-$(VERSION)-$(3).cdx.json; \
done
endef

tree-linux: programs-linux icons manuals $(CYCLONEDX)
	$(call sboms,build/linux,acen acenctl acen-server,linux-$(ARCH))
	packaging/linux/tree.sh build/linux build/icons build/manuals build/sbom build/tree build/server

package-deb: tree-linux $(NFPM) ## Debian and Ubuntu: build/packages/acen_VERSION-1_ARCH.deb, and that of acen-server
	VERSION=$(VERSION) GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/app.yaml -p deb -t $(PACKAGES)
	VERSION=$(VERSION) GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/server.yaml -p deb -t $(PACKAGES)

package-rpm: tree-linux $(NFPM) ## Fedora and openSUSE: build/packages/acen-VERSION-1.ARCH.rpm, and that of acen-server
	VERSION=$(VERSION) GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/app.yaml -p rpm -t $(PACKAGES)
	VERSION=$(VERSION) GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/server.yaml -p rpm -t $(PACKAGES)

package-tar: tree-linux ## any Linux: build/packages/acen-VERSION-linux-ARCH.tar.xz, with an installer that needs no root
	rm -rf build/tar && mkdir -p build/tar
	cp -R build/tree build/tar/acen-$(VERSION)
	cp LICENSE packaging/linux/install.sh build/tar/acen-$(VERSION)/
	tar -C build/tar --owner=0 --group=0 --sort=name -cJf $(PACKAGES)/acen-$(VERSION)-linux-$(ARCH).tar.xz acen-$(VERSION)

$(NFPM):
	GOBIN=$(TOOLS) go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	mv $(TOOLS)/nfpm $@

# Resources of a Windows program, which the linker finds in the folder of its source. They are not committed.
comma     := ,
RESOURCES := $(MINGW)-windres -O coff -I build/icons -DVERSION=$(VERSION) -DNUMBERS=$(subst .,$(comma),$(VERSION)),$(BUILD)

programs-windows: icons $(CYCLONEDX)
	$(RESOURCES) -DPROGRAM=acen "-DDESCRIPTION=ACEN Desktop" packaging/windows/acen.rc cmd/acen/acen_windows_amd64.syso
	$(RESOURCES) -DPROGRAM=acenctl "-DDESCRIPTION=ACEN Desktop in a terminal" packaging/windows/acen.rc cmd/acenctl/acenctl_windows_amd64.syso
	$(WINDOWS) go build -ldflags "-s -w -H=windowsgui" -o build/windows/ ./cmd/acen
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build -ldflags "-s -w" -o build/windows/ ./cmd/acenctl
	$(call sboms,build/windows,acen.exe acenctl.exe,windows-amd64)

package-windows: setup-windows programs-windows ## Windows: build/packages/acen-VERSION-windows-amd64.zip, programs that need no installer
	rm -rf build/zip && mkdir -p $(PACKAGES) build/zip/acen-$(VERSION)
	cp build/windows/acen.exe build/windows/acenctl.exe build/zip/acen-$(VERSION)/
	cp LICENSE build/zip/acen-$(VERSION)/LICENSE.txt
	rm -f $(PACKAGES)/acen-$(VERSION)-windows-amd64.zip
	cd build/zip && zip -q -X -r $(CURDIR)/$(PACKAGES)/acen-$(VERSION)-windows-amd64.zip acen-$(VERSION)

package-windows-installer: setup-windows programs-windows ## Windows: build/packages/ACEN-Desktop-VERSION-setup.exe
	mkdir -p $(PACKAGES)
	makensis -V2 -WX -DVERSION=$(VERSION) -DNUMBERS=$(VERSION).$(BUILD) -DPROGRAMS=$(CURDIR)/build/windows -DICON=$(CURDIR)/build/icons/acen.ico \
	  -DLICENSE=$(CURDIR)/LICENSE -DWEBSITE=$(WEBSITE) -DOUT=$(CURDIR)/$(PACKAGES)/ACEN-Desktop-$(VERSION)-setup.exe packaging/windows/installer.nsi

package-macos: $(CYCLONEDX) ## macOS, on a Mac: build/packages/acen-VERSION-macos.zip with "ACEN Desktop.app" for Apple and Intel processors
	packaging/macos/package.sh $(PACKAGES)
	$(call sboms,build/macos/arm64,acen acenctl,macos)

setup-windows:
	@scripts/setup.sh windows

setup-packages:
	@scripts/setup.sh packages

test-windows: setup-windows package-windows-installer ## the Windows programs and the installer under Wine: window, mails, keyring, locks
	$(WINDOWS) go build -tags uimap -o build/uimap-windows/ ./cmd/acen ./cmd/acen-demo
	mkdir -p $(ARTIFACTS)
	scripts/with-wine.sh $(MAKE) --no-print-directory in-wine

# All of these run in the Wine of with-wine.sh. Its server is stopped between tests without and with a display.
in-wine:
	CGO_ENABLED=0 GOOS=windows go test -p 1 $(WINE_PACKAGES)
	$$WINESERVER -k || true; $$WINESERVER -w
	CGO_ENABLED=0 GOOS=windows scripts/with-dmi.sh go test -count=1 -tags wine -run TestWine ./fingerprint
	$$WINESERVER -k || true; $$WINESERVER -w
	KEYRING=unlocked CGO_ENABLED=0 GOOS=windows go test -count=1 -tags keyring -run TestRealKeyring ./client/keyring
	$$WINESERVER -k || true; $$WINESERVER -w
	ARTIFACTS=$(ARTIFACTS) PROGRAMS=$(CURDIR)/build/uimap-windows SETUP=$(CURDIR)/$(PACKAGES)/ACEN-Desktop-$(VERSION)-setup.exe \
	  go test -count=1 -timeout 20m -tags "window wine" -run TestWine ./e2e/window

WINE_PACKAGES := ./license/... ./api ./manager/... ./fingerprint/... ./client/... ./protect/...

test-packages: setup-packages package-deb package-rpm package-tar ## the packages on clean systems: installed, started, upgraded, removed (as root)
	mkdir -p $(ARTIFACTS) $(PACKAGES)/old
	VERSION=0.0.1 GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/app.yaml -p deb -t $(PACKAGES)/old
	VERSION=0.0.1 GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/app.yaml -p rpm -t $(PACKAGES)/old
	[ -s build/root.tar ] || $(SUDO) mmdebstrap --quiet --variant=minbase --include=ca-certificates $(SUITE) build/root.tar $(MIRRORS)
	go build -tags "$(TAGS) uimap" -o build/uimap/ ./cmd/acen
	go test -c -tags packages -o build/packages.test ./e2e/packages
	cd e2e/packages && $(SUDO) env PACKAGES=$(CURDIR)/$(PACKAGES) ARTIFACTS=$(ARTIFACTS) ROOT=$(CURDIR)/build/root.tar UIMAP=$(CURDIR)/build/uimap/acen \
	  $(CURDIR)/build/packages.test -test.timeout 20m -test.failfast

# The clean Debian has the release and the mirrors of this machine.
SUDO    := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SUITE    = $(shell . /etc/os-release && echo $$VERSION_CODENAME)
MIRRORS  = $(wildcard /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources)
