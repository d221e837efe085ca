#!/usr/bin/env bash
# A page of the manual, of what a program's --help says.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: packaging/manual.sh PROGRAM VERSION PAGE [SUB-COMMAND]
set -euo pipefail

program=$1 version=$2 page=$3 command=${4:-}
name='watches PostgreSQL streaming replication, for Prometheus'
[[ ! $command ]] || name=$("$program" "$command" --help | sed -n '1{s/^\(.\)/\L\1/;p}')

mkdir -p "${page%/*}"
# help2man takes it for a program's name what stands before the first blank.
LC_ALL=C.UTF-8 help2man --no-info --no-discard-stderr --section=1 \
  --version-string="pg_replication_exporter $version" --name="$name" \
  --source="pg_replication_exporter $version" --manual='User Commands' \
  "$program${command:+ $command}" | gzip --best --no-name >"$page"
