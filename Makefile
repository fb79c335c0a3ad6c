# The commands of the repository. `make` lists them. Everything a target needs
# and the machine lacks is installed first by deploy/dev/setup.sh; the pinned
# Go tools are built from source into .tools (tools/versions.mk).
#
# Modules, services and commands are found, never listed: a folder with a
# go.mod in go.work, a main.go under cmd/.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS   += --no-builtin-rules

include tools/versions.mk

# One set of build flags for build, test and lint: they share the build cache,
# so a cold run compiles the dependencies once.
export CGO_ENABLED ?= 0
export GOFLAGS     := $(sort $(GOFLAGS) -buildvcs=false -trimpath)
export PATH        := $(CURDIR)/.tools/go/bin:$(CURDIR)/.tools/node/node_modules/.bin:$(CURDIR)/.tools/$(notdir $(helm)):$(PATH)

VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
LDFLAGS     := -s -w -X egov/libs/host.version=$(VERSION)
# How many packages build or run at a time, and how long one may test.
JOBS        ?= 2
TEST_FLAGS  ?= -count=1 -timeout=30m

modules      = $(shell sed -n 's|^[[:space:]]*\(use \)\{0,1\}\./\(.*\)$$|\2|p' go.work)
apart       := tools/regobench # a module outside the workspace, which builds with the others' libs
every        = $(patsubst %,./%/...,$(modules))
commands    := $(patsubst %/main.go,./%,$(wildcard services/*/cmd/*/main.go tools/cmd/egov/main.go))
web         := $(patsubst %/package.json,%,$(wildcard services/portal/web/package.json))
setup       := deploy/dev/setup.sh
beside      := .tools/withservers

# $(call tool,NAME) is the pinned tool's path and, as a prerequisite, builds it.
tool = .tools/$(notdir $($(1)))/$(1)
define tool_rule
$(call tool,$(1)): ; @echo "building $$(notdir $($(1)))" && GOBIN="$$(CURDIR)/$$(@D)" GOWORK=off go install -p $$(JOBS) -ldflags='-s -w' $($(1))
endef
$(foreach t,$(tool_names),$(eval $(call tool_rule,$(t))))

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

##@ see it run

.PHONY: demo demo-check
demo: run-ready ## twelve real projects end to end; leaves the portal open
	bin/egov demo $(ARGS)

demo-check: run-ready ## the same, then stops: exit 0 when all ended as the rules say and the ledger verifies
	bin/egov demo --check $(ARGS)

.PHONY: run-ready
run-ready:
	@$(setup) run
	@$(MAKE) --no-print-directory build commands=./tools/cmd/egov

##@ build

.PHONY: build web charts images
build: web ## static binaries: bin/egov and one per service
	@$(setup) build
	@mkdir -p bin
	go build -p $(JOBS) -ldflags '$(LDFLAGS)' -o bin/ $(commands)

charts: $(call tool,helm) ## put into every Helm chart the charts it depends on, to install from this folder
	@for c in $(filter-out charts/egov/,$(filter-out charts/lib/,$(wildcard charts/*/))) charts/egov; do helm dependency update --skip-refresh $$c >/dev/null; done

# What goes into images: the services, alone and together.
images_of   := $(foreach s,$(notdir $(wildcard services/*)),$(if $(wildcard services/$(s)/cmd/$(s)/main.go),bin/$(s)))
# Where images belong, and what they are tagged with.
REGISTRY    ?= egov
TAG         ?= $(VERSION)

images: build ## a container image and an SPDX list of every service, in dist/ (REGISTRY=…, TAG=…, PUSH=1 pushes them)
	go run ./tools/cmd/images -o dist -registry $(REGISTRY) -version $(TAG) -created $(shell git log -1 --format=%ct) $(if $(PUSH),-push) $(images_of)

web: ## the portal's pages, into the folder its binary embeds; nothing to do while unchanged
ifneq ($(web),)
web: $(web)/node_modules/.stamp-built

web_sources := $(shell find $(web) -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test-results/*')

$(web)/node_modules/.stamp-installed: $(web)/package.json $(web)/package-lock.json
	@$(setup) build
	cd $(web) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(web)/node_modules/.stamp-built: $(web)/node_modules/.stamp-installed $(web_sources)
	cd $(web) && npm run build
	@touch $@
endif

##@ check

.PHONY: test race bench chaos upgrade-test
test: test-ready ## every suite of every module, against a private PostgreSQL and Redis
	$(beside) go test -p $(JOBS) $(TEST_FLAGS) $(every)
ifneq ($(web),)
	cd $(web) && npm test --if-present
	@$(MAKE) --no-print-directory build commands=./tools/cmd/egov
	cd $(web) && $(CURDIR)/$(beside) npm run e2e --if-present
endif

race: test-ready ## the libraries under the race detector
	$(beside) env CGO_ENABLED=1 go test -race -p $(JOBS) $(TEST_FLAGS) ./libs/...

bench: test-ready ## our measures beside their references (ONLY=name,… for some)
	go run ./tools/cmd/bench $(if $(ONLY),-only $(ONLY))

chaos: test-ready ## faults, one line each, and whether the promise held (ONLY=name for one, SOAK=30m for a long one)
	go run ./tools/cmd/chaos $(if $(ONLY),-only $(ONLY)) $(if $(SOAK),-soak $(SOAK))

upgrade-test: test-ready ## the release before this one: its whole job on this one's schema, and replaced by it and back under load (ONLY=name for one)
	@deploy/dev/previous-release.sh $(if $(ONLY),build >/dev/null,demo)
	@before=$$(deploy/dev/previous-release.sh build) && go run ./tools/cmd/chaos -before "$$before" $(if $(ONLY),-only $(ONLY))

.PHONY: cluster-test
cluster-test: $(call tool,helm) ## the charts on a real Kubernetes with real pods, made here and taken away again (ONLY=name,…; KUBECONFIG=… ADDRESS=… for a cluster that is there)
	@$(setup) $(if $(KUBECONFIG),run,cluster)
	@$(MAKE) --no-print-directory charts images
	@go build -o .tools/clustertest ./tools/cmd/clustertest
	.tools/clustertest -helm $(call tool,helm) -registry $(REGISTRY) -tag $(TAG) $(if $(ONLY),-only $(ONLY)) $(if $(ADDRESS),-address $(ADDRESS)) $(if $(CLASS),-class $(CLASS))

.PHONY: test-ready
test-ready: $(call tool,helm)
	@$(setup) test
	@$(MAKE) --no-print-directory web
	@go build -o $(beside) ./tools/cmd/withservers

.PHONY: lint verify verify-modules verify-generated verify-contracts vuln
lint: web $(call tool,golangci-lint) $(call tool,buf) ## golangci-lint, buf and the portal's linter
	$(call tool,golangci-lint) run $(every)
	cd proto && ../$(call tool,buf) lint && ../$(call tool,buf) format --diff --exit-code
ifneq ($(web),)
	cd $(web) && npm run lint --if-present
endif

verify: verify-modules verify-contracts verify-generated vuln ## modules tidy and self-sufficient, generated files current, contracts compatible

verify-modules: web
	@bad=; for m in $(modules) $(apart); do \
		echo "verify $$m"; \
		(cd $$m && go mod tidy -diff && GOWORK=off go build -o /dev/null -p $(JOBS) ./...) || bad="$$bad $$m"; \
	done; [ -z "$$bad" ] || { echo "not tidy, or does not build alone:$$bad" >&2; exit 1; }

verify-contracts: $(call tool,buf)
	cd proto && ../$(call tool,buf) breaking --against baseline.binpb

verify-generated:
	@deploy/dev/unchanged.sh $(MAKE) --no-print-directory generate

vuln: $(call tool,govulncheck) ## known vulnerabilities in what we call, where the database can be reached
	@deploy/dev/vuln.sh $< $(modules)

##@ write

.PHONY: generate screenshots fmt tidy proto-baseline clean
generate: web $(call tool,buf) $(call tool,protoc-gen-go) ## everything made from something else: event code, API documents, error catalogue
	cd proto && PATH="$(CURDIR)/$(dir $(call tool,protoc-gen-go)):$$PATH" ../$(call tool,buf) generate
	go generate $(every)
ifneq ($(web),)
	cd $(web) && npm run generate --if-present
endif

screenshots: run-ready ## the pictures of the READMEs, of the demonstration
	cd $(web) && node e2e/pictures.mjs $(CURDIR)/docs/images

fmt: $(call tool,golangci-lint) $(call tool,buf) ## format Go (gofumpt, gci) and proto files
	$(call tool,golangci-lint) fmt $(modules)
	cd proto && ../$(call tool,buf) format --write

tidy: ## go mod tidy in every module
	@for m in $(modules) $(apart); do (cd $$m && go mod tidy); done

proto-baseline: $(call tool,buf) ## publish the event contracts as they are: later ones must stay compatible
	cd proto && ../$(call tool,buf) build --as-file-descriptor-set -o baseline.binpb

clean: ## remove what build made; installed tools and data stay
	rm -rf bin $(if $(web),$(web)/node_modules/.stamp-built)
