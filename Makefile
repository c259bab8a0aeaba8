# make help lists the targets.
.DEFAULT_GOAL := help
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X nwayacd/internal/app.version=$(VERSION) -X nwayacd/internal/app.commit=$(shell git rev-parse HEAD 2>/dev/null)
TIME ?= 30s
ROUNDS ?= 5
PATTERN ?= .
COUNT ?= 6
BENCHTIME ?= 200ms
RACE ?= 1
SWITCH ?= sim

.PHONY: help build test ui ui-bench race fuzz soak chaos bench compare lint fmt release image clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the static binary ./nwayacd
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o nwayacd .

test: ## everything: a private PostgreSQL, all tests with the race detector, end to end; leaves nothing behind
	@script/test

ui: ## the console in a browser (Chromium), which is part of make test, too
	@script/test ui

ui-bench: ## the frames of the desk with 1,000 agents, 200 waiting callers and 200 changes a second
	@script/chromium && NWAYACD_UI=1 NWAYACD_UI_BENCH=1 go test -count=1 -v -timeout 10m -run TestTheDeskStaysSmooth ./internal/uitest

fuzz: ## every fuzz target for TIME each (TIME=30s)
	@script/fuzz $(TIME)

soak: ## the server under load for TIME (TIME=30m) while everything goes wrong at random; SWITCH=freeswitch plays it with SIP phones; SEED repeats a run, RACE=0 judges memory
	@SEED=$(SEED) RACE=$(RACE) SWITCH=$(SWITCH) script/soak $(TIME)

chaos: ## each fault of what is around the server (log, disk, database, host) for TIME while callers call
	@NWAYACD_CHAOS=$(TIME) script/test -v ./internal/chaos

bench: ## all benchmarks, in the form benchstat reads: PATTERN=. COUNT=6 BENCHTIME=200ms
	@script/bench '$(PATTERN)' $(COUNT) $(BENCHTIME)

compare: ## side by side with mod_callcenter on a real FreeSWITCH, ROUNDS each (5, some 4 minutes): compare.txt, compare.json
	@script/compare $(ROUNDS)

lint: ## golangci-lint with .golangci.yml, go fix, known vulnerabilities; the first run builds the tools
	@script/lint

fmt: ## format
	go tool -modfile=script/tools/go.mod gofumpt -w .

release: ## dist/: static binaries for linux amd64 and arm64, Debian packages, bills of materials, checksums
	@script/release $(VERSION)

image: ## the container image nwayacd:VERSION
	docker build --build-arg VERSION=$(VERSION) -t nwayacd:$(VERSION) .

clean: ## remove what was built
	rm -rf nwayacd dist
