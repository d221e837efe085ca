#!/usr/bin/env bash
# A fresh Debian of a suite in a folder, for building and trying packages.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: packaging/chroot.sh SUITE FOLDER     as root; needs debootstrap
set -euo pipefail

suite=$1 folder=$2
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# One download for all that are made of a suite.
base=$checkout/.cache/chroot/$suite.tar

say() { printf 'chroot: %s\n' "$*" >&2; }

((EUID == 0)) || { say 'needs root'; exit 1; }
if [[ ! -e $base ]]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  say "debootstrap $suite from $mirror"
  # A suite younger than this debootstrap is made as unstable is.
  script=/usr/share/debootstrap/scripts/$suite
  [[ -e $script ]] || script=${script%/*}/sid
  debootstrap --variant=minbase "$suite" "$scratch/root" "$mirror" "$script" >"$scratch/log" 2>&1 ||
    { tail -n 20 "$scratch/log" >&2; exit 1; }
  # No service is started in it, and nothing asks.
  printf '#!/bin/sh\nexit 101\n' >"$scratch/root/usr/sbin/policy-rc.d"
  chmod 755 "$scratch/root/usr/sbin/policy-rc.d"
  mkdir -p "${base%/*}"
  tar -C "$scratch/root" --one-file-system -cf "$base.new" .
  mv "$base.new" "$base"
fi
mkdir -p "$folder"
tar -C "$folder" -xf "$base"
# How this machine reaches its mirrors.
cp /etc/resolv.conf /etc/hosts "$folder/etc/"
shopt -s nullglob
for proxy in /etc/apt/apt.conf.d/*proxy*; do
  cp "$proxy" "$folder/etc/apt/apt.conf.d/"
done
