# Sourced by the scripts beside it.
# shellcheck shell=bash

# die prints why a script can't go on, and ends it.
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# postgres_bin prints the folder of the newest PostgreSQL server's programs,
# which Debian keeps out of PATH; nothing if there is none.
postgres_bin() {
  local initdb
  initdb=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort --version-sort | tail -n 1)
  [ -x "$initdb" ] || initdb=$(command -v initdb) || return 0
  dirname "$initdb"
}
