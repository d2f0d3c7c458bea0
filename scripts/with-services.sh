#!/usr/bin/env bash
# with-services.sh CMD…: runs CMD beside a private PostgreSQL and Redis on free loopback ports, which
# it finds in TANDEM_TEST_POSTGRES and TANDEM_TEST_REDIS. Passes CMD's status on and leaves nothing.
set -euo pipefail

shopt -s nullglob
installed=(/usr/lib/postgresql/*/bin)
[ ${#installed[@]} -gt 0 ] || { echo "with-services: PostgreSQL is not installed: run scripts/setup.sh" >&2; exit 1; }
command -v redis-server >/dev/null || { echo "with-services: Redis is not installed: run scripts/setup.sh" >&2; exit 1; }
pgbin=${installed[-1]}

dir=$(mktemp -d "${TMPDIR:-/tmp}/tandem-services.XXXXXX")
chmod 755 "$dir"
as=()
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses root
	as=(setpriv --reuid=postgres --regid=postgres --clear-groups --inh-caps=-all)
	install -d -o postgres -g postgres -m 700 "$dir/pg"
else
	install -d -m 700 "$dir/pg"
fi

redis_pid=
cleanup() {
	if [ -n "$redis_pid" ]; then
		kill "$redis_pid" 2>/dev/null || :
		wait "$redis_pid" 2>/dev/null || :
	fi
	if [ -f "$dir/pg/data/postmaster.pid" ]; then
		"${as[@]}" "$pgbin/pg_ctl" -D "$dir/pg/data" -m immediate -w stop >/dev/null 2>&1 || :
	fi
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

free_port() { # a port that nobody answers on
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}

"${as[@]}" "$pgbin/initdb" -D "$dir/pg/data" -U tandem -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions >/dev/null
for _ in 1 2 3 4 5; do # somebody may take the port between the look and the start
	pg_port=$(free_port)
	if "${as[@]}" "$pgbin/pg_ctl" -D "$dir/pg/data" -l "$dir/pg/log" -w -t 60 start -o "-p $pg_port -c listen_addresses=127.0.0.1 -k $dir/pg -c fsync=${PG_FSYNC:-off} -c full_page_writes=off -c synchronous_commit=off -c max_connections=300 -c shared_buffers=64MB" >/dev/null; then
		break
	fi
	pg_port=
done
[ -n "$pg_port" ] || { cat "$dir/pg/log" >&2; exit 1; }

redis_port=$(free_port)
redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$dir" --daemonize no >"$dir/redis.log" 2>&1 &
redis_pid=$!
until redis-cli -p "$redis_port" ping >/dev/null 2>&1; do
	kill -0 "$redis_pid" 2>/dev/null || { cat "$dir/redis.log" >&2; exit 1; }
	sleep 0.02
done

export TANDEM_TEST_POSTGRES="postgres://tandem@127.0.0.1:$pg_port/postgres?sslmode=disable"
export TANDEM_TEST_REDIS="redis://127.0.0.1:$redis_port/0"
"$@"
