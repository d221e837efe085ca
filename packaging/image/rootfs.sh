#!/usr/bin/env bash
# The root file system of the image: the exporter, what it links, and what those need. No shell.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: packaging/image/rootfs.sh BINARY FOLDER     on Debian; needs dpkg
set -euo pipefail

binary=$1 root=$2
uid=65532 name=pgrepl_monitor
copied=()

# Copies a file of the system to the same place.
copy() {
  install -D -m "$(stat -Lc %a "$1")" "$1" "$root$1"
  copied+=("$1")
}

# The packages of what was copied. dpkg knows a file by its place before or after the merge of /usr.
packages() {
  local places
  mapfile -t places < <(printf '%s\n' "${copied[@]}" | sed -E 'p; s#^/usr/#/#; t; s#^#/usr#')
  { dpkg-query -S "${places[@]}" 2>/dev/null || true; } | grep -v '^diversion' | cut -d: -f1
  # Its file is put together when it is installed.
  echo ca-certificates
}

# What scanners and lawyers look for.
record_packages() {
  local package
  mkdir -p "$root/var/lib/dpkg/status.d"
  packages | sort -u | while read -r package; do
    dpkg-query -s "$package" | grep -vE '^(Status|Conffiles|Description):|^ ' \
      >"$root/var/lib/dpkg/status.d/$package"
    [[ ! -e /usr/share/doc/$package/copyright ]] ||
      install -D -m 644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
  done
}

mkdir -p "$root/etc" "$root/tmp"
install -D -m 755 -s "$binary" "$root/usr/bin/pg_replication_exporter"
for library in $(ldd "$binary" | grep -oE '/[^ ]+' | sort -u); do copy "$library"; done
copy /etc/ssl/certs/ca-certificates.crt
printf '%s:x:%d:%d::/:/usr/sbin/nologin\n' root 0 0 "$name" "$uid" "$uid" >"$root/etc/passwd"
printf '%s:x:%d:\n' root 0 "$name" "$uid" >"$root/etc/group"
printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
record_packages
