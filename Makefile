# `make run` and `make test` are the commands of the README; `make test-all` adds the long suites.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# With GOTOOLCHAIN=local, which some machines set, Go ignores the toolchain line of go.mod.
export GOTOOLCHAIN := go1.27.3

# Linux builds are for X11 (and XWayland), because Fyne's Wayland driver has open regressions.
TAGS      := x11
TOOLS     := $(CURDIR)/build/tools
ARTIFACTS := $(CURDIR)/artifacts

GOVULNCHECK_VERSION := v1.9.0
VULNDB_VERSION      := v0.0.0-20261105234957-e22db6528018
MAILPIT_VERSION     := v1.27.11
GOLANGCI_VERSION    := v2.15.0
DEADCODE_VERSION    := v0.52.0
ACTIONLINT_VERSION  := v1.7.12
CYCLONEDX_VERSION   := v1.10.0

# Tools that analyze source are built with the Go toolchain of that source.
GOLANGCI    := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)-$(GOTOOLCHAIN)
DEADCODE    := $(TOOLS)/deadcode-$(DEADCODE_VERSION)-$(GOTOOLCHAIN)
GOVULNCHECK := $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION)-$(GOTOOLCHAIN)
ACTIONLINT  := $(TOOLS)/actionlint-$(ACTIONLINT_VERSION)
CYCLONEDX   := $(TOOLS)/cyclonedx-gomod-$(CYCLONEDX_VERSION)

# Packages without a window, which are built without cgo and tested with the race detector.
CORE   := ./api/... ./client/... ./fingerprint/... ./license/... ./manager/... ./protect/... ./redact/... \
  ./server/... ./internal/admincli/... ./internal/cli/... ./internal/app/appleevents ./internal/app/handover \
  ./internal/app/paths ./cmd/acen-server ./cmd/acenctl ./examples/... ./packaging/... ./scripts/...
WINDOW := ./assets/... ./ui/... ./internal/app ./internal/demo ./cmd/acen ./cmd/acen-demo

# Packages with files for Windows or macOS only that need no cgo.
NATIVE := ./client/keyring ./fingerprint ./internal/app/appleevents ./license/installed ./ui/kit/opener

.PHONY: help run build test test-all setup-run setup-test format vet vet-macos vet-windows lint deadcode \
  workflows vulnerabilities test-core test-ui test-postgres test-keyring test-mail test-twopcs test-window exactness \
  pictures architecture bench bench-fingerprint bench-protect clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: setup-run ## install what is missing and try everything: a server with sample orders, and the window on it
	go run -tags $(TAGS) ./cmd/acen-demo

build: setup-run ## build the programs into build/
	go build -tags $(TAGS) -o build/ ./cmd/acen ./cmd/acen-demo
	CGO_ENABLED=0 go build -o build/ ./cmd/acen-server ./cmd/acenctl

test: setup-test format vet vet-macos vet-windows lint deadcode workflows vulnerabilities test-core test-ui test-postgres test-keyring test-mail test-twopcs test-window ## install what is missing and run every test but the long suites
	@echo "all tests passed"

test-all: test faults mutants test-windows test-packages ## everything: make test, then the long suites whole

setup-run:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

format:
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted" >&2; exit 1; }

vet: ## go vet for Linux, and for Windows and macOS what is written for them alone
	go vet -tags $(TAGS) ./...
	go vet -tags "$(TAGS) uimap startprofile window pictures keyring integration postgres twopcs wine packages" ./...
	CGO_ENABLED=0 GOOS=windows go vet -tags "keyring wine" $(NATIVE)
	CGO_ENABLED=0 GOOS=darwin go vet -tags keyring $(NATIVE)

vet-macos: ## type-check everything for macOS, the toolkit's cgo files included, without a Mac
	go run ./scripts/typecheck darwin/arm64,darwin/amd64 "uimap keyring"

vet-windows: ## the same for Windows
	go run ./scripts/typecheck windows/amd64,windows/arm64 "uimap keyring wine"

lint: $(GOLANGCI) ## golangci-lint with .golangci.yml, for each system and set of tags, staticcheck's checks among them
	go run ./scripts/lint $<

deadcode: $(DEADCODE) ## functions that no program reaches, but for scripts/deadcode/kept.txt
	go run ./scripts/deadcode $<

workflows: $(ACTIONLINT) ## check .github/workflows without a network
	$< -shellcheck= -pyflakes=

# For a newer database, or without a network: make vulnerabilities VULNDB=FOLDER
VULNDB := golang.org/x/vulndb@$(VULNDB_VERSION)

vulnerabilities: $(GOVULNCHECK) ## known vulnerabilities that the programs reach, but for scripts/vulnerabilities/accepted.txt; VULNDB=FOLDER
	go run ./scripts/vulnerabilities $< $(VULNDB)

test-core: ## everything without a window, under the race detector
	go test -race -timeout 30m . $$(go list $(CORE) ./e2e/... | grep -v /license/carry)
	go test -timeout 30m ./license/carry # decodes many pictures, which is five times slower with the race detector

test-ui: ## the screens, in Fyne's test driver
	go test -tags $(TAGS) $(WINDOW)

test-postgres: ## the server's rules again, on a real PostgreSQL; the store is tested alone because it crashes the database
	scripts/with-postgres.sh go test -count=1 -tags postgres ./server/store/postgres
	scripts/with-postgres.sh go test -count=1 -tags postgres ./server ./server/attacktest ./server/httpapi ./server/timingtest ./server/listen ./e2e
	scripts/with-postgres.sh go test -count=1 -tags postgres ./e2e/exactness

test-keyring: ## credentials, against a real GNOME keyring
	KEYRING=unlocked scripts/with-secret-service.sh go test -count=1 -tags keyring -run TestRealKeyring ./client/keyring
	KEYRING=locked scripts/with-secret-service.sh --locked go test -count=1 -tags keyring -run TestRealKeyring ./client/keyring
	KEYRING=no-service scripts/with-secret-service.sh --no-service go test -count=1 -tags keyring -run TestRealKeyring ./client/keyring
	KEYRING=no-bus scripts/with-secret-service.sh --no-service go test -count=1 -tags keyring -run TestRealKeyring ./client/keyring

test-mail: $(TOOLS)/mailpit-$(MAILPIT_VERSION) ## mails, against a real mail server
	MAILPIT=$< go test -count=1 -tags integration ./server/mail/...

test-twopcs: ## three PCs in namespaces of their own: a whole move, a kill in between, a courier's round
	scripts/in-namespaces.sh go test -count=1 -tags twopcs ./e2e/twopcs

test-window: $(TOOLS)/mailpit-$(MAILPIT_VERSION) ## the real window under Xvfb, the real server, keyring and mail server
	rm -rf $(ARTIFACTS) && mkdir -p $(ARTIFACTS) build/uimap
	go build -tags "$(TAGS) uimap" -o build/uimap/ ./cmd/acen ./cmd/acen-demo
	MAILPIT=$< ARTIFACTS=$(ARTIFACTS) PROGRAMS=$(CURDIR)/build/uimap scripts/with-secret-service.sh \
	  go test -count=1 -timeout 30m -tags window ./e2e/window

exactness: setup-test ## 64 clients, 1,000 rounds, servers killed at random: is a license ever lost, or sold twice? (half an hour)
	go test -count=1 -v -timeout 60m ./e2e/exactness -rounds 1000
	scripts/with-postgres.sh go test -count=1 -v -timeout 120m -tags postgres ./e2e/exactness -rounds 1000

pictures: setup-test ## take the pictures of the documentation again, light and dark, of the real window
	rm -rf $(ARTIFACTS) && mkdir -p $(ARTIFACTS) build/uimap
	go build -tags "$(TAGS) uimap" -o build/uimap/ ./cmd/acen ./cmd/acen-demo
	PICTURES=$(CURDIR)/docs ARTIFACTS=$(ARTIFACTS) PROGRAMS=$(CURDIR)/build/uimap scripts/with-secret-service.sh \
	  go test -count=1 -timeout 30m -tags "window pictures" -run TestPictures ./e2e/window

architecture: ## draw docs/architecture.svg from the imports
	go run ./scripts/architecture

# Paths of peers whose modules cannot be downloaded, and the topics to measure.
ROWS                  :=
KEYGEN_RELAY          :=
SLASHDEVOPS_MACHINEID :=
F_LICENSE             :=

bench: setup-test ## measure everything beside peers and the limit and write docs/benchmarks.md (a quarter of an hour); ROWS=protect,locks measures some
	mkdir -p build
	cd bench && CGO_ENABLED=0 go build -o ../build/bench .
	build/bench -root . -rows "$(ROWS)" -keygen-relay "$(KEYGEN_RELAY)" -slashdevops-machineid "$(SLASHDEVOPS_MACHINEID)" -f-license "$(F_LICENSE)"

bench-fingerprint: ## time to read all seven locks, beside the machine id alone
	go test -run '^$$' -bench . -benchmem ./fingerprint

bench-protect: ## time of a whole license check, beside the signature alone
	go test -run '^$$' -bench . -benchmem ./protect

# Building it takes some minutes.
$(GOLANGCI):
	GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(TOOLS)/golangci-lint $@

$(DEADCODE):
	GOBIN=$(TOOLS) go install golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION)
	mv $(TOOLS)/deadcode $@

$(ACTIONLINT):
	GOBIN=$(TOOLS) go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)
	mv $(TOOLS)/actionlint $@

$(CYCLONEDX):
	GOBIN=$(TOOLS) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)
	mv $(TOOLS)/cyclonedx-gomod $@

$(GOVULNCHECK):
	GOBIN=$(TOOLS) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
	mv $(TOOLS)/govulncheck $@

$(TOOLS)/mailpit-$(MAILPIT_VERSION):
	GOBIN=$(TOOLS) go install github.com/axllent/mailpit@$(MAILPIT_VERSION)
	mv $(TOOLS)/mailpit $@

include packaging/packages.mk

clean: ## remove what was built
	rm -rf build artifacts

.PHONY: mutants
mutants: ## break the code one line at a time: each break must make its test fail; ONLY=server takes some
	go test ./scripts/mutants
	go run ./scripts/mutants "$(ONLY)"

.PHONY: faults
faults: setup-test ## every scenario of docs/faults.md: network faults, kills, restored backups, lost keyrings (minutes; make test runs a part)
	go test -count=1 -timeout 60m ./e2e/faults -exhaustive

# Duration of each fuzz test.
TIME := 20s

.PHONY: fuzz
fuzz: ## fuzz every parser (TIME=20s each, some ten minutes) and verify 60,000 mutated tokens
	scripts/fuzz.sh $(TIME)
	go test -count=1 -run TestMutatedTokens ./license -mutations 20000
