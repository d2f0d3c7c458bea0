#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: PostgreSQL, Redis and Chromium from Debian,
# npm packages of web/ and e2e/. Go's tools come with the first use of tools/go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in go node npm; do
	command -v "$tool" >/dev/null || { echo "setup: $tool is missing: Tandem is built with Go and Node" >&2; exit 1; }
done

packages=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
command -v redis-server >/dev/null || packages+=(redis-server)
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages+=(chromium)
# go test -race links C.
command -v gcc >/dev/null || packages+=(gcc libc6-dev)
if [ ${#packages[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || { echo "setup: install ${packages[*]}: this machine has no apt-get" >&2; exit 1; }
	sudo=()
	[ "$(id -u)" = 0 ] || sudo=(sudo)
	echo "setup: installing ${packages[*]}"
	"${sudo[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

for dir in web e2e; do
	# Not npm ci: it refuses a lock file without the packages of other platforms, which not every registry has.
	if [ ! -e "$dir/node_modules/.package-lock.json" ] || [ "$dir/package-lock.json" -nt "$dir/node_modules/.package-lock.json" ]; then
		echo "setup: npm packages of $dir"
		npm --prefix "$dir" install --no-save --no-audit --no-fund --loglevel=error
		touch "$dir/node_modules/.package-lock.json"
	fi
done
