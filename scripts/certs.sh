#!/usr/bin/env bash
# Makes throwaway certificates for trying TLS, with openssl: a CA of its own,
# and what it has signed.
#
#   ca.crt ca.key          who trusts ca.crt trusts the others
#   server.crt server.key  for localhost, *.localhost, 127.0.0.1 and ::1, and the
#                          demo's hosts by name: curl wants more behind a * than
#                          a top-level domain
#   tenant.crt tenant.key  for tenant.localhost: a second one, chosen by SNI
#   client.crt client.key  a client called client (CN=client)
#
#   DIR=certs   where to put them
#   FORCE=1     replace those that are there
#
# P-256 keys, valid for 30 days. They protect nothing: whoever can read the
# directory can make more.
set -euo pipefail
# Where DIR isn't absolute it is the caller's.
dir=${DIR:-}
[ -z "$dir" ] || dir=$(mkdir -p "$dir" && cd "$dir" && pwd)
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

dir=${dir:-$PWD/certs}
days=30

# make_ca makes the CA's key and certificate.
make_ca() {
  make_key ca
  openssl req -new -x509 -sha256 -days "$days" -key "$work/ca.key" -out "$work/ca.crt" \
    -subj "/CN=proxy-engine throwaway CA" -config <(extensions) -extensions ca
}

# make_signed NAME CN KIND makes a key, and a certificate signed by the CA with
# the extensions of the kind.
make_signed() {
  make_key "$1"
  openssl req -new -sha256 -key "$work/$1.key" -subj "/CN=$2" -config <(extensions) |
    openssl x509 -req -sha256 -days "$days" -CA "$work/ca.crt" -CAkey "$work/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
      -extfile <(extensions) -extensions "$3" -out "$work/$1.crt" 2>"$work/log" || die "$(cat "$work/log")"
}

# make_key NAME makes a private key for its owner's eyes only.
make_key() {
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key")
}

# extensions prints what the kinds of certificates are for, as openssl wants it.
extensions() {
  cat <<'END'
[req]
distinguished_name = none
[none]
[ca]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, DNS:*.localhost, DNS:alpha.localhost, DNS:beta.localhost, IP:127.0.0.1, IP:::1
[tenant]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:tenant.localhost
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
authorityKeyIdentifier = keyid
END
}

# check_free dies if a file is there already, unless it may be replaced.
check_free() {
  local name
  [ "${FORCE:-}" != 1 ] || return 0
  for name in {ca,server,tenant,client}.{crt,key}; do
    [ ! -e "$dir/$name" ] || die "$dir/$name is there already; FORCE=1 replaces it"
  done
}

# usage prints lines to try.
usage() {
  cat <<END
Certificates for $days days are in $dir. To try them (make build):

  bin/proxy-engine --demo --https 127.0.0.1:8443 --tls-cert $dir/server.crt --tls-key $dir/server.key \\
    --tls-cert $dir/tenant.crt --tls-key $dir/tenant.key
  curl --cacert $dir/ca.crt https://alpha.localhost:8443/

  bin/proxy-engine --postgres 127.0.0.1:6432 --resolver file:///etc/proxy-engine/routes.yaml \\
    --tls=on --tls-cert $dir/server.crt --tls-key $dir/server.key
  psql "host=localhost port=6432 dbname=alpha sslmode=verify-full sslrootcert=$dir/ca.crt"

With client certificates add to the proxy, to curl and to psql:

  --tls-ca $dir/ca.crt --tls-require-client-cert
  --cert $dir/client.crt --key $dir/client.key
  sslcert=$dir/client.crt sslkey=$dir/client.key
END
}

command -v openssl >/dev/null || die "openssl isn't installed"
check_free
mkdir -p "$dir"
# All or nothing: they are made beside and put in place together.
work=$(mktemp -d "$dir/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
make_ca
make_signed server localhost server
make_signed tenant tenant.localhost tenant
make_signed client client client
mv -f "$work"/*.crt "$work"/*.key "$dir"
usage
