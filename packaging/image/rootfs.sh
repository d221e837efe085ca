#!/usr/bin/env bash
# The root file system of the image: the exporter, what it links, and what those need. No shell.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: packaging/image/rootfs.sh BINARY FOLDER     on Debian; needs dpkg
set -euo pipefail

binary=$1 root=$2
uid=65532 name=pgrepl_monitor

# Copies a file of the system to the same place, with the licence of its package.
copy() {
  local file=$1 package
  install -D -m "$(stat -Lc %a "$file")" "$file" "$root$file"
  package=$(package_of "$file") || return 0
  printf '%s\n' "$package" >>"$root/.packages"
}

# /lib is a link to /usr/lib: dpkg knows a file by one of the two.
package_of() {
  local path
  for path in "$1" "/usr$1" "${1#/usr}"; do
    dpkg-query -S "$path" 2>/dev/null | head -n 1 | cut -d: -f1 | grep . && return
  done
  return 1
}

# What scanners and lawyers look for.
record_packages() {
  local package
  mkdir -p "$root/var/lib/dpkg/status.d"
  sort -u "$root/.packages" | while read -r package; do
    dpkg-query -s "$package" | grep -vE '^(Status|Conffiles|Description):|^ ' \
      >"$root/var/lib/dpkg/status.d/$package"
    [[ ! -e /usr/share/doc/$package/copyright ]] ||
      install -D -m 644 "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
  done
  rm "$root/.packages"
}

mkdir -p "$root/etc" "$root/tmp"
: >"$root/.packages"
install -D -m 755 -s "$binary" "$root/usr/bin/pg_replication_exporter"
ldd "$binary" | grep -oE '/[^ ]+' | sort -u | while read -r library; do copy "$library"; done
copy /etc/ssl/certs/ca-certificates.crt
echo ca-certificates >>"$root/.packages"
printf '%s:x:%d:%d::/:/usr/sbin/nologin\n' root 0 0 "$name" "$uid" "$uid" >"$root/etc/passwd"
printf '%s:x:%d:\n' root 0 "$name" "$uid" >"$root/etc/group"
printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
record_packages
