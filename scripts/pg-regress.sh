#!/usr/bin/env bash
# Runs PostgreSQL's own regression suite against a throwaway server: without a
# proxy, then through each implementation. All three must pass all tests.
#
#   scripts/pg-regress.sh SOURCE
#
# SOURCE is the source of the installed server's version, unpacked, which
# Debian has: `apt-get source postgresql-15`. The suite's C functions are
# compiled with the headers of postgresql-server-dev-15.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
scripts/deps.sh test

source=${1:-}
[ -d "$source/src/test/regress/sql" ] || die "usage: scripts/pg-regress.sh SOURCE (an unpacked source of PostgreSQL)"
bin=$(postgres_bin)
headers=$("$bin/pg_config" --includedir-server)
[ -e "$headers/fmgr.h" ] || die "no $headers/fmgr.h: install postgresql-server-dev-$(basename "$(dirname "$bin")")"
runner=$("$bin/pg_config" --pkglibdir)/pgxs/src/test/regress/pg_regress
[ -x "$runner" ] || die "no $runner: it comes with the server's package"

work=$(mktemp -d)
proxy_pid=''

# as_postgres runs a command as the user postgres if we are root, which the
# server refuses to run as.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  else
    "$@"
  fi
}

stop_proxy() {
  [ -n "$proxy_pid" ] || return 0
  kill "$proxy_pid"
  wait "$proxy_pid" || true
  proxy_pid=''
}

cleanup() {
  stop_proxy
  as_postgres "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT

# prepare copies the suite to where the server's user can write and compiles
# its functions; two more come with the server's package.
prepare() {
  cp -r "$source/src/test/regress" "$work/regress"
  cc -O2 -fPIC -shared -I"$headers" -I"$work/regress" -o "$work/regress/regress.so" "$work/regress/regress.c"
  cp "$("$bin/pg_config" --pkglibdir)"/{autoinc,refint}.so "$work/regress"
  [ "$(id -u)" != 0 ] || chown -R postgres "$work"
}

# start_server leaves the server's port in $port. A port that is taken makes it
# fail: then another one is tried.
start_server() {
  as_postgres "$bin/initdb" -D "$work/data" -U postgres --auth=trust -E UTF8 --no-locale --no-sync >/dev/null
  for _ in {1..20}; do
    port=$((20000 + RANDOM % 12000))
    if as_postgres "$bin/pg_ctl" -D "$work/data" -l "$work/log" -w start >/dev/null \
      -o "-p $port -k $work -c listen_addresses=127.0.0.1 -c fsync=off -c max_prepared_transactions=2"; then
      return
    fi
  done
  die "PostgreSQL doesn't start: $(cat "$work/log")"
}

# start_proxy IMPL leaves the proxy's port in $proxy_port.
start_proxy() {
  "$work/proxy-engine" --impl "$1" --postgres 127.0.0.1:0 --resolver "fixed://127.0.0.1:$port" --allow-cidr 127.0.0.0/8 \
    --log-format text 2>"$work/proxy.log" </dev/null &
  proxy_pid=$!
  until proxy_port=$(sed -nE 's/.*msg=listening .*address=127\.0\.0\.1:([0-9]+).*/\1/p' "$work/proxy.log") && [ -n "$proxy_port" ]; do
    kill -0 "$proxy_pid" 2>/dev/null || die "proxy-engine doesn't start: $(cat "$work/proxy.log")"
    sleep 0.1
  done
}

# suite NAME PORT runs all tests and prints how many passed.
suite() {
  mkdir "$work/$1"
  [ "$(id -u)" != 0 ] || chown postgres "$work/$1"
  if ! (cd "$work/$1" && as_postgres env PATH="$bin:$PATH" "$runner" --inputdir="$work/regress" --outputdir="$work/$1" \
    --dlpath="$work/regress" --bindir="$bin" --host=127.0.0.1 --port="$2" --user=postgres \
    --schedule="$work/regress/parallel_schedule" --max-concurrent-tests=20) >"$work/$1.log" 2>&1; then
    cat "$work/$1.log" "$work/$1/regression.diffs" >&2 || true
    die "$1: the suite failed"
  fi
  echo "$1: $(grep -E 'All [0-9]+ tests passed' "$work/$1.log")"
}

prepare
CGO_ENABLED=0 go build -o "$work/proxy-engine" ./cmd/proxy-engine
start_server
suite direct "$port"
for impl in reactor goroutine; do
  start_proxy "$impl"
  suite "$impl" "$proxy_port"
  stop_proxy
done
