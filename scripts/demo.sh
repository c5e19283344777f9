#!/usr/bin/env bash
# Shows the proxy at work: proxy-engine --demo with its two HTTP servers, which
# it routes to by Host, and beside them two throwaway PostgreSQL clusters on free
# ports, database alpha on one and beta on the other, which it routes to by
# database name. It proves each with a request or a query, prints the lines to
# try, and cleans up when it is interrupted. HTTP needs nothing but Go; without
# PostgreSQL, and where that can't be installed, it does the HTTP part alone.
#
#   DEMO_ONCE=1   end after the proof
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

databases=(alpha beta)
if ! scripts/deps.sh demo; then
  echo "Without PostgreSQL: the HTTP part alone."
  databases=()
fi

bin=$(postgres_bin)
work=$(mktemp -d)
chmod 711 "$work"
hosts=(alpha.localhost beta.localhost)
declare -A cluster_pid cluster_port
proxy_pid='' tail_pid=''

cleanup() {
  trap '' INT TERM
  trap - EXIT
  stop TERM "$tail_pid"
  stop TERM "$proxy_pid"
  for db in "${databases[@]}"; do
    # SIGINT is PostgreSQL's fast shutdown.
    stop INT "${cluster_pid[$db]:-}"
  done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# stop SIGNAL PID ends a process of ours and waits for it.
stop() {
  [ -n "$2" ] || return 0
  kill -s "$1" "$2" 2>/dev/null || true
  wait "$2" 2>/dev/null || true
}

# as_postgres runs a command as the user postgres if we are root, which the
# server refuses to run as. It keeps the process id.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
  fi
  exec "$@"
}

# start_cluster NAME makes a cluster with one database of that name.
start_cluster() {
  local db=$1 dir=$work/$1
  mkdir "$dir"
  [ "$(id -u)" != 0 ] || chown postgres "$dir"
  (cd "$dir" && as_postgres "$bin/initdb" -D "$dir/data" -U demo --auth=trust -E UTF8 --no-locale --no-sync) \
    >"$work/$db.initdb.log" 2>&1 || die "initdb: $(cat "$work/$db.initdb.log")"
  for _ in {1..20}; do
    if run_cluster "$db" $((20000 + RANDOM % 12000)); then
      createdb -h "$dir" -p "${cluster_port[$db]}" -U demo "$db"
      return
    fi
  done
  die "PostgreSQL doesn't start: $(cat "$work/$db.log")"
}

# run_cluster NAME PORT starts the server; it fails if the port is taken. That
# its socket file answers proves that it is ours that does.
run_cluster() {
  local db=$1 port=$2 dir=$work/$1
  (cd "$dir" && as_postgres "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$dir" -c fsync=off) >"$work/$db.log" 2>&1 </dev/null &
  cluster_pid[$db]=$! cluster_port[$db]=$port
  until "$bin/pg_isready" -q -h "$dir" -p "$port"; do
    kill -0 "${cluster_pid[$db]}" 2>/dev/null || return 1
    sleep 0.1
  done
}

# start_proxy builds and starts the proxy and finds out its ports.
start_proxy() {
  local args=(--demo --http 127.0.0.1:0)
  go build -o "$work/proxy-engine" ./cmd/proxy-engine
  if [ ${#databases[@]} -gt 0 ]; then
    write_routes
    args+=(--postgres 127.0.0.1:0 --resolver "file://$work/routes.yaml" --allow-cidr 127.0.0.0/8)
  fi
  "$work/proxy-engine" "${args[@]}" --log-level debug --log-sessions all --log-format text --drain-timeout 1s 2>"$work/proxy.log" </dev/null &
  proxy_pid=$!
  until grep -qs 'msg=started' "$work/proxy.log"; do
    kill -0 "$proxy_pid" 2>/dev/null || die "proxy-engine doesn't start: $(cat "$work/proxy.log")"
    sleep 0.1
  done
  http_port=$(port_of http) postgres_port=$(port_of postgres)
}

# write_routes says which server has which database.
write_routes() {
  local db
  echo 'routes:' >"$work/routes.yaml"
  for db in "${databases[@]}"; do
    echo "  $db: {endpoint: \"127.0.0.1:${cluster_port[$db]}\"}" >>"$work/routes.yaml"
  done
}

# port_of LISTENER prints the port it got, if there is such a listener.
port_of() {
  sed -nE "s/.*msg=listening .*listener=$1 .*address=127\\.0\\.0\\.1:([0-9]+).*/\\1/p" "$work/proxy.log"
}

# prove_http HOST asks the proxy which server answers for a host.
prove_http() {
  local got
  got=$(get "$1") || die "the request through the proxy failed: $(cat "$work/proxy.log")"
  [[ $got == *"This is $1."* ]] || die "wrong answer for $1: $got"
  echo "  This is $1."
}

# get HOST prints a host's page, with its head if there is no curl.
get() {
  if command -v curl >/dev/null; then
    curl -q -sS -m 10 --noproxy '*' -H "Host: $1" "http://127.0.0.1:$http_port/"
    return
  fi
  exec 3<>"/dev/tcp/127.0.0.1/$http_port"
  printf 'GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" >&3
  cat <&3
}

# prove DB asks through the proxy which server answers.
prove() {
  local query="select current_database() || ' on the server at port ' || current_setting('port')"
  local want="$1 on the server at port ${cluster_port[$1]}" got
  got=$(psql -X -w -At -h 127.0.0.1 -p "$postgres_port" -U demo -d "$1" -c "$query" </dev/null) || die "the query through the proxy failed: $(cat "$work/proxy.log")"
  [ "$got" = "$want" ] || die "wrong server: got '$got', want '$want'"
  echo "  $got"
}

for db in "${databases[@]}"; do
  start_cluster "$db"
done
start_proxy

echo "Two requests through proxy-engine at 127.0.0.1:$http_port, each answered by a server of its own:"
for host in "${hosts[@]}"; do
  prove_http "$host"
done
if [ ${#databases[@]} -gt 0 ]; then
  echo "Two queries through it at 127.0.0.1:$postgres_port, likewise:"
fi
for db in "${databases[@]}"; do
  prove "$db"
done
[ -z "${DEMO_ONCE:-}" ] || exit 0

cat <<END

Try it from another terminal (or a browser: http://alpha.localhost:$http_port/):
  curl -i -H 'Host: alpha.localhost' http://127.0.0.1:$http_port/
  curl -i -H 'Host: beta.localhost' http://127.0.0.1:$http_port/some/path
  curl -i -H 'Host: gamma.localhost' http://127.0.0.1:$http_port/     # nobody has it: the proxy says so
END
[ ${#databases[@]} -eq 0 ] || cat <<END
  psql -h 127.0.0.1 -p $postgres_port -U demo alpha
  psql -h 127.0.0.1 -p $postgres_port -U demo beta
  psql -h 127.0.0.1 -p $postgres_port -U demo gamma     # likewise
The routes of PostgreSQL, read anew whenever they change:
  $work/routes.yaml
END
cat <<END

The proxy's log follows. Ctrl-C ends everything and cleans up.
END
# From here on, being interrupted is the proper end.
trap 'exit 0' INT TERM
tail -n +1 -f "$work/proxy.log" &
tail_pid=$!
wait "$proxy_pid"
