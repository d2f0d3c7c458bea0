#!/usr/bin/env bash
# Serves with hot reload at http://localhost:5173: Vite for the app, and the server behind it, built and
# started again whenever a Go file changes. Ctrl-C stops both.
set -uo pipefail
cd "$(dirname "$0")/.."

server= vite=
stop() {
	trap - EXIT INT TERM
	[ -z "$server" ] || kill "$server" 2>/dev/null
	[ -z "$vite" ] || kill "$vite" 2>/dev/null
	wait
}
trap stop EXIT
trap 'exit 0' INT TERM

npm --prefix web run --silent dev &
vite=$!

fingerprint() { find cmd internal go.mod -name '*.go' -o -name '*.sql' -o -name go.mod | sort | xargs stat -c '%n %Y' | cksum; }
seen=
while kill -0 "$vite" 2>/dev/null; do
	now=$(fingerprint)
	if [ "$now" != "$seen" ]; then
		seen=$now
		if go build -o bin/tandem-dev ./cmd/tandem; then
			if [ -n "$server" ]; then
				kill "$server" 2>/dev/null
				wait "$server" 2>/dev/null
			fi
			bin/tandem-dev serve --dev &
			server=$!
		fi
	fi
	sleep 1
done
