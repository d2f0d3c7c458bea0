# Tandem. "make" alone lists what there is.
SHELL := bash
.DEFAULT_GOAL := help
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GOLANGCI := go tool -modfile=tools/go.mod golangci-lint
FUZZTIME ?= 30s

.PHONY: help run dev build web test lint golangci bench bench-realtime bench-web bench-mail faults soak gen screenshots fuzz vulncheck clean

help: ## this list
	@awk -F ":.*## " "/^[a-z-]+:.*## / { printf \"  make %-15s %s\\n\", \$$1, \$$2 }" Makefile

run: build ## build and serve at http://localhost:8080, with everything in ./data
	@exec bin/tandem serve

dev: web/node_modules/.package-lock.json ## serve at http://localhost:5173 with hot reload
	@scripts/dev.sh

build: web ## the program, at bin/tandem
	@go build -trimpath -ldflags "-s -w -X tandem/internal/telemetry.version=$(VERSION)" -o bin/tandem ./cmd/tandem

web: web/dist/index.html ## the web app, into web/dist, when its sources changed

web/node_modules/.package-lock.json: web/package-lock.json
	@npm --prefix web install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json web/index.html web/vite.config.ts $(shell find web/src web/public web/build -type f 2>/dev/null)
	@npm --prefix web run --silent build
	@touch $@

test: ## install what is missing and run everything
	@scripts/test.sh

lint: golangci ## all linters and type checks
	@npm --prefix web run --silent lint
	@npm --prefix web run --silent typecheck
	@npm --prefix e2e run --silent typecheck

golangci:
	@$(GOLANGCI) run --allow-parallel-runners ./...

bench: build ## measure this machine: docs/performance.md shows what it prints
	@scripts/with-services.sh go run ./cmd/bench
	@npm --prefix e2e run --silent bench

bench-realtime: build ## measure the sockets: fan-out, memory, commit to client
	@scripts/with-services.sh go run ./cmd/bench -realtime -for 3s

bench-web: build ## measure the first loads: a modelled phone network, bytes, layout shift, Lighthouse
	@go build -o bin/link ./e2e/bench/link
	@npm --prefix e2e/bench install --no-audit --no-fund --silent
	@npm --prefix e2e run --silent bench-web

bench-mail: build ## measure mails: from an event to the mail server, for ten minutes
	@scripts/with-services.sh go run ./cmd/bench -mail -for 3m

faults: build ## kill, cut, stall and restore everything under real clients, for a minute (e2e/faults)
	@scripts/setup.sh && scripts/faults.sh

soak: build ## the same for an hour
	@scripts/setup.sh && scripts/faults.sh --soak --seconds=1800 --clients=72 --rate=60

gen: ## OpenAPI document and TypeScript types, from the code
	@go run ./cmd/tandem openapi > docs/api/openapi.json.new && mv docs/api/openapi.json.new docs/api/openapi.json
	@npm --prefix web run --silent gen

screenshots: build ## every page of the guide, light, dark and phone, into docs/guide
	@scripts/setup.sh && npm --prefix e2e run --silent screenshots

fuzz: ## each fuzz target for FUZZTIME (30s)
	@for p in $$(grep -rl "^func Fuzz" --include=*_test.go internal | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -ho "^func Fuzz[A-Za-z0-9_]*" $$p/*_test.go | cut -c6-); do \
			echo "$$p $$f"; go test ./$$p -run "^$$" -fuzz "^$$f$$" -fuzztime $(FUZZTIME) || exit 1; \
		done; \
	done

vulncheck: ## known faults in what Tandem is built of (asks vuln.go.dev)
	@go tool -modfile=tools/go.mod govulncheck ./...

clean: ## remove what was built, but not ./data
	@rm -rf bin web/node_modules e2e/node_modules && find web/dist -mindepth 1 ! -name placeholder.html -delete
