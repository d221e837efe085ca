#!/usr/bin/env bash
# Builds the Debian package for one or more suites, each in a fresh chroot of its own.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: packaging/build-deb.sh FOLDER SUITE...

Builds what is committed (HEAD) and puts pg-replication-exporter_VERSION-1~SUITE_ARCH.deb into FOLDER.
Suites are those of debootstrap: bookworm, trixie. Needs root and debootstrap; DEBIAN_MIRROR is where
packages come from.
USAGE
}

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=

clean_up() { [[ ! $scratch ]] || rm -rf "$scratch"; }

build() {
  local folder=$1 suite=$2 epoch
  epoch=$(git -C "$checkout" log -1 --format=%ct)
  scratch=$(mktemp -d)
  "$checkout/packaging/chroot.sh" "$suite" "$scratch"
  # Always the same path: it is in what the compiler writes.
  mkdir -p "$scratch/build/source"
  git -C "$checkout" archive HEAD | tar -x -C "$scratch/build/source"
  mkdir -p "$scratch/build/source/.cache"
  cp -a "$checkout/.cache/civetweb" "$scratch/build/source/.cache/"
  # shellcheck disable=SC2016  # what is expanded inside
  unshare --mount --pid --fork --mount-proc="$scratch/proc" chroot "$scratch" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH="$epoch" \
    JOBS="${JOBS:-$(nproc)}" SUITE="$suite" bash -euc '
      cd /build/source
      packaging/install-dependencies.sh --build-only >/build/log 2>&1 || { tail -n 30 /build/log >&2; exit 1; }
      cmake --preset release -DPGREPL_TESTS=OFF -DPGREPL_SUITE="$SUITE" -DCMAKE_INSTALL_PREFIX=/usr >/build/log
      cmake --build --preset release -j "$JOBS" >/build/log || { tail -n 30 /build/log >&2; exit 1; }
      cd build/release && cpack >/build/log 2>&1 || { tail -n 30 /build/log >&2; exit 1; }'
  mkdir -p "$folder"
  cp "$scratch"/build/source/build/release/*.deb "$folder/"
  clean_up
}

main() {
  local folder suite
  case ${1:---help} in --help) usage; [[ ${1:-} ]]; exit ;; esac
  (($# > 1)) || { usage >&2; exit 2; }
  folder=$1
  shift
  trap clean_up EXIT
  for suite; do build "$folder" "$suite"; done
}

main "$@"
