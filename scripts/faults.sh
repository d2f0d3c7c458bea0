#!/usr/bin/env bash
# The fault test: builds the program with its failpoints and runs e2e/faults against it. Takes the arguments of
# e2e/faults/main.ts.
set -euo pipefail
cd "$(dirname "$0")/.."
go build -tags failpoints -o bin/faults/tandem ./cmd/tandem
go build -o bin/faults/faultdb ./e2e/faults/faultdb
npm --prefix e2e exec -- tsc -p e2e/faults
exec node e2e/faults/.build/main.js "$@"
