#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A failover as it will be one day, where nobody needs the servers: both are on this host. Stops the
# primary, promotes the standby, proves that it writes, brings the old primary back as its standby.
# See README.md.

# shellcheck source-path=SCRIPTDIR source=configuration.sh
source "$(dirname "${BASH_SOURCE[0]}")/configuration.sh"

primary='' non_production=false

usage() {
  cat <<END
Usage: $program --non-production --primary DIR|VERSION/NAME [OPTION]...
Stops the primary, promotes the standby on this host (--data-dir or --cluster), and makes the old
primary its standby.

  --non-production        these servers may be down for a minute, and change their roles
  --primary DIR|VERSION/NAME   the primary's data directory, or its name in pg_lsclusters
END
  common_usage
}

own_option() {
  case $1 in
    --non-production) non_production=true taken=1 ;;
    --primary)
      [[ -n ${2:-} ]] || usage_error '--primary: its value is missing'
      primary=$2 ;;
    *) take_option "$@" ;;
  esac
}

check_options() {
  [[ -n $primary ]] || usage_error '--primary is missing: which server to stop'
  $non_production || die 'this stops a primary' \
    'if nobody needs these servers, say so: --non-production'
}

# step TITLE COMMAND...
step() {
  say "== $1"
  if $dry_run; then say "  would run: ${*:2}"; else "${@:2}"; fi
}

# One of our scripts, on one of the two servers.
on() { # SERVER SCRIPT [ARGUMENT]...
  local which=--data-dir
  [[ $1 == /* ]] || which=--cluster
  "$kit/scripts/$2" "$which" "$1" --bin-dir "$bin_dir" --yes "${@:3}"
}

# Of the primary: its port while it runs, by a find_cluster of its own.
stop_primary() (
  set_cluster "$primary"
  find_cluster
  is_running || die "no server runs in $data_dir" 'name the primary'
  [[ $(query 'SELECT pg_is_in_recovery()') == f ]] || die "$data_dir is no primary" 'name the primary'
  act "stop the primary on port $port" control stop
)

set_cluster() {
  data_dir='' cluster='' bin_dir='' asked=()
  if [[ $1 == /* ]]; then data_dir=$1; else cluster=$1; fi
}

main() {
  local standby began
  read_options "$@"
  check_options
  find_cluster
  is_running || die "no server runs in $data_dir" 'start the standby'
  [[ $(query 'SELECT pg_is_in_recovery()') == t ]] || die "$data_dir is no standby" \
    'name the standby with --data-dir or --cluster'
  standby=${cluster:-$data_dir}
  began=$(date +%s%N)
  step 'The primary stops' stop_primary
  step 'The standby is promoted' on "$standby" promote_standby.sh
  $dry_run || say "   without a primary for $((($(date +%s%N) - began) / 1000000)) ms"
  step 'The old primary follows it' on "$primary" rejoin_standby.sh localhost --primary-port "$port" \
    ${replication_password_file:+--replication-password-file "$replication_password_file"}
  step 'What is written arrives' on "$standby" test_replication.sh
  say 'The failover works. To have the roles as before: the same again, the other way round.'
}

main "$@"
