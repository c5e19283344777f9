# make help lists the targets.

GO ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# How long each fuzz target runs, and which benchmarks.
FUZZTIME ?= 30s
BENCH ?= .
PEERS ?=
# Tests with dependencies of their own: servers that can be embedded.
NESTED := codecs/mysql/mysqltest

.DEFAULT_GOAL := help
.PHONY: help run certs test check build dist bench bench-peers fuzz clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Show it at work: HTTP and PostgreSQL servers, the proxy in front, lines to try
	@scripts/demo.sh

certs: ## Throwaway certificates for trying TLS, in ./certs (DIR=..., FORCE=1)
	@scripts/certs.sh

test: ## Install what the tests need, run them with the race detector
	@scripts/deps.sh test
	$(GO) test -race -timeout 25m ./...
	cd $(NESTED) && $(GO) test -race -timeout 10m ./...

check: ## Vet, format, staticcheck, the repository's rules, builds for other systems
	$(GO) vet ./...
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	$(GO) run $(STATICCHECK) ./...
	$(GO) test ./scripts/rules
	cd $(NESTED) && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./cmd/proxy-engine/...

build: ## Build bin/proxy-engine and bin/loadtest, static binaries
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./cmd/...

dist: ## Archives to install from, for linux and darwin, in bin/dist (VERSION=v1.2.3)
	@GO=$(GO) scripts/package/dist.sh

bench: ## Benchmarks of the parts (BENCH=pattern)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-peers: ## Side by side with other proxies (PEERS='--quick', '--only http,idle', '--only generators', ...)
	@scripts/deps.sh bench
	$(GO) run ./bench/peers $(PEERS)

fuzz: ## Run every fuzz target for FUZZTIME (30s)
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

clean: ## Remove what was built
	rm -rf bin
