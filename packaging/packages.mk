# Packages. Each has one command; what they make lies in build/packages.
VERSION  := $(shell sed -n 's/^Version = "\(.*\)"$$/\1/p' FyneApp.toml)
BUILD    := $(shell sed -n 's/^Build = \(.*\)$$/\1/p' FyneApp.toml)
APP_ID   := $(shell sed -n 's/^ID = "\(.*\)"$$/\1/p' FyneApp.toml)
ARCH     := $(shell go env GOARCH)
PACKAGES := build/packages

NFPM_VERSION := v2.45.2
NFPM         := $(TOOLS)/nfpm-$(NFPM_VERSION)

# Debian's compiler is named with its variant: installing the other one would throw the cached build away.
MINGW   := x86_64-w64-mingw32
WINDOWS := CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=$(MINGW)-gcc-posix

.PHONY: icon icons programs-linux tree-linux programs-windows \
  package-deb package-rpm package-tar package-windows package-windows-installer package-macos

icon: icons ## draw Icon.png anew from assets/icon.svg
	cp build/icons/Icon.png Icon.png

icons:
	go run ./packaging/icons build/icons

# Without symbols, and without -trimpath: that would build the toolkit a second time, which takes minutes.
programs-linux: setup-run
	go build -tags $(TAGS) -ldflags "-s -w" -o build/linux/ ./cmd/acen
	CGO_ENABLED=0 go build -ldflags "-s -w" -o build/linux/ ./cmd/acenctl ./cmd/acen-server

tree-linux: programs-linux icons
	packaging/linux/tree.sh build/linux build/icons build/tree
	mkdir -p $(PACKAGES)

package-deb: tree-linux $(NFPM) ## Debian and Ubuntu: build/packages/acen_VERSION-1_ARCH.deb
	VERSION=$(VERSION) GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/nfpm.yaml -p deb -t $(PACKAGES)

package-rpm: tree-linux $(NFPM) ## Fedora and openSUSE: build/packages/acen-VERSION-1.ARCH.rpm
	VERSION=$(VERSION) GOARCH=$(ARCH) $(NFPM) package -f packaging/linux/nfpm.yaml -p rpm -t $(PACKAGES)

package-tar: tree-linux ## any Linux: build/packages/acen-VERSION-linux-ARCH.tar.xz, with an installer that needs no root
	rm -rf build/tar && mkdir -p build/tar
	cp -R build/tree build/tar/acen-$(VERSION)
	cp LICENSE packaging/linux/install.sh build/tar/acen-$(VERSION)/
	tar -C build/tar --owner=0 --group=0 --sort=name -cJf $(PACKAGES)/acen-$(VERSION)-linux-$(ARCH).tar.xz acen-$(VERSION)

$(NFPM):
	GOBIN=$(TOOLS) go install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	mv $(TOOLS)/nfpm $@

# Resources of a Windows program: they lie beside its source for the linker to find, and in no commit.
comma     := ,
RESOURCES := $(MINGW)-windres -O coff -I build/icons -DVERSION=$(VERSION) -DNUMBERS=$(subst .,$(comma),$(VERSION)),$(BUILD)

programs-windows: icons
	$(RESOURCES) -DPROGRAM=acen "-DDESCRIPTION=ACEN Desktop" packaging/windows/acen.rc cmd/acen/acen_windows_amd64.syso
	$(RESOURCES) -DPROGRAM=acenctl "-DDESCRIPTION=ACEN Desktop in a terminal" packaging/windows/acen.rc cmd/acenctl/acenctl_windows_amd64.syso
	$(WINDOWS) go build -ldflags "-s -w -H=windowsgui" -o build/windows/ ./cmd/acen
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go build -ldflags "-s -w" -o build/windows/ ./cmd/acenctl
