#!/usr/bin/env bash
# A release of what is committed: source, chart, Debian packages with their SBOMs, checksums. The same
# commit shall give the same bytes: a test compares source and chart, make proof-packages all of it.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: packaging/dist.sh FOLDER [SUITE...]

Makes a release of COMMIT (HEAD) in FOLDER, which must not be there: the source and the chart, and for
each suite (bookworm, trixie) a Debian package, built in a chroot, which needs root and debootstrap.
USAGE
}

[[ ${1:-} != --help ]] || { usage; exit; }
[[ ${1:-} && $1 != -* ]] || { usage >&2; exit 2; }
[[ ! -e $1 ]] || { echo "dist: $1 is there already; remove it or name another folder" >&2; exit 1; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."

COMMIT=$(git rev-parse "${COMMIT:-HEAD}")
export COMMIT
version=$(git show "$COMMIT:CMakeLists.txt" | sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p')
epoch=$(git log -1 --format=%ct "$COMMIT")

archive() { git -c tar.umask=0022 archive "$@" "$COMMIT"; }

archive --prefix="pg_replication_exporter-$version/" | gzip --best --no-name \
  >"$folder/pg_replication_exporter-$version.tar.gz"

# What `helm package` makes, less the time of day that it writes.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
archive | tar -x -C "$scratch" helm
tar -C "$scratch/helm" --exclude=ci --exclude=.helmignore --sort=name --mtime="@$epoch" --owner=0 \
  --group=0 --numeric-owner --mode=u=rwX,go=rX -c pg-replication-exporter |
  gzip --best --no-name >"$folder/pg-replication-exporter-$version.tgz"

(($# == 0)) || packaging/build-deb.sh "$folder" "$@"
(cd "$folder" && sha256sum -- * >SHA256SUMS)
ls -l "$folder" >&2
