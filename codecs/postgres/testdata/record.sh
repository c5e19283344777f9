#!/bin/sh
# Records testdata/golden anew from a throwaway PostgreSQL server, run as user
# postgres when started by root (the server refuses to be root's).
# Needs: the server's programs (found with pg_config), psql, go.
set -eu
cd "$(dirname "$0")/.."
mkdir -p testdata/golden
bin=$(pg_config --bindir 2>/dev/null || dirname "$(command -v initdb)")
dir=$(mktemp -d)

as_server() {
    if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "$1"; else sh -c "$1"; fi
}
finish() {
    as_server "'$bin/pg_ctl' -D '$dir/data' -m immediate -w stop" >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap finish EXIT
chmod 755 "$dir"
[ "$(id -u)" != 0 ] || chown postgres "$dir"

as_server "'$bin/initdb' -D '$dir/data' -U alice -A trust --no-sync" >/dev/null
cat >"$dir/data/pg_hba.conf" <<HBA
local all carol scram-sha-256
local all all trust
local replication all trust
HBA
as_server "'$bin/pg_ctl' -D '$dir/data' -l '$dir/log' -w -o \"-c listen_addresses= -c unix_socket_directories='$dir' -c fsync=off -c shared_buffers=16MB\" start" >/dev/null
psql --no-psqlrc --quiet -h "$dir" -U alice -d postgres \
    -c "create role carol login password 'correct horse'" -c 'create database shop'

go test -count=1 -run TestGolden . -args -update -server "$dir/.s.PGSQL.5432"
