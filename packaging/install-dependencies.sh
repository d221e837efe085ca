#!/usr/bin/env bash
# Installs what the exporter needs to build, and what its demo and tests run against.
# SPDX-License-Identifier: Apache-2.0
#
# Safe to repeat, and quick when all is there. Installing starts no service and creates no
# PostgreSQL cluster: what it changes for that (policy-rc.d, createcluster.conf) is put back, also
# when it fails.
set -euo pipefail

usage() {
  cat <<'USAGE'
Usage: packaging/install-dependencies.sh [--build-only | --npm | --browser | --packages]

Installs packages from the distribution (Debian 12 or 13, Ubuntu 24.04) as root or through sudo, and
unpacks the distribution's source package of civetweb to .cache/civetweb in the checkout.

  --build-only  only what compiling and unit tests need: no linters, no PostgreSQL server,
                no Prometheus, no HAProxy
  --npm         only npm, with which get-postgres.sh downloads
  --browser     only what tests look at the page with: Chromium, Node.js and npm, jsonschema
  --packages    only what builds and checks packages: debootstrap, lintian
  --help        this text
USAGE
}

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
civetweb=$checkout/.cache/civetweb
policy=/usr/sbin/policy-rc.d
create_cluster=/etc/postgresql-common/createcluster.conf
mark='pg_replication_exporter: while its dependencies are installed'
scratch=
lists_are_fresh=

build=(
  g++ cmake ninja-build make pkg-config dpkg-dev ca-certificates
  libpq-dev prometheus-cpp-dev libspdlog-dev libyaml-cpp-dev libcli11-dev nlohmann-json3-dev
  libisal-dev libssl-dev libcurl4-openssl-dev libsystemd-dev libncurses-dev libxxhash-dev libgtest-dev libgmock-dev
  zlib1g-dev libbenchmark-dev file help2man
)
lint=(clang clang-tidy clang-format shellcheck python3-yaml python3-jsonschema python3-prometheus-client man-db systemd zsh)
# Each of them has a service that its package would start.
services=(prometheus prometheus-alertmanager haproxy patroni etcd-server)
demo=(postgresql python3 curl iproute2 libfaketime nftables tmux "${services[@]}")

say() { printf 'install-dependencies: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Prints those of the packages that are not installed.
missing() {
  local package
  for package; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      printf '%s\n' "$package"
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@"
}

ensure() {
  local packages
  mapfile -t packages < <(missing "$@")
  ((${#packages[@]})) || return 0
  say "installing ${packages[*]}"
  if [[ ! $lists_are_fresh ]]; then
    apt_get update
    lists_are_fresh=yes
  fi
  deny_service_starts
  apt_get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${packages[@]}"
}

is_ours() { [[ -e $1 ]] && grep -qF "$mark" "$1"; }

# invoke-rc.d asks policy-rc.d before it starts anything from a package's maintainer script; 101 is
# "not allowed".
deny_service_starts() {
  is_ours "$policy" && return
  [[ ! -e $policy ]] || as_root mv "$policy" "$policy.kept"
  printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

# The first server package creates a cluster on port 5432 and would start it at each boot.
deny_main_cluster() {
  as_root cp -p "$create_cluster" "$create_cluster.kept"
  printf '\n# %s\ncreate_main_cluster = false\n' "$mark" |
    as_root tee -a "$create_cluster" >/dev/null
}

# Also cleans up after a run that was killed.
put_back() {
  local file
  for file in "$policy" "$create_cluster"; do
    is_ours "$file" || continue
    as_root rm "$file"
    [[ ! -e $file.kept ]] || as_root mv "$file.kept" "$file"
  done
  [[ ! $scratch ]] || rm -rf "$scratch"
}

install_postgresql() {
  [[ $(missing postgresql) ]] || return 0
  ensure postgresql-common
  # A server that is there already has its clusters, and none of them is ours to decide about.
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || deny_main_cluster
  ensure postgresql
}

install_services() {
  local script packages
  mapfile -t packages < <(missing "${services[@]}")
  ((${#packages[@]})) || return 0
  ensure "${services[@]}"
  # policy-rc.d stops a start now, this one at the next boot. The script has not always the
  # package's name: that of etcd-server is etcd.
  for script in $(dpkg -L "${packages[@]}" | sed -n 's|^/etc/init.d/||p'); do
    as_root update-rc.d "$script" disable
  done
}

# Clang's sanitizer runtime is a package per version.
install_clang_runtime() {
  local version
  version=$(dpkg-query -W -f '${Depends}' clang | sed -n 's/.*\bclang-\([0-9]\+\).*/\1/p')
  ensure "libclang-rt-$version-dev"
}

# The system's package sources as sources of source packages, so that its own lists stay as they are.
write_source_lists() {
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ ! -e $file ]] || sed -n 's/^[[:space:]]*deb[[:space:]]/deb-src /p' "$file"
  done >"$1/system.list"
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ ! -e $file ]] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$1/${file##*/}"
  done
}

download_civetweb() {
  mkdir -p "$scratch"/{sources,lists/partial,cache,download}
  write_source_lists "$scratch/sources"
  local options=(
    -q -o Acquire::Retries=3 -o APT::Sandbox::User=root
    -o Dir::Etc::SourceList="$scratch/sources/system.list" -o Dir::Etc::SourceParts="$scratch/sources"
    -o Dir::State::Lists="$scratch/lists" -o Dir::Cache="$scratch/cache"
  )
  # Another vendor's repository may have no source packages; civetweb is in the distribution's.
  apt-get "${options[@]}" update || say 'some package sources could not be read, going on'
  (cd "$scratch/download" && apt-get "${options[@]}" --download-only source civetweb)
}

# apt has checked the archive's signature; for versions we know, the bytes are pinned as well.
check_civetweb() {
  local tarball pinned
  for tarball in "$scratch"/download/*.tar.*; do
    pinned=$(grep -F "  ${tarball##*/}" "$checkout/packaging/civetweb.sha256") || {
      say "${tarball##*/} is not pinned in civetweb.sha256: trusting apt's signature check"
      continue
    }
    (cd "$scratch/download" && sha256sum --check --quiet <<<"$pinned") ||
      die "${tarball##*/} is not what packaging/civetweb.sha256 says"
  done
}

get_civetweb() {
  [[ ! -e $civetweb/src/civetweb.c ]] || return 0
  say "unpacking civetweb's source package to $civetweb"
  mkdir -p "${civetweb%/*}"
  scratch=$(mktemp -d "${civetweb%/*}/civetweb.XXXXXX")
  download_civetweb
  check_civetweb
  # --no-check: what apt and check_civetweb have checked needs no maintainer keys.
  dpkg-source --no-check --extract "$scratch"/download/*.dsc "$scratch/tree"
  rm -rf "$civetweb"
  mv "$scratch/tree" "$civetweb"
  ((EUID != 0)) || chown -R --reference="$checkout" "${civetweb%/*}"
}

main() {
  local build_only='' only=()
  while (($#)); do
    case $1 in
      --build-only) build_only=yes ;;
      --npm) only=(npm) ;;
      --browser) only=(chromium python3-jsonschema); command -v npm >/dev/null || only+=(nodejs npm) ;;
      --packages) only=(debootstrap lintian) ;;
      --help) usage; exit ;;
      *) usage >&2; exit 2 ;;
    esac
    shift
  done
  command -v apt-get >/dev/null || die "needs Debian or Ubuntu; elsewhere, install: ${build[*]}"
  trap put_back EXIT
  if ((${#only[@]})); then ensure "${only[@]}"; return; fi

  ensure "${build[@]}"
  get_civetweb
  [[ ! $build_only ]] || return 0
  ensure "${lint[@]}"
  install_clang_runtime
  install_postgresql
  install_services
  ensure "${demo[@]}"
}

main "$@"
