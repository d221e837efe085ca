#!/usr/bin/env bash
# Builds the Debian package for one or more suites, each in a fresh chroot of its own.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: packaging/build-deb.sh FOLDER SUITE...

Builds what is committed and puts pg-replication-exporter_VERSION-1~SUITE_ARCH.deb into FOLDER, with an
SBOM of what is in it, of the same name. Suites are those of debootstrap: bookworm, trixie. Needs root
and debootstrap. COMMIT is what is built (HEAD), DEBIAN_MIRROR where packages come from.
USAGE
}

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# One for all suites, whatever is committed meanwhile.
commit=$(git -C "$checkout" rev-parse "${COMMIT:-HEAD}")
scratch=

clean_up() { [[ ! $scratch ]] || rm -rf "$scratch"; }

# Runs a step in the chroot's checkout, with its processes gone when it ends; its words when it fails.
inside() {
  local epoch
  epoch=$(git -C "$checkout" log -1 --format=%ct "$commit")
  unshare --mount --pid --fork --kill-child --mount-proc="$scratch/proc" chroot "$scratch" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    SOURCE_DATE_EPOCH="$epoch" bash -euc "cd /build/source; $1" >"$scratch/build/log" 2>&1 ||
    { tail -n 30 "$scratch/build/log" >&2; return 1; }
}

build() {
  local folder=$1 suite=$2
  scratch=$(mktemp -d)
  "$checkout/packaging/chroot.sh" "$suite" "$scratch"
  # Always the same path: it is in what the compiler writes.
  mkdir -p "$scratch/build/source/.cache" "$folder"
  git -C "$checkout" archive "$commit" | tar -x -C "$scratch/build/source"
  cp -a "$checkout/.cache/civetweb" "$scratch/build/source/.cache/"
  inside 'packaging/install-dependencies.sh --build-only
    apt-get install -y --no-install-recommends python3'
  inside "cmake --preset release -DPGREPL_TESTS=OFF -DPGREPL_SUITE=$suite -DCMAKE_INSTALL_PREFIX=/usr
    cmake --build --preset release -j ${JOBS:-$(nproc)}"
  # shellcheck disable=SC2016  # what is expanded inside
  inside 'cd build/release
    cpack
    for deb in *.deb; do
      python3 ../../packaging/sbom.py exporter/pg_replication_exporter "$deb" >"${deb%.deb}.spdx.json"
    done'
  cp "$scratch"/build/source/build/release/*.{deb,spdx.json} "$folder/"
  clean_up
}

main() {
  local folder suite
  [[ ${1:-} != --help ]] || { usage; exit; }
  (($# > 1)) || { usage >&2; exit 2; }
  folder=$1
  shift
  trap clean_up EXIT
  for suite; do build "$folder" "$suite"; done
}

main "$@"
