#!/usr/bin/env bash
# A page of the manual, of what a program's --help says.
# SPDX-License-Identifier: Apache-2.0
#
# Usage: packaging/manual.sh PROGRAM VERSION PAGE [SUB-COMMAND]
set -euo pipefail

program=$1 version=$2 page=$3 command=${4:-}
title=pg_replication_exporter${command:+-$command}
about='watches PostgreSQL streaming replication, for Prometheus'
[[ ! $command ]] || about=$("$program" "$command" --help | sed -n '1{s/^\(.\)/\L\1/;p}')

# What --help doesn't say: help2man --include.
more() {
  [[ $command ]] || cat <<'FILES'
[FILES]
Of the Debian package:
.TP
.I /etc/pg_replication_exporter/config.yml
What is watched, by the service.
.TP
.I /etc/pg_replication_exporter/passwords/
Passwords, which only root reads; the configuration tells how to name them there.
.TP
.I /etc/default/pg_replication_exporter
Flags of the service.
.TP
.I /usr/share/pg_replication_exporter/
The monitoring role's SQL, alert rules, runbooks, Alertmanager's configuration, Grafana's dashboards.
.TP
.I /usr/share/doc/pg-replication-exporter/
Every metric, alert and route; a configuration with every key.
FILES
  printf '[SEE ALSO]\n'
  { echo; "$program" --help | sed -n '/^Sub-commands/,/^$/s/^  \([a-z]*\) .*/-\1/p'; } |
    sed "s/.*/pg_replication_exporter&/" | grep -vxF "$title" | sed 's/.*/.BR & (1),/; $s/,$//'
}

# Sub-commands have their own pages, flags with a dot are one word, and examples stay lines.
mend() {
  sed -E -e "/^\.SH NAME/{n; s/^[^ ]+/$title/}; s/^\.TH [^ ]+/.TH ${title^^}/" \
    -e 's/\\fB(\\-\\-([a-z]|\\-|\[no\\-\])+)\\fR\.(([A-Za-z]|\\-)+)/\\fB\1.\3\\fR/g' \
    -e 's/^(\.SS ".*):"$/\1"/; s/^Exit codes:/.PP\n&/' \
    -e '/^\.SH EXAMPLES/,/^\.SH [^E]/{s/^\.IP$/&\n.nf/; s/^\.SH [^E]/.fi\n&/}'
}

mkdir -p "${page%/*}"
# help2man takes it for a program's name what stands before the first blank.
LC_ALL=C.UTF-8 help2man --no-info --no-discard-stderr --section=1 \
  --version-string="pg_replication_exporter $version" --name="$about" \
  --source="pg_replication_exporter $version" --manual='User Commands' --include=<(more) \
  "$program${command:+ $command}" | mend | gzip --best --no-name >"$page"
