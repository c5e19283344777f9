#!/usr/bin/env bash
# Builds what is installed from: an archive for each system, with static
# binaries, the systemd unit, the manual, completions and an example of a
# configuration, and the checksums of all archives.
#
# The same commit and Go release give the same bytes: paths of this machine,
# build ids and times are left out, the files' time is the commit's
# (SOURCE_DATE_EPOCH says another).
#
#   VERSION=v1.2.3      the release's name; else the Go command's for the commit
#   TARGETS='linux/arm64 ...'  else linux and darwin, amd64 and arm64
#   DIST=DIR            where to, else bin/dist
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

go=${GO:-go}
targets=${TARGETS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64}
dist=${DIST:-bin/dist}
ldflags='-s -w -buildid='
[ -z "${VERSION:-}" ] || ldflags+=" -X main.stamped=$VERSION"
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build OS ARCH FILE PACKAGE builds one static binary.
build() {
  GOOS=$1 GOARCH=$2 CGO_ENABLED=0 "$go" build -trimpath -ldflags "$ldflags" -o "$3" "$4"
}

# extras DIR writes what comes from the binary itself, which must run here, and
# copies the rest.
extras() {
  mkdir -p "$1/completions"
  "$work/here" --man >"$1/proxy-engine.8"
  # It says that there is nowhere to route to, which an example can't know.
  env -i "$work/here" --print-config=yaml >"$1/config.yaml" 2>/dev/null || true
  "$work/here" --completion=bash >"$1/completions/proxy-engine.bash"
  "$work/here" --completion=zsh >"$1/completions/_proxy-engine"
  "$work/here" --completion=fish >"$1/completions/proxy-engine.fish"
  cp LICENSE README.md "$1"
  cp -r docs scripts/package/systemd scripts/package/grafana "$1"
  cp scripts/tune.sh "$1"
}

# archive NAME packs a folder of work in one order, with one owner and time.
archive() {
  tar --create --directory "$work" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
    --mode='u+rwX,go+rX,go-w' --format=gnu "$1" | gzip -9 -n >"$dist/$1.tar.gz"
}

mkdir -p "$dist"
rm -f "$dist"/*.tar.gz "$dist/SHA256SUMS"
build "$("$go" env GOHOSTOS)" "$("$go" env GOHOSTARCH)" "$work/here" ./cmd/proxy-engine
for target in $targets; do
  [[ $target == */* ]] || die "a target is OS/ARCH, not $target"
  name=proxy-engine-${VERSION:+$VERSION-}${target/\//-}
  mkdir "$work/$name"
  for command in proxy-engine loadtest; do
    build "${target%/*}" "${target#*/}" "$work/$name/$command" "./cmd/$command"
  done
  extras "$work/$name"
  archive "$name"
  echo "$dist/$name.tar.gz"
done
(cd "$dist" && sha256sum -- *.tar.gz >SHA256SUMS)
