#!/usr/bin/env bash
# Everything that must hold, in the order of what fails quickest. Stops at the first fault.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0
step() {
	local name=$1 began=$SECONDS
	shift
	printf '\n== %s\n' "$name"
	if "$@"; then
		passed=$((passed + 1))
		printf '== %s: ok, %d s\n' "$name" $((SECONDS - began))
	else
		printf '== %s: FAILED after %d s\n\n%d passed, 1 failed\n' "$name" $((SECONDS - began)) "$passed" >&2
		exit 1
	fi
}

formatted() {
	local files
	files=$(gofmt -l cmd e2e/bench e2e/faults internal web/*.go ./*.go)
	[ -z "$files" ] || { printf 'not gofmt-ed:\n%s\n' "$files"; return 1; }
}

step 'set up' scripts/setup.sh
step 'gofmt' formatted
step 'go vet' go vet ./...
step 'go vet, with failpoints' go vet -tags failpoints ./internal/... ./cmd/...
step 'web: types' npm --prefix web run --silent typecheck
step 'web: lint' npm --prefix web run --silent lint
step 'web: unit tests' npm --prefix web run --silent test
step 'build' make --no-print-directory build
step 'byte budget of the board' npm --prefix web run --silent budget
step 'golangci-lint' make --no-print-directory golangci
step 'go test -race, on SQLite, PostgreSQL and Redis' scripts/with-services.sh go test -race -timeout 30m ./...
step 'end to end: types' npm --prefix e2e run --silent typecheck
step 'faults' scripts/faults.sh
step 'end to end' npm --prefix e2e run --silent e2e
printf '\n%d passed, 0 failed\n' "$passed"
