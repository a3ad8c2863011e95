# Everything that is done with the repository, by name: `make help`.
#
# Needs Go, git and make. The tools are modules of their own under tools/, pinned, built into bin/ when they are missing
# or their go.mod has changed.

SHELL         := /bin/bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.ONESHELL:
MAKEFLAGS     += --no-print-directory

GO       ?= go
VERSION  ?= $(shell git describe --always --dirty 2>/dev/null || echo development)
ARGS     ?=
FUZZTIME ?= 10s
TESTTIME ?= 30m
SHOTS    ?= screenshots

# What is built needs no C. Linters that build like the program find its packages built.
plain := CGO_ENABLED=0 GOFLAGS='$(strip $(GOFLAGS) -trimpath)'

.PHONY: build
build: bin/yunwei bin/temporal ## bin/yunwei and bin/temporal, the Temporal CLI

.PHONY: run
run: build ## the whole service desk, until Ctrl-C; ARGS="--data DIR --http ADDRESS ..."
	@exec bin/yunwei dev $(ARGS)

.PHONY: test
test: build e2e/node_modules ## all tests, with the race detector where there is a C compiler
	@cgo=1 race=-race
	if ! echo '#include <stdlib.h>' | $$($(GO) env CC) -x c -c -o /dev/null - 2>/dev/null; then
		cgo=0 race=
		echo "test: there is no C compiler here, so the race detector stays off"
	fi
	if [ -z "$${YUNWEI_TEST_MYSQL:-}" ]; then
		echo "test: YUNWEI_TEST_MYSQL names no server, so the store is tested on SQLite only"
	fi
	$(GO) test $$race -count=1 -timeout $(TESTTIME) ./...

.PHONY: screenshots
screenshots: build ## pictures of every page in SHOTS: Chinese and English, light and dark, desk and phone; needs Chromium
	@YUNWEI_SCREENSHOTS='$(abspath $(SHOTS))' $(GO) test -count=1 -timeout $(TESTTIME) -run '^TestBrowser_EachPage$$' ./e2e
	echo "screenshots: $$(find '$(SHOTS)' -name '*.png' | wc -l) in $(SHOTS)"

.PHONY: lint
lint: bin/golangci-lint bin/workflowcheck ## formatting, vet, golangci-lint, workflowcheck
	@export $(plain)
	echo "lint: gofmt"
	unformatted=$$(gofmt -l .)
	if [ -n "$$unformatted" ]; then
		printf 'not formatted, run gofmt -w on:\n%s\n' "$$unformatted"
		exit 1
	fi
	echo "lint: go vet"
	$(GO) vet ./...
	echo "lint: golangci-lint"
	bin/golangci-lint config verify
	bin/golangci-lint run ./...
	echo "lint: workflowcheck"
	bin/workflowcheck -config tools/workflowcheck/config.yaml -test=false ./...

.PHONY: lint-rules
lint-rules: bin/golangci-lint ## show that each import rule of lint can fail
	@.ci/lint-rules

.PHONY: bench
bench: build ## side-by-side load figures; ARGS="-only lives" for some of them
	@export $(plain)
	$(GO) run ./bench $(ARGS)
	if [ -z "$(ARGS)" ]; then
		echo "calendar.Add over a year of 5x8 (wanted: under 2000 ns, no allocations):"
		$(GO) test -run '^$$' -bench Add_OverAYear -benchmem ./calendar | grep ^Benchmark
		echo "10,000 notices over four channels (wanted: at least 500 a second):"
		$(GO) test -run '^$$' -bench Dispatcher_TenThousand -benchtime 1x ./notify | grep ^Benchmark
	fi

.PHONY: histories
histories: build ## record workflow histories of every shape for the replay test; ARGS="-shape v2" for a new one
	@$(plain) $(GO) run ./bench -histories workflows/testdata $(ARGS)

.PHONY: fuzz
fuzz: ## every Fuzz target for a short while; FUZZTIME=10s
	@grep -rE '^func Fuzz\w+\(' --include='*_test.go' -o . | sort | while IFS=: read -r file target; do
		target=$${target#func } target=$${target%(}
		echo "fuzz: $$target in $$(dirname "$$file"), $(FUZZTIME)"
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" < /dev/null
	done

.PHONY: cover
cover: build ## coverage of all tests, in coverage.html
	$(GO) test -timeout $(TESTTIME) -coverpkg ./... -coverprofile coverage.out ./...
	$(GO) tool cover -html coverage.out -o coverage.html
	$(GO) tool cover -func coverage.out | tail -n 1

.PHONY: clean
clean: ## remove what was built; data/ stays
	rm -rf bin coverage.out coverage.html

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: FORCE
FORCE:

# go build knows best what has changed.
bin/yunwei: FORCE
	@echo "yunwei: building"
	$(plain) $(GO) build -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/yunwei

# Builds the tool of package $(1), which takes $(2), as the target. It appears when it is whole.
define tool
	@echo "$(@F): building it from tools/$(@F), once; this takes $(2)"
	mkdir -p $(@D)
	$(plain) $(GO) -C tools/$(@F) build -buildvcs=false -ldflags '-s -w' -o ../../$@.new $(1)
	mv $@.new $@
	echo "$(@F): done"
endef

# A CLI on PATH saves the build. One that is under bin/ already is not the one on PATH.
bin/temporal: tools/temporal/go.mod
	@found=$$(command -v temporal || true)
	if [ -n "$$found" ] && ! [ "$$found" -ef $@ ]; then
		echo "temporal: copying $$found"
		mkdir -p $(@D)
		cp -L "$$found" $@.new
		touch $@.new
		mv $@.new $@
		exit
	fi
	$(subst @echo,echo,$(call tool,github.com/temporalio/cli/cmd/temporal,about three minutes))

# The rules of accessibility that the browser tests hold pages against. Who has no npm tests without; CI has it.
e2e/node_modules: e2e/package-lock.json
	@if ! command -v npm > /dev/null; then
		echo "test: there is no npm here, so pages are not held against the rules of axe-core"
		exit
	fi
	npm ci --prefix e2e --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

bin/golangci-lint: tools/golangci-lint/go.mod
	$(call tool,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,two to three minutes)

bin/workflowcheck: tools/workflowcheck/go.mod
	$(call tool,go.temporal.io/sdk/contrib/tools/workflowcheck,half a minute)
