#!/usr/bin/env bash
# A release of what is committed: source, Debian packages, chart, SBOM, checksums. The same commit
# gives the same bytes.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: packaging/dist.sh [SUITE...]

Makes dist/ from HEAD; Debian packages for these suites (bookworm trixie), each built in a chroot,
which needs root and debootstrap. The SBOM is of build/release (make build).
USAGE
}

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$checkout"
case ${1:-} in -*) usage; [[ $1 == --help ]]; exit ;; esac
(($#)) || set -- bookworm trixie

version=$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
name=pg_replication_exporter-$version
# Owners, order and times say nothing about what is packed.
plain=(--sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner)
pack() { tar "${plain[@]}" -c "$@" | gzip --best --no-name; }

rm -rf dist
mkdir dist
git archive --prefix="$name/" HEAD | gzip --best --no-name >"dist/$name.tar.gz"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git archive HEAD helm | tar -x -C "$scratch"
pack -C "$scratch/helm" --exclude=ci --exclude=.helmignore pg-replication-exporter \
  >"dist/pg-replication-exporter-$version.tgz"

packaging/build-deb.sh dist "$@"
python3 packaging/sbom.py build/release/exporter/pg_replication_exporter "$version" \
  >"dist/$name.spdx.json"
(cd dist && sha256sum -- * >SHA256SUMS)
ls -l dist >&2
