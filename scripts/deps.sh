#!/usr/bin/env bash
# Installs what is missing of what the project needs besides Go:
#
#   scripts/deps.sh test     for make test: a C compiler (race detector),
#                            PostgreSQL, psycopg2, node-postgres, ip, curl,
#                            nginx, wrk, h2load, Python, ws, undici, openssl,
#                            PyMongo, the Node driver of MongoDB, Postfix,
#                            swaks, nodemailer, MariaDB, PyMySQL, mysqlclient,
#                            the MySQL clients of npm, Redis, zsh, fish, groff,
#                            mandoc, systemd-analyze, tmux, Chromium
#   scripts/deps.sh demo     for make run: PostgreSQL
#   scripts/deps.sh bench    for make bench-peers: HAProxy, nginx, PgBouncer,
#                            PostgreSQL, wrk, a C compiler
#
# Debian's packages, as root. Services are not started. When everything is
# there it only looks, which takes a moment. Of those for bench each may be
# missing: what can't be installed is told, and left out of the comparison.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

# packages prints the Debian packages that are missing for a purpose.
packages() {
  case $1 in
    demo)
      has_postgres || echo postgresql
      ;;
    test)
      packages demo
      has_compiler || echo gcc libc6-dev
      command -v ip >/dev/null || echo iproute2
      has_psycopg2 || echo python3-psycopg2
      command -v node >/dev/null || echo nodejs
      command -v npm >/dev/null || echo npm
      [ -x /usr/bin/python3 ] || echo python3
      has_pymongo || echo python3-pymongo
      command -v curl >/dev/null || echo curl
      command -v openssl >/dev/null || echo openssl
      has_server nginx || echo nginx-light
      command -v wrk >/dev/null || echo wrk
      command -v h2load >/dev/null || echo nghttp2-client
      has_server postfix || echo postfix
      command -v swaks >/dev/null || echo swaks
      has_perl_tls || echo libnet-ssleay-perl
      has_server mariadbd || echo mariadb-server
      command -v mariadb >/dev/null || echo mariadb-client
      has_server redis-server || echo redis-server
      has_mysql_python || echo python3-pymysql python3-cryptography python3-nacl python3-mysqldb
      for shell in zsh fish; do command -v "$shell" >/dev/null || echo "$shell"; done
      command -v groff >/dev/null || echo groff-base
      command -v mandoc >/dev/null || echo mandoc
      command -v systemd-analyze >/dev/null || echo systemd
      command -v chromium >/dev/null || echo chromium
      command -v tmux >/dev/null || echo tmux
      ;;
    bench)
      packages demo
      has_server haproxy || echo haproxy
      has_server nginx || echo nginx-light
      has_nginx_stream || echo libnginx-mod-stream
      has_server pgbouncer || echo pgbouncer
      command -v wrk >/dev/null || echo wrk
      has_compiler || echo gcc libc6-dev
      ;;
    *)
      die "unknown purpose '$1': want test, demo or bench"
      ;;
  esac
}

has_postgres() {
  [ -n "$(postgres_bin)" ] && command -v psql >/dev/null
}

# has_compiler says whether a C program can be built: Debian's compiler comes
# without the library's headers.
has_compiler() {
  command -v cc >/dev/null && echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1
}

# has_server looks for a server's program, which Debian keeps where not every
# user's PATH leads.
has_server() {
  command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]
}

# has_nginx_stream says whether nginx can pass on plain TCP: the module is
# Debian's file, or built in.
has_nginx_stream() {
  local nginx
  [ -e /usr/lib/nginx/modules/ngx_stream_module.so ] && return
  nginx=$(command -v nginx || echo /usr/sbin/nginx)
  [ -x "$nginx" ] && "$nginx" -V 2>&1 | grep -qE -- '--with-stream( |$)'
}

# Debian's own Python has Debian's modules, whatever comes first in PATH.
has_psycopg2() {
  /usr/bin/python3 -c 'import psycopg2' 2>/dev/null
}

# PyMySQL needs the other two for some ways of logging in.
has_mysql_python() {
  /usr/bin/python3 -c 'import pymysql, cryptography, nacl, MySQLdb' 2>/dev/null
}

has_pymongo() {
  /usr/bin/python3 -c 'import pymongo' 2>/dev/null
}

# has_perl_tls says whether swaks can speak TLS.
has_perl_tls() {
  perl -MNet::SSLeay -e 1 2>/dev/null
}

# install_packages installs Debian packages without a question asked or a
# service started.
install_packages() {
  prepare_apt "$@"
  apt_install "$@"
}

# install_each does the same one by one, and goes on when one can't be had.
install_each() {
  local package
  prepare_apt "$@"
  for package; do
    apt_install "$package" || echo "not installed: $package"
  done
}

# prepare_apt makes ready for apt_install of these packages, or dies with what
# is missing.
prepare_apt() {
  command -v apt-get >/dev/null || die "missing: $* (Debian's names; there is no apt-get here to install them with)"
  [ "$(id -u)" = 0 ] || die "missing: $*
As root: apt-get install --no-install-recommends $*"
  echo "installing: $*"
  hold_services
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
}

apt_install() {
  apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# hold_services has Debian's package scripts start nothing, until this script
# ends: invoke-rc.d asks policy-rc.d, where 101 means no.
hold_services() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
  fi
}

# install_node_packages installs what the lock files under testdata pin.
install_node_packages() {
  local lock dir
  while read -r lock; do
    dir=$(dirname "$lock")
    if [ ! "$dir/node_modules/.package-lock.json" -nt "$lock" ]; then
      echo "installing: node packages of $dir"
      (cd "$dir" && npm ci --silent --ignore-scripts --no-audit --no-fund)
    fi
  done < <(find . -path '*/testdata/*/package-lock.json' -not -path '*/node_modules/*')
}

# compile_programs fills Go's cache with the servers and clients that tests compile:
# no test's time goes into that.
compile_programs() {
  (cd engine/mongotest/mongoprograms/testdata/programs && go build -ldflags='-s -w' -o /dev/null ./...)
}

purpose=${1:-test}
missing=$(packages "$purpose")
if [ -n "$missing" ] && [ "$purpose" = bench ]; then
  # The list is one of words. Dying inside the parentheses ends only them.
  # shellcheck disable=SC2086
  (install_each $missing) || echo "going on with what is there"
elif [ -n "$missing" ]; then
  # The list is one of words.
  # shellcheck disable=SC2086
  install_packages $missing
  missing=$(packages "$purpose")
  [ -z "$missing" ] || die "still missing after the installation: ${missing//$'\n'/ }"
fi
if [ "$purpose" = test ]; then
  install_node_packages
  compile_programs
fi
